"""Old forms work, and are warned of once in a process, with the new form."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rvcli as rv
from rvcli import keys, notices
from rvcli.notices import OldFormWarning


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test find a process in which nothing was told yet."""
    monkeypatch.setattr(notices, "_told", set())


def raster(key: str) -> Any:
    """Give the builder of a raster source."""
    return rv.RasterSourceConfig.builder(key)


def labels(key: str) -> Any:
    """Give the builder of a label source."""
    return rv.LabelSourceConfig.builder(key)


def drawn() -> Any:
    """Give the builder of a rasterized source with the width of lines of old."""
    return raster(keys.RASTERIZED_SOURCE).with_uri("a.json").with_rasterizer_options(1, False, 3)


OLD_FORMS: list[tuple[Callable[[], Any], str]] = [
    (lambda: raster(keys.GEOTIFF_SOURCE), "RASTERIO_SOURCE"),
    (lambda: raster(keys.IMAGE_SOURCE), "RASTERIO_SOURCE"),
    (lambda: raster(keys.GEOJSON_SOURCE), "RASTERIZED_SOURCE"),
    (lambda: labels(keys.OBJECT_DETECTION_GEOJSON), "OBJECT_DETECTION"),
    (lambda: labels(keys.CHIP_CLASSIFICATION_GEOJSON), "CHIP_CLASSIFICATION"),
    (lambda: labels(keys.SEMANTIC_SEGMENTATION_RASTER), "SEMANTIC_SEGMENTATION"),
    (drawn, "with_buffers on the vector source"),
]


@pytest.mark.parametrize(("use", "new"), OLD_FORMS, ids=[new for _, new in OLD_FORMS])
def test_it_is_warned_of_once(use: Callable[[], Any], new: str) -> None:
    """The warning names the new form, and does not come again."""
    with pytest.warns(OldFormWarning, match=f"is of older releases: use {new}"):
        use()
    use()  # a second warning would be an error here


def test_filters_act_on_it() -> None:
    """It is of a standard category, so that programs can refuse it or pass over it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        raster(keys.IMAGE_SOURCE)


def test_it_points_to_the_code_that_uses_it() -> None:
    """The place is a line outside rvcli."""
    with pytest.warns(OldFormWarning) as caught:
        raster(keys.GEOTIFF_SOURCE)
    assert __file__ == caught[0].filename


def test_the_check_can_be_called_by_itself() -> None:
    """Old code calls check_deprecation of the family; a name of today passes in silence."""
    with pytest.warns(OldFormWarning, match="GEOTIFF_SOURCE"):
        rv.RasterSourceConfig.check_deprecation(keys.GEOTIFF_SOURCE)
    with pytest.warns(OldFormWarning, match="CHIP_CLASSIFICATION_GEOJSON"):
        rv.LabelSourceConfig.check_deprecation(keys.CHIP_CLASSIFICATION_GEOJSON)
    rv.RasterSourceConfig.check_deprecation(keys.RASTERIO_SOURCE)
    rv.LabelSourceConfig.check_deprecation(keys.CHIP_CLASSIFICATION)


def test_a_message_is_not_warned_of() -> None:
    """Who runs an old message cannot edit it; its source is written in the new form from now on."""
    message = rv.RasterSourceConfig.message_class()(source_type=keys.GEOTIFF_SOURCE)
    message.geotiff_files.uris.append("/a.tif")  # type: ignore[attr-defined]
    again = rv.RasterSourceConfig.from_proto(message).to_proto()
    assert (keys.RASTERIO_SOURCE, ["/a.tif"]) == (again.source_type, again.rasterio_source.uris)


EXPERIMENT = """
import rastervision as rv

class Many(rv.ExperimentSet):
    def scene(self, number):
        source = rv.RasterSourceConfig.builder(rv.GEOTIFF_SOURCE).with_uri(f"{number}.tif").build()
        return rv.SceneConfig.builder().with_id(str(number)).with_raster_source(source).build()

    def exp_main(self):
        task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION).with_classes(["a"]).build()
        dataset = rv.DatasetConfig.builder().with_train_scenes(map(self.scene, range(3))).build()
        backend = rv.BackendConfig.builder(rv.KERAS_CLASSIFICATION).with_task(task)
        backend = backend.with_model_defaults(rv.RESNET50_IMAGENET).build()
        experiment = rv.ExperimentConfig.builder().with_id("e").with_root_uri("out")
        return experiment.with_task(task).with_backend(backend).with_dataset(dataset).build()
"""


def test_the_program_prints_one_line(tmp_path: Path) -> None:
    """On the standard error, once for all scenes, and no path of a source file with it."""
    (tmp_path / "experiment.py").write_text(EXPERIMENT)
    done = subprocess.run(
        [sys.executable, "-m", "rvcli", "ls", "-p", "experiment.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    line = "warning: the raster source GEOTIFF_SOURCE is of older releases: use RASTERIO_SOURCE"
    assert ([line], 0) == (done.stderr.splitlines(), done.returncode)
