"""Imagery and labels: where they come from, how they are read, where predictions go."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
