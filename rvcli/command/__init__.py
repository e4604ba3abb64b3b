"""Commands: the steps of an experiment, each described by one message."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
