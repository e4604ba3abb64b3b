"""Translation: what the options of a TensorFlow backend are with PyTorch. Light to import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rvcli.backend.nested_options import Reader
from rvcli.errors import ConfigError

# Rates of momentum and RMSProp are of another kind; AdamW learns nothing useful with larger ones.
MOST_LEARNING_RATE = 1e-3
SHOWN = 10


@dataclass
class Translation:
    """What of the options could be said.

    Attributes:
        options: of today's backend, by name; what is not here is as it is by default.
        left_out: in words, what has no counterpart.
    """

    options: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def text(self, key: str, successor: str) -> str:
        """Say in one line what was translated, and what was not."""
        said = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        parts = [f"{key} runs as {successor} with {said}"]
        if self.left_out:
            parts.append(f"without a counterpart: {_some(self.left_out)}")
        return "; ".join(parts)

    def call(self) -> str:
        """Return the call that says the same to the builder of today's backend."""
        said = [f"{name}={value!r}" for name, value in self.options.items() if name != "num_steps"]
        steps = self.options.get("num_steps")
        return f"with_train_options({', '.join(said)})" + (
            f".with_num_steps({steps})" if steps else ""
        )

    def take_number(self, reader: Reader, path: str, name: str) -> None:
        """Translate a positive whole number.

        Raises:
            ConfigError: it is none.
        """
        value = reader.take(path)
        if value is None:
            return
        try:
            number = int(value)
        except (TypeError, ValueError):
            number = 0
        if number < 1:
            raise ConfigError(f"{path} is {value!r}, not a whole number from 1")
        self.options[name] = number

    def set_learning_rate(self, value: Any, path: str, *, adam: bool) -> None:
        """Translate a learning rate.

        Raises:
            ConfigError: it is no positive number.
        """
        try:
            rate = float(value)
        except (TypeError, ValueError):
            rate = 0.0
        if rate <= 0:
            raise ConfigError(f"{path} is {value!r}, not a positive number")
        self.options["lr"] = rate if adam else min(rate, MOST_LEARNING_RATE)
        if self.options["lr"] != rate:
            self.left_out.append(f"the learning rate {value} of another optimizer than AdamW")


def _some(words: Sequence[str]) -> str:
    shown = [word if len(word) <= 80 else word[:77] + "..." for word in words[:SHOWN]]
    more = [f"and {len(words) - SHOWN} more"] if len(words) > SHOWN else []
    return ", ".join(shown + more)
