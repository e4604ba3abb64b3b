"""Predict packages as such: what is known of them, their self-tests, and images that fit them."""
