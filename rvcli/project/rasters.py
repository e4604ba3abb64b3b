"""Labels in rasters: their classes, and where these are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rvcli.errors import DataError, UsageError
from rvcli.project.classes import BACKGROUND, UNNAMED, Classes
from rvcli.project.image import Image
from rvcli.project.labels import Labels
from rvcli.project.wishes import Wishes

if TYPE_CHECKING:
    from rvcli.project.objects import Objects

_MOST_VALUES = 64


def raster_classes(labels: Sequence[Labels], wishes: Wishes) -> tuple[Classes, Mapping[int, int]]:
    """Find the classes of rasters of class ids.

    Of two values of which one is 0, as masks have it, 0 is background; else 0 is ignored.

    Returns:
        the classes, and a mapping from values to class ids; empty if they are the ids.

    Raises:
        DataError: the values are no class ids.
        UsageError: more or fewer classes are named than there are.
    """
    import numpy as np

    values = np.unique(np.concatenate([np.unique(one.values) for one in labels]))
    if len(values) > _MOST_VALUES or not np.all(values == values.round()) or values.min() < 0:
        raise DataError(
            f"the values of {labels[0].uri} are no class ids: there are {len(values)}, from"
            f" {values.min()} to {values.max()}",
            hint="is it an image? Labels are given with --labels, imagery with --image",
        )
    found = [int(value) for value in values]
    above = [value for value in found if value != 0]
    if len(above) == 1:
        names = wishes.classes or (UNNAMED, BACKGROUND)
        names = (*names, BACKGROUND) if len(names) == 1 else names
        mapping = {above[0]: 1, 0: 2}
    else:
        names = wishes.classes or tuple(f"class_{value}" for value in above)
        is_plain = above == list(range(1, len(above) + 1))
        mapping = {} if is_plain else {value: i for i, value in enumerate(above, 1)}
    expected = 2 if len(above) == 1 else len(above)
    if len(names) != expected:
        raise UsageError(
            f"{len(names)} classes are named, but the labels have {expected}: the values are"
            f" {', '.join(map(str, found[:20]))}",
            hint="name one class for each value above 0, in their order",
        )
    note = "classes are called by their values: --classes gives them names"
    return Classes(tuple(names), notes=() if wishes.classes else (note,)), mapping


def raster_objects(image: Image, labels: Labels) -> Objects:
    """Return points that a label raster has been thinned out to, with their values as numbers."""
    import numpy as np

    from rvcli.project.objects import Objects

    values = labels.values[::8, ::8]
    rows, columns = np.nonzero(values)
    ys = (rows + 0.5) * image.height / values.shape[0]
    xs = (columns + 0.5) * image.width / values.shape[1]
    boxes = np.column_stack([xs, ys, xs, ys])
    return Objects(boxes, values[rows, columns], np.zeros(len(boxes)))
