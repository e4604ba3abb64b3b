"""Runners: execute the commands of a plan, here or elsewhere."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
