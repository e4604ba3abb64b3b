"""Between map coordinates and the pixels of an image."""
