"""Footprints of buildings from patches of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rasterio.features import rasterize, shapes
from shapely import affinity, box

from rvcli.data.label_store.buildings import footprints
from rvcli.data.label_store.vector_output_config import BuildingOptions

ANGLES = [0, 17, 45, 80, 90, 133]
# Two houses, joined by a fence.
PAIR = box(10, 40, 40, 60).union(box(60, 40, 90, 60)).union(box(40, 48, 60, 52))
L_SHAPE = box(20, 20, 80, 40).union(box(20, 20, 40, 80))


def patches_of(*shapes_px: Any) -> Any:
    """Draw shapes into pixels, and give the patches."""
    pixels = rasterize([(s, 1) for s in shapes_px], out_shape=(120, 120), dtype="uint8")
    found = shapes(pixels, mask=pixels, connectivity=4)
    return np.array([shapely.geometry.shape(geometry) for geometry, _ in found], dtype=object)


def drawn(*shapes_px: Any, tolerance: float = 1.5, **options: Any) -> Any:
    """Give the footprints of shapes that were drawn into pixels."""
    patches = patches_of(*shapes_px)
    return footprints(patches, shapely.area(patches), BuildingOptions(**options), tolerance)


def turned(shape: Any, angle: float) -> Any:
    """Turn a shape around the middle of the image."""
    return affinity.rotate(shape, angle, origin=(50, 50))


def iou(left: Any, right: Any) -> float:
    """Give intersection over union."""
    return float(left.intersection(right).area / left.union(right).area)


def has_right_angles(polygon: Any) -> bool:
    """Tell whether all corners are right, or straight."""
    xy = shapely.get_coordinates(polygon.exterior)
    sides = np.diff(np.vstack([xy, xy[1]]), axis=0)
    sides /= np.hypot(*sides.T)[:, None]
    cosines = np.abs((sides[:-1] * sides[1:]).sum(axis=1))
    return bool(((cosines < 1e-6) | (cosines > 1 - 1e-6)).all())


@pytest.mark.parametrize("angle", ANGLES)
def test_compact_patches_become_rectangles(angle: float) -> None:
    """A house is a rectangle as large as its pixels, in its own direction."""
    house = turned(box(40, 40, 70, 60), angle)
    [patch] = patches_of(house)
    [footprint] = drawn(house)
    assert 5 == shapely.get_num_coordinates(footprint)
    assert has_right_angles(footprint)
    assert footprint.area == pytest.approx(patch.area)
    assert iou(footprint, house) > 0.95


@pytest.mark.parametrize("angle", ANGLES)
def test_other_patches_get_right_angles(angle: float) -> None:
    """An outline with a corner inwards keeps it, and all its corners become right."""
    shape = turned(L_SHAPE, angle)
    [footprint] = drawn(shape)
    assert 7 == shapely.get_num_coordinates(footprint)
    assert has_right_angles(footprint)
    assert iou(footprint, shape) > 0.95


@pytest.mark.parametrize("angle", ANGLES)
def test_clusters_are_taken_apart_where_narrow(angle: float) -> None:
    """Two houses that a fence joins are two buildings, and the fence is none."""
    first, second = sorted(drawn(turned(PAIR, angle)), key=lambda f: f.centroid.x + f.centroid.y)
    for footprint in (first, second):
        assert footprint.area == pytest.approx(30 * 20, rel=0.1)
        assert has_right_angles(footprint)
    assert first.disjoint(second)


def test_min_aspect_ratio() -> None:
    """What is not long enough for its width is no cluster."""
    assert 2 == len(drawn(PAIR, min_aspect_ratio=3.9))
    assert 1 == len(drawn(PAIR, min_aspect_ratio=4.1))


def test_min_area() -> None:
    """What is too small is no cluster."""
    area = patches_of(PAIR)[0].area
    assert 2 == len(drawn(PAIR, min_area=area))
    assert 1 == len(drawn(PAIR, min_area=area + 1))


def test_element_width_factor() -> None:
    """Narrow is less than this share of the width: the fence has a fifth of it."""
    assert 1 == len(drawn(PAIR, element_width_factor=0.2))
    assert 2 == len(drawn(PAIR, element_width_factor=0.3))


def test_element_thickness() -> None:
    """What is shorter than this share of the cluster is no building of its own."""
    with_post = PAIR.union(box(49, 40, 51, 60))
    assert 3 == len(drawn(with_post))
    assert 2 == len(drawn(with_post, element_thickness=0.05))


def test_courtyard_stays_open() -> None:
    """A hole gets right angles, too; what is too small to have sides goes."""
    yard = box(20, 20, 80, 80) - box(30, 30, 70, 70)
    [footprint] = drawn(yard)
    assert [1600] == [shapely.Polygon(ring).area for ring in footprint.interiors]


def test_outline_that_fits_no_right_angles_stays() -> None:
    """If right angles would make something else of it, a patch keeps its simplified outline."""
    arc = shapely.Point(60, 60).buffer(50) - shapely.Point(60, 60).buffer(44)
    arc = arc - box(60, 0, 120, 120)
    [footprint] = drawn(arc, element_width_factor=0.01, min_aspect_ratio=100)
    assert not has_right_angles(footprint)
    assert iou(footprint, arc) > 0.7


def test_tolerance() -> None:
    """A bay that is not deeper than the tolerance is smoothed away."""
    shape = L_SHAPE.union(box(55, 40, 65, 44))
    assert 11 == shapely.get_num_coordinates(drawn(shape, tolerance=1.5)[0])
    assert 7 == shapely.get_num_coordinates(drawn(shape, tolerance=4.5)[0])


@given(st.integers(0, 2**32 - 1))
def test_any_patch_has_a_footprint(seed: int) -> None:
    """Every patch, of whatever shape, gives at least one valid polygon near it."""
    pixels = (np.random.default_rng(seed).random((16, 16)) < 0.6).astype(np.uint8)
    found = shapes(pixels, mask=pixels, connectivity=4)
    for geometry, _ in found:
        patches = np.array([shapely.geometry.shape(geometry)], dtype=object)
        made = footprints(patches, shapely.area(patches), BuildingOptions(), 1.5)
        assert len(made) >= 1
        assert all(polygon.geom_type == "Polygon" and polygon.area > 0 for polygon in made)
        assert shapely.is_valid(made).all()
