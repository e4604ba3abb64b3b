"""Small images and labels to make projects of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform_geom

CRS = "EPSG:32632"
LEFT, TOP, PIXEL_M = 600_000.0, 5_300_000.0, 0.5


class Data:
    """Files in the working directory of a test, which is empty otherwise."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def image(
        self, name: str = "town.tif", size: tuple[int, int] = (256, 192), bands: int = 3,
        crs: str | None = CRS, dtype: str = "uint8", **options: Any,
    ) -> str:  # fmt: skip
        """Write an image of noise, size (width, height), and return its name."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        width, height = size
        values = np.random.default_rng(1).integers(1, 200, (bands, height, width))
        transform = None if crs is None else from_origin(LEFT, TOP, PIXEL_M, PIXEL_M)
        with rasterio.open(
            path, "w", driver="GTiff", width=width, height=height, count=bands, dtype=dtype,
            crs=crs, transform=transform, **options,
        ) as file:  # fmt: skip
            file.write(values.astype(dtype))
        return name

    def labels(
        self,
        boxes: Iterable[tuple[float, float, float, float]],
        properties: Iterable[dict[str, Any]] = (),
        name: str = "town.geojson",
        crs: str | None = "EPSG:4326",
        kind: str = "Polygon",
    ) -> str:
        """Write labels that lie at boxes in pixels, and return the name of the file.

        Args:
            boxes: (xmin, ymin, xmax, ymax).
            properties: of each; class_name building where there are too few.
            name: of the file.
            crs: of the coordinates; None for pixels. It is not said in the file.
            kind: Polygon, Point (their centres) or Hexagon, which is no rectangle.
        """
        given = list(properties)
        features = []
        for i, (x0, y0, x1, y1) in enumerate(boxes):
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
            if kind == "Hexagon":
                ring = [(x0, y), (x, y0), (x1, y0), (x1, y), (x, y1), (x0, y1), (x0, y)]
            points = [(x, y)] if kind == "Point" else ring
            on_map = points
            if crs is not None:
                on_map = [(LEFT + px * PIXEL_M, TOP - py * PIXEL_M) for px, py in points]
            geometry: dict[str, Any] = (
                {"type": "Point", "coordinates": on_map[0]}
                if kind == "Point"
                else {"type": "Polygon", "coordinates": [on_map]}
            )
            if crs not in (None, CRS):
                geometry = transform_geom(CRS, crs, geometry, precision=9)
            own = given[i] if i < len(given) else {"class_name": "building"}
            features.append({"type": "Feature", "properties": own, "geometry": geometry})
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return name

    def raster(self, values: Any, name: str = "town_labels.tif") -> str:
        """Write a raster of class ids on the grid of an image."""
        array = np.asarray(values, dtype="uint8")
        with rasterio.open(
            self.root / name, "w", driver="GTiff", width=array.shape[1], height=array.shape[0],
            count=1, dtype="uint8", crs=CRS, transform=from_origin(LEFT, TOP, PIXEL_M, PIXEL_M),
        ) as file:  # fmt: skip
            file.write(array, 1)
        return name


GRID = [(x, y, x + 14, y + 10) for x in range(10, 240, 40) for y in range(10, 180, 40)]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Data:
    """An empty working directory that files can be written in."""
    monkeypatch.chdir(tmp_path)
    return Data(tmp_path)
