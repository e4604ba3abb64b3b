"""The whole pipeline from the command line, with blanks and umlauts in every path."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import rasterio


def test_local_run_makes_everything(finished: Any, first_run: Any) -> None:
    """`rv run local experiment.py` runs all commands and says where the results are, how good."""
    prediction = finished.root / "predict" / "Stadt 1" / "Bild West ö.tif"
    metrics = finished.root / "eval" / "Stadt 1" / "eval.json"
    package = finished.root / "bundle" / "Stadt 1" / "predict_package.zip"
    assert [True] * 3 == [path.is_file() for path in (prediction, metrics, package)]
    average = json.loads(metrics.read_text())["overall"][-1]
    figures = ", ".join(f"{name} {average[name]:.3f}" for name in ("precision", "recall", "f1"))
    last = first_run.out.splitlines()[-4:]
    assert [
        "done: 6 commands: 6 run",
        f"predictions: {prediction}",
        f"metrics: {metrics} (averages: {figures})",
        f"predict package: {package}",
    ] == last


def test_prediction_lies_where_the_image_lies(finished: Any) -> None:
    """The prediction is a tiled GeoTIFF with the georeferencing of its image."""
    with rasterio.open(finished.root / "predict" / "Stadt 1" / "Bild West ö.tif") as prediction:
        with rasterio.open(finished.path / "Bild West ö.tif") as image:
            expected = (image.crs, image.transform, image.shape)
        assert expected == (prediction.crs, prediction.transform, prediction.shape)
        assert prediction.profile["tiled"]
        assert {0, 1, 2} >= set(np.unique(prediction.read(1)).tolist())


def test_model_has_learned(finished: Any) -> None:
    """The metrics of the run are those of a model that works, and nothing is warned of."""
    metrics = json.loads((finished.root / "eval" / "Stadt 1" / "eval.json").read_text())
    average = next(m for m in metrics["overall"] if m["class_name"] == "average")
    assert average["f1"] > 0.95
    assert [] == metrics["warnings"]
    assert ["Bild West ö"] == list(metrics["per_scene"])


def test_every_command_has_a_log(finished: Any) -> None:
    """Each attempt of a command leaves one log file."""
    logs = sorted(p.parts[-4] for p in finished.root.rglob("logs/*.txt"))
    assert sorted(["analyze", "chip", "train", "predict", "eval", "bundle"]) == logs


def test_second_run_runs_nothing(finished: Any) -> None:
    """A second run says that nothing is to be done, and does nothing."""
    before = {p: p.stat().st_mtime_ns for p in finished.root.rglob("*")}
    result = finished.rv("run", "local", "experiment.py")
    assert 0 == result.code
    assert "nothing to run: 6 commands up to date" == result.out.splitlines()[0]
    assert before == {p: p.stat().st_mtime_ns for p in finished.root.rglob("*")}


def test_runners_agree(finished: Any, tools: Any) -> None:
    """The runner inprocess makes the very same outputs as local."""
    result = finished.rv("run", "inprocess", "experiment.py", "-a", "root_uri", "andere Wurzel")
    assert 0 == result.code, result.text
    made = tools.outputs(finished.path / "andere Wurzel")
    expected = tools.outputs(finished.root)
    assert [n for n in expected if "logs/" not in n] == [n for n in made if "logs/" not in n]
    assert [] == [n for n in expected if "logs/" not in n and expected[n] != made[n]]


def test_package_needs_nothing_of_the_experiment(finished: Any, tmp_path: Path) -> None:
    """`rv predict` gives the prediction of the run where project, plugins and HOME are gone."""
    with rasterio.open(finished.root / "predict" / "Stadt 1" / "Bild West ö.tif") as made:
        expected = made.read(1)
    empty, home = tmp_path / "leerer Ort", tmp_path / "leeres Heim"
    empty.mkdir()
    home.mkdir()
    for source in (
        finished.root / "bundle" / "Stadt 1" / "predict_package.zip",
        finished.path / "Bild West ö.tif",
    ):
        shutil.copy(source, empty)
    shutil.rmtree(finished.path)
    finished.path.mkdir()
    finished.env = {"HOME": str(home), "TMPDIR": str(home)}
    words = ("predict", "predict_package.zip", "Bild West ö.tif", "Ergebnis ß.tif")
    result = finished.rv(*words, cwd=empty)
    assert (0, "predictions: Ergebnis ß.tif") == (result.code, result.out.splitlines()[-1])
    with rasterio.open(empty / "Ergebnis ß.tif") as prediction:
        np.testing.assert_array_equal(expected, prediction.read(1))
        with rasterio.open(empty / "Bild West ö.tif") as image:
            assert image.transform == prediction.transform
            assert image.crs == prediction.crs


def test_package_of_a_plugin_backend(finished_quick: Any, tmp_path: Path) -> None:
    """A package that a plugin's backend made predicts without a profile, even without a home."""
    with rasterio.open(finished_quick.root / "predict" / "schnell" / "Bild West ö.tif") as made:
        expected = made.read(1)
    package = finished_quick.root / "bundle" / "schnell" / "predict_package.zip"
    for source in (package, finished_quick.path / "Bild West ö.tif"):
        shutil.copy(source, tmp_path)
    shutil.rmtree(finished_quick.path)
    finished_quick.env = {"HOME": str(tmp_path / "Bild West ö.tif" / "home")}
    result = finished_quick.rv(
        "predict", "predict_package.zip", "Bild West ö.tif", "tief/unten/p.tif", cwd=tmp_path
    )
    assert 0 == result.code, result.text
    with rasterio.open(tmp_path / "tief" / "unten" / "p.tif") as prediction:
        np.testing.assert_array_equal(expected, prediction.read(1))


def test_predict_takes_any_size_and_band_order(finished: Any, tmp_path: Path) -> None:
    """A package applies to an image of another size, and to bands in another order."""
    finished.draw("klein", seed=5, size=50)
    package = str(finished.root / "bundle" / "Stadt 1" / "predict_package.zip")
    assert 0 == finished.rv("predict", package, "klein.tif", "a.tif").code
    with rasterio.open(finished.path / "klein.tif") as image:
        profile, pixels = image.profile, image.read()
    with rasterio.open(finished.path / "anders.tif", "w", **profile) as image:
        image.write(pixels[[2, 0, 1]])
    result = finished.rv(
        "predict", "--channel-order", "1", "2", "0", package, "anders.tif", "b.tif"
    )
    assert 0 == result.code, result.text
    with rasterio.open(finished.path / "a.tif") as a, rasterio.open(finished.path / "b.tif") as b:
        assert (50, 50) == a.shape
        np.testing.assert_array_equal(a.read(), b.read())


def test_package_goes_by_its_own_plugins(finished_quick: Any, tmp_path: Path) -> None:
    """Where the profile names another version of its plugin, or a copy, a package still works."""
    package = str(finished_quick.root / "bundle" / "schnell" / "predict_package.zip")
    with rasterio.open(finished_quick.root / "predict" / "schnell" / "Bild West ö.tif") as made:
        expected = made.read(1)
    plugin = finished_quick.path / "Erweiterungen ß" / "nächstes Mittel.py"
    copy = tmp_path / "copy.py"
    shutil.copy(plugin, copy)
    plugin.write_text(plugin.read_text().replace("distances.argmin", "distances.argmax"))
    for files, output in (([str(plugin)], "a.tif"), ([str(copy)], "b.tif")):
        finished_quick.add_plugin(*files, alone=True)
        result = finished_quick.rv("predict", package, "Bild West ö.tif", output)
        assert 0 == result.code, result.text
        with rasterio.open(finished_quick.path / output) as prediction:
            np.testing.assert_array_equal(expected, prediction.read(1))
