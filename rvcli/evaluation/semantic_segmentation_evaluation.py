"""SemanticSegmentationEvaluation: figures of predicted pixels, from a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.errors import ConfigError, DataError
from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem
from rvcli.evaluation.classification_evaluation import ClassificationEvaluation, average
from rvcli.utils.progress import track

if TYPE_CHECKING:
    from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels

Counts = npt.NDArray[np.int64]


class SemanticSegmentationEvaluation(ClassificationEvaluation):
    """Figures of predicted pixels.

    Pixels whose true class is 0, or none of the class map, are not counted. A pixel predicted
    as 0, or as none of the class map, is predicted as nothing.

    Attributes:
        conf_mat: counts of pixels, true classes as rows, predicted ones as columns, each
            [0, *class ids in ascending order].
    """

    def __init__(self, class_map: ClassMap) -> None:
        self.class_map = class_map
        super().__init__()

    def clear(self) -> None:
        """Forget all figures."""
        super().clear()
        size = len(_class_ids(self.class_map)) + 1
        self.conf_mat: Counts = np.zeros((size, size), dtype=np.int64)

    def compute(
        self, gt_labels: SemanticSegmentationLabels, pred_labels: SemanticSegmentationLabels
    ) -> None:
        """Compute the figures of one scene, block by block.

        Args:
            gt_labels: the true classes.
            pred_labels: the predicted classes; their windows are compared, and must not
                overlap.

        Raises:
            DataError: true and predicted classes of a window differ in size.
        """
        self.clear()
        counter = _PairCounter(_class_ids(self.class_map))
        windows = pred_labels.get_windows()
        with track(f"evaluate {self.scene_id or 'labels'}", len(windows)) as progress:
            for window in windows:
                counter.add(*_pair(gt_labels, pred_labels, window))
                progress.advance()
        self._set_conf_mat(counter.conf_mat())

    def _merge_figures(self, evaluation: SemanticSegmentationEvaluation) -> None:
        self._set_conf_mat(self.conf_mat + evaluation.conf_mat)

    def _set_conf_mat(self, conf_mat: Counts) -> None:
        self.conf_mat = conf_mat
        self.set_class_to_eval_item(
            {
                class_id: get_class_eval_item(conf_mat, class_id, self.class_map)
                for class_id in _class_ids(self.class_map)
            }
        )
        self.compute_avg()
        self._is_empty = False

    def compute_avg(self) -> None:
        """Compute the average over the classes, weighted by gt_count."""
        self.avg_item = average(self.class_to_eval_item.values())
        self.avg_item.conf_mat = self.conf_mat.tolist()

    def compute_vector(self, gt: Any, pred: Any, mode: str, class_id: int) -> None:
        """Compare polygons; not available yet.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(
            "the evaluation of polygons of semantic segmentation is not available yet",
            hint="evaluate the raster of predictions",
        )


def get_class_eval_item(
    conf_mat: Counts, class_id: int, class_map: ClassMap
) -> ClassEvaluationItem:
    """Return the figures of one class.

    Args:
        conf_mat: counts, true classes as rows, predicted ones as columns, each [0, *class ids
            in ascending order]; row 0 is ignored.
        class_id: of the class.
        class_map: the classes.

    Returns:
        Figures that are None where they are not defined, never nan.
    """
    index = _class_ids(class_map).index(class_id) + 1
    hits = int(conf_mat[index, index])
    gt_count = int(conf_mat[index].sum())
    predicted = int(conf_mat[1:, index].sum())
    occurs = gt_count + predicted > 0
    return ClassEvaluationItem(
        precision=hits / predicted if predicted else None,
        recall=hits / gt_count if gt_count else None,
        f1=2 * hits / (gt_count + predicted) if occurs else None,
        count_error=abs(predicted - gt_count) if occurs else None,
        gt_count=gt_count,
        class_id=class_id,
        class_name=class_map.get_by_id(class_id).name,
        conf_mat=conf_mat[index].tolist(),
    )


def is_geojson(data: Any) -> bool:
    """Tell whether labels are GeoJSON and no raster."""
    return isinstance(data, dict) and "features" in data


def _pair(
    gt_labels: SemanticSegmentationLabels, pred_labels: SemanticSegmentationLabels, window: Box
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the true and the predicted classes of a window."""
    truth = np.asarray(gt_labels.get_label_arr(window))
    if not truth.any():
        return truth, truth  # nothing counts, so nothing need be read
    predicted = np.asarray(pred_labels.get_label_arr(window))
    if truth.shape != predicted.shape:
        raise DataError(
            f"labels of the window {window} have the shape {truth.shape}, "
            f"predictions {predicted.shape}"
        )
    return truth, predicted


class _PairCounter:
    """Counts pairs of true and predicted classes."""

    def __init__(self, class_ids: Sequence[int]) -> None:
        self._size = len(class_ids) + 1
        # The narrower the index of a pair, the faster it is made and counted.
        self._dtype = np.min_scalar_type(self._size**2 - 1)
        # From class id to row or column; what is no class goes to 0.
        self._place = np.zeros(1 << 16, dtype=self._dtype)
        self._place[list(class_ids)] = np.arange(1, self._size)
        self._is_dense = list(class_ids) == list(range(1, self._size))
        self._counts: Counts = np.zeros(self._size**2, dtype=np.int64)

    def add(self, truth: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> None:
        pairs = self._places(truth) * self._dtype.type(self._size)
        pairs += self._places(predicted)
        self._counts += np.bincount(pairs.ravel(), minlength=self._size**2)

    def _places(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the row or column of each label."""
        if labels.dtype not in (np.uint8, np.uint16):
            labels = np.where((labels >= 0) & (labels < len(self._place)), labels, 0)
            labels = labels.astype(np.uint16)
        if self._is_dense and labels.max(initial=0) < self._size:
            return labels.astype(self._dtype, copy=False)
        return np.asarray(self._place[labels])

    def conf_mat(self) -> Counts:
        matrix: Counts = self._counts.reshape(self._size, self._size).copy()
        matrix[0] = 0
        return matrix


def _class_ids(class_map: ClassMap) -> list[int]:
    return sorted(class_id for class_id in class_map.get_keys() if class_id != 0)
