"""Fixtures for vector labels: a grid, and GeoJSON drawn in its pixels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.crs import CRS

from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer

WriteLabels = Callable[..., str]


@pytest.fixture
def grid() -> RasterioCRSTransformer:
    """Give a grid of half-metre pixels in UTM zone 37 south."""
    affine = Affine(0.5, 0, 530000, 0, -0.5, 9330000)
    return RasterioCRSTransformer(affine, CRS.from_epsg(32737))


@pytest.fixture
def write_labels(tmp_path: Path, grid: RasterioCRSTransformer) -> WriteLabels:
    """Give a function that writes a GeoJSON file and returns its URI.

    Geometries are drawn in pixel (x, y) of the grid, and written in a CRS: WGS 84, or the one
    named by `crs`, with a `crs` member unless `with_member` is false.
    """

    def write(
        geometries: Iterable[Any],
        properties: Iterable[dict[str, Any]] | None = None,
        crs: str | None = None,
        with_member: bool = True,
        name: str = "labels.geojson",
    ) -> str:
        geometries = list(geometries)
        source = RasterioCRSTransformer(
            grid.get_affine_transform(), grid.get_image_crs(), crs or "epsg:4326"
        )
        features = [
            {
                "type": "Feature",
                "properties": own,
                "geometry": None
                if geometry is None
                else shapely.geometry.mapping(
                    shapely.transform(geometry, lambda xy: source.pixel_to_map(np.asarray(xy)))
                ),
            }
            for geometry, own in zip(
                geometries, properties or [{} for _ in geometries], strict=True
            )
        ]
        geojson: dict[str, Any] = {"type": "FeatureCollection", "features": features}
        if crs and with_member:
            geojson["crs"] = {"type": "name", "properties": {"name": crs}}
        path = tmp_path / name
        path.write_text(json.dumps(geojson))
        return str(path)

    return write
