"""Classes of cells: set, asked for, put together, cut to areas."""

from __future__ import annotations

import pytest
import shapely

from rvcli.core.box import Box
from rvcli.data.label.chip_classification_labels import (
    ChipClassificationLabels,
    ClassificationItem,
)

LEFT, RIGHT, BELOW = Box(0, 0, 10, 10), Box(0, 10, 10, 20), Box(10, 0, 20, 10)


def labels_of(*cells: tuple[Box, int]) -> ChipClassificationLabels:
    """Make labels of cells with classes."""
    labels = ChipClassificationLabels()
    for cell, class_id in cells:
        labels.set_cell(cell, class_id)
    return labels


@pytest.fixture
def labels() -> ChipClassificationLabels:
    """Give a cell with scores, and beside it one without."""
    made = ChipClassificationLabels()
    made.set_cell(LEFT, 1, scores=[0.75, 0.25])
    made.set_cell(RIGHT, 2)
    return made


def test_cells_have_classes(labels: ChipClassificationLabels) -> None:
    """A cell has the class that was set, and one that was not set has none."""
    ids = [labels.get_cell_class_id(cell) for cell in (LEFT, RIGHT, BELOW)]
    assert [1, 2, None] == ids


def test_cells_have_scores(labels: ChipClassificationLabels) -> None:
    """A cell has the scores that were set, or none."""
    scores = [labels.get_cell_scores(cell) for cell in (LEFT, RIGHT, BELOW)]
    assert [[0.75, 0.25], None, None] == scores


def test_cells_have_values(labels: ChipClassificationLabels) -> None:
    """The values of a cell are class and scores, None where it was not set."""
    values = [labels.get_cell_values(cell) for cell in (LEFT, BELOW)]
    assert [ClassificationItem(1, [0.75, 0.25]), None] == values


def test_lists_are_in_order(labels: ChipClassificationLabels) -> None:
    """Cells, classes, scores and values are listed in the order in which they were set."""
    assert [LEFT, RIGHT] == labels.get_cells()
    assert [1, 2] == labels.get_class_ids()
    assert [[0.75, 0.25], None] == labels.get_scores()
    expected = [ClassificationItem(1, [0.75, 0.25]), ClassificationItem(2)]
    assert expected == labels.get_values()


def test_scores_decide_the_class() -> None:
    """Cells get the class of their highest score, the first of equals, and keep their scores."""
    scores = [[0.25, 0.75], [0.5, 0.5]]
    labels = ChipClassificationLabels.from_scores([LEFT, RIGHT], scores, [3, 8])
    assert [8, 3] == labels.get_class_ids()
    assert scores == labels.get_scores()


def test_set_cell_replaces(labels: ChipClassificationLabels) -> None:
    """Setting a cell again replaces what was known of it."""
    labels.set_cell(LEFT, 3)
    assert ClassificationItem(3) == labels.get_cell_values(LEFT)
    assert 2 == len(labels)


def test_singleton(labels: ChipClassificationLabels) -> None:
    """The labels of one cell hold that cell alone, without class if it is not known."""
    one = ChipClassificationLabels()
    one.set_cell(LEFT, 1, [0.75, 0.25])
    assert one == labels.get_singleton_labels(LEFT)
    unknown = labels.get_singleton_labels(BELOW)
    assert ([BELOW], [None]) == (unknown.get_cells(), unknown.get_class_ids())


def test_sum_leaves_its_parts_alone() -> None:
    """A sum has the cells of both, the second's winning, and neither is changed."""
    first, second = labels_of((LEFT, 1), (RIGHT, 1)), labels_of((RIGHT, 2), (BELOW, 2))
    assert labels_of((LEFT, 1), (RIGHT, 2), (BELOW, 2)) == first + second
    assert labels_of((LEFT, 1), (RIGHT, 1)) == first
    assert labels_of((RIGHT, 2), (BELOW, 2)) == second


def test_extend_and_augmented_sum_agree() -> None:
    """Extending takes the other's cells in, and so does `+=`, in place."""
    extended, summed = labels_of((LEFT, 1)), labels_of((LEFT, 1))
    same = summed
    extended.extend(labels_of((RIGHT, 2)))
    summed += labels_of((RIGHT, 2))
    assert labels_of((LEFT, 1), (RIGHT, 2)) == extended == summed
    assert summed is same


def test_many_batches_are_summed_at_once() -> None:
    """A hundred thousand cells come together from batches of ten, each set once."""
    cells = Box(0, 0, 320, 320).get_windows(1, 1)[:100_000]
    labels = ChipClassificationLabels()
    for start in range(0, len(cells), 10):
        labels += labels_of(*((cell, 1) for cell in cells[start : start + 10]))
    assert cells == labels.get_cells()


def test_areas_keep_cells_that_lie_within(labels: ChipClassificationLabels) -> None:
    """Of labels in areas of interest, the cells are left that lie wholly within one."""
    area = shapely.box(0, 0, 15, 10)
    assert labels.get_singleton_labels(LEFT) == labels.filter_by_aoi([area])


def test_labels_are_in_memory(labels: ChipClassificationLabels) -> None:
    """Labels of cells depend on no open file."""
    assert labels is labels.in_memory()


def test_equality(labels: ChipClassificationLabels) -> None:
    """Labels are equal if their cells, classes and scores are."""
    assert labels == labels + ChipClassificationLabels()
    assert labels != labels_of((LEFT, 1), (RIGHT, 2))
    assert labels != "labels"


def test_repr_counts_cells(labels: ChipClassificationLabels) -> None:
    """The representation tells how many cells there are."""
    assert "<ChipClassificationLabels of 2 cells>" == repr(labels)
