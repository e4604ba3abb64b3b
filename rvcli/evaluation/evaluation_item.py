"""EvaluationItem: figures of one class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class EvaluationItem(ABC):
    """Figures that can be put together with others of their kind."""

    @abstractmethod
    def merge(self, other: Any) -> None:
        """Take the figures of another item in."""

    @abstractmethod
    def to_json(self) -> Any:
        """Return the figures as JSON can hold them."""
