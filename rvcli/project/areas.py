"""Cuts one image into an area to train on and one to validate on, which do not touch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rvcli.project.image import Image

# Of the labelled objects, or of the area where there is no telling, so many are for validation.
_VALIDATION_SHARE = 0.3
_SHARES = (0.2, 0.25, 0.3, 0.35, 0.4)
# Labels that lie in less than this share of the image say nothing of the rest.
_WHOLE = 0.5


@dataclass(frozen=True)
class Rectangle:
    """A part of an image, pixels, half-open."""

    xmin: int
    ymin: int
    xmax: int
    ymax: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.xmax - self.xmin

    @property
    def height(self) -> int:
        """In pixels."""
        return self.ymax - self.ymin

    def holds(self, boxes: Any) -> Any:
        """Tell which boxes lie wholly within, shape (n,)."""
        return (
            (boxes[:, 0] >= self.xmin)
            & (boxes[:, 1] >= self.ymin)
            & (boxes[:, 2] <= self.xmax)
            & (boxes[:, 3] <= self.ymax)
        )


def labelled_part(image: Image, boxes: Any) -> Rectangle:
    """Return the part of an image that its labels speak of: all of it, or where they lie."""
    import numpy as np

    whole = Rectangle(0, 0, image.width, image.height)
    if not len(boxes):
        return whole
    margin = float(np.median(boxes[:, 2:] - boxes[:, :2])) / 2 + 2
    xmin, ymin = np.floor(boxes[:, :2].min(axis=0) - margin).astype(int)
    xmax, ymax = np.ceil(boxes[:, 2:].max(axis=0) + margin).astype(int)
    part = Rectangle(
        max(0, int(xmin)),
        max(0, int(ymin)),
        min(image.width, int(xmax)),
        min(image.height, int(ymax)),
    )
    share = part.width * part.height / (image.width * image.height)
    return whole if share >= _WHOLE else part


def cut(
    part: Rectangle, boxes: Any, classes: Any, chip_size: int, step: int = 1
) -> tuple[Rectangle, Rectangle] | None:
    """Cut a part of an image in two: where to train, and where to validate.

    Both hold a chip at least, and as far as can be some of every class; as few objects as can be
    are cut through, and about 30 % of them are for validation.

    Args:
        part: what is to be cut.
        boxes: of labelled objects, pixels, shape (n, 4).
        classes: of the objects, any values, shape (n,).
        chip_size: in pixels.
        step: cuts are at multiples of it.

    Returns:
        None if there is no room for two.
    """
    candidates = list(_candidates(part, chip_size, step))
    if not candidates:
        return None
    return min(candidates, key=lambda pair: _cost(part, pair, boxes, classes))


def _candidates(
    part: Rectangle, chip_size: int, step: int
) -> Iterator[tuple[Rectangle, Rectangle]]:
    for share in _SHARES:
        for lower in (False, True):
            ratio = share if lower else 1 - share
            x = _rounded(part.xmin + ratio * part.width, step)
            y = _rounded(part.ymin + ratio * part.height, step)
            left = Rectangle(part.xmin, part.ymin, x, part.ymax)
            right = Rectangle(x, part.ymin, part.xmax, part.ymax)
            upper = Rectangle(part.xmin, part.ymin, part.xmax, y)
            below = Rectangle(part.xmin, y, part.xmax, part.ymax)
            for pair in ((left, right), (upper, below)):
                if all(min(side.width, side.height) >= chip_size for side in pair):
                    yield pair if not lower else (pair[1], pair[0])


def _cost(
    part: Rectangle, pair: tuple[Rectangle, Rectangle], boxes: Any, classes: Any
) -> tuple[float, ...]:
    """Return what speaks against a cut, the weightiest first."""
    train, validation = pair
    area = validation.width * validation.height / (part.width * part.height)
    oblong = max(validation.width, validation.height) / min(validation.width, validation.height)
    if not len(boxes):
        return 0.0, abs(area - _VALIDATION_SHARE), oblong
    import numpy as np

    kinds = len(np.unique(classes))
    learned, judged = train.holds(boxes), validation.holds(boxes)
    lacking = 2 * kinds - len(np.unique(classes[learned])) - len(np.unique(classes[judged]))
    kept = learned.sum() + judged.sum()
    share = judged.sum() / max(1, kept)
    cut_through = 1 - kept / len(boxes)
    return float(lacking), abs(share - _VALIDATION_SHARE) + cut_through, oblong


def _rounded(value: float, step: int) -> int:
    return round(value / step) * step


def as_geojson(image: Image, rectangle: Rectangle) -> str:
    """Return a rectangle as GeoJSON: WGS 84, or pixels where the image has no georeference."""
    x0, y0, x1, y1 = rectangle.xmin, rectangle.ymin, rectangle.xmax, rectangle.ymax
    ring = [(x0, y1), (x1, y1), (x1, y0), (x0, y0), (x0, y1)]
    # Ten decimals of a degree are a hundredth of a millimetre: chips end where areas do.
    on_map = [[round(float(n), 10) for n in image.grid.pixel_to_map(point)] for point in ring]
    feature = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [on_map]},
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}) + "\n"
