"""Predictions compared with what a package expects of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

from rvcli.package.match import match


def tif(path: Path, array: Any, x: float = 5e5) -> Path:
    """Write one band."""
    height, width = array.shape
    options = {"crs": "EPSG:32633", "transform": from_origin(x, 4e6, 1, 1), "dtype": array.dtype}
    with rasterio.open(path, "w", "GTiff", width, height, 1, **options) as dataset:
        dataset.write(array, 1)
    return path


def geojson(path: Path, *boxes: tuple[float, int, float]) -> Path:
    """Write squares of side 10: where they begin, their class and score."""
    features = [
        {
            "type": "Feature",
            "properties": {"class_id": class_id, "score": score},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, 0], [x + 10, 0], [x + 10, 10], [x, 10], [x, 0]]],
            },
        }
        for x, class_id, score in boxes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_pixels(tmp_path: Path) -> None:
    """A pixel of a thousand may differ, and not more; nor may the place."""
    array = np.ones((50, 100), np.uint8)
    one, few, many = tif(tmp_path / "a.tif", array), array.copy(), array.copy()
    few[0, :5], many[0, :6] = 2, 3
    found = match(one, tif(tmp_path / "b.tif", few), {})
    assert (True, 0.999, 1.0) == (found.is_same, found.share, found.difference)
    found = match(one, tif(tmp_path / "c.tif", many), {})
    assert (False, 2.0) == (found.is_same, found.difference)
    assert "99.88% of 50 x 100 pixels equal, largest difference 2" == found.says
    assert "another georeference" in match(one, tif(tmp_path / "d.tif", array, x=1.5), {}).says
    assert not match(one, tif(tmp_path / "e.tif", array[:9]), {}).is_same
    assert "nothing was predicted" == match(one, tmp_path / "none.tif", {}).says


def test_boxes(tmp_path: Path) -> None:
    """Boxes match in any order, if they are of one class, nearly in one place and as sure."""
    one = geojson(tmp_path / "a.json", (0, 1, 0.9), (20, 1, 0.8), (40, 2, 0.7))
    found = match(one, geojson(tmp_path / "b.json", (40, 2, 0.7), (0.2, 1, 0.91), (20, 1, 0.8)), {})
    assert (True, 1.0, 3) == (found.is_same, found.share, found.found)
    assert "3 of 3 expected boxes or cells matched, 3 found" in found.says
    for name, boxes in {
        "place": ((0, 1, 0.9), (23, 1, 0.8), (40, 2, 0.7)),
        "class": ((0, 1, 0.9), (20, 2, 0.8), (40, 2, 0.7)),
        "score": ((0, 1, 0.9), (20, 1, 0.7), (40, 2, 0.7)),
        "number": ((0, 1, 0.9), (20, 1, 0.8)),
    }.items():
        assert not match(one, geojson(tmp_path / f"{name}.json", *boxes), {}).is_same, name
    empty = geojson(tmp_path / "empty.json")
    assert match(empty, empty, {}).is_same


def test_files_of_plugins(tmp_path: Path) -> None:
    """What nobody knows is compared byte by byte."""
    for name in "ab":
        (tmp_path / name).write_text(name)
    assert match(tmp_path / "a", tmp_path / "a", {}).is_same
    assert not match(tmp_path / "a", tmp_path / "b", {}).is_same
