"""The command family."""
