"""A project directory with a plugin and experiments that run in milliseconds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rvcli.cli.main import call as main

COPY_PLUGIN = '''
"""An auxiliary command that copies text, or does worse."""
import time
from pathlib import Path

import rvcli as rv


class Copy(rv.AuxCommand):
    command_type = "COPY"
    command_options = rv.AuxCommandOptions(
        inputs=lambda c: c["source"], outputs=lambda c: c["target"], required_fields=["source"]
    )

    def run(self, tmp_dir):
        config = self.command_config
        print("copying")
        if config.get("sleep_s"):
            Path(config["target"] + ".started").touch()
            time.sleep(config["sleep_s"])
        if config.get("fault"):
            raise ValueError(config["fault"])
        text = Path(config["source"]).read_text()
        Path(config["target"]).write_text(text + config.get("suffix", ""))


def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("COPY", Copy)
'''

COPIES = """
from pathlib import Path

import rvcli as rv

HERE = Path(__file__).parent


class Copies(rv.ExperimentSet):
    def copy(self, name, source, **config):
        return (
            rv.CommandConfig.builder("COPY")
            .with_root_uri(str(HERE / "out" / name))
            .with_config(source=str(HERE / source), target=str(HERE / f"{name}.txt"), **config)
            .build()
        )

    def exp_copies(self, suffix: str = "", fault: str = "", sleep_s: float = 0.0):
        return [
            self.copy("one", "source.txt", suffix=suffix, fault=fault, sleep_s=sleep_s),
            self.copy("two", "one.txt"),
            self.copy("other", "source.txt"),
        ]
"""


BACKEND = Path(__file__).parents[2] / "plugins_examples" / "nearest_mean_backend.py"

HALVES = """
from pathlib import Path

import rvcli as rv

HERE = Path(__file__).parent


class Halves(rv.ExperimentSet):
    def exp_halves(self):
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_chip_size(16)
            .with_predict_chip_size(32)
            .with_classes({"left": (1, "red"), "right": (2, "blue")})
            .with_chip_options(chips_per_scene=4, target_count_threshold=1)
            .build()
        )
        backend = rv.BackendConfig.builder("NEAREST_MEAN").with_task(task).build()
        labels = (
            rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_raster_source(str(HERE / "labels.tif"))
            .build()
        )
        scene = (
            rv.SceneConfig.builder()
            .with_id("scene")
            .with_task(task)
            .with_raster_source(str(HERE / "image.tif"))
            .with_label_source(labels)
            .build()
        )
        dataset = rv.DatasetConfig.builder().with_train_scene(scene).build()
        return (
            rv.ExperimentConfig.builder()
            .with_id("halves")
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .with_root_uri(str(HERE / "out"))
            .build()
        )
"""


class Project(NamedTuple):
    """A project directory, the working directory of the test.

    Attributes:
        root: its path.
        capsys: of the test.
    """

    root: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def write_image(self, name: str, channels: Any) -> Path:
        """Write an image with a position on earth; channels have the shape (n, height, width)."""
        import rasterio
        from rasterio.transform import from_origin

        count, height, width = channels.shape
        path = self.root / name
        options = {"crs": "EPSG:32633", "transform": from_origin(500000, 4000000, 1, 1)}
        path.parent.mkdir(parents=True, exist_ok=True)
        with rasterio.open(
            path, "w", "GTiff", width, height, count, dtype=channels.dtype, **options
        ) as dataset:
            dataset.write(channels)
        return path

    def rv(self, *arguments: str) -> Result:
        """Call `rv` in this process."""
        self.capsys.readouterr()
        code = main(list(arguments))
        out, err = self.capsys.readouterr()
        return Result(code, out, err)


class Result(NamedTuple):
    """What came of a call of `rv`."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The standard output as JSON."""
        return json.loads(self.out)


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Project:
    """An empty project in an empty home, its names with a space and a letter beyond ASCII."""
    for name in list(os.environ):
        if name.startswith(("RV_", "PLUGINS_")):
            monkeypatch.delenv(name)
    root = tmp_path / "home" / "a project ü"
    root.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(root.parent))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    # What --tempdir of an earlier test has said.
    monkeypatch.setattr("rvcli.profile.rv_config._tmp_dir_root", None)
    monkeypatch.chdir(root)
    return Project(root, capsys)


@pytest.fixture
def copies(project: Project) -> Project:
    """A project whose experiment copies source.txt to one.txt, two.txt and other.txt."""
    project.write("plugins/copy_command.py", COPY_PLUGIN)
    project.write("rv.toml", '[PLUGINS]\nfiles = ["plugins/copy_command.py"]\n')
    project.write("copies.py", COPIES)
    project.write("source.txt", "text")
    return project


@pytest.fixture
def package(project: Project) -> Path:
    """The predict package of an experiment that tells left from right, its project emptied."""
    import numpy as np

    left = np.arange(64) < 32
    bright = np.where(left, 10, 200).astype("uint8")
    image = np.stack([np.tile(bright, (64, 1)), np.tile(bright[::-1], (64, 1))])
    project.write_image("image.tif", image)
    labels = np.tile(np.where(left, 1, 2).astype("uint8"), (1, 64, 1))
    project.write_image("labels.tif", labels)
    project.write("exp.py", HALVES)
    result = project.rv(
        *["run", "inprocess", "exp.py", "chip", "train", "bundle", "-q"],
        *["--set", f"PLUGINS.files={BACKEND}"],
    )
    assert 0 == result.code, result.err
    path = project.root / "package.zip"
    (project.root / "out/bundle/halves/predict_package.zip").rename(path)
    return path


@pytest.fixture
def backend() -> Path:
    """The plugin of the backend that the package was made with."""
    return BACKEND
