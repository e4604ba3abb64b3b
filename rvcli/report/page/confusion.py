"""A confusion matrix as a table: counts, shares of the row, and how dark each cell is."""

from __future__ import annotations

from dataclasses import dataclass

from rvcli.report.content import Figures

DARKEST = 10


@dataclass(frozen=True)
class Cell:
    """How often one class was taken for another.

    Attributes:
        heat: how dark, 0 to 10.
        percent: of the row, in words; empty where that is empty.
        is_right: the class was taken for itself.
    """

    count: int
    heat: int
    percent: str
    is_right: bool


@dataclass(frozen=True)
class Row:
    """What became of a true class."""

    name: str
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True)
class Matrix:
    """The table: `names` are those of its columns."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]


def matrix_of(figures: Figures) -> Matrix:
    """Return the table of figures that have a confusion matrix.

    What is no class, such as "nothing" or "background", has no row or no column if that is empty.
    """
    counts = figures.confusion or ()
    names = [_name(figures, i) for i in range(len(counts))]
    known = {one.name for one in figures.classes}
    rows = [i for i, row in enumerate(counts) if any(row) or names[i] in known]
    columns = [j for j in range(len(counts)) if any(r[j] for r in counts) or names[j] in known]
    return Matrix(
        names=tuple(names[j] for j in columns),
        rows=tuple(
            Row(names[i], tuple(_cell(counts[i], i, j) for j in columns), sum(counts[i]))
            for i in rows
        ),
    )


def _name(figures: Figures, i: int) -> str:
    return figures.confusion_names[i] if i < len(figures.confusion_names) else str(i)


def _cell(row: tuple[int, ...], i: int, j: int) -> Cell:
    count, total = row[j], sum(row)
    heat = max(1, round(DARKEST * count / total)) if count and total else 0
    return Cell(count, heat, _percent(count, total), is_right=i == j and total > 0)


def _percent(count: int, total: int) -> str:
    if not total:
        return ""
    share = 100 * count / total
    if not share:
        return "0 %"
    return "< 0.1 %" if share < 0.05 else f"{share:.1f} %"
