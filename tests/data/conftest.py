"""Fixtures for vector labels: a grid, and GeoJSON drawn in its pixels."""

from __future__ import annotations

import json
import warnings
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


@pytest.fixture
def write_file(tmp_path: Path, grid: RasterioCRSTransformer) -> WriteLabels:
    """Give a function that writes a vector file of any format and returns its path.

    Geometries are drawn in pixel (x, y) of the grid, and written in `crs`; properties are
    columns; further options are pyogrio's. `said_crs` is what the file says, if not that. Without
    `crs` the coordinates are written as they are.
    """
    from pyogrio import raw

    def write(
        name: str,
        geometries: Iterable[Any],
        crs: str | None = "EPSG:4326",
        said_crs: Any = ...,
        properties: dict[str, Any] | None = None,
        **options: Any,
    ) -> str:
        placed = np.array([*geometries, None], dtype=object)[:-1]
        if crs is not None:
            source = RasterioCRSTransformer(grid.get_affine_transform(), grid.get_image_crs(), crs)
            placed = shapely.transform(placed, lambda xy: source.pixel_to_map(np.asarray(xy)))
        path = tmp_path / name
        options.setdefault("geometry_type", "Unknown")
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)
            raw.write(
                str(path),
                shapely.to_wkb(placed),
                [np.asarray(column) for column in (properties or {}).values()],
                list(properties or {}),
                crs=crs if said_crs is ... else said_crs,
                **options,
            )
        return str(path)

    return write
