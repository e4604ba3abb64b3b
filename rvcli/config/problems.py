"""What is wrong with a config: every problem at once, each with its path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rvcli.errors import ConfigError

SHOWN = 10


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where: `$.dataset.train_scenes[0].id`, `is not set`."""

    path: str
    text: str

    def below(self, prefix: str) -> Problem:
        """Return the same problem seen from a config that holds this one at `prefix`."""
        return Problem(prefix + self.path.removeprefix("$"), self.text)

    def __str__(self) -> str:
        return f"{self.path} {self.text}"


class InvalidConfigError(ConfigError):
    """A config has one or more problems.

    Attributes:
        problems: all of them, in the order of the fields.
    """

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name = name
        self.problems = list(problems)
        lines = [str(p) for p in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"and {len(self.problems) - SHOWN} more")
        super().__init__(f"{name} is not valid: " + "; ".join(lines))


class UnknownMethodError(ConfigError, AttributeError):
    """A builder was asked for a `with_*` method that it does not have."""
