"""Patches of pixels as polygons."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from rasterio.features import shapes

from rvcli.core.box import Box
from rvcli.data.label_store.polygonize import polygonize

_masks = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=14))


def polygons_of(mask: Any, height: int) -> list[Any]:
    """Polygonize a mask in strips of some height."""
    rows, columns = mask.shape
    strips = (
        (Box(top, 0, min(top + height, rows), columns), mask[top : top + height])
        for top in range(0, rows, height)
    )
    return [polygon for batch in polygonize(strips) for polygon in batch]


def texts(polygons: Any) -> list[str]:
    """Write polygons so that equal ones are equal, whichever vertex is first."""
    normal = shapely.normalize(np.array(polygons, dtype=object))
    return sorted(shapely.to_wkt(normal).tolist())


def at_once(mask: Any) -> list[Any]:
    """Polygonize a whole mask by rasterio."""
    pixels = np.ascontiguousarray(mask).view(np.uint8)
    found = shapes(pixels, mask=pixels, connectivity=4)
    return [shapely.geometry.shape(geometry) for geometry, _ in found]


@given(_masks, st.integers(1, 6))
def test_strips_leave_no_trace(mask: Any, height: int) -> None:
    """Polygons are, to the vertex, those that rasterio finds in the whole mask at once."""
    polygons = polygons_of(mask, height)
    assert texts(at_once(mask)) == texts(polygons)
    assert shapely.is_valid(polygons).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 0.8))
def test_noise(seed: int, share: float) -> None:
    """Also where patches wind through many strips and enclose each other."""
    mask = np.random.default_rng(seed).random((40, 30)) < share
    assert texts(at_once(mask)) == texts(polygons_of(mask, 3))


def test_pixels_that_share_a_corner_are_apart() -> None:
    """Pixels belong together if they share a side, within a strip and across two."""
    mask = np.eye(4, dtype=np.bool_)
    assert 4 == len(polygons_of(mask, 2))


def test_nothing() -> None:
    """A mask without pixels has no polygons, and no strips have none."""
    assert [] == polygons_of(np.zeros((5, 4), np.bool_), 2)
    assert [] == list(polygonize([]))


def test_patches_come_when_they_are_complete() -> None:
    """A patch is given as soon as nothing of it can follow, so that few are in memory."""
    mask = np.zeros((40, 6), dtype=np.bool_)
    mask[::4, 1] = mask[1::4, 1] = True
    seen: list[int] = []

    def strips() -> Any:
        for top in range(0, 40, 5):
            seen.append(top)
            yield Box(top, 0, top + 5, 6), mask[top : top + 5]

    behind = [seen[-1] - polygon.bounds[1] for batch in polygonize(strips()) for polygon in batch]
    assert 10 == len(behind)
    assert max(behind) <= 5
