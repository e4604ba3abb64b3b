"""`rv predict`: a package, an image, an output; nothing else is needed."""

from __future__ import annotations

import json
from pathlib import Path

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
