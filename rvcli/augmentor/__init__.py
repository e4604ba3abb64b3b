"""What changes training chips before they are written."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
