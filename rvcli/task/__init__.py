"""Tasks: what is learned, and how scenes become chips and predictions."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
