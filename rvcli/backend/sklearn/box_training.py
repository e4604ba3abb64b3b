"""Train a detector of boxes on chips."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.chip_set import ChipSet
from rvcli.backend.history import History
from rvcli.backend.sklearn.boosting_rounds import history_of
from rvcli.backend.sklearn.box_detector import BoxDetector, BoxModel, with_data
from rvcli.backend.sklearn.box_features import BoxFeatures, BoxSpec
from rvcli.backend.sklearn.box_windows import choose_sizes, decode, encode, slide
from rvcli.backend.sklearn.options import BoxOptions
from rvcli.backend.sklearn.tree_ensemble import regressors_to_onnx, trees_to_onnx
from rvcli.core.box import Box
from rvcli.data.label.tfod_utils.np_box_ops import iou
from rvcli.errors import DataError
from rvcli.utils import progress

Array: TypeAlias = npt.NDArray[Any]

# Windows that overlap a box this much show its object; with less than FAR they show none.
_SHOWS = 0.5
_FAR = 0.2
# Those that overlap it a little less learn as well to move onto it.
_MOVES_FROM = 0.4
# So many windows are looked at for each one that is learned from.
_PLACES_PER_WINDOW = 8
# Those around boxes are moved by this share of their sides.
_SPREAD = (0.12, 0.12, 0.18, 0.18)
# Pixels to draw from, and to look for mistakes on in each round.
_VIEW_PIXELS, _MINED_PIXELS = 16_000_000, 4_000_000
# Shares of all windows: those that are drawn, and those found in each round of looking for what
# the detector finds wrongly.
_DRAWN, _MINED = 0.2, (0.3, 0.5)
# Of those that are drawn, shares of windows that show an object, and that nearly do.
_POSITIVE, _NEAR = 0.3, 0.2
_MINED_APART = 0.85
_CHIPS_FOR_SIZES = 500
_LEAST_PER_VIEW = 20
# The rounds before the last have so many times fewer trees.
_QUICKER = 2
_LEAVES = 31


@dataclass(frozen=True)
class _View:
    """A chip, turned or mirrored.

    Attributes:
        chip: shape (height, width, bands).
        boxes: rows (ymin, xmin, ymax, xmax), shape (n, 4).
        classes: positions among the classes, from 1; shape (n,).
    """

    chip: Array
    boxes: Array
    classes: Array

    def near(self, windows: Array) -> tuple[Array, Array]:
        """Return the overlap of each window with the nearest box, and which one that is."""
        if not len(self.boxes):
            return np.zeros(len(windows)), np.zeros(len(windows), np.intp)
        overlaps = iou(windows, self.boxes)
        return overlaps.max(axis=1), overlaps.argmax(axis=1)


@dataclass(frozen=True)
class _Sample:
    """Windows to learn from.

    Attributes:
        features: float32, shape (n, number of features).
        classes: 0 for none, then positions from 1; shape (n,).
        overlaps: with the nearest box, shape (n,).
        offsets: that lead to it, shape (n, 4).
    """

    features: Array
    classes: Array
    overlaps: Array
    offsets: Array

    @classmethod
    def of(cls, view: _View, features: BoxFeatures, windows: Array) -> _Sample:
        overlaps, nearest = view.near(windows)
        if len(view.boxes):
            offsets = encode(windows, view.boxes[nearest])
            classes = np.where(overlaps >= _SHOWS, view.classes[nearest], 0)
        else:
            offsets, classes = np.zeros((len(windows), 4)), np.zeros(len(windows), np.int64)
        return cls(features.of(windows), classes, overlaps, offsets)

    @classmethod
    def join(cls, parts: Sequence[_Sample]) -> _Sample:
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("features", "classes", "overlaps", "offsets")
            )
        )


def train_detector(
    chips: ChipSet, options: BoxOptions, watch: Callable[[History], None] | None = None
) -> BoxModel:
    """Train a detector.

    The same chips and options give the same model, whatever the number of threads.

    Args:
        chips: to learn from.
        options: see BoxOptions.
        watch: is given how the last fit of the scores went.

    Raises:
        DataError: there are no boxes.
    """
    # Read when scikit-learn loads libgomp, whose threads otherwise spin while they wait.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    boxes, class_ids = _all_boxes(chips)
    rng = np.random.default_rng(options.seed)
    spec = BoxSpec(chips.bands)
    sizes = tuple(choose_sizes(boxes, options.sizes, options.seed))
    sample = _first_sample(chips, spec, class_ids, sizes, options, rng)
    model = BoxModel(
        spec=spec,
        class_ids=class_ids,
        sizes=sizes,
        scores=_fit_scores(sample, options, options.iterations // _QUICKER),
        shifts=_fit_shifts(sample, options),
        notes={},
    )
    for number in range(len(_MINED)):
        sample = _Sample.join([sample, _mine(chips, model, number, options, rng)])
        last = number == len(_MINED) - 1
        iterations = options.iterations // (1 if last else _QUICKER)
        scores = _fit_scores(sample, options, iterations, watch if last else None)
        model = replace(model, scores=scores)
    return replace(model, notes=_notes(sample, class_ids, options))


def _all_boxes(chips: ChipSet) -> tuple[Array, tuple[int, ...]]:
    """Return boxes of some chips, and the ids of all classes that occur.

    Raises:
        DataError: there are none.
    """
    counts = chips.counts[:, 1:]
    class_ids = tuple(np.array(chips.class_ids[1:])[counts.sum(axis=0) > 0].tolist())
    if not class_ids:
        scenes = ", ".join(file.scene_id for file in chips.files[:10])
        raise DataError(
            f"the {len(chips)} chips of the training scenes ({scenes}) show no object",
            hint="check that the labels lie on the imagery, and the areas of interest",
        )
    showing = np.flatnonzero(counts.sum(axis=1))
    step = -(-len(showing) // _CHIPS_FOR_SIZES)
    return np.concatenate([chips.read(i)[1][:, :4] for i in showing[::step]]), class_ids


def _choose_views(
    chips: ChipSet, pixels: int, windows: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Choose chips and how they are turned; each as often as any other, or nearly so.

    Args:
        pixels: about how many pixels to look at.
        windows: how many windows are wanted in all.
    """
    height, width, _ = chips.read(0)[0].shape
    wanted = max(1, min(round(pixels / (height * width)), windows // _LEAST_PER_VIEW))
    order = [rng.permutation(len(chips)) for _ in range(-(-wanted // len(chips)))]
    chosen = np.concatenate(order)[:wanted]
    # In the order of the files, which are read from front to back.
    return sorted(zip(chosen.tolist(), rng.integers(0, 8, wanted).tolist(), strict=True))


def _open_views(
    chips: ChipSet, views: Sequence[tuple[int, int]], class_ids: Sequence[int]
) -> Iterator[_View]:
    for index, turn in views:
        chip, labels = chips.read(index)
        boxes = labels[:, :4]
        if turn & 1:
            chip, boxes = chip.transpose(1, 0, 2), boxes[:, [1, 0, 3, 2]]
        height, width = chip.shape[:2]
        if turn & 2:
            chip, boxes = chip[::-1], boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [height, 0] * 2
        if turn & 4:
            chip, boxes = chip[:, ::-1], boxes[:, [0, 3, 2, 1]] * [1, -1, 1, -1] + [0, width] * 2
        classes = np.searchsorted(class_ids, labels[:, 4].astype(np.int64)) + 1
        yield _View(chip, boxes, classes)


def _first_sample(
    chips: ChipSet,
    spec: BoxSpec,
    class_ids: tuple[int, ...],
    sizes: Sequence[tuple[float, float]],
    options: BoxOptions,
    rng: np.random.Generator,
) -> _Sample:
    """Draw windows on many chips."""
    windows = int(options.max_windows * _DRAWN)
    views = _choose_views(chips, _VIEW_PIXELS, windows, rng)
    per_view = windows // len(views)
    parts = []
    with progress.track("sampling", len(views), unit="chips") as bar:
        for view in _open_views(chips, views, class_ids):
            parts.append(_sample(view, spec, sizes, per_view, rng))
            bar.advance(1)
    return _Sample.join(parts)


def _sample(
    view: _View,
    spec: BoxSpec,
    sizes: Sequence[tuple[float, float]],
    count: int,
    rng: np.random.Generator,
) -> _Sample:
    """Draw windows of one view: such that show an object, nearly do, and do not."""
    height, width = view.chip.shape[:2]
    places = slide(Box(0, 0, height, width), sizes)
    places = places[rng.permutation(len(places))[: _PLACES_PER_WINDOW * count]]
    draws = -(-_PLACES_PER_WINDOW * count // (4 * max(1, len(view.boxes))))
    around = np.repeat(view.boxes, draws, axis=0)
    windows = np.concatenate(
        [
            decode(places, rng.uniform(-0.1, 0.1, (len(places), 4))),
            decode(around, rng.normal(0, _SPREAD, (len(around), 4))),
        ]
    )
    features = BoxFeatures(view.chip, spec)
    windows = with_data(features, windows)
    overlaps, _ = view.near(windows)
    shows, far = overlaps >= _SHOWS, overlaps < _FAR
    kinds = (
        (shows, _POSITIVE),
        (~shows & ~far, _NEAR),
        (far, 1 - _POSITIVE - _NEAR),
    )
    chosen = [rng.permutation(np.flatnonzero(kind))[: int(share * count)] for kind, share in kinds]
    return _Sample.of(view, features, windows[np.concatenate(chosen)])


def _mine(
    chips: ChipSet, model: BoxModel, number: int, options: BoxOptions, rng: np.random.Generator
) -> _Sample:
    """Take what a detector finds on some chips, right or wrong, the surest of each chip."""
    detector = BoxDetector(model, "in training")
    windows = int(options.max_windows * _MINED[number])
    views = _choose_views(chips, _MINED_PIXELS, windows, rng)
    per_view = windows // len(views)
    parts = []
    with progress.track("looking for mistakes", len(views), unit="chips") as bar:
        for view in _open_views(chips, views, model.class_ids):
            height, width = view.chip.shape[:2]
            area = Box(0, 0, height, width)
            found = detector.detect(view.chip, area, (0, 0), merge=_MINED_APART)
            boxes = found.get_npboxes()[:per_view]
            parts.append(_Sample.of(view, BoxFeatures(view.chip, model.spec), boxes))
            bar.advance(1)
    return _Sample.join(parts)


def _fit_scores(
    sample: _Sample,
    options: BoxOptions,
    iterations: int,
    watch: Callable[[History], None] | None = None,
) -> bytes:
    """Fit the trees that score windows."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    estimator = HistGradientBoostingClassifier(
        max_iter=max(1, iterations),
        learning_rate=options.learning_rate,
        max_leaf_nodes=_LEAVES,
        early_stopping=False,
        random_state=options.seed,
    )
    with progress.track("growing the trees that score windows", None):
        estimator.fit(sample.features, sample.classes)
    if watch is not None:
        watch(history_of(estimator, sample.features, sample.classes))
    return trees_to_onnx(estimator, [0.0] * np.size(estimator._baseline_prediction))


def _fit_shifts(sample: _Sample, options: BoxOptions) -> bytes:
    """Fit the trees that move windows."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    near = sample.overlaps >= _MOVES_FROM
    with progress.track("growing the trees that move windows", None):
        estimators = [
            HistGradientBoostingRegressor(
                max_iter=max(1, options.iterations // 2),
                learning_rate=options.learning_rate,
                early_stopping=False,
                random_state=options.seed,
            ).fit(sample.features[near], sample.offsets[near, axis])
            for axis in range(4)
        ]
    return regressors_to_onnx(estimators)


def _notes(sample: _Sample, class_ids: tuple[int, ...], options: BoxOptions) -> dict[str, Any]:
    return {
        "iterations": options.iterations,
        "learning_rate": options.learning_rate,
        "seed": options.seed,
        "windows": len(sample.classes),
        "windows_that_show": {
            str(class_id): int((sample.classes == column).sum())
            for column, class_id in enumerate(class_ids, 1)
        },
    }
