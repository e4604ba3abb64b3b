"""Old plugins and an old experiment, from the command line to the evaluation."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from rvcli.cli.main import call as main

PLUGINS = Path(__file__).parent / "plugins"
NAMES = ("old_net", "derived", "old_counts")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a directory with imagery, a profile that names the plugins, and the experiment."""
    for name in (*NAMES, "old_experiment"):
        shutil.copy(PLUGINS / f"{name}.py", tmp_path)
    files = [f"{name}.py" for name in NAMES]
    (tmp_path / "rv.toml").write_text(f"[PLUGINS]\nfiles = {json.dumps(files)}\n")
    rng = np.random.default_rng(0)
    for i, name in enumerate(("one", "two")):
        image = rng.integers(20, 40, (1, 64, 64)).astype(np.uint8)
        image[:, 16:48, 8 + 8 * i : 40] += 150
        with rasterio.open(
            tmp_path / f"{name}.tif",
            "w",
            driver="GTiff",
            width=64,
            height=64,
            count=1,
            dtype="uint8",
            crs="EPSG:4326",
            transform=from_origin(0, 0.064, 0.001, 0.001),
        ) as dataset:
            dataset.write(image)
        west, east, south, north = (8 + 8 * i) / 1000, 0.040, 0.016, 0.048
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        feature = {
            "type": "Feature",
            "properties": {"class_id": 1},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        collection = {"type": "FeatureCollection", "features": [feature]}
        (tmp_path / f"{name}.json").write_text(json.dumps(collection))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def rv(project: Path, *words: str) -> int:
    """Run the experiment with a runner."""
    arguments = {"data": str(project), "root_uri": str(project / "out"), "test": "True"}
    pairs = [word for name, value in arguments.items() for word in ("-a", name, value)]
    return int(main(["run", *words, "-p", "old_experiment.py", *pairs]))


def check(project: Path) -> None:
    """The model has learned the bright square, and the command has counted the scenes."""
    evaluation = json.loads((project / "out/eval/old/eval.json").read_text())
    assert {"thing", "rest", "average"} == {item["class_name"] for item in evaluation["overall"]}
    assert all(item["f1"] > 0.99 for item in evaluation["overall"])
    assert "done!" == (project / "out/train/old/train-done.txt").read_text()
    counts = (project / "out" / "count" / "old").glob("count-*.json")
    names = [name for path in counts for name in json.loads(path.read_text())["scenes"]]
    assert ["one", "two"] == sorted(names)


def test_in_this_process(project: Path, capsys: Any) -> None:
    """All commands run one after the other."""
    assert 0 == rv(project, "inprocess"), capsys.readouterr()
    check(project)


@pytest.mark.slow
def test_in_processes(project: Path, capsys: Any) -> None:
    """Each command runs in a process of its own, in parts."""
    assert 0 == rv(project, "local", "--splits", "2"), capsys.readouterr()
    check(project)
