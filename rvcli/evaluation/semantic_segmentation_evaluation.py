"""SemanticSegmentationEvaluation: figures of predicted pixels, from a confusion matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.errors import DataError
from rvcli.evaluation.confusion import (
    ConfusionEvaluation,
    PairCounter,
    class_ids_of,
    get_class_eval_item,
)
from rvcli.utils.progress import track

if TYPE_CHECKING:
    from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels

__all__ = ["SemanticSegmentationEvaluation", "get_class_eval_item", "is_geojson"]


class SemanticSegmentationEvaluation(ConfusionEvaluation):
    """Figures of predicted pixels; see ConfusionEvaluation."""

    counted = "pixels"

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
        counter = PairCounter(class_ids_of(self.class_map))
        windows = pred_labels.get_windows()
        with track(f"evaluating {self.scene_id or 'labels'}", len(windows)) as progress:
            for window in windows:
                counter.add(*_pair(gt_labels, pred_labels, window))
                progress.advance()
        self.set_conf_mat(counter.conf_mat())

    def compute_vector(self, gt: Any, pred: Any, mode: str, class_id: int) -> None:
        """Compare polygons: `get_by_id(class_id)` gives the figures then.

        Predicted polygons are matched one to one with true ones, those first that have the
        highest intersection over union, which must be 0.5 at least.

        Args:
            gt: what is there: GeoJSON, its URI, or shapely polygons.
            pred: what was predicted, in the same coordinates, likewise.
            mode: "polygons" or "buildings"; named in the figures.
            class_id: of the class that all these polygons are of.

        Raises:
            DataError: it is no GeoJSON.
        """
        from rvcli.evaluation.vector_evaluation import polygons_of, vector_item

        self.class_to_eval_item[class_id] = vector_item(
            polygons_of(gt), polygons_of(pred), mode, class_id, self.class_map
        )
        self._is_empty = False


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
