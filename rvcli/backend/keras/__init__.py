"""What the Keras backend is made of."""
