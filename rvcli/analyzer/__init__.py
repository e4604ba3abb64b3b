"""What measures imagery before anything else runs."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
