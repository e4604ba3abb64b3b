"""What measures imagery before anything else runs."""
