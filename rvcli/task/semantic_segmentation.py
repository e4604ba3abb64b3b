"""Semantic segmentation: a class for every pixel."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.filesystem import join_uri
from rvcli.task.areas import Areas
from rvcli.task.blend import WindowGrid
from rvcli.task.random_windows import draw_windows
from rvcli.task.scene_prediction import ScenePrediction
from rvcli.task.task import TRAIN, VALIDATION, Task

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap
    from rvcli.data.scene import Scene

__all__ = ["TRAIN", "VALIDATION", "SemanticSegmentation", "get_random_sample_train_windows"]

Array: TypeAlias = npt.NDArray[Any]

_SLIDING = "sliding"


def get_random_sample_train_windows(
    label_store: Any,
    chip_size: int,
    class_map: ClassMap,
    extent: Box,
    chip_options: Any,
    filter_windows: Callable[[list[Box]], list[Box]],
    *,
    rng: random.Random | None = None,
) -> list[Box]:
    """Draw windows at random.

    Args:
        label_store: label source of the scene; its `enough_target_pixels` tells which windows
            show the target classes.
        chip_size: width and height of a window in pixels.
        class_map: all of its classes are targets where the options name none.
        extent: where windows lie, in pixels. Where it is smaller than a window, windows start at
            its upper left and reach beyond it.
        chip_options: see ChipOptions.
        filter_windows: gives those of a list that may be used.
        rng: source of randomness.

    Returns:
        Different windows, at most chips_per_scene.
    """
    rng = rng or random.Random()
    wanted = chip_options.chips_per_scene
    survival = chip_options.negative_survival_probability
    targets = chip_options.target_classes or [item.id for item in class_map.get_items()]
    threshold = chip_options.target_count_threshold
    windows: list[Box] = []
    last: Box | None = None
    for window in draw_windows(extent, chip_size, wanted, filter_windows, rng):
        last = window
        if (
            survival >= 1
            or label_store.enough_target_pixels(window, threshold, targets)
            or rng.random() < survival
        ):
            windows.append(window)
    # A scene gives one chip at least.
    return windows or ([last] if last else [])


class SemanticSegmentation(Task):
    """Gives every pixel of a scene a class.

    Uses of its config: class_map, chip_size, chip_options, predict_chip_size, predict_stride,
    predict_batch_size, seed, debug and predict_debug_uri; of its backend: margin,
    predicts_batches, gives_scores and debug_uri.
    """

    def get_train_windows(self, scene: Scene) -> list[Box]:
        """Choose windows at random places or one after the other, as the chip options say.

        With areas of interest these are windows that lie within one of them; only if no window
        does, windows that touch one.
        """
        polygons = scene.aoi_polygons
        if not polygons:
            return self._windows(scene, lambda windows: windows)
        inside = self._windows(scene, lambda windows: Box.filter_by_aoi(windows, polygons))
        return inside or self._windows(scene, Areas(polygons).touching)

    def _windows(self, scene: Scene, filter_windows: Callable[[list[Box]], list[Box]]) -> list[Box]:
        extent = scene.raster_source.get_extent()
        chip_size = self.config.chip_size
        options = self.config.chip_options
        if options.window_method == _SLIDING:
            stride = options.stride or max(1, chip_size // 2)
            return filter_windows(extent.get_windows(chip_size, stride))
        return get_random_sample_train_windows(
            scene.ground_truth_label_source,
            chip_size,
            self.config.class_map,
            _around_areas(extent, scene.aoi_polygons, chip_size),
            options,
            filter_windows,
            rng=self.scene_random(scene),
        )

    def get_train_labels(self, window: Box, scene: Scene) -> SemanticSegmentationLabels:
        """Return the known labels of a window; 0 beyond the scene and outside its areas."""
        source = scene.ground_truth_label_source
        extent = scene.raster_source.get_extent()

        def label_fn(window: Box) -> Array:
            array: Array = source.get_labels(window=window).get_label_arr(window)
            return _blank_beyond(array, window, extent)

        return SemanticSegmentationLabels([window], label_fn, scene.aoi_polygons)

    def get_predict_windows(self, extent: Box) -> list[Box]:
        """Cover an extent with squares, predict_stride apart, row by row."""
        return self._grid(extent).windows()

    def _grid(self, extent: Box) -> WindowGrid:
        size = self.config.predict_chip_size
        return WindowGrid(extent, size, getattr(self.config, "predict_stride", None) or size)

    def post_process_predictions(
        self, labels: SemanticSegmentationLabels, scene: Scene
    ) -> SemanticSegmentationLabels:
        """Return the labels as they are."""
        return labels

    def save_debug_predict_image(self, scene: Scene, debug_dir_uri: str) -> None:
        """Draw imagery and predictions of a scene side by side, as `<scene id>.png`."""
        from rvcli.task.debug_image import save_predictions

        save_predictions(scene, self.config.class_map, debug_dir_uri)

    @contextmanager
    def debug_chips(self, scene: Scene) -> Iterator[Callable[[Any, Box, Any], None]]:
        """Draw some chips with their labels on one sheet, `<scene id>.png` in the debug URI."""
        from rvcli.task.debug_image import ChipSheet

        debug_uri = getattr(self.backend, "debug_uri", None)
        probability = self.config.chip_options.debug_chip_probability
        if not (self.config.debug and debug_uri and probability > 0):
            yield lambda chip, window, labels: None
            return
        sheet = ChipSheet(self.config.class_map, probability, self.scene_random(scene))
        yield lambda chip, window, labels: sheet.add(chip, labels.get_label_arr(window))
        sheet.save(join_uri(debug_uri, f"{scene.id}.png"))

    def predict_scene(self, scene: Scene, tmp_dir: str) -> SemanticSegmentationLabels:
        """Predict one scene window by window, when its labels are asked for.

        Args:
            scene: active, also while the labels are used.
            tmp_dir: local directory for what is thrown away afterwards.

        Returns:
            Labels of windows in row-major order, or of blocks if windows overlap; 0 where the
            imagery has no data, and outside the areas of interest. They have scores if the
            backend gives some.

        Raises:
            ConfigError: windows overlap, and the backend gives no scores to blend.
        """
        grid = self._grid(scene.raster_source.get_extent())
        prediction = ScenePrediction(self, scene, grid, tmp_dir)
        labels = prediction.blended() if grid.overlap else prediction.side_by_side()
        if scene.aoi_polygons:
            labels = labels.filter_by_aoi(scene.aoi_polygons)
        return self.post_process_predictions(labels, scene)


def _blank_beyond(array: Array, window: Box, extent: Box) -> Array:
    """Return labels of a window with 0 where it reaches beyond the extent."""
    inside = window.intersection(extent)
    if inside == window:
        return array
    blanked = np.zeros_like(array)
    y, x = inside.ymin - window.ymin, inside.xmin - window.xmin
    part = (slice(y, y + inside.get_height()), slice(x, x + inside.get_width()))
    blanked[part] = array[part]
    return blanked


def _around_areas(extent: Box, polygons: Sequence[Any], chip_size: int) -> Box:
    """Return the part of an extent that holds all areas and a chip, to draw windows from."""
    if not polygons:
        return extent
    import shapely

    area = Box.from_shapely(shapely.union_all(list(polygons)))
    y0, y1 = _span(area.ymin, area.ymax, extent.ymin, extent.ymax, chip_size)
    x0, x1 = _span(area.xmin, area.xmax, extent.xmin, extent.xmax, chip_size)
    return Box(y0, x0, y1, x1)


def _span(low: float, high: float, first: int, last: int, size: int) -> tuple[int, int]:
    """Return whole numbers around low..high, `size` apart at least, within first..last."""
    start, stop = max(first, int(np.floor(low))), min(last, int(np.ceil(high)))
    missing = max(0, size - (stop - start))
    start = max(first, start - missing // 2)
    stop = min(last, max(stop, start + size))
    return max(first, min(start, stop - size)), stop
