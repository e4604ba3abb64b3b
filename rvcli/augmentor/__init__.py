"""What changes training chips before they are written."""
