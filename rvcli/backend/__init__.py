"""The backend family."""
