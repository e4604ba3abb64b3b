"""ChipClassificationLabels: a class for each cell of a scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rvcli.core.box import Box
from rvcli.data.label.labels import Labels

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


class ClassificationItem(NamedTuple):
    """What is known of one cell.

    Attributes:
        class_id: of the cell; None if it has no class.
        scores: one for each class, in order of class id; None where the class is known for sure.
    """

    class_id: int | None
    scores: list[float] | None = None


class ChipClassificationLabels(Labels):
    """Classes of cells, which are windows in pixels; each cell has one.

    Cells keep the order in which they were set. `labels += other` takes as long as other is
    large, `labels + other` as both are.
    """

    def __init__(self) -> None:
        self._items: dict[Box, ClassificationItem] = {}

    @classmethod
    def from_scores(
        cls, cells: Iterable[Box], scores: Iterable[Sequence[float]], class_ids: Sequence[int]
    ) -> ChipClassificationLabels:
        """Give each cell the class of its highest score, the first of equals.

        Args:
            cells: pixel coordinates, half-open.
            scores: for each cell, one for each class.
            class_ids: the classes, sorted, in the order of the scores.
        """
        labels = cls()
        for cell, row in zip(cells, scores, strict=True):
            values = [float(score) for score in row]
            labels.set_cell(cell, class_ids[values.index(max(values))], values)
        return labels

    def set_cell(
        self, cell: Box, class_id: int | None, scores: Iterable[float] | None = None
    ) -> None:
        """Set what is known of a cell, in place of what was known before.

        Args:
            cell: pixel coordinates, half-open.
            class_id: None if the cell has no class.
            scores: one for each class, in order of class id.
        """
        self._items[cell] = ClassificationItem(
            None if class_id is None else int(class_id),
            None if scores is None else [float(score) for score in scores],
        )

    def get_cell_class_id(self, cell: Box) -> int | None:
        """Return the class of a cell, None if it has none or is not known."""
        item = self._items.get(cell)
        return None if item is None else item.class_id

    def get_cell_scores(self, cell: Box) -> list[float] | None:
        """Return the scores of a cell, None if it has none or is not known."""
        item = self._items.get(cell)
        return None if item is None else item.scores

    def get_cell_values(self, cell: Box) -> ClassificationItem | None:
        """Return class and scores of a cell, None if it is not known."""
        return self._items.get(cell)

    def get_singleton_labels(self, cell: Box) -> ChipClassificationLabels:
        """Return the labels of one cell alone; without class if it is not known."""
        labels = ChipClassificationLabels()
        labels._items[cell] = self._items.get(cell, ClassificationItem(None))
        return labels

    def get_cells(self) -> list[Box]:
        """List the cells."""
        return list(self._items)

    def get_class_ids(self) -> list[int | None]:
        """List the classes of all cells, in their order."""
        return [item.class_id for item in self._items.values()]

    def get_scores(self) -> list[list[float] | None]:
        """List the scores of all cells, in their order."""
        return [item.scores for item in self._items.values()]

    def get_values(self) -> list[ClassificationItem]:
        """List class and scores of all cells, in their order."""
        return list(self._items.values())

    def extend(self, labels: ChipClassificationLabels) -> None:
        """Take other labels in; what they know of a cell replaces what was known before."""
        self._items.update(labels._items)

    def filter_by_aoi(self, aoi_polygons: Sequence[BaseGeometry]) -> ChipClassificationLabels:
        """Return the labels of the cells that lie wholly within an area of interest.

        Args:
            aoi_polygons: shapely polygons in pixel (x, y).
        """
        kept = ChipClassificationLabels()
        cells = Box.filter_by_aoi(self._items, aoi_polygons)
        kept._items = {cell: self._items[cell] for cell in cells}
        return kept

    def __add__(self, other: ChipClassificationLabels) -> ChipClassificationLabels:
        """Return the labels of both; of a cell that both have, the other's."""
        joined = ChipClassificationLabels()
        joined._items = {**self._items, **other._items}
        return joined

    def __iadd__(self, other: ChipClassificationLabels) -> ChipClassificationLabels:
        self.extend(other)
        return self

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ChipClassificationLabels):
            return NotImplemented
        return self._items == other._items

    __hash__ = None  # type: ignore[assignment]  # it is mutable

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} cells>"
