"""What gives chips of imagery."""
