"""The tiny town: its imagery, and the experiment from the drawing to the package."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import rasterio


def test_the_imagery_is_as_promised(make_imagery: ModuleType, tmp_path: Path) -> None:
    """A scene is a tiled UTM GeoTIFF of four bands of uint16 with a collar of no data."""
    make_imagery.draw_scene(tmp_path, "west", 0, seed=7)
    with rasterio.open(tmp_path / "west.tif") as dataset:
        assert (4, ("uint16",) * 4, 0) == (dataset.count, dataset.dtypes, dataset.nodata)
        assert ("EPSG:32632", True) == (str(dataset.crs), dataset.profile["tiled"])
        empty = dataset.dataset_mask() == 0
        left, bottom, right, top = rasterio.warp.transform_bounds(
            dataset.crs, "EPSG:4326", *dataset.bounds
        )
    assert 0.05 < empty.mean() < 0.25
    labels = json.loads((tmp_path / "west.geojson").read_text())["features"]
    names = {feature["properties"]["class_name"] for feature in labels}
    assert {"building", "road", "tree", "water"} == names
    lon, lat = labels[0]["geometry"]["coordinates"][0][0]
    assert left < lon < right
    assert bottom < lat < top


def test_the_same_seed_draws_the_same_town(make_imagery: ModuleType) -> None:
    """Layout and colours depend on the seed alone."""

    def draw(seed: int) -> Any:
        rng = np.random.default_rng([seed, 0])
        return make_imagery.paint(make_imagery.lay_out(rng), rng)

    first = draw(1)
    np.testing.assert_array_equal(first, draw(1))
    assert not np.array_equal(first, draw(2))


def test_the_experiment(
    copy_example: Callable[[str], Path],
    run_rv: Callable[..., str],
    figures: Callable[[Path], dict[str, dict[str, Any]]],
) -> None:
    """One command draws, learns, maps and measures; the second time nothing is left to do."""
    folder = copy_example("tiny_town")
    printed = run_rv(folder, "run", "local", "experiment.py")
    for name in ("predict/tiny-town/east.tif", "eval/tiny-town/eval.json", "predict_package.zip"):
        assert name in printed.replace("\n", "")
    found = figures(folder / "out/eval/tiny-town/eval.json")
    assert found["average"]["f1"] > 0.9
    assert all(figure["f1"] > 0.8 for figure in found.values())
    areas = json.loads((folder / "out/eval/tiny-town/areas.json").read_text())
    for area in areas.values():
        assert area["labelled_ha"] == pytest.approx(area["predicted_ha"], rel=0.1)
    assert "nothing to run" in run_rv(folder, "run", "local", "experiment.py")
    package, image = "out/bundle/tiny-town/predict_package.zip", "data/west.tif"
    run_rv(folder, "predict", package, image, "west classes.tif")
    with (
        rasterio.open(folder / image) as imagery,
        rasterio.open(folder / "west classes.tif") as predicted,
    ):
        assert (imagery.transform, imagery.crs) == (predicted.transform, predicted.crs)
        np.testing.assert_array_equal(imagery.dataset_mask() > 0, predicted.read(1) > 0)
