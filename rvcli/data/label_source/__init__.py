"""Where known labels come from."""
