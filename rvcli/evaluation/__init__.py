"""How good predictions are."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
