"""Predictions of one scene for semantic segmentation: windows in, labels out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.data.has_data import has_data
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.errors import ConfigError, DataError
from rvcli.task.areas import Areas
from rvcli.task.blend import WindowGrid, best_classes, blend
from rvcli.utils import progress

if TYPE_CHECKING:
    from rvcli.data.label.semantic_segmentation_labels import Scored
    from rvcli.data.scene import Scene

Array: TypeAlias = npt.NDArray[Any]


class ScenePrediction:
    """Predicts a scene window by window, when its labels are asked for.

    What has no data becomes 0; windows without any, and those outside the areas of interest,
    are not predicted.
    """

    def __init__(self, task: Any, scene: Scene, grid: WindowGrid, tmp_dir: str) -> None:
        """Make a prediction.

        Args:
            task: its config, its backend, its get_predict_windows and its read_predict_chip
                are used.
            scene: active, also while labels are used.
            grid: the windows that are blended.
            tmp_dir: local directory for what is thrown away afterwards.
        """
        self._task = task
        self._backend = task.backend
        self._scene = scene
        self._grid = grid
        self._tmp_dir = tmp_dir
        self._areas = Areas(scene.aoi_polygons) if scene.aoi_polygons else None
        self._class_ids = sorted(i.id for i in task.config.class_map.get_items() if i.id != 0)
        self._gives_scores = bool(getattr(self._backend, "gives_scores", False))
        in_batches = getattr(self._backend, "predicts_batches", False)
        self._batch_size = task.config.predict_batch_size if in_batches else 1

    def side_by_side(self) -> SemanticSegmentationLabels:
        """Return the classes that the backend predicts, one window beside the other."""
        extent = self._scene.raster_source.get_extent()
        return SemanticSegmentationLabels(
            self._task.get_predict_windows(extent),
            lambda window: self._predict([window])[0],
            stream=self._predict_all,
            score_stream=self._blend_all if self._gives_scores else None,
        )

    def blended(self) -> SemanticSegmentationLabels:
        """Return the classes with the highest scores, from windows that overlap.

        Raises:
            ConfigError: the backend gives no scores.
        """
        if not self._gives_scores:
            raise ConfigError(
                f"{type(self._backend).__name__} gives no class scores, which overlapping"
                " prediction windows need",
                hint="leave predict_stride out, or use a backend that gives scores",
            )

        def stream(blocks: Sequence[Box]) -> Iterator[tuple[Box, Array]]:
            for block, ids, _ in self._blend(blocks):
                yield block, ids

        return SemanticSegmentationLabels(
            self._grid.blocks(len(self._class_ids)),
            lambda block: next(stream([block]))[1],
            stream=stream,
            score_stream=self._blend_all,
        )

    def _predict_all(self, windows: Sequence[Box]) -> Iterator[tuple[Box, Array]]:
        for batch in self._batches(windows):
            yield from zip(batch, self._predict(batch), strict=True)

    def _blend_all(self) -> Iterator[Scored]:
        return self._blend(self._grid.blocks(len(self._class_ids)))

    def _blend(self, blocks: Sequence[Box]) -> Iterator[Scored]:
        """Yield blocks with class ids and scores."""
        for block, scores in blend(blocks, self._grid, len(self._class_ids), self._score):
            yield block, best_classes(scores, self._class_ids), scores

    def _predict(self, windows: Sequence[Box]) -> list[Array]:
        """Return the class ids of some windows."""
        chips = self._chips(windows)
        if not chips:
            return [_blank(window) for window in windows]
        labels = self._backend.predict([c for c, _ in chips.values()], list(chips), self._tmp_dir)
        return [
            np.where(chips[window][1], labels.get_label_arr(window), 0)
            if window in chips
            else _blank(window)
            for window in windows
        ]

    def _score(self, windows: Sequence[Box]) -> Iterator[tuple[Box, Array]]:
        """Yield windows with their scores, without those that have no data."""
        for batch in self._batches(windows):
            chips = self._chips(batch)
            if not chips:
                continue
            found = self._backend.predict_scores(
                [chip for chip, _ in chips.values()], list(chips), self._tmp_dir
            )
            for (window, (_, seen)), scores in zip(chips.items(), found, strict=True):
                expected = (len(self._class_ids), *seen.shape)
                if np.shape(scores) != expected:
                    raise DataError(
                        f"the backend's scores of {window} have the shape {np.shape(scores)},"
                        f" not {expected}",
                        hint="they are one plane for each class of the task but 0",
                    )
                yield window, scores if seen.all() else scores * seen

    def _batches(self, windows: Sequence[Box]) -> Iterator[Sequence[Box]]:
        with progress.track(f"predicting {self._scene.id}", len(windows)) as bar:
            for start in range(0, len(windows), self._batch_size):
                batch = windows[start : start + self._batch_size]
                yield batch
                bar.advance(len(batch))

    def _chips(self, windows: Sequence[Box]) -> dict[Box, tuple[Array, Array]]:
        """Read the chips that are worth predicting.

        Returns:
            for each window its chip, with the backend's margin, and where the window has data.
        """
        margin = getattr(self._backend, "margin", 0)
        chips = {}
        for window in windows if self._areas is None else self._areas.touching(windows):
            chip = self._task.read_predict_chip(self._scene, window)
            inner = chip[margin:-margin, margin:-margin] if margin else chip
            seen = has_data(inner)
            if seen.any():
                chips[window] = chip, seen
        return chips


def _blank(window: Box) -> Array:
    return np.zeros((window.get_height(), window.get_width()), np.uint8)
