"""Object detection: boxes around objects."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.tfod_utils import np_box_ops
from rvcli.data.label.tfod_utils.np_box_list_ops import clip_to_window
from rvcli.filesystem import join_uri, resolve
from rvcli.task.blend import WindowGrid
from rvcli.task.merge_boxes import find_cut_sides, merge_boxes
from rvcli.task.random_windows import draw_windows
from rvcli.task.task import Task
from rvcli.utils.misc import numpy_to_png

if TYPE_CHECKING:
    from rvcli.data.scene import Scene

log = logging.getLogger(__name__)

_CHIP, _LABEL, _IMAGE, _SLIDING = "chip", "label", "image", "sliding"
# Chips around one box that are drawn until one lies in an area of interest.
_MAX_DRAWS_PER_BOX = 100
# A chip without objects may show less than this share of one.
_NEGATIVE_IOA = 0.2
_NEGATIVES_WITHOUT_POSITIVES = 100
_MAX_DRAWS_PER_NEGATIVE = 100
_MANY_DRAWS = 100_000
# Scenes without room for chips without objects that are told of one by one.
_MOST_WARNINGS = 3
# Share of the chip size up to which a box that ends near the border of a window ends there.
_BORDER = 0.01
_DEBUG_CHIP_PROBABILITY = 0.25


def make_pos_windows(
    image_extent: Box,
    label_store: Any,
    chip_size: int,
    window_method: str,
    label_buffer: float,
    *,
    rng: random.Random | None = None,
    filter_windows: Callable[[list[Box]], list[Box]] | None = None,
) -> list[Box]:
    """Choose windows that show objects.

    Args:
        image_extent: of the image, in pixels.
        label_store: label source of the scene.
        chip_size: width and height of a window in pixels.
        window_method: "chip": for each box a square at random that holds it, on the image where
            that is large enough; "label": each box with a buffer; "image": the whole image.
        label_buffer: what "label" adds to each side of a box: below 1 a share of its height and
            width, else pixels.
        rng: source of randomness.
        filter_windows: gives those of a list that may be used; all by default.

    Returns:
        Windows, in the order of the boxes. Boxes that are larger than a square have none.
    """
    keep = filter_windows or (lambda windows: windows)
    if window_method == _IMAGE:
        return keep([image_extent])
    boxes = label_store.get_labels().get_boxes()
    if window_method == _LABEL:
        return keep([box.make_buffer(label_buffer, image_extent) for box in boxes])
    fitting = [box for box in boxes if max(box.get_height(), box.get_width()) <= chip_size]
    if len(fitting) < len(boxes):
        log.warning(
            "%d of %d boxes are larger than a chip of %d pixels, and have no chip around them",
            len(boxes) - len(fitting),
            len(boxes),
            chip_size,
        )
    return _windows_around(fitting, image_extent, chip_size, rng or random.Random(), keep)


def _windows_around(
    boxes: list[Box],
    extent: Box,
    chip_size: int,
    rng: random.Random,
    keep: Callable[[list[Box]], list[Box]],
) -> list[Box]:
    """Draw a square around each box until it may be used; some boxes may go without."""
    # What holds a box can lie in no area in which the box does not.
    worthwhile = set(keep(boxes))
    found: dict[int, Box] = {}
    left = {place: box for place, box in enumerate(boxes) if box in worthwhile}
    for _ in range(_MAX_DRAWS_PER_BOX):
        drawn = {
            place: Box.make_square(
                _draw_start(box.ymin, box.ymax, extent.ymin, extent.ymax, chip_size, rng),
                _draw_start(box.xmin, box.xmax, extent.xmin, extent.xmax, chip_size, rng),
                chip_size,
            )
            for place, box in left.items()
        }
        usable = set(keep(list(drawn.values())))
        found.update((place, window) for place, window in drawn.items() if window in usable)
        left = {place: box for place, box in left.items() if place not in found}
        if not left:
            break
    return [found[place] for place in sorted(found)]


def _draw_start(
    low: float, high: float, first: int, last: int, size: int, rng: random.Random
) -> int:
    """Draw where a window starts along an axis that holds a box, on the image if it can be."""
    earliest = max(first, math.ceil(high) - size)
    latest = min(math.floor(low), max(first, last - size))
    return rng.randint(min(earliest, latest), latest)


def make_neg_windows(
    raster_source: Any,
    label_store: Any,
    chip_size: int,
    nb_windows: int,
    max_attempts: int,
    filter_windows: Callable[[list[Box]], list[Box]],
    *,
    rng: random.Random | None = None,
) -> list[Box]:
    """Draw windows that show no object, but data.

    Args:
        raster_source: of the scene, active.
        label_store: label source of the scene. A window may show less than 0.2 of a box.
        chip_size: width and height of a window in pixels.
        nb_windows: how many windows are wanted.
        max_attempts: draws after which no more are looked for.
        filter_windows: gives those of a list that may be used.
        rng: source of randomness.

    Returns:
        Different windows, at most nb_windows.
    """
    npboxes = label_store.get_labels().get_npboxes()
    index, areas = np_box_ops.BoxIndex(npboxes), np_box_ops.area(npboxes)

    def negative(windows: list[Box]) -> list[Box]:
        windows = filter_windows(windows)
        shows = np.zeros(len(windows), np.bool_)
        for place, box, shared in index.pairs(Box.to_npboxes(windows)):
            shows[place[shared >= _NEGATIVE_IOA * areas[box]]] = True
        empty = [windows[place] for place in np.flatnonzero(~shows)]
        return [window for window in empty if raster_source.get_chip(window).any()]

    return list(
        draw_windows(
            raster_source.get_extent(),
            chip_size,
            nb_windows,
            negative,
            rng or random.Random(),
            max_attempts,
        )
    )


class ObjectDetection(Task):
    """Gives the objects of a scene boxes, classes and scores.

    Uses of its config: class_map, chip_size, chip_options, predict_options, predict_batch_size,
    seed, debug and predict_debug_uri; of its backend: debug_uri.
    """

    _full_scenes = 0

    def get_train_windows(self, scene: Scene) -> list[Box]:
        """Choose windows that show objects and, as neg_ratio says, some that show none.

        With the window method sliding these are all squares side by side. With areas of interest
        windows lie within one of them, as far as they lie on the image.
        """
        options, chip_size = self.config.chip_options, self.config.chip_size
        source = scene.raster_source
        extent = source.get_extent()
        rng = self.scene_random(scene)

        def keep(windows: list[Box]) -> list[Box]:
            return _within_areas(windows, scene, extent)

        if options.window_method == _SLIDING:
            return _told(keep(extent.get_windows(chip_size, chip_size)), scene)
        labels = scene.ground_truth_label_source
        positive = make_pos_windows(
            extent,
            labels,
            chip_size,
            options.window_method,
            options.label_buffer,
            rng=rng,
            filter_windows=keep,
        )
        wanted = round(options.neg_ratio * (len(positive) or _NEGATIVES_WITHOUT_POSITIVES))
        # Of a scene with many objects the draws must not take more than some seconds.
        attempts = min(_MAX_DRAWS_PER_NEGATIVE * wanted, 10 * wanted + _MANY_DRAWS)
        negative = make_neg_windows(source, labels, chip_size, wanted, attempts, keep, rng=rng)
        if len(negative) < wanted:
            self._tell_of_few(f"{len(negative)} of {wanted}", scene)
        return _told(positive + negative, scene)

    def _tell_of_few(self, found: str, scene: Scene) -> None:
        """Warn of a scene that is so full that no chip has room beside its objects."""
        self._full_scenes += 1
        if self._full_scenes > _MOST_WARNINGS:
            return
        more = "; if more scenes are as full, nothing is said"
        log.warning(
            "the scene %s gives %s chips without objects%s",
            scene.id,
            found,
            more if self._full_scenes == _MOST_WARNINGS else "",
        )

    def get_train_labels(self, window: Box, scene: Scene) -> ObjectDetectionLabels:
        """Return the boxes of which enough lies in a window, clipped to it."""
        labels = scene.ground_truth_label_source.get_labels(window=window)
        return ObjectDetectionLabels.get_overlapping(
            labels, window, self.config.chip_options.ioa_thresh, clip=True
        )

    def get_predict_windows(self, extent: Box) -> list[Box]:
        """Cover an extent with squares that overlap by what the stride leaves, row by row.

        A backend that finds whole objects has no need of windows that overlap.
        """
        size = self.config.chip_size
        usual = size if self._finds_whole_objects() else max(1, size // 2)
        stride = getattr(self.config.predict_options, "stride", None) or usual
        return WindowGrid(extent, size, stride).windows()

    def _finds_whole_objects(self) -> bool:
        return bool(getattr(self.backend, "finds_whole_objects", False))

    def predict_scene(self, scene: Scene, tmp_dir: str) -> ObjectDetectionLabels:
        """Predict one scene; of the boxes of all windows those are left that are no duplicates.

        Args:
            scene: active.
            tmp_dir: local directory for what is thrown away afterwards.

        Returns:
            Boxes by falling score, within the areas of interest.
        """
        # An area that cuts a box must not let a part of the box stay in its place.
        labels = self.post_process_predictions(self.predict_labels(scene, tmp_dir), scene)
        return labels.filter_by_aoi(scene.aoi_polygons) if scene.aoi_polygons else labels

    def post_process_predictions(
        self, labels: ObjectDetectionLabels, scene: Scene
    ) -> ObjectDetectionLabels:
        """Clip boxes to the image and merge those of one object; see merge_boxes."""
        extent = scene.raster_source.get_extent()
        clipped = ObjectDetectionLabels.from_boxlist(
            clip_to_window(labels.to_boxlist(), extent.npbox_format())
        )
        # Where objects are found whole, windows cut nothing off.
        windows = [] if self._finds_whole_objects() else self.get_predict_windows(extent)
        tolerance = max(1.0, _BORDER * self.config.chip_size)
        sides = find_cut_sides(clipped.get_npboxes(), windows, extent, tolerance)
        options = self.config.predict_options
        return merge_boxes(clipped, sides, options.score_thresh, options.merge_thresh)

    def save_debug_predict_image(self, scene: Scene, debug_dir_uri: str) -> None:
        """Draw the predicted boxes of a scene on its imagery, as `<scene id>.png`."""
        from rvcli.task.debug_image import draw_frames, thin_imagery

        labels = scene.prediction_label_store.get_labels()
        image, step = thin_imagery(scene)
        class_ids = labels.get_class_ids().tolist()
        draw_frames(image, step, labels.get_boxes(), class_ids, self.config.class_map)
        uri = join_uri(debug_dir_uri, f"{scene.id}.png")
        resolve(uri, "w").write_bytes(uri, numpy_to_png(image))

    @contextmanager
    def debug_chips(self, scene: Scene) -> Iterator[Callable[[Any, Box, Any], None]]:
        """Draw some chips with their boxes on one sheet, `<scene id>.png` in the debug URI."""
        from rvcli.task.debug_image import ChipSheet

        debug_uri = getattr(self.backend, "debug_uri", None)
        if not (self.config.debug and debug_uri):
            yield lambda chip, window, labels: None
            return
        rng = self.scene_random(scene)
        sheet = ChipSheet(self.config.class_map, _DEBUG_CHIP_PROBABILITY, rng)

        def show(chip: Any, window: Box, labels: ObjectDetectionLabels) -> None:
            local = labels.global_to_local(labels.get_npboxes(), window)
            sheet.add_boxes(chip, map(Box.from_npbox, local), labels.get_class_ids())

        yield show
        sheet.save(join_uri(debug_uri, f"{scene.id}.png"))


def _within_areas(windows: list[Box], scene: Scene, extent: Box) -> list[Box]:
    """List the windows whose part on the image lies within one of the areas of interest."""
    if not scene.aoi_polygons:
        return windows
    parts = [window.intersection(extent) for window in windows]
    inside = set(Box.filter_by_aoi(parts, scene.aoi_polygons))
    return [window for window, part in zip(windows, parts, strict=True) if part in inside]


def _told(windows: list[Box], scene: Scene) -> list[Box]:
    if not windows:
        where = "lies within its areas of interest" if scene.aoi_polygons else "shows anything"
        log.warning("the scene %s gives no chips: no window %s", scene.id, where)
    return windows
