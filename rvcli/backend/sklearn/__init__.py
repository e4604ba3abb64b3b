"""What the backends of scikit-learn are made of."""
