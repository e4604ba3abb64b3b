"""`rv predict`: a package, an image, an output; nothing else is needed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio


def classes(path: Path) -> list[int]:
    """Return the class left and the class right in a prediction."""
    with rasterio.open(path) as dataset:
        values = dataset.read(1)
    return [int(values[5, 5]), int(values[5, 60])]


def test_a_package_is_applied(project, package):
    """An image is predicted by the package alone, without experiment or profile."""
    result = project.rv("predict", str(package), "image.tif", "predicted ü.tif")

    assert 0 == result.code, result.err
    assert "predictions: predicted ü.tif\n" in result.out
    assert [1, 2] == classes(project.root / "predicted ü.tif")


def test_options_of_predict(project, package):
    """Another order of channels is heeded, and the scene's message is written where asked."""
    result = project.rv(
        *["predict", "--channel-order", "1", "0", str(package), "image.tif", "out.tif"],
        *["--export-config", "scene.json", "--tempdir", "scratch", "-q"],
    )

    assert (0, "", "") == result
    assert [2, 1] == classes(project.root / "out.tif")
    assert "rasterSource" in json.loads((project.root / "scene.json").read_text())
    assert [] == list((project.root / "scratch").iterdir())


def halves(left: int, right: int, bands: int = 2) -> np.ndarray:
    """Draw an image that is bright on one side."""
    values = np.where(np.arange(64) < 32, left, right).astype("uint8")
    return np.tile(values, (bands, 64, 1))


def test_many_images_are_predicted_with_one_model(project, package):
    """A pattern and a name; one that fails is told, and does not stop the others."""
    project.write_image("many/a.tif", halves(10, 200))
    project.write_image("many/b.tif", halves(200, 10))
    project.write_image("more/c.tif", halves(10, 200, bands=1))

    result = project.rv("predict", str(package), "many/*.tif", "more/c.tif", "gone.tif", "found/")

    assert 1 == result.code
    assert ["a.tif", "b.tif"] == sorted(p.name for p in (project.root / "found").glob("*.*"))
    assert (
        "more/c.tif:\nerror: the image has 1 bands, but the model was trained on 2\n" in result.err
    )
    assert "error: 2 of 4 images were not predicted: more/c.tif, gone.tif" in result.err
    assert "predictions: found/b.tif\n" in result.out

    (project.root / "found/a.tif").write_text("as it was")
    words = ("predict", str(package), "many/*.tif", "found", "--skip-existing")
    result = project.rv(*words, "--export-config", "scenes/{name}.json")
    assert (0, "there already: found/a.tif\nthere already: found/b.tif\n") == result[:2]
    assert "as it was" == (project.root / "found/a.tif").read_text()


def test_outputs_that_cannot_be_told_apart_are_wrong_usage(project, package):
    """Before anything is predicted."""
    project.write_image("a/x.tif", halves(10, 200))
    project.write_image("b/x.tif", halves(10, 200))
    for output, words in {"out.tif": "OUTPUT is one file", "out/": "several images"}.items():
        result = project.rv("predict", str(package), "*/x.tif", output)
        assert (2, True) == (result.code, words in result.err)
    result = project.rv("predict", str(package), "*/x.tif", "{parent}.fgb", "-q")
    assert (0, "", "") == result
    assert ["a.fgb", "b.fgb"] == sorted(path.name for path in project.root.glob("*.fgb"))


def test_an_image_that_differs_is_warned_of(project, package):
    """In a line that says what to do; --strict refuses it, -q says nothing."""
    project.write_image("dark.tif", halves(1, 20).astype("uint16"))
    words = ("predict", str(package), "dark.tif", "out.tif")

    result = project.rv(*words)

    assert 0 == result.code, result.err
    lines = [line for line in result.err.splitlines() if line.startswith("warning: ")]
    assert "warning: dtype: uint16; trained on uint8. make sure that the values mean" in lines[0]
    assert lines[1].startswith("warning: values: 1 to 20 in band 1, 2 of 2 bands differ; trained")
    assert 2 == len(lines)
    assert (0, "", "") == project.rv(*words, "-q")
    result = project.rv(*words, "--strict")
    assert (1, True) == (result.code, "error: dtype: uint16; trained on uint8" in result.err)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("{name}.png",), "ends with .png"),
        (("found/", "--aoi", "gone.geojson"), "there is no file 'gone.geojson'"),
        (("{name}.tif", "--export-config", "{name}.tif"), "is named for the predictions and for"),
    ],
)
def test_what_fits_no_image_is_refused(project, package, words, error):
    """Once and for all images where it can be; nothing is written."""
    project.write_image("a.tif", halves(10, 200))

    result = project.rv("predict", str(package), "a.tif", "image.tif", *words)

    assert (1, "") == result[:2]
    assert error in result.err
    assert not list(project.root.glob("found/*"))


def test_a_wrong_channel_order_is_wrong_usage(project):
    """Bands are numbers."""
    result = project.rv("predict", "p.zip", "i.tif", "o.tif", "--channel-order", "red")

    assert 2 == result.code
    assert "'red' is no list of bands" in result.err


def test_what_is_no_package_is_refused(project):
    """A file that is no predict package, or is missing, is an error with its name."""
    project.write("p.zip", "no zip")

    for name in ("p.zip", "missing.zip"):
        result = project.rv("predict", name, "i.tif", "o.tif")
        assert 1 == result.code
        assert name in result.err
        assert "unexpected" not in result.err
