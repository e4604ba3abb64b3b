"""What a second run does after a change, from the command line, on the whole pipeline."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform as reproject

from rvcli.cli.main import call as main

EXPERIMENT = """
from pathlib import Path

import rvcli as rv

HERE = Path(__file__).parent


class Fields(rv.ExperimentSet):
    def exp_fields(self, iterations: int = 5, alias: str = ""):
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_classes({"field": (1, "green"), "other": (2, "grey")})
            .with_chip_size(64)
            .with_chip_options(window_method="sliding", stride=64)
            .build()
        )

        def scene(name):
            labels = (
                rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE)
                .with_vector_source(str(HERE / f"{name}.geojson"))
                .with_rasterizer_options(2)
                .build()
            )
            return (
                rv.SceneConfig.builder()
                .with_task(task)
                .with_id(name)
                .with_raster_source(
                    rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE)
                    .with_uri(str(HERE / f"{name}.tif"))
                    .with_stats_transformer()
                    .build()
                )
                .with_label_source(
                    rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
                    .with_raster_source(labels)
                    .build()
                )
                .build()
            )

        return (
            rv.ExperimentConfig.builder()
            .with_id("fields")
            .with_root_uri(str(HERE / "out put ü"))
            .with_task(task)
            .with_backend(
                rv.BackendConfig.builder(rv.SKLEARN_SEMANTIC_SEGMENTATION)
                .with_task(task)
                .with_train_options(iterations=iterations, max_pixels=2000)
                .build()
            )
            .with_dataset(
                rv.DatasetConfig.builder()
                .with_train_scene(scene("train"))
                .with_validation_scene(scene("val"))
                .build()
            )
            .with_stats_analyzer()
            .with_evaluators(
                [
                    rv.EvaluatorConfig.builder(rv.SEMANTIC_SEGMENTATION_EVALUATOR)
                    .with_class_map(task.class_map)
                    .build(),
                    rv.EvaluatorConfig.builder("COUNTER").build(),
                ]
            )
            .build()
        )
"""

PLUGIN = '''
import rvcli as rv


class Counter(rv.Evaluator):
    def process(self, scenes, tmp_dir):
        print(len(list(scenes)))


class CounterConfig(rv.EvaluatorConfig):
    """Count scenes."""

    key = "COUNTER"

    def create_evaluator(self):
        return Counter()


def register_plugin(plugin_registry):
    plugin_registry.register_config(CounterConfig)
'''

ALL = ["ANALYZE", "CHIP", "TRAIN", "PREDICT", "EVAL", "BUNDLE"]


def draw_scene(path: Path, seed: int) -> None:
    """Draw a GeoTIFF with one bright square, and the GeoJSON that marks it."""
    random = np.random.default_rng(seed)
    image = random.normal(60, 5, (3, 96, 96))
    x, y = (int(v) for v in random.integers(10, 40, 2))
    image[:, y : y + 40, x : x + 40] += 80
    affine = from_origin(500000, 9300000, 1, 1)
    profile = {"driver": "GTiff", "width": 96, "height": 96, "count": 3, "dtype": "uint8"}
    with rasterio.open(
        path.with_suffix(".tif"), "w", crs="EPSG:32737", transform=affine, **profile
    ) as dataset:
        dataset.write(image.clip(0, 255).astype("uint8"))
    offsets = ((0, 0), (40, 0), (40, 40), (0, 40), (0, 0))
    corners = [(500000 + x + dx, 9300000 - y - dy) for dx, dy in offsets]
    ring = list(
        zip(*reproject("EPSG:32737", "EPSG:4326", *zip(*corners, strict=True)), strict=True)
    )
    feature = {
        "type": "Feature",
        "properties": {"class_name": "field"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    collection = {"type": "FeatureCollection", "features": [feature]}
    path.with_suffix(".geojson").write_text(json.dumps(collection))


@dataclass
class Project:
    """A folder with an experiment, its data, a plugin and a profile."""

    folder: Path
    capsys: Any = None

    def rv(self, *words: str) -> str:
        """Run `rv` and return what it printed."""
        code = main([*words[:1], *(str(word) for word in words[1:])])
        printed = self.capsys.readouterr()
        assert code == 0, printed.err
        return str(printed.out)

    def run(self, *words: str) -> str:
        """Run the experiment."""
        return self.rv("run", "inprocess", str(self.folder / "experiment.py"), *words)

    def plan(self, *words: str) -> dict[str, str]:
        """Return the reason of each command that would run."""
        content = json.loads(self.run("--dry-run", "--json", *words))
        steps = content["steps"]
        return {s["command_type"]: s["reason"] for s in steps if s["status"] == "run"}

    @contextmanager
    def changed(self, name: str, pattern: str, replacement: str) -> Iterator[None]:
        """Change a file inside the block; it keeps its size."""
        path = self.folder / name
        before = path.read_text()
        after = re.sub(pattern, replacement, before)
        assert before != after
        path.write_text(after)
        yield
        path.write_text(before)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project that has run once."""
    folder = tmp_path_factory.mktemp("a project")
    draw_scene(folder / "train", 1)
    draw_scene(folder / "val", 2)
    (folder / "experiment.py").write_text(EXPERIMENT)
    (folder / "counter.py").write_text(PLUGIN)
    (folder / "rv.toml").write_text('[PLUGINS]\nfiles = ["counter.py"]\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder / "home"))
        patch.setenv("RV_CACHE_DIR", str(folder / "cache"))
        assert 0 == main(["run", "inprocess", "experiment.py", "--quiet"])
        yield folder


@pytest.fixture
def project(finished: Path, capsys: Any) -> Project:
    """The project; a test leaves it as it found it."""
    capsys.readouterr()
    return Project(finished, capsys)


def moved(project: Project, name: str) -> Any:
    """Move a polygon a little; the file keeps its size."""
    return project.changed(name, r"(39\.00)\d", r"\g<1>9")


def test_second_run_runs_nothing_and_says_so(project: Project) -> None:
    """With nothing changed nothing runs."""
    assert {} == project.plan()
    assert "nothing to run: 6 commands up to date" in project.run()


def test_touch_runs_nothing(project: Project) -> None:
    """Touching labels, imagery, plugin and experiment file changes nothing."""
    for name in ("train.geojson", "val.geojson", "train.tif", "counter.py", "experiment.py"):
        os.utime(project.folder / name)
    assert {} == project.plan()


def test_moved_polygon_in_a_training_label(project: Project) -> None:
    """Chip runs, and through it train, predict, eval and bundle, each with its reason."""
    with moved(project, "train.geojson"):
        assert {
            "CHIP": f"input {project.folder / 'train.geojson'}: its content changed",
            "TRAIN": "consumes outputs of fields/CHIP, which runs",
            "PREDICT": "consumes outputs of fields/TRAIN, which runs",
            "EVAL": "consumes outputs of fields/PREDICT, which runs",
            "BUNDLE": "consumes outputs of fields/TRAIN, which runs",
        } == project.plan()


def test_moved_polygon_in_a_validation_label(project: Project) -> None:
    """Eval alone runs: nothing else depends on a label that is not trained on."""
    with moved(project, "val.geojson"):
        reason = f"input {project.folder / 'val.geojson'}: its content changed"
        assert {"EVAL": reason} == project.plan()


def test_changed_option(project: Project) -> None:
    """The commands whose message has the option run, and what consumes them."""
    reasons = project.plan("-a", "iterations", "6")
    assert ["TRAIN", "PREDICT", "EVAL", "BUNDLE"] == list(reasons)
    assert "config.backend.iterations: 5 -> 6" == reasons["TRAIN"]


def test_edited_plugin(project: Project) -> None:
    """The commands that pin the plugin run, and no others."""
    with project.changed("counter.py", "print", "repr "):
        assert {"EVAL": "plugin counter.py: its content changed"} == project.plan()


def test_changed_image(project: Project) -> None:
    """A changed image runs what reads it, and what consumes that."""
    image = project.folder / "val.tif"
    before = image.read_bytes()
    image.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    reasons = project.plan()
    image.write_bytes(before)
    assert f"input {image}: its content changed" == reasons["ANALYZE"]
    assert ALL == list(reasons)


def test_killed_command_runs_again(project: Project) -> None:
    """A command that left its output but no record is not taken for done."""
    record = next(project.folder.glob("out*/predict/*/command-record-0.json"))
    content = record.read_bytes()
    record.unlink()
    reasons = project.plan()
    record.write_bytes(content)
    assert {
        "PREDICT": "no record: it never finished here",
        "EVAL": "consumes outputs of fields/PREDICT, which runs",
    } == reasons


def test_half_written_model_is_not_used(project: Project) -> None:
    """A model that is not what training wrote is made again, and not read."""
    (model,) = (p for p in project.folder.glob("out*/train/fields/*") if "model" in p.name)
    content = model.read_bytes()
    model.write_bytes(content[: len(content) // 2])
    reasons = project.plan()
    alone = main(["run", "inprocess", str(project.folder / "experiment.py"), "-n", "predict"])
    said = project.capsys.readouterr()
    model.write_bytes(content)
    assert f"output {model} is not what it wrote" == reasons["TRAIN"]
    assert 3 == alone
    assert "fields/TRAIN makes it and is not selected" in re.sub(r"\s+", " ", said.out + said.err)


def test_scene_that_no_selected_command_reads(project: Project) -> None:
    """What only other commands read may be anywhere: predict does not look for labels."""
    (project.folder / "train.tif").rename(project.folder / "away.tif")
    (project.folder / "train.geojson").rename(project.folder / "away.geojson")
    try:
        assert {} == project.plan("predict", "eval", "bundle")
    finally:
        (project.folder / "away.tif").rename(project.folder / "train.tif")
        (project.folder / "away.geojson").rename(project.folder / "train.geojson")


def test_missing_input_is_refused_by_name(project: Project) -> None:
    """A missing input stops the run before anything runs, and is named."""
    label = project.folder / "val.geojson"
    label.rename(project.folder / "away.geojson")
    code = main(["run", "inprocess", str(project.folder / "experiment.py")])
    said = project.capsys.readouterr()
    (project.folder / "away.geojson").rename(label)
    assert 3 == code
    assert "val.geojson is missing" in re.sub(r"\s+", " ", said.out + said.err)
    assert "Traceback" not in said.err


def test_explain_goes_field_by_field(project: Project) -> None:
    """`rv explain` names each field, with both values."""
    experiment = str(project.folder / "experiment.py")
    said = project.rv("explain", experiment, "train", "-a", "iterations", "6")
    assert "config.backend.iterations: 5 -> 6" in said
    assert "nothing has changed" in project.rv("explain", experiment, "train")


def test_rerun_after_a_change_is_whole(project: Project, tmp_path: Path) -> None:
    """After a real change and a real rerun nothing is left to run; undoing it runs it again."""
    outputs = next(project.folder.glob("out*"))
    backup = tmp_path / "backup"
    shutil.copytree(outputs, backup)
    with moved(project, "val.geojson"):
        assert "1 run" in project.run()
        assert {} == project.plan()
    assert ["EVAL"] == list(project.plan())
    shutil.rmtree(outputs)
    shutil.copytree(backup, outputs)
    assert {} == project.plan()
