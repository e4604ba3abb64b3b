"""Imagery and labels: where they come from, how they are read, where predictions go."""
