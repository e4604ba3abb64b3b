"""Experiments: the config of one, the sets that hold them, and the loader."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
