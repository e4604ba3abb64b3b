"""The class that experiment files subclass."""

from __future__ import annotations


class ExperimentSet:
    """A set of experiments.

    Each method whose name starts with `exp` returns one or more ExperimentConfig or
    CommandConfig, as a single value, a list, a tuple or a generator. Its parameters are set
    on the command line: `rv run local experiment.py -a chip_size 128`.
    """

    def __init__(self) -> None:
        pass
