"""Where vector labels come from."""
