"""The config of a scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rvcli import keys
from rvcli.config import InvalidConfigError
from rvcli.data.label_store.label_store_config import LabelStoreConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import ConfigError, RegistryError


def store(uri: str) -> Any:
    """Return a store of predicted pixels."""
    return LabelStoreConfig.builder(keys.SEMANTIC_SEGMENTATION_RASTER).with_uri(uri).build()


@pytest.mark.parametrize("name", ["image.tif", "labels.tif", "aoi.json", "./x/../image.tif"])
def test_predictions_do_not_replace_what_the_scene_reads(
    task: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the path is written, imagery, labels and areas are safe."""
    monkeypatch.chdir(tmp_path)
    builder = SceneConfig.builder().with_task(task).with_id("s").with_raster_source("image.tif")
    builder = builder.with_label_source(str(tmp_path / "labels.tif")).with_aoi_uris(["aoi.json"])
    with pytest.raises(
        InvalidConfigError, match=r"\$\.label_store\.uri is .*which the scene reads"
    ):
        builder.with_label_store(store(name)).build()
    assert "/out.tif" == builder.with_label_store(store("/out.tif")).build().label_store.uri


def test_a_uri_of_labels_needs_the_task() -> None:
    """What it means depends on the task."""
    builder = SceneConfig.builder().with_id("s").with_raster_source("image.tif")
    with pytest.raises(ConfigError, match="does not know its task") as caught:
        builder.with_label_source("labels.tif")
    assert "call with_task(task) first" == caught.value.hint


def test_a_uri_that_nobody_reads_is_named() -> None:
    """The hint says what to do."""
    with pytest.raises(RegistryError, match=r"no provider makes a raster source from 'x\.pdf'"):
        SceneConfig.builder().with_raster_source("x.pdf")


def test_labels_and_stores_can_be_cleared(task: Any) -> None:
    """A builder that is reused may leave out what another scene has."""
    builder = SceneConfig.builder().with_task(task).with_id("s").with_raster_source("image.tif")
    full = builder.with_label_source("a.tif").with_label_store("/b.tif").with_aoi_uris(["c.json"])
    scene = full.clear_label_source().clear_label_store().clear_aois().build()
    assert (None, None, []) == (scene.label_source, scene.label_store, scene.aoi_uris)


def test_no_store_means_that_of_the_task(task: Any) -> None:
    """`with_label_store(None)` occurs in real code."""
    builder = SceneConfig.builder().with_id("s").with_raster_source("image.tif")
    assert builder.with_label_store(None).build().label_store is None
    known = builder.with_task(task).with_label_store(None).build()
    assert keys.SEMANTIC_SEGMENTATION_RASTER == known.label_store.store_type
