"""What changes chips as they are read."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
