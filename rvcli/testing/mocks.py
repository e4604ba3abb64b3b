"""Small entities to test others with; they need numpy and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.backend.backend import Backend
from rvcli.core.box import Box
from rvcli.core.training_data import TrainingData
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_source.label_source import LabelSource
from rvcli.data.raster_source.raster_source import RasterSource
from rvcli.data.raster_transformer.raster_transformer import RasterTransformer
from rvcli.data.scene import Scene
from rvcli.evaluation.evaluator import Evaluator


class ArraySource(RasterSource):
    """An image that is an array.

    Args:
        image: shape (height, width, channels).
        raster_transformers: applied to each chip, in order.
    """

    def __init__(
        self, image: npt.ArrayLike, raster_transformers: Sequence[RasterTransformer] = ()
    ) -> None:
        self.image = np.asarray(image)
        super().__init__(None, self.image.shape[2], raster_transformers)

    def get_extent(self) -> Box:
        """Return the whole image."""
        return Box(0, 0, *self.image.shape[:2])

    def get_dtype(self) -> np.dtype[Any]:
        """Return the type of the array."""
        return self.image.dtype

    def get_crs_transformer(self) -> IdentityCRSTransformer:
        """Return a transformer for which pixels are map units."""
        return IdentityCRSTransformer()

    def _get_chip(self, window: Box) -> npt.NDArray[Any]:
        return _cut(self.image, window)


class ArrayLabels(LabelSource):
    """Labels that are an array of class ids, shape (height, width); 0 is ignore."""

    def __init__(self, class_ids: npt.ArrayLike) -> None:
        self.class_ids = np.asarray(class_ids, dtype=np.uint8)

    def get_labels(self, window: Box | None = None) -> SemanticSegmentationLabels:
        """Return the labels of a window, or all."""
        window = window or Box(0, 0, *self.class_ids.shape)
        return SemanticSegmentationLabels([window], lambda box: _cut(self.class_ids, box))


def make_scene(
    image: npt.ArrayLike, class_ids: npt.ArrayLike | None = None, scene_id: str = "mock"
) -> Scene:
    """Make a scene of arrays.

    Args:
        image: shape (height, width, channels).
        class_ids: shape (height, width); 0 is ignore.
        scene_id: its id.
    """
    labels = None if class_ids is None else ArrayLabels(class_ids)
    return Scene(scene_id, ArraySource(image), labels)


class ConstantBackend(Backend):
    """Predicts one class everywhere, and remembers what it was asked to do.

    Attributes:
        calls: names of the methods that were called, in order.
        chips: how many chips of each scene it got, by scene id.
    """

    def __init__(self, class_id: int = 1) -> None:
        self.class_id = class_id
        self.calls: list[str] = []
        self.chips: dict[str, int] = {}

    def process_scene_data(self, scene: Any, data: TrainingData, tmp_dir: str) -> str:
        """Count the chips."""
        self.calls.append("process_scene_data")
        self.chips[scene.id] = sum(1 for _ in data)
        return str(scene.id)

    def process_sceneset_results(
        self, training_results: Sequence[Any], validation_results: Sequence[Any], tmp_dir: str
    ) -> None:
        """Remember the call."""
        self.calls.append("process_sceneset_results")

    def train(self, tmp_dir: str) -> None:
        """Remember the call."""
        self.calls.append("train")

    def load_model(self, tmp_dir: str) -> None:
        """Remember the call."""
        self.calls.append("load_model")

    def predict(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> SemanticSegmentationLabels:
        """Return the one class for all pixels of the windows."""
        self.calls.append("predict")
        return SemanticSegmentationLabels(
            windows,
            lambda window: np.full(
                (window.get_height(), window.get_width()), self.class_id, np.uint8
            ),
        )


class RecordingEvaluator(Evaluator):
    """Remembers the ids of the scenes that it was given.

    Attributes:
        scene_ids: of all calls, in order.
    """

    def __init__(self) -> None:
        self.scene_ids: list[str] = []

    def process(self, scenes: Iterable[Scene], tmp_dir: str) -> None:
        """Remember the scenes."""
        self.scene_ids += [scene.id for scene in scenes]


def _cut(array: npt.NDArray[Any], window: Box) -> npt.NDArray[Any]:
    """Cut a window from an array; zeros beyond its edges."""
    cut = np.zeros((window.get_height(), window.get_width(), *array.shape[2:]), array.dtype)
    top, left = max(window.ymin, 0), max(window.xmin, 0)
    part = array[top : max(window.ymax, 0), left : max(window.xmax, 0)]
    y, x = top - window.ymin, left - window.xmin
    cut[y : y + part.shape[0], x : x + part.shape[1]] = part
    return cut
