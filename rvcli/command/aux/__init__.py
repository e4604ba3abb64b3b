"""Auxiliary commands that ship with `rv`."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
