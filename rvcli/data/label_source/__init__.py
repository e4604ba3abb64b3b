"""Where known labels come from."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
