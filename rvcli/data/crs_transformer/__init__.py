"""Between map coordinates and the pixels of an image."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
