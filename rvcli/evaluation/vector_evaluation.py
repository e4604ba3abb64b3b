"""VectorEvaluation: figures of predicted polygons, one to one with the true ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from rvcli.core.class_map import ClassMap
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.label_store.mask_strips import mask_strips
from rvcli.data.label_store.polygonize import polygonize
from rvcli.data.vector_source.class_polygons import ClassPolygons
from rvcli.data.vector_source.geojson_features import features_of
from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource, read_geojson
from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem, counted_figures
from rvcli.evaluation.classification_evaluation import ClassificationEvaluation

if TYPE_CHECKING:
    from rvcli.data.scene import Scene

Polygons: TypeAlias = npt.NDArray[Any]

IOU_THRESH = 0.5
# Outlines of pixels reach beyond an area by less than this.
_BORDER_PX = 1.5


class VectorEvaluationItem(ClassEvaluationItem):
    """Figures of the polygons of one class and mode, at an intersection over union of 0.5.

    Further attributes:
        mode: "polygons" or "buildings".
        tp: predicted polygons that hit a true one.
        fp: predicted polygons that hit none.
        fn: true polygons that none hit.
    """

    def __init__(
        self, tp: int, predicted: int, gt_count: int, mode: str, class_id: int, class_name: str
    ) -> None:
        figures = counted_figures(tp, predicted, gt_count)
        super().__init__(**figures, class_id=class_id, class_name=class_name)
        self.mode = mode
        self.tp, self.fp, self.fn = tp, predicted - tp, gt_count - tp

    def merge(self, other: Any) -> None:
        """Take the counts of another item of the class and mode in."""
        tp = self.tp + other.tp
        predicted = tp + self.fp + other.fp
        gt_count = self.gt_count + other.gt_count
        of = (self.mode, self.class_id, self.class_name)
        vars(self).update(vars(VectorEvaluationItem(tp, predicted, gt_count, *of)))  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON can hold them: what is not known is None."""
        counts = {"tp": self.tp, "fp": self.fp, "fn": self.fn}
        return {"mode": self.mode, **super().to_json(), **counts}


class VectorEvaluation(ClassificationEvaluation):
    """Figures of predicted polygons, for each mode and class that was predicted.

    `class_to_eval_item` has pairs of mode and class id as keys.
    """

    def __init__(self, class_map: ClassMap) -> None:
        self.class_map = class_map
        super().__init__()

    def compute(
        self,
        ground_truth_labels: Any,
        prediction_labels: Any,
        mode: str = "polygons",
        class_id: int = 1,
    ) -> None:
        """Compute the figures of one mode and class, beside those that are there.

        Args:
            ground_truth_labels: shapely polygons.
            prediction_labels: shapely polygons.
            mode: "polygons" or "buildings".
            class_id: of the class.
        """
        items: dict[Any, ClassEvaluationItem] = self.class_to_eval_item
        items[mode, class_id] = vector_item(
            ground_truth_labels, prediction_labels, mode, class_id, self.class_map
        )
        self._is_empty = False

    def compute_avg(self) -> None:
        """Do nothing: one thing may be there in two modes, so that sums would mean little."""


def vector_item(
    gt: Any, pred: Any, mode: str, class_id: int, class_map: ClassMap
) -> VectorEvaluationItem:
    """Return the figures of the polygons of one class and mode.

    Args:
        gt: shapely polygons that are there.
        pred: shapely polygons that were predicted, in the same coordinates.
    """
    hits = len(match_polygons(gt, pred))
    name = class_map.get_by_id(class_id).name or str(class_id)
    return VectorEvaluationItem(hits, len(pred), len(gt), mode, class_id, name)


def polygons_of(data: Any) -> Polygons:
    """Return the polygons of GeoJSON, of its URI, or of any iterable of shapely polygons.

    Geometries of several parts are taken apart, invalid polygons repaired.
    """
    if isinstance(data, str):
        data = read_geojson(data)
    if isinstance(data, dict):
        features = features_of(data, "GeoJSON")
        data = [shapely.geometry.shape(f["geometry"]) for f in features if f.get("geometry")]
    parts = shapely.get_parts(np.array(list(data), dtype=object))
    parts = shapely.get_parts(shapely.make_valid(parts))
    return np.asarray(parts[shapely.get_dimensions(parts) == 2])


def match_polygons(gt: Any, pred: Any, iou_thresh: float = IOU_THRESH) -> list[tuple[int, int]]:
    """Match polygons one to one, those with the highest intersection over union first.

    Args:
        gt: shapely polygons that are there.
        pred: shapely polygons that were predicted, in the same coordinates.
        iou_thresh: what a pair must have at least.

    Returns:
        positions of the true and of the predicted polygon of each pair.
    """
    truth, found = np.asarray(gt, dtype=object), np.asarray(pred, dtype=object)
    pairs_found, pairs_truth = shapely.STRtree(truth).query(found)
    area_truth, area_found = shapely.area(truth), shapely.area(found)
    total = area_truth[pairs_truth] + area_found[pairs_found]
    # At most as much is shared as of the bounds, and as the smaller one has: most pairs are out.
    frame = _shared_bounds(shapely.bounds(truth)[pairs_truth], shapely.bounds(found)[pairs_found])
    most = np.minimum(frame, np.minimum(area_truth[pairs_truth], area_found[pairs_found]))
    near = most >= (total - most) * iou_thresh
    pairs_truth, pairs_found, total = pairs_truth[near], pairs_found[near], total[near]
    shared = shapely.area(shapely.intersection(truth[pairs_truth], found[pairs_found]))
    iou = shared / (total - shared)
    free_truth, free_found = (np.ones(len(shapes), np.bool_) for shapes in (truth, found))
    matches = []
    for i in np.argsort(-iou, kind="stable"):
        pair = int(pairs_truth[i]), int(pairs_found[i])
        if iou[i] >= iou_thresh and free_truth[pair[0]] and free_found[pair[1]]:
            free_truth[pair[0]] = free_found[pair[1]] = False
            matches.append(pair)
    return matches


def _shared_bounds(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> npt.NDArray[Any]:
    low = np.maximum(left[:, :2], right[:, :2])
    high = np.minimum(left[:, 2:], right[:, 2:])
    return np.asarray(np.prod(np.maximum(high - low, 0), axis=1))


def evaluate_vectors(scene: Scene, class_map: ClassMap) -> VectorEvaluation:
    """Measure the vector outputs of a scene.

    Polygons that do not lie within the image, or within one of the areas of interest, do not
    count, and no more do predictions that lie on such a true polygon for the most part: they
    were cut off with it.

    Args:
        scene: with ground truth and predictions.
        class_map: the classes.
    """
    source, store = scene.ground_truth_label_source, scene.prediction_label_store
    evaluation = VectorEvaluation(class_map)
    evaluation.scene_id = scene.id
    outputs = getattr(store, "vector_output", ())
    areas = scene.aoi_polygons or [shapely.box(*store.extent.shapely_format())] if outputs else []
    with ActivateMixin.compose(source, store):
        truths = {
            class_id: _truth(source, store, class_id)
            for class_id in {output.class_id for output in outputs}
        }
        for output in outputs:
            truth = truths[output.class_id]
            predicted = _of_class(_predicted(output.uri, store), output.class_id)
            is_counted = _within(truth, areas)
            kept = predicted[_within(predicted, areas)]
            kept = kept[~_mostly_on(kept, truth[~is_counted])]
            evaluation.compute(truth[is_counted], kept, output.mode, output.class_id)
    return evaluation


def _truth(source: Any, store: Any, class_id: int) -> Polygons:
    """Return the true polygons on the image: as they are, or those of the pixels of a raster."""
    vectors = getattr(getattr(source, "source", None), "vector_source", None)
    if vectors is not None:
        return _of_class(vectors.get_polygons(store.extent), class_id)

    def read(window: Any) -> npt.NDArray[Any]:
        return np.asarray(source.get_labels(window=window).get_label_arr(window))

    batches = list(polygonize(mask_strips(read, store.extent, class_id)))
    return np.concatenate([np.empty(0, dtype=object), *batches])


def _predicted(uri: str, store: Any) -> ClassPolygons:
    from rvcli.data.vector_source.ogr_vector_source import OGRVectorSource

    is_geojson = uri.lower().endswith((".json", ".geojson"))
    kind: Callable[..., Any] = GeoJSONVectorSource if is_geojson else OGRVectorSource
    polygons: ClassPolygons = kind(uri, store.crs_transformer).get_polygons()
    return polygons


def _of_class(polygons: ClassPolygons, class_id: int) -> Polygons:
    return np.asarray(polygons.geometries[polygons.class_ids == class_id])


def _within(polygons: Polygons, areas: Sequence[Any]) -> npt.NDArray[np.bool_]:
    """Tell which polygons lie within one of some areas, or less than a pixel beyond."""
    found = np.zeros(len(polygons), np.bool_)
    for area in shapely.buffer(list(areas), _BORDER_PX, join_style="mitre"):
        shapely.prepare(area)
        found |= shapely.contains(area, polygons)
    return found


def _mostly_on(polygons: Polygons, others: Polygons) -> npt.NDArray[np.bool_]:
    """Tell which polygons lie on one of some others with more than half of their area."""
    found = np.zeros(len(polygons), np.bool_)
    own, other = shapely.STRtree(others).query(polygons, predicate="intersects")
    shared = shapely.area(shapely.intersection(polygons[own], others[other]))
    found[own[shared > shapely.area(polygons[own]) / 2]] = True
    return found
