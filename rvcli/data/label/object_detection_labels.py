"""ObjectDetectionLabels: boxes with classes and scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from rvcli.core.box import Box
from rvcli.data.label.labels import Labels
from rvcli.data.label.tfod_utils import np_box_list_ops
from rvcli.data.label.tfod_utils.np_box_list import BoxList
from rvcli.errors import DataError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Array: TypeAlias = npt.NDArray[Any]

_CLASSES = "classes"
_SCORES = "scores"
# Boxes of which less lies on the image are no labels of it.
_MIN_SHARE_ON_IMAGE = 0.8
_AOI_SLACK_PX = 0.01
_ALL = np.iinfo(np.int64).max


class ObjectDetectionLabels(Labels):
    """Boxes with classes and scores, in pixels of a scene.

    `labels += other` takes as long as `other` is large, `labels + other` as both are.
    """

    def __init__(self, npboxes: Array, class_ids: Array, scores: Array | None = None) -> None:
        """Make labels.

        Args:
            npboxes: rows (ymin, xmin, ymax, xmax), shape (n, 4).
            class_ids: whole numbers, shape (n,).
            scores: shape (n,); 1 by default.

        Raises:
            DataError: the shapes do not fit, or a box ends before it begins.
        """
        boxlist = BoxList(np.asarray(npboxes, np.float64))
        if scores is None:
            scores = np.ones(boxlist.num_boxes())
        boxlist.add_field(_CLASSES, np.asarray(class_ids).astype(np.int64))
        boxlist.add_field(_SCORES, np.asarray(scores, np.float64))
        self._parts = [boxlist]

    @property
    def boxlist(self) -> BoxList:
        """The boxes, with the fields `classes` and `scores`."""
        # Parts that were added are put together once they are asked for.
        if len(self._parts) > 1:
            self._parts = [np_box_list_ops.concatenate(self._parts)]
        return self._parts[0]

    def __add__(self, other: ObjectDetectionLabels) -> ObjectDetectionLabels:
        """Return the boxes of both."""
        return ObjectDetectionLabels.concatenate(self, other)

    def __iadd__(self, other: ObjectDetectionLabels) -> ObjectDetectionLabels:
        """Add the boxes of other labels to these."""
        self._parts.append(other.boxlist)
        return self

    def __len__(self) -> int:
        """Return how many boxes there are."""
        return self.boxlist.num_boxes()

    def __eq__(self, other: object) -> bool:
        """Tell whether boxes, classes and scores are the same, in any order."""
        if not isinstance(other, ObjectDetectionLabels):
            return NotImplemented
        return self._sorted_rows() == other._sorted_rows()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Tell how many boxes there are."""
        return f"ObjectDetectionLabels({len(self)} boxes)"

    def assert_equal(self, expected_labels: ObjectDetectionLabels) -> None:
        """Fail with what differs, if anything does.

        Raises:
            AssertionError: boxes, classes or scores differ.
        """
        np.testing.assert_array_equal(self.get_npboxes(), expected_labels.get_npboxes())
        np.testing.assert_array_equal(self.get_class_ids(), expected_labels.get_class_ids())
        np.testing.assert_array_equal(self.get_scores(), expected_labels.get_scores())

    def filter_by_aoi(self, aoi_polygons: Sequence[BaseGeometry]) -> ObjectDetectionLabels:
        """Return the boxes that lie wholly within one area of interest, to 1/100 of a pixel.

        Args:
            aoi_polygons: shapely polygons in pixel (x, y).
        """
        boxes = self.get_npboxes()
        # An area along the border of the image is that to rounding, and boxes end there.
        slack = np.minimum(_AOI_SLACK_PX, (boxes[:, 2:] - boxes[:, :2]) / 2)
        ymin, xmin, ymax, xmax = (boxes + np.hstack([slack, -slack])).T
        tree = shapely.STRtree(list(aoi_polygons))
        inside = tree.query(shapely.box(xmin, ymin, xmax, ymax), predicate="within")[0]
        return self.choose(np.unique(inside))

    def choose(self, positions: Array) -> ObjectDetectionLabels:
        """Return the boxes at some positions, or those where a mask is true."""
        positions = np.asarray(positions)
        if positions.dtype == np.bool_:
            positions = np.flatnonzero(positions)
        return ObjectDetectionLabels.from_boxlist(np_box_list_ops.gather(self.boxlist, positions))

    @staticmethod
    def make_empty() -> ObjectDetectionLabels:
        """Return labels without boxes."""
        return ObjectDetectionLabels(np.empty((0, 4)), np.empty(0, np.int64))

    @staticmethod
    def from_boxlist(boxlist: BoxList) -> ObjectDetectionLabels:
        """Return labels of boxes with a field `classes` and, if there are scores, `scores`."""
        scores = boxlist.get_field(_SCORES) if boxlist.has_field(_SCORES) else None
        return ObjectDetectionLabels(boxlist.get(), boxlist.get_field(_CLASSES), scores)

    @staticmethod
    def from_geojson(
        geojson: Mapping[str, Any], extent: Box | None = None
    ) -> ObjectDetectionLabels:
        """Return the bounds of features.

        Args:
            geojson: a FeatureCollection in pixel (x, y) whose features have the property
                `class_id` and may have `score`.
            extent: of the image, pixel coordinates; boxes are clipped to it, and left out if
                less than 0.8 of their area lies on it.

        Raises:
            DataError: a feature has no class_id.
        """
        features = geojson["features"]
        for index, feature in enumerate(features):
            if (feature.get("properties") or {}).get("class_id") is None:
                raise DataError(f"features[{index}] has no class_id")
        shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
        xmin, ymin, xmax, ymax = shapely.bounds(np.array(shapes, object)).reshape(-1, 4).T
        labels = ObjectDetectionLabels(
            np.stack([ymin, xmin, ymax, xmax], axis=1),
            np.array([feature["properties"]["class_id"] for feature in features]),
            np.array([feature["properties"].get("score", 1.0) for feature in features]),
        )
        return labels if extent is None else labels.on_image(extent)

    def on_image(self, extent: Box) -> ObjectDetectionLabels:
        """Return the boxes clipped to an image; those of which less than 0.8 lies on it go."""
        return self.get_overlapping(self, extent, _MIN_SHARE_ON_IMAGE, clip=True)

    def get_boxes(self) -> list[Box]:
        """List the boxes."""
        return [Box(*row) for row in self.get_npboxes().tolist()]

    def get_npboxes(self) -> Array:
        """Return float64 rows (ymin, xmin, ymax, xmax), shape (n, 4)."""
        return self.boxlist.get()

    def get_scores(self) -> Array:
        """Return float64 scores, shape (n,)."""
        return self.boxlist.get_field(_SCORES)

    def get_class_ids(self) -> Array:
        """Return int64 class ids, shape (n,)."""
        return self.boxlist.get_field(_CLASSES)

    def to_boxlist(self) -> BoxList:
        """Return the boxes, with the fields `classes` and `scores`."""
        return self.boxlist

    def to_dict(self) -> dict[Box, tuple[int, float]]:
        """Return {box: (class id, score)}; of equal boxes the last."""
        pairs = zip(self.get_class_ids().tolist(), self.get_scores().tolist(), strict=True)
        return dict(zip(self.get_boxes(), pairs, strict=True))

    def _sorted_rows(self) -> list[list[float]]:
        columns = [self.get_npboxes(), self.get_class_ids()[:, None], self.get_scores()[:, None]]
        rows: list[list[float]] = np.hstack(columns).tolist()
        return sorted(rows)

    @staticmethod
    def local_to_global(npboxes: Array, window: Box) -> Array:
        """Return boxes in pixels of the scene, given in pixels from the corner of a window."""
        return np.asarray(npboxes + _corner(window))

    @staticmethod
    def global_to_local(npboxes: Array, window: Box) -> Array:
        """Return boxes in pixels from the corner of a window, given in pixels of the scene."""
        return np.asarray(npboxes - _corner(window))

    @staticmethod
    def local_to_normalized(npboxes: Array, window: Box) -> Array:
        """Return boxes from 0 to 1 over a window, given in pixels from its corner."""
        return np.asarray(npboxes / _size(window))

    @staticmethod
    def normalized_to_local(npboxes: Array, window: Box) -> Array:
        """Return boxes in pixels from the corner of a window, given from 0 to 1 over it."""
        return np.asarray(npboxes * _size(window))

    @staticmethod
    def get_overlapping(
        labels: ObjectDetectionLabels, window: Box, ioa_thresh: float = 1e-6, clip: bool = False
    ) -> ObjectDetectionLabels:
        """Return the boxes that lie in a window to some share.

        Args:
            labels: boxes to choose from.
            window: pixel coordinates, half-open.
            ioa_thresh: least share of the area of a box.
            clip: cut the boxes off at the window.
        """
        frame = window.npbox_format()
        boxlist = np_box_list_ops.prune_non_overlapping_boxes(
            labels.boxlist, BoxList(frame[np.newaxis]), ioa_thresh
        )
        if clip:
            boxlist = np_box_list_ops.clip_to_window(boxlist, frame)
        return ObjectDetectionLabels.from_boxlist(boxlist)

    @staticmethod
    def concatenate(
        labels1: ObjectDetectionLabels, labels2: ObjectDetectionLabels
    ) -> ObjectDetectionLabels:
        """Return the boxes of both."""
        return ObjectDetectionLabels.join([labels1, labels2])

    @staticmethod
    def join(parts: Iterable[ObjectDetectionLabels]) -> ObjectDetectionLabels:
        """Return the boxes of all parts, one part after the other."""
        joined = ObjectDetectionLabels.make_empty()
        for part in parts:
            joined += part
        return joined

    @staticmethod
    def prune_duplicates(
        labels: ObjectDetectionLabels, score_thresh: float, merge_thresh: float
    ) -> ObjectDetectionLabels:
        """Return the boxes without those that overlap one with a higher score, of any class.

        Args:
            labels: boxes to choose from.
            score_thresh: boxes are kept whose score is above it.
            merge_thresh: intersection over union above which the box of the lower score goes; of
                two boxes with one score the first.

        Returns:
            Boxes by falling score.
        """
        return ObjectDetectionLabels.from_boxlist(
            np_box_list_ops.non_max_suppression(labels.boxlist, _ALL, merge_thresh, score_thresh)
        )

    @staticmethod
    def prune_duplicates_by_class(
        labels: ObjectDetectionLabels, score_thresh: float, merge_thresh: float
    ) -> ObjectDetectionLabels:
        """Return the boxes as `prune_duplicates`, but boxes of several classes may overlap."""
        class_ids = labels.get_class_ids()
        kept = [
            ObjectDetectionLabels.prune_duplicates(
                labels.choose(class_ids == class_id), score_thresh, merge_thresh
            )
            for class_id in np.unique(class_ids)
        ]
        merged = ObjectDetectionLabels.join(kept).boxlist
        return ObjectDetectionLabels.from_boxlist(np_box_list_ops.sort_by_field(merged, _SCORES))


def _corner(window: Box) -> Array:
    return np.array([window.ymin, window.xmin, window.ymin, window.xmin], np.float64)


def _size(window: Box) -> Array:
    height, width = window.get_height(), window.get_width()
    return np.array([height, width, height, width], np.float64)
