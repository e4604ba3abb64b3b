"""What changes chips as they are read."""
