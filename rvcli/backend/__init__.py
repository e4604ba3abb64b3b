"""Backends: what learns and predicts."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
