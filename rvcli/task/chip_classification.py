"""Chip classification: a class for each cell of a grid."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from rvcli.core.box import Box
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.errors import DataError
from rvcli.filesystem import join_uri, resolve
from rvcli.task.task import Task
from rvcli.utils.misc import numpy_to_png

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rvcli.core.class_map import ClassMap
    from rvcli.data.scene import Scene

log = logging.getLogger(__name__)


def draw_debug_predict_image(scene: Scene, class_map: ClassMap) -> npt.NDArray[np.uint8]:
    """Draw the imagery of a scene with a frame around each cell in the colour of its class.

    Args:
        scene: active, with predictions in its label store.
        class_map: gives the colours; a class without one gets one of its own.

    Returns:
        uint8 RGB, shape (height, width, 3), thinned out to at most 1024 pixels a side.
    """
    from rvcli.task.debug_image import draw_frames, thin_imagery

    image, step = thin_imagery(scene)
    labels = scene.prediction_label_store.get_labels()
    draw_frames(image, step, labels.get_cells(), labels.get_class_ids(), class_map)
    return image


class ChipClassification(Task):
    """Gives each cell of a grid over a scene a class.

    Cells are squares of chip_size pixels, side by side from the upper left corner of the scene;
    those at its right and lower edge reach beyond it, where their imagery is 0, no data. A scene
    that is smaller than a cell is one cell.

    Uses of its config: class_map, chip_size, predict_batch_size, debug and predict_debug_uri.
    """

    def get_train_windows(self, scene: Scene) -> list[Box]:
        """List the cells that have a class, with areas of interest those that lie within one.

        Raises:
            DataError: there are labelled cells, but none of the task's chip size.
        """
        labels = scene.ground_truth_label_source.get_labels()
        if scene.aoi_polygons:
            labels = labels.filter_by_aoi(scene.aoi_polygons)
        known = set(self.config.class_map.get_keys()) - {0}
        pairs = zip(labels.get_cells(), labels.get_class_ids(), strict=True)
        labelled = [cell for cell, class_id in pairs if class_id in known]
        size = self.config.chip_size
        windows = [c for c in labelled if (c.get_height(), c.get_width()) == (size, size)]
        left_out = len(labelled) - len(windows)
        if left_out:
            text = (
                f"{left_out} of {len(labelled)} labelled cells of the scene {scene.id} are not of"
                f" the chip size, {size} x {size} pixels"
            )
            if not windows:
                cell = labelled[0]
                raise DataError(
                    f"{text}: they are {cell.get_height()} x {cell.get_width()}",
                    hint="set the task's chip size to that of the cells; infer cells from polygons"
                    " that are none with with_infer_cells(True)",
                )
            log.warning("%s, and are left out", text)
        if not windows:
            log.warning("the scene %s has no labelled cells", scene.id)
        return windows

    def get_train_labels(self, window: Box, scene: Scene) -> ChipClassificationLabels:
        """Return the known label of a cell."""
        labels: ChipClassificationLabels = scene.ground_truth_label_source.get_labels(window=window)
        return labels

    def get_predict_windows(self, extent: Box) -> list[Box]:
        """Cover an extent with cells, row by row."""
        size = self.config.chip_size
        return extent.get_windows(size, size)

    def post_process_predictions(self, labels: Any, scene: Scene) -> Any:
        """Return the labels as they are."""
        return labels

    def save_debug_predict_image(self, scene: Scene, debug_dir_uri: str) -> None:
        """Draw imagery and predicted cells of a scene, as `<scene id>.png`."""
        image = draw_debug_predict_image(scene, self.config.class_map)
        uri = join_uri(debug_dir_uri, f"{scene.id}.png")
        resolve(uri, "w").write_bytes(uri, numpy_to_png(image))
