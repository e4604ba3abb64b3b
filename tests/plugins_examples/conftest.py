"""Example plugins, and imagery for them to work on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from rvcli.plugins import PluginSpec, load_plugins
from rvcli.registry import Registry, default, use

EXAMPLES = Path(__file__).parents[2] / "plugins_examples"
PATHS = sorted(EXAMPLES.glob("*.py"))


@pytest.fixture
def examples(tmp_path: Path) -> Iterator[Registry]:
    """Put a registry in force that holds all example plugins."""
    registry = Registry(parent=default())
    specs = [PluginSpec("file", str(path)) for path in PATHS]
    load_plugins(specs, registry, strict=True, cache_dir=str(tmp_path / "cache"))
    with use(registry):
        yield registry


@pytest.fixture
def imagery(tmp_path: Path) -> Path:
    """Make two scenes of four bands, vegetation on the left, with labels."""
    directory = tmp_path / "imagery é"
    directory.mkdir()
    rng = np.random.default_rng(0)
    for number in range(2):
        transform = from_origin(10 + number / 100, 50, 0.0001, 0.0001)
        image = rng.integers(50, 70, (4, 64, 64)).astype(np.uint16)
        image[3, :, :32] += 400
        image[0, :, 32:] += 300
        image[:, :4, :] = 0
        with rasterio.open(
            directory / f"scene{number}.tif",
            "w",
            driver="GTiff",
            height=64,
            width=64,
            count=4,
            dtype="uint16",
            crs="EPSG:4326",
            transform=transform,
            nodata=0,
        ) as file:
            file.write(image)
        features = [_half(transform, 0, 1), _half(transform, 32, 2)]
        labels = {"type": "FeatureCollection", "features": features}
        (directory / f"labels{number}.json").write_text(json.dumps(labels))
    return directory


def _half(transform: Any, left: int, class_id: int) -> dict[str, Any]:
    corners = [(left, 0), (left + 32, 0), (left + 32, 64), (left, 64), (left, 0)]
    ring = [list(transform * corner) for corner in corners]
    return {
        "type": "Feature",
        "properties": {"class_id": class_id},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
