"""Class probabilities beside the classes: the store and its config."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from shapely.geometry import box

from rvcli import keys
from rvcli.config import InvalidConfigError
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_store.label_store_config import LabelStoreConfig
from rvcli.data.label_store.semantic_segmentation_raster_store import (
    SemanticSegmentationRasterStore,
)
from rvcli.errors import ConfigError

EXTENT = Box(0, 0, 50, 70)
CLASSES = ClassMap.construct_from({"car": (1, "red"), "sea": (3, "blue")})


class Scored:
    """Labels with scores that reach beyond the extent; counts how often they are made."""

    def __init__(self) -> None:
        self.passes = 0
        drawn = np.random.default_rng(5).random((96, 96), np.float32)
        drawn[10:20, 10:20] = 0
        self.scores = np.where(drawn > 0, np.stack([drawn, 1 - drawn]), 0)
        best = np.where(self.scores[0] > self.scores[1], 1, 3)
        self.ids = np.where(self.scores.any(axis=0), best, 0).astype(np.uint8)

    def labels(self) -> SemanticSegmentationLabels:
        """Give them in squares of 32."""
        windows = EXTENT.get_windows(32, 32)

        def ids(window: Box) -> Any:
            return self.ids[window.ymin : window.ymax, window.xmin : window.xmax]

        def stream() -> Iterator[Any]:
            self.passes += 1
            for window in windows:
                rows, columns = window.rasterio_format()
                yield window, ids(window), self.scores[:, slice(*rows), slice(*columns)]

        return SemanticSegmentationLabels(windows, ids, score_stream=stream)


def store_at(path: Path, grid: Any, tmp_path: Path, **options: Any) -> Any:
    """Make a store with the classes of these tests."""
    options = {"class_map": CLASSES, "probabilities_uri": str(path.with_name("q.tif")), **options}
    return SemanticSegmentationRasterStore(str(path), EXTENT, grid, str(tmp_path), **options)


def read(path: Path) -> Any:
    """Read all bands."""
    with rasterio.open(path) as dataset:
        return dataset.read()


@pytest.mark.parametrize("rgb", [False, True])
def test_classes_and_probabilities_are_saved_in_one_pass(
    tmp_path: Path, grid: RasterioCRSTransformer, rgb: bool
) -> None:
    """Both files are written, clipped to the extent, and the model runs once."""
    scored = Scored()
    store = store_at(tmp_path / "out/p.tif", grid, tmp_path, rgb=rgb)
    store.save(scored.labels())
    np.testing.assert_array_equal(
        np.rint(255 * scored.scores[:, :50, :70]), read(tmp_path / "out/q.tif")
    )
    with store.activate():
        np.testing.assert_array_equal(
            scored.ids[:50, :70], store.get_labels().get_label_arr(EXTENT)
        )
    assert 1 == scored.passes
    assert ["p.tif", "q.tif"] == sorted(path.name for path in (tmp_path / "out").iterdir())


def test_probabilities_can_be_floats(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """With float32 they are stored as they are."""
    scored = Scored()
    store_at(tmp_path / "p.tif", grid, tmp_path, probabilities_dtype="float32").save(
        scored.labels()
    )
    np.testing.assert_array_equal(scored.scores[:, :50, :70], read(tmp_path / "q.tif"))


def test_probabilities_are_zero_outside_areas(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Where the class is 0 all probabilities are: outside the areas of interest."""
    labels = Scored().labels().filter_by_aoi([box(30, 5, 45, 60)])
    store_at(tmp_path / "p.tif", grid, tmp_path).save(labels)
    saved = read(tmp_path / "q.tif")
    inside = np.zeros((50, 70), bool)
    inside[5:, 30:45] = True
    np.testing.assert_array_equal(inside, saved.any(axis=0))
    np.testing.assert_array_equal(inside, read(tmp_path / "p.tif")[0] > 0)


def test_labels_without_scores_are_refused(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """A backend without scores is told of before anything is written."""
    scored = Scored()
    plain = SemanticSegmentationLabels([EXTENT], lambda window: scored.ids[:50, :70])
    with pytest.raises(ConfigError, match=r"q\.tif: the backend gives no class scores"):
        store_at(tmp_path / "out/p.tif", grid, tmp_path).save(plain)
    assert not (tmp_path / "out").exists()


def test_probabilities_need_classes(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Without a class map there is no telling how many bands there are."""
    with pytest.raises(ConfigError, match="probabilities are asked for without classes"):
        store_at(tmp_path / "p.tif", grid, tmp_path, class_map=None)


def test_probabilities_go_elsewhere_too(
    tmp_path: Path, grid: RasterioCRSTransformer, s3_root: str
) -> None:
    """In a bucket, both objects appear."""
    from rvcli.utils.files import download_if_needed

    scored = Scored()
    uri = f"{s3_root}/out/q.tif"
    store = SemanticSegmentationRasterStore(
        f"{s3_root}/out/p.tif",
        EXTENT,
        grid,
        str(tmp_path),
        class_map=CLASSES,
        probabilities_uri=uri,
    )
    store.save(scored.labels())
    saved = read(Path(download_if_needed(uri, str(tmp_path))))
    np.testing.assert_array_equal(np.rint(255 * scored.scores[:, :50, :70]), saved)
    assert not list(tmp_path.glob("predictions-*"))


def config(**values: Any) -> Any:
    """Make a config."""
    builder = LabelStoreConfig.builder(keys.SEMANTIC_SEGMENTATION_RASTER)
    return builder.set(**values).build()


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/a/b.tif", "/a/b-probabilities.tif"),
        ("s3://a/b.c.TIFF", "s3://a/b.c-probabilities.tif"),
        ("/a.b/c", "/a.b/c-probabilities.tif"),
    ],
)
def test_probabilities_are_an_output_beside_the_classes(uri: str, expected: str) -> None:
    """Predicting reports both files, and evaluating reads both."""
    made = config(uri=uri, probabilities=True)
    predict, evaluate = CommandIODefinition(), CommandIODefinition()
    made.report_io(keys.PREDICT, predict)
    made.report_io(keys.EVAL, evaluate)
    assert {uri, expected} == set(predict.output_uris)
    assert ({uri, expected}, []) == (set(evaluate.input_uris), list(evaluate.output_uris))
    assert expected == made.probabilities_uri()


def test_probabilities_are_written_when_asked_for() -> None:
    """By default, and while there is no place for predictions, there are none."""
    assert config(uri="/a.tif").probabilities_uri() is None
    assert config(probabilities=True).probabilities_uri() is None


def test_options_of_probabilities_travel(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """The message and the store have them."""
    made = (
        LabelStoreConfig.builder(keys.SEMANTIC_SEGMENTATION_RASTER)
        .with_uri("/a.tif")
        .with_probabilities(True)
        .with_probabilities_dtype("float16")
        .build()
    )
    part = made.to_proto().semantic_segmentation_raster_store
    assert (True, "float16") == (part.probabilities, part.probabilities_dtype)
    again = LabelStoreConfig.from_proto(made.to_proto())
    task = type("TaskConfig", (), {"class_map": CLASSES})
    store = again.create_store(task, EXTENT, grid, str(tmp_path))
    assert ("/a-probabilities.tif", "float16") == (
        store.probabilities_uri,
        store.probabilities_dtype,
    )


def test_the_type_of_probabilities_is_checked() -> None:
    """Other types are refused."""
    with pytest.raises(InvalidConfigError, match="probabilities_dtype"):
        config(probabilities_dtype="int8")
