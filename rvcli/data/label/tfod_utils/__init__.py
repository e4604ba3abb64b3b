"""Arrays of boxes, and what is done with them."""
