"""Footprints on the Earth."""

from __future__ import annotations

from typing import Any

import pytest
from affine import Affine
from shapely.geometry import shape

from rvcli.core.box import Box
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.stac.footprint import Footprint, footprint, joined

EXTENT = Box(0, 0, 1000, 1000)


def place(crs: str, pixel: float, x: float, y: float, extent: Box = EXTENT) -> Footprint | None:
    """Return the footprint of an image by its upper left corner and the size of its pixels."""
    affine = Affine(pixel, 0, x, 0, -pixel, y)
    return footprint(extent, RasterioCRSTransformer(affine, crs))


def test_an_image_in_degrees_is_its_own_footprint() -> None:
    """Four corners suffice, and the ring runs counterclockwise."""
    found = place("EPSG:4326", 0.001, 10, 50)
    assert found is not None
    assert (10.0, 49.0, 11.0, 50.0) == found.bbox
    ring = shape(found.geometry).exterior
    assert (5, True) == (len(ring.coords), ring.is_ccw)


def test_edges_of_a_projection_are_followed() -> None:
    """A large image in UTM has points along its edges where these are bent."""
    found = place("EPSG:32633", 500, 200_000, 6_500_000)
    assert found is not None
    assert len(shape(found.geometry).exterior.coords) > 8
    assert found.bbox[3] == pytest.approx(58.64, abs=0.01)


def test_the_antimeridian_cuts() -> None:
    """What lies on both sides has two parts, and a box from the east to the west."""
    found = place("EPSG:4326", 0.001, 179.5, 10)
    assert found is not None
    assert (179.5, 9.0, -179.5, 10.0) == found.bbox
    assert ("MultiPolygon", 2) == (found.geometry["type"], len(found.geometry["coordinates"]))
    assert shape(found.geometry).area == pytest.approx(1.0)


def test_a_pole_belongs_to_what_surrounds_it() -> None:
    """An image around a pole reaches it, at all longitudes."""
    found = place("EPSG:3413", 100, -50_000, 50_000)
    assert found is not None
    assert (-180.0, 180.0, 90.0) == (found.bbox[0], found.bbox[2], found.bbox[3])
    assert found.bbox[1] == pytest.approx(89.35, abs=0.01)


def test_plain_images_have_none() -> None:
    """Without a georeference there is no footprint, nor off the Earth."""
    assert footprint(EXTENT, IdentityCRSTransformer()) is None
    assert place("+proj=geos +h=35785831 +sweep=y", 12_000, -6_000_000, 6_000_000) is None


def test_several_are_joined() -> None:
    """What two images cover together is one shape with one box; of none there is none."""
    west, east = place("EPSG:4326", 0.001, 10, 50), place("EPSG:4326", 0.001, 11, 50)
    assert west is not None
    assert east is not None
    both: Any = joined([west, east])
    assert (10.0, 49.0, 12.0, 50.0) == both.bbox
    assert "Polygon" == both.geometry["type"]
    assert shape(both.geometry).area == pytest.approx(2.0)
    assert joined([]) is None
    across = joined([p for p in (place("EPSG:4326", 0.001, x, 50) for x in (179.5, 178)) if p])
    assert across is not None
    assert (178.0, 49.0, -179.5, 50.0) == across.bbox
