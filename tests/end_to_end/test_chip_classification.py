"""Chip classification from config to figures: classes of cells inferred from polygons."""

from __future__ import annotations

import json
from typing import Any

import pytest

EXPERIMENT = """
import town

import rvcli as rv


class Cells(rv.ExperimentSet):
    def exp_cells(self):
        task = (
            rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION)
            .with_classes({"building": (1, "red"), "other": (2, "gray")})
            .with_chip_size(12)
            .with_debug(True)
            .with_predict_debug_uri("debug")
            .build()
        )
        backend = (
            rv.BackendConfig.builder(rv.SKLEARN_CHIP_CLASSIFICATION)
            .with_task(task)
            .with_train_options(trees=20, copies=0)
            .build()
        )

        def scene(name, **changes):
            labels = (
                rv.LabelSourceConfig.builder(rv.CHIP_CLASSIFICATION)
                .with_uri(str(town.HERE / f"{name}.geojson"))
                .with_infer_cells(True)
                .with_ioa_thresh(0.5)
                .with_use_intersection_over_cell(True)
                .with_background_class_id(2)
                .build()
            )
            return (
                town.scene(name, labels=labels, **changes).to_builder().with_task(task).build()
            )

        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scene(scene(town.EAST))
            .with_validation_scene(scene(town.WEST, aoi_uris=["aoi.json"]))
            .build()
        )
        return (
            rv.ExperimentConfig.builder()
            .with_id("cells")
            .with_root_uri("out")
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .with_stats_analyzer()
            .build()
        )
"""


@pytest.fixture
def aoi(project: Any) -> None:
    """Limit the west to its upper 60 of 100 rows, and a few columns beyond."""
    corners = (-5, -5), (-5, 60.5), (105, 60.5), (105, -5), (-5, -5)
    ring = [[501_000 + x, 5_800_000 - y] for x, y in corners]
    area = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    collection = {"type": "FeatureCollection", "crs": crs, "features": [area]}
    project.write("aoi.json", json.dumps(collection))


@pytest.mark.usefixtures("aoi")
def test_cells_from_config_to_figures(project: Any) -> None:
    """Cells are learned from one scene and predicted in another, measured, drawn and packed."""
    project.write("cells.py", EXPERIMENT)
    result = project.rv("run", "inprocess", "cells.py")
    assert 0 == result.code, result.text
    name = "Bild West ö"
    out = project.path / "out"
    features = json.loads((out / f"predict/cells/{name}.json").read_text())["features"]
    # Of nine rows and nine columns of cells, five and eight end within the area.
    assert 5 * 8 == len(features)
    assert {"class_id", "class_name", "scores"} == set(features[0]["properties"])
    figures = json.loads((out / "eval/cells/eval.json").read_text())
    assert 40 == figures["overall"][-1]["gt_count"]
    assert figures["overall"][-1]["f1"] > 0.85
    assert [] == figures["warnings"]
    assert (project.path / f"debug/{name}.png").exists()
    assert "nothing to run" in project.rv("run", "inprocess", "cells.py").text
    package, image = out / "bundle/cells/predict_package.zip", project.path / f"{name}.tif"
    predicted = project.rv("predict", str(package), str(image), "again.json")
    assert 0 == predicted.code, predicted.text
    again = json.loads((project.path / "again.json").read_text())["features"]
    assert 9 * 9 == len(again)
    assert features == [feature for feature in again if feature in features]
