"""The example plugins together, from the command line to a prediction."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

EXAMPLES = Path(__file__).parents[2] / "plugins_examples"
EXPERIMENT = """
import rvcli as rv


class Examples(rv.ExperimentSet):
    def exp_main(self, data: str, root_uri: str, backend: str = "NEAREST_MEAN"):
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_chip_size(32)
            .with_classes({"vegetation": (1, "green"), "bare": (2, "brown")})
            .with_chip_options(window_method="sliding", stride=32)
            .build()
        )
        index = (
            rv.RasterTransformerConfig.builder("NORMALIZED_DIFFERENCE")
            .with_first_channel(3)
            .with_second_channel(0)
            .build()
        )

        def scene(number):
            source = (
                rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE)
                .with_uri(f"{data}/scene{number}.tif")
                .with_transformer(index)
                .build()
            )
            raster = (
                rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE)
                .with_vector_source(f"{data}/labels{number}.json")
                .with_rasterizer_options(2)
                .build()
            )
            labels = rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
            return (
                rv.SceneConfig.builder()
                .with_task(task)
                .with_id(f"scene{number}")
                .with_raster_source(source)
                .with_label_source(labels.with_raster_source(raster).build())
                .build()
            )

        dataset = rv.DatasetConfig.builder().with_train_scene(scene(0))
        evaluators = [
            rv.EvaluatorConfig.builder(rv.SEMANTIC_SEGMENTATION_EVALUATOR).with_task(task).build(),
            rv.EvaluatorConfig.builder("SHORT_NOISY_EVALUATOR").with_noise("Boop!").build(),
        ]
        summary = {
            "key": "all",
            "config": {
                "uris": [f"{data}/scene0.tif", f"{data}/scene1.tif"],
                "output_dir": f"{root_uri}/summaries",
            },
        }
        return (
            rv.ExperimentConfig.builder()
            .with_id("demo")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(rv.BackendConfig.builder(backend).with_task(task).build())
            .with_dataset(dataset.with_validation_scene(scene(1)).build())
            .with_evaluators(evaluators)
            .with_custom_config({"IMAGE_SUMMARY": summary})
            .build()
        )
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project directory with its own copies of the plugins."""
    directory = tmp_path / "my project"
    directory.mkdir()
    names = [path.name for path in sorted(EXAMPLES.glob("*.py"))]
    for name in names:
        shutil.copy(EXAMPLES / name, directory)
    names.remove("noisy_evaluator_classic.py")
    (directory / "rv.toml").write_text(f"[PLUGINS]\nfiles = {json.dumps(names)}\n")
    (directory / "experiment.py").write_text(EXPERIMENT)
    return directory


def rv(project: Path, *arguments: object) -> str:
    """Run `rv` in the project and return what it printed; it must succeed."""
    home = {"HOME": str(project.parent), "RV_CACHE_DIR": str(project.parent / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "rvcli", *map(str, arguments)],
        cwd=project,
        env={**os.environ, **home},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout
    return done.stdout


def pins(root: Path, command: str) -> list[str]:
    """Return the names of the plugins that a command's message carries."""
    (path,) = root.glob(f"{command}/*/command-config-0.json")
    message = json.loads(path.read_text())
    return [pin["name"] for pin in message.get("plugins", {}).get("pins", [])]


def test_examples_run_together(project: Path, imagery: Path, tmp_path: Path) -> None:
    """Backend, transformer, evaluator and command of the examples work in a real run.

    A plugin that changes makes the commands that use it run again, and no others.
    """
    root = tmp_path / "root ä"
    arguments = ["run", "local", "experiment.py", "-a", "data", imagery, "-a", "root_uri", root]
    rv(project, *arguments)
    evaluation = json.loads((root / "eval" / "demo" / "eval.json").read_text())
    average = [item for item in evaluation["overall"] if item["class_name"] == "average"]
    assert 0.95 < average[0]["f1"]
    (log,) = (root / "eval" / "demo" / "logs").iterdir()
    assert "Boop! (1 scenes)" in log.read_text()
    assert ["nearest_mean_backend"] == pins(root, "train")
    assert ["noisy_evaluator_declared", "normalized_difference"] == sorted(
        set(pins(root, "eval")) - {"nearest_mean_backend"}
    )

    package = root / "bundle" / "demo" / "predict_package.zip"
    rv(tmp_path, "predict", package, imagery / "scene1.tif", tmp_path / "out.tif")
    with (
        rasterio.open(tmp_path / "out.tif") as out,
        rasterio.open(root / "predict" / "demo" / "scene1.tif") as predicted,
    ):
        assert np.array_equal(predicted.read(), out.read())

    assert "nothing to run" in rv(project, *arguments)
    plugin = project / "noisy_evaluator_declared.py"
    plugin.write_text(plugin.read_text() + "# changed\n")
    planned = json.loads(rv(project, *arguments, "--dry-run", "--json"))
    assert {"demo/EVAL"} == {s["id"] for s in planned["steps"] if s["status"] == "run"}

    arguments.insert(3, "image_summary")
    rv(project, *arguments, "--splits", 2)
    assert 2 == len(list((root / "summaries").iterdir()))


def test_a_backend_around_another_library(project: Path, imagery: Path, tmp_path: Path) -> None:
    """What LightGBM learns is found again, and its package predicts the same."""
    pytest.importorskip("lightgbm")
    root = tmp_path / "root"
    arguments = ["-a", "data", imagery, "-a", "root_uri", root, "-a", "backend", "LIGHTGBM"]
    rv(project, "run", "local", "experiment.py", *arguments)
    evaluation = json.loads((root / "eval/demo/eval.json").read_text())
    average = [item for item in evaluation["overall"] if item["class_name"] == "average"]
    assert 0.95 < average[0]["f1"]
    assert ["lightgbm_backend"] == pins(root, "train")

    package = root / "bundle/demo/predict_package.zip"
    rv(tmp_path, "predict", package, imagery / "scene1.tif", tmp_path / "out.tif")
    with (
        rasterio.open(tmp_path / "out.tif") as out,
        rasterio.open(root / "predict/demo/scene1.tif") as predicted,
    ):
        assert np.array_equal(predicted.read(), out.read())
