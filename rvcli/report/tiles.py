"""Tiles of a report: chips that were trained on, the worst and the best predictions."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.core.class_map import ClassMap
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.errors import RvError
from rvcli.profile.secrets import mask_uris
from rvcli.report.content import Tile
from rvcli.report.figures import best_thresholds
from rvcli.report.pictures import palette_of
from rvcli.report.tile_pictures import (
    BOX_MARKS,
    PIXEL_MARKS,
    caption_of,
    channels_of,
    compared_boxes_tile,
    imagery_tile,
    pixel_tile,
    thin_rgb,
    thin_step,
)
from rvcli.report.training_chips import training_tiles
from rvcli.report.windows import Window, scored_windows
from rvcli.utils.files import file_exists

if TYPE_CHECKING:
    from rvcli.experiment.experiment_config import ExperimentConfig
    from rvcli.report.sources import Source

log = logging.getLogger(__name__)

MOST = 6
MAX_SCENES = 60
# Of labels and of predictions, in all scenes together; a scene has at least so many.
_PIXELS, _LEAST_PIXELS = 256 << 20, 4 << 20
_SIDES_PX = (64, 512)
_LEAST_DATA = 0.25
_APART = 1.5  # sides of a window


@dataclass(frozen=True)
class Candidate:
    """A window of one of the scenes."""

    scene: int
    window: Window

    def is_near(self, other: Candidate) -> bool:
        """Tell whether another window of the same scene shows nearly the same place."""
        a, b = self.window.box, other.window.box
        side = max(a.get_height(), a.get_width())
        return (
            self.scene == other.scene
            and abs(a.ymin - b.ymin) < _APART * side
            and abs(a.xmin - b.xmin) < _APART * side
        )


def collect_tiles(
    source: Source, config: ExperimentConfig, tmp_dir: str, notes: list[str] | None = None
) -> tuple[tuple[Tile, ...], tuple[Tile, ...], tuple[Tile, ...]]:
    """Draw chips that were trained on, and windows of validation scenes.

    What cannot be drawn is left out, whatever a plugin raises.

    Args:
        source: the files of the experiment.
        config: the experiment, all URIs absolute, as `source.config()` gives it.
        tmp_dir: local directory for downloads.
        notes: takes in words what could not be shown, and why.

    Returns:
        At most twelve chips; the six worst and the six best windows, each list from its end.
    """
    notes = [] if notes is None else notes
    class_map = getattr(config.task, "class_map", None)
    if class_map is None:
        notes.append("no chips or predictions are shown: the task has no classes")
        return (), (), ()
    chips = training_tiles(config, class_map, tmp_dir, notes)
    worst, best = _compared(config, class_map, tmp_dir, notes)
    return chips, worst, best


def _compared(
    config: ExperimentConfig, class_map: ClassMap, tmp_dir: str, notes: list[str]
) -> tuple[tuple[Tile, ...], tuple[Tile, ...]]:
    scenes = _evenly([s for s in config.dataset.validation_scenes if _is_predicted(s)], MAX_SCENES)
    low: list[Candidate] = []
    high: list[Candidate] = []
    count = 0
    with ExitStack() as stack:
        compared = _Scenes(config, class_map, scenes, tmp_dir, stack)
        for number, scene in enumerate(scenes):
            try:
                windows = list(compared.windows(number))
            except Exception as error:  # a plugin may raise anything
                notes.append(_told(f"predictions of scene {scene.id} are not shown", error))
                continue
            own = [Candidate(number, window) for window in windows]
            count += len(own)
            low += heapq.nsmallest(3 * MOST, own, key=_badness)
            high += heapq.nlargest(3 * MOST, own, key=_goodness)
        worst = choose(sorted(low, key=_badness), 2 * MOST, len(scenes))
        worst = [c for c in worst if c.window.score < 1]
        # Of few windows half are the worst, and the rest the best.
        shown_worst = compared.tiles(worst, min(MOST, count // 2), notes)
        taken = {id(c) for c, _ in shown_worst} | {id(c) for c in worst[: len(shown_worst)]}
        rest = [c for c in sorted(high, key=_goodness, reverse=True) if id(c) not in taken]
        best = [c for c in choose(rest, 2 * MOST, len(scenes)) if c.window.score > 0]
        shown_best = compared.tiles(best, MOST, notes)
    if compared.thresholds and (shown_worst or shown_best):
        least = ", ".join(f"{compared.name(i)} {t:.2f}" for i, t in compared.thresholds.items())
        notes.append(
            "the worst and the best predictions show the boxes whose score is above that of the"
            f" best F1: {least}"
        )
    return tuple(tile for _, tile in shown_worst), tuple(tile for _, tile in shown_best)


def _badness(candidate: Candidate) -> tuple[float, float]:
    return candidate.window.score, -candidate.window.weight


def _goodness(candidate: Candidate) -> tuple[bool, float, float]:
    window = candidate.window
    return not window.is_dull, window.score, window.weight


def choose(ranked: Sequence[Candidate], most: int, scenes: int) -> list[Candidate]:
    """Choose windows in their order, from different places, and at first from many scenes."""
    per_scene = max(1, -(-most // max(1, scenes)))
    chosen: list[Candidate] = []
    for limit in (per_scene, most):
        for candidate in ranked:
            of_scene = [c for c in chosen if c.scene == candidate.scene]
            if len(chosen) == most or len(of_scene) >= limit:
                continue
            if not any(candidate.is_near(other) for other in of_scene):
                chosen.append(candidate)
    order = {id(candidate): place for place, candidate in enumerate(ranked)}
    return sorted(chosen, key=lambda candidate: order[id(candidate)])


class _Scenes:
    """Reads scenes, and draws windows of them."""

    def __init__(
        self,
        config: ExperimentConfig,
        class_map: ClassMap,
        scenes: Sequence[Any],
        tmp_dir: str,
        stack: ExitStack,
    ) -> None:
        self._task = config.task
        self._class_map = class_map
        self._palette = palette_of(class_map)
        self._configs = scenes
        self._tmp_dir = tmp_dir
        self._stack = stack
        self._open: dict[int, Any] = {}
        side = int(getattr(config.task, "chip_size", None) or 256)
        self._side_px = int(np.clip(side, *_SIDES_PX))
        self.thresholds = best_thresholds(config)
        self._pixels = max(_PIXELS // max(1, len(scenes)), _LEAST_PIXELS)

    def windows(self, number: int) -> Iterator[Window]:
        """Yield windows of a scene."""
        scene = self._configs[number].create_scene(self._task, self._tmp_dir)
        extent = scene.raster_source.get_extent()
        with ActivateMixin.compose(scene.ground_truth_label_source, scene.prediction_label_store):
            truth, predicted = self._labels(scene)
            yield from scored_windows(
                truth, predicted, extent, self._side_px, self._class_map, self._pixels
            )

    def tiles(
        self, candidates: Iterable[Candidate], most: int, notes: list[str]
    ) -> list[tuple[Candidate, Tile]]:
        """Draw windows until there are enough; those nearly without imagery do not count."""
        drawn: list[tuple[Candidate, Tile]] = []
        for candidate in candidates:
            if len(drawn) == most:
                break
            try:
                tile = self._tile(candidate)
            except Exception as error:  # see above
                where = self._configs[candidate.scene].id
                notes.append(_told(f"a window of scene {where} is not shown", error))
                continue
            if tile is not None:
                drawn.append((candidate, tile))
        return drawn

    def _tile(self, candidate: Candidate) -> Tile | None:
        scene, truth, predicted, channels = self._opened(candidate.scene)
        window = candidate.window
        chip = scene.raster_source.get_chip(window.box)
        if chip.any(axis=2).mean() < _LEAST_DATA:
            return None
        shown, step = thin_rgb(chip, channels), thin_step(chip.shape)
        caption = caption_of(scene.id, window.box, window.caption)
        marks: tuple[tuple[str, str], ...] = ()
        if hasattr(truth, "get_label_arr"):
            true, found = (np.asarray(x.get_label_arr(window.box)) for x in (truth, predicted))
            made = pixel_tile(shown, step, self._palette, true, found)
            caption += self._mistaken(true, found)
            marks = PIXEL_MARKS
        elif hasattr(truth, "get_npboxes"):
            made = compared_boxes_tile(shown, step, self._class_map, truth, predicted, window.box)
            marks = BOX_MARKS
        else:
            made = imagery_tile(shown)
        return Tile(caption, made, window.score, marks)

    def _mistaken(self, truth: Any, predicted: Any) -> str:
        """Say what was most often taken for what."""
        wrong = (truth != predicted) & (truth != 0)
        if wrong.sum() < 0.01 * truth.size:
            return ""
        pairs = truth[wrong].astype(np.int64) << 16 | predicted[wrong]
        values, counts = np.unique(pairs, return_counts=True)
        pair = int(values[counts.argmax()])
        names = [self.name(class_id) for class_id in (pair >> 16, pair & 0xFFFF)]
        return f"; mostly {names[0]} taken for {names[1]}"

    def name(self, class_id: int) -> str:
        """Return the name of a class."""
        known = self._class_map.class_item_map.get(class_id)
        return (known.name if known and class_id else None) or "nothing"

    def _labels(self, scene: Any) -> tuple[Any, Any]:
        """Return what is true and what was predicted, within the areas of interest."""
        truth = scene.ground_truth_label_source.get_labels()
        predicted = scene.prediction_label_store.get_labels()
        if scene.aoi_polygons:
            truth, predicted = (x.filter_by_aoi(scene.aoi_polygons) for x in (truth, predicted))
        if isinstance(predicted, ObjectDetectionLabels) and self.thresholds:
            least = [self.thresholds.get(i, 0.0) for i in predicted.get_class_ids().tolist()]
            predicted = predicted.choose(predicted.get_scores() > np.array(least))
        return truth, predicted

    def _opened(self, number: int) -> Any:
        if number not in self._open:
            scene = self._configs[number].create_scene(self._task, self._tmp_dir)
            self._stack.enter_context(ActivateMixin.with_activation(scene))
            self._open[number] = (scene, *self._labels(scene), channels_of(scene.raster_source))
        return self._open[number]


def _is_predicted(scene: Any) -> bool:
    if scene.label_source is None or scene.label_store is None:
        return False
    uri = getattr(scene.label_store, "uri", None)
    return not uri or file_exists(uri, include_dir=False)


def _evenly(items: Sequence[Any], most: int) -> list[Any]:
    if len(items) <= most:
        return list(items)
    return [items[i] for i in np.linspace(0, len(items) - 1, most).astype(int)]


def _told(what: str, error: Exception) -> str:
    reason = error.message if isinstance(error, RvError) else f"{type(error).__name__}: {error}"
    log.debug("%s", what, exc_info=error)
    return mask_uris(f"{what}: {reason}")
