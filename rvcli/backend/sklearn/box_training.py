"""Train a detector of boxes on chips."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.chip_set import ChipSet
from rvcli.backend.sklearn.box_detector import BoxDetector, BoxModel
from rvcli.backend.sklearn.box_features import BoxFeatures, BoxSpec
from rvcli.backend.sklearn.box_windows import choose_sizes, decode, encode, slide
from rvcli.backend.sklearn.options import BoxOptions
from rvcli.backend.sklearn.tree_ensemble import trees_to_onnx
from rvcli.core.box import Box
from rvcli.data.label.tfod_utils.np_box_ops import ioa, iou
from rvcli.errors import DataError
from rvcli.utils import progress

Array: TypeAlias = npt.NDArray[Any]

# Windows that overlap a box this much show its object; with less than FAR they show none.
_SHOWS = 0.5
_FAR = 0.2
# Those that overlap it a little less learn as well to move onto it.
_MOVES_FROM = 0.4
# Windows are drawn around each box so many times, and moved by this share of their sides.
_DRAWS = 12
_SPREAD = (0.12, 0.12, 0.18, 0.18)
# Of a window that is learned from so much has to lie on the chip.
_ON_CHIP = 0.8
# Rounds in which what is wrongly found is learned from.
_MINING_ROUNDS = 2
_MINED_APART = 0.6
_CHIPS_FOR_SIZES = 500
_VIEW_PIXELS = 16_000_000
_MINED_PIXELS = 4_000_000
# Shares of the sample: windows that show an object, that nearly do, and that are found wrongly.
_POSITIVE, _NEAR, _MINED = 0.2, 0.15, 0.35


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


def train_detector(chips: ChipSet, options: BoxOptions) -> BoxModel:
    """Train a detector.

    The same chips and options give the same model, whatever the number of threads.

    Raises:
        DataError: there are no boxes.
        MissingDependencyError: scikit-learn or onnx is not installed.
    """
    boxes, class_ids = _all_boxes(chips)
    sizes = tuple(choose_sizes(boxes, options.sizes, options.seed))
    spec = BoxSpec(chips.bands)
    rng = np.random.default_rng(options.seed)
    views = _choose_views(chips, _VIEW_PIXELS, rng)
    per_view = max(20, options.max_windows // len(views))
    parts = []
    with progress.track("sampling", len(views), unit="chips") as bar:
        for view in _open_views(chips, views, class_ids):
            parts.append(_sample(view, spec, sizes, per_view, rng))
            bar.advance(1)
    sample = _Sample.join(parts)
    model = _fit(sample, spec, class_ids, sizes, options)
    for _ in range(_MINING_ROUNDS):
        mined = _choose_views(chips, _MINED_PIXELS, rng)
        per_view = max(20, int(options.max_windows * _MINED) // len(mined))
        detector = BoxDetector(model, "in training")
        sample = _Sample.join(
            [sample, *_mine(detector, _open_views(chips, mined, class_ids), per_view)]
        )
        model = _fit(sample, spec, class_ids, sizes, options)
    return model


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


def _choose_views(chips: ChipSet, pixels: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Choose chips and how they are turned; each as often as any other, or nearly so."""
    height, width, _ = chips.read(0)[0].shape
    wanted = max(1, round(pixels / (height * width)))
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


def _on_chip(chip: Array, windows: Array) -> Array:
    """Return the windows that lie on a chip for the most part."""
    frame = np.array([[0.0, 0.0, *chip.shape[:2]]])
    return np.asarray(windows[ioa(frame, windows)[0] >= _ON_CHIP])


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
    around = np.repeat(view.boxes, _DRAWS, axis=0)
    windows = np.concatenate(
        [
            decode(places, rng.uniform(-0.1, 0.1, (len(places), 4))),
            decode(around, rng.normal(0, _SPREAD, (len(around), 4))),
        ]
    )
    windows = _on_chip(view.chip, windows)
    overlaps, _ = view.near(windows)
    shows, far = overlaps >= _SHOWS, overlaps < _FAR
    chosen = [
        rng.permutation(np.flatnonzero(kind))[: int(share * count)]
        for kind, share in (
            (shows, _POSITIVE),
            (~shows & ~far, _NEAR),
            (far, 1 - _POSITIVE - _NEAR),
        )
    ]
    return _Sample.of(view, BoxFeatures(view.chip, spec), windows[np.concatenate(chosen)])


def _mine(detector: BoxDetector, views: Iterator[_View], count: int) -> Iterator[_Sample]:
    """Yield what a detector finds, right or wrong, the surest of each view."""
    for view in views:
        height, width = view.chip.shape[:2]
        found = detector.detect(view.chip, Box(0, 0, height, width), (0, 0), merge=_MINED_APART)
        windows = _on_chip(view.chip, found.get_npboxes())[:count]
        yield _Sample.of(view, BoxFeatures(view.chip, detector.model.spec), windows)


def _fit(
    sample: _Sample,
    spec: BoxSpec,
    class_ids: tuple[int, ...],
    sizes: tuple[tuple[float, float], ...],
    options: BoxOptions,
) -> BoxModel:
    """Fit the trees."""
    # Read when scikit-learn loads libgomp, whose threads otherwise spin while they wait.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    common = {
        "learning_rate": options.learning_rate,
        "early_stopping": False,
        "random_state": options.seed,
    }
    scorer = HistGradientBoostingClassifier(max_iter=options.iterations, **common)
    scorer.fit(sample.features, sample.classes)
    moving = sample.overlaps >= _MOVES_FROM
    movers = [
        HistGradientBoostingRegressor(max_iter=max(1, options.iterations // 2), **common).fit(
            sample.features[moving], sample.offsets[moving, axis]
        )
        for axis in range(4)
    ]
    # Four ensembles in one, which goes through the features once.
    together = SimpleNamespace(
        _baseline_prediction=np.array(
            [np.ravel(mover._baseline_prediction)[0] for mover in movers]
        ),
        _predictors=[
            [trees[0] for trees in step]
            for step in zip(*(mover._predictors for mover in movers), strict=True)
        ],
        n_features_in_=scorer.n_features_in_,
    )
    columns = 1 if len(class_ids) == 1 else len(class_ids) + 1
    return BoxModel(
        spec=spec,
        class_ids=class_ids,
        sizes=sizes,
        scores=trees_to_onnx(scorer, [0.0] * columns),
        shifts=trees_to_onnx(together, [0.0] * 4),
        notes={
            "iterations": options.iterations,
            "learning_rate": options.learning_rate,
            "seed": options.seed,
            "windows": len(sample.classes),
            "windows_that_show": {
                str(class_id): int((sample.classes == column).sum())
                for column, class_id in enumerate(class_ids, 1)
            },
        },
    )
