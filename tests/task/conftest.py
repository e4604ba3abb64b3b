"""Scenes made of arrays, and a backend that remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from rvcli.backend.backend import Backend
from rvcli.core.class_map import ClassMap
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_source.semantic_segmentation_label_source import (
    SemanticSegmentationLabelSource,
)
from rvcli.data.label_store.semantic_segmentation_raster_store import (
    SemanticSegmentationRasterStore,
)
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.data.scene import Scene


class RecordingBackend(Backend):
    """Predicts class 1 where the first band is below 100, else class 2, and keeps its calls."""

    def __init__(
        self, margin: int = 0, predicts_batches: bool = False, debug_uri: str | None = None
    ) -> None:
        self.margin = margin
        self.predicts_batches = predicts_batches
        self.debug_uri = debug_uri
        self.calls: list[Any] = []

    def process_scene_data(self, scene: Any, data: Any, tmp_dir: str) -> Any:
        """Keep the chips."""
        chips = [(chip, window, labels.get_label_arr(window)) for chip, window, labels in data]
        self.calls.append(("chips", scene.id, chips))
        return scene.id

    def process_sceneset_results(
        self, training_results: Any, validation_results: Any, tmp_dir: str
    ) -> None:
        """Keep the results."""
        self.calls.append(("results", list(training_results), list(validation_results)))

    def train(self, tmp_dir: str) -> None:
        """Keep that it was called."""
        self.calls.append(("train",))

    def load_model(self, tmp_dir: str) -> None:
        """Keep that it was called."""
        self.calls.append(("load_model",))

    def predict(self, chips: Sequence[Any], windows: Sequence[Any], tmp_dir: str) -> Any:
        """Tell dark from bright."""
        self.calls.append(("predict", [chip.shape for chip in chips], list(windows)))
        m = self.margin
        arrays = {
            window: np.where(chip[m : chip.shape[0] - m, m : chip.shape[1] - m, 0] < 100, 1, 2)
            for chip, window in zip(chips, windows, strict=True)
        }
        return SemanticSegmentationLabels(windows, lambda window: arrays[window].astype(np.uint8))

    def named(self, name: str) -> list[Any]:
        """List the calls of one method."""
        return [call[1:] for call in self.calls if call[0] == name]


@pytest.fixture
def recording_backend() -> Callable[..., RecordingBackend]:
    """Give the class."""
    return RecordingBackend


@pytest.fixture
def make_config() -> Callable[..., Any]:
    """Make what a task reads from its config; chip options may be given by name."""

    def make(**changed: Any) -> Any:
        options = {
            "window_method": "sliding",
            "target_classes": None,
            "negative_survival_probability": 1.0,
            "chips_per_scene": 10,
            "target_count_threshold": 10,
            "stride": None,
            "debug_chip_probability": 0.0,
        }
        config: dict[str, Any] = {
            "class_map": ClassMap.construct_from(["dark", "bright"]),
            "chip_size": 16,
            "predict_chip_size": 16,
            "predict_stride": None,
            "predict_batch_size": 3,
            "seed": 0,
            "debug": True,
            "predict_debug_uri": None,
        }
        for key, value in changed.items():
            (options if key in options else config)[key] = value
        return SimpleNamespace(**config, chip_options=SimpleNamespace(**options))

    return make


@pytest.fixture
def make_scene(tmp_path: Path) -> Callable[..., Scene]:
    """Write an image and its labels as GeoTIFFs, and make a scene of them."""

    def write(name: str, bands: Any) -> str:
        path = tmp_path / name
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=bands.shape[0],
            height=bands.shape[1],
            width=bands.shape[2],
            dtype=bands.dtype,
            crs="EPSG:32637",
            transform=from_origin(500_000, 1_000_000, 0.5, 0.5),
        ) as dataset:
            dataset.write(bands)
        return str(path)

    def make(image: Any, labels: Any = None, scene_id: str = "scene", aoi: Any = ()) -> Scene:
        image = np.asarray(image)
        source = RasterioSource([write(f"{scene_id}.tif", image)], [], str(tmp_path))
        label_source = None
        if labels is not None:
            ids = write(f"{scene_id}-labels.tif", np.asarray(labels, np.uint8)[None])
            label_source = SemanticSegmentationLabelSource(RasterioSource([ids], [], str(tmp_path)))
        with source.activate():
            store = SemanticSegmentationRasterStore(
                str(tmp_path / f"out/{scene_id}.tif"),
                source.get_extent(),
                source.get_crs_transformer(),
                str(tmp_path),
                class_map=ClassMap.construct_from({"dark": (1, "black"), "bright": (2, "white")}),
            )
        return Scene(scene_id, source, label_source, store, aoi)

    return make
