"""`rv report`, and the report at the end of `rv run`."""

from __future__ import annotations

import json
import re
import webbrowser
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from rvcli.records.names import REPORT
from rvcli.utils.files import file_to_str, str_to_file

BACKEND = Path(__file__).parents[2] / "plugins_examples" / "nearest_mean_backend.py"
ROOT = "out"

EXPERIMENT = """
from pathlib import Path

import rvcli as rv

HERE = Path(__file__).parent


class Halves(rv.ExperimentSet):
    def exp_halves(self, ids: str = "left-right", chips: int = 4, secret: str = "abc"):
        return [self.experiment(id, chips + i) for i, id in enumerate(ids.split("+"))]

    def experiment(self, id, chips):
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_chip_size(16)
            .with_predict_chip_size(32)
            .with_classes({"left": (1, "red"), "right": (2, "blue")})
            .with_chip_options(chips_per_scene=chips, target_count_threshold=1)
            .build()
        )
        backend = rv.BackendConfig.builder("NEAREST_MEAN").with_task(task).build()
        scenes = [self.scene(task, name) for name in ("one", "two")]
        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scene(scenes[0])
            .with_validation_scene(scenes[1])
            .build()
        )
        return (
            rv.ExperimentConfig.builder()
            .with_id(id)
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .with_root_uri("out")
            .build()
        )

    def scene(self, task, name):
        labels = (
            rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_raster_source(str(HERE / "labels.tif"))
            .build()
        )
        return (
            rv.SceneConfig.builder()
            .with_id(name)
            .with_task(task)
            .with_raster_source(str(HERE / "image.tif"))
            .with_label_source(labels)
            .build()
        )
"""


def write_image(path: Path, channels: np.ndarray) -> None:
    """Write an image with a position on earth."""
    count, height, width = channels.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        dtype=channels.dtype,
        crs="EPSG:32633",
        transform=from_origin(500000, 4000000, 1, 1),
    ) as dataset:
        dataset.write(channels)


@pytest.fixture
def halves(project):
    """A project with an experiment that tells left from right."""
    left = np.tile(np.arange(64) < 32, (64, 1))
    noise = np.random.default_rng(0).integers(0, 60, (3, 64, 64))
    write_image(project.root / "image.tif", (noise + 100 * left).astype(np.uint8))
    write_image(project.root / "labels.tif", np.where(left, 1, 2).astype(np.uint8)[np.newaxis])
    project.write("rv.toml", f"[PLUGINS]\nfiles = [{json.dumps(str(BACKEND))}]\n")
    project.write("halves.py", EXPERIMENT)
    return project


def text_of(path: Path) -> str:
    """Return what a page says, without its script, style and data."""
    html = re.sub(r"(?s)<(script|style).*?</\1>", "", path.read_text("utf-8"))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_run_with_an_evaluation_ends_with_a_report(halves, monkeypatch):
    """Its last line says where it is; it shows what ran, the figures, the plugin and the map."""
    path = halves.root / ROOT / REPORT
    first = halves.rv("run", "inprocess", "halves.py", "-a", "secret", "s3cr3t")
    assert (0, f"report: {path}") == (first.code, first.out.splitlines()[-1])
    text = text_of(path)
    for words in (
        *("left-right", "Semantic segmentation", "A mean F1 of ", "nearest_mean_backend"),
        *("EVAL", "done", "sha256:", "train", "validation", "Confusion matrix"),
    ):
        assert words in text
    assert "The report lacks" not in text
    assert "s3cr3t" not in path.read_text("utf-8")

    second = halves.rv("run", "inprocess", "halves.py")
    assert f"report: {path}" == second.out.splitlines()[-1]  # of the run before: nothing ran

    path.unlink()
    assert "report:" not in halves.rv("run", "inprocess", "halves.py").out
    for arguments in (["--no-report"], ["--set", "RV.report=false"]):
        quiet = halves.rv("run", "inprocess", "halves.py", "eval", "-r", *arguments)
        assert "report:" not in quiet.out
        assert not path.exists()

    again = halves.rv("run", "inprocess", "halves.py", "eval", "-r", "--json")
    assert [str(path)] == again.json["report"]
    assert path.exists()

    path.unlink()
    path.mkdir()
    failed = halves.rv("run", "inprocess", "halves.py", "eval", "-r")
    assert 0 == failed.code
    assert "warning: no report was written: " in failed.err
    assert "To try again: rv report " in failed.err


def test_two_experiments_are_compared(halves, monkeypatch):
    """All below a root are compared, with the differences of their configs; or those named."""
    ids = "apples+pears"
    done = halves.rv("run", "inprocess", "halves.py", "-a", "ids", ids, "-q", "--no-report")
    assert (0, "", "") == done
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda uri: opened.append(uri) or True)

    result = halves.rv("report", ROOT, "--open")
    path = halves.root / ROOT / REPORT
    assert (0, f"report: {path}") == (result.code, result.out.splitlines()[-1])
    assert [path.as_uri()] == opened
    text = text_of(path)
    assert "2 experiments" in text
    assert re.search(r"chipsPerScene \S* ?4 5", text)
    assert "dataset.trainScenes" not in text.split("Message")[0].split("Provenance")[0]

    other = halves.root / "pears.html"
    assert (0, "", "") == halves.rv("report", ROOT, "pears", "-o", str(other), "-q")
    assert "apples" not in text_of(other).replace("apples+pears", "")


def test_a_wrong_id_or_root_says_what_there_is(halves):
    """No experiment there, or none of that name: exit code 2, with what to do."""
    (halves.root / ROOT / "experiments").mkdir(parents=True)
    (halves.root / ROOT / "experiments" / "pears.json").write_text("{}")

    wrong = halves.rv("report", ROOT, "paers")
    assert 2 == wrong.code
    assert "did you mean 'pears'?" in wrong.err
    assert 2 == halves.rv("report", "nowhere").code


def test_what_has_not_run_is_told(halves):
    """A damaged or empty experiment gives a page that says what it lacks."""
    (halves.root / ROOT / "experiments").mkdir(parents=True)
    (halves.root / ROOT / "experiments" / "empty.json").write_text('{"id": "empty"}')

    assert 0 == halves.rv("report", ROOT).code
    text = text_of(halves.root / ROOT / REPORT)
    assert "no evaluation has finished" in text
    assert "Traceback" not in text


def test_a_root_on_s3(project, s3_root):
    """The report of a root in a bucket is written there, or wherever it is wanted."""
    str_to_file('{"id": "empty"}', f"{s3_root}/o/experiments/empty.json")

    result = project.rv("report", f"{s3_root}/o")
    assert f"report: {s3_root}/o/report.html" == result.out.splitlines()[-1]
    assert "empty" in file_to_str(f"{s3_root}/o/report.html")
    assert 0 == project.rv("report", f"{s3_root}/o", "-o", "here.html").code
    assert "no evaluation has finished" in text_of(project.root / "here.html")
