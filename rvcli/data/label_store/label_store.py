"""LabelStore: where the predictions of a scene go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rvcli.data.activate_mixin import ActivateMixin


class LabelStore(ActivateMixin, ABC):
    """Saves the predictions of a scene and reads them back."""

    @abstractmethod
    def save(self, labels: Any) -> None:
        """Save labels.

        Args:
            labels: of the task's class of labels.
        """

    @abstractmethod
    def get_labels(self) -> Any:
        """Return the labels that were saved."""

    @abstractmethod
    def empty_labels(self) -> Any:
        """Return labels without content, to be filled."""

    def _subcomponents_to_activate(self) -> list[Any]:
        return []

    def _activate(self) -> None:
        """Open what is needed for reading; nothing by default."""

    def _deactivate(self) -> None:
        """Close what was opened."""
