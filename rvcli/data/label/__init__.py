"""Labels of a task, known or predicted."""

from rvcli.names import lazy

__getattr__, __dir__ = lazy(__name__)
