"""The scores of pixels, counted in a raster of class probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.core.box import Box
from rvcli.data.label_store.probability_raster import FULL, TILE_SIZE
from rvcli.data.raster_source.raster_source import sample_grid
from rvcli.errors import DataError
from rvcli.evaluation.precision_recall import ScoreTally
from rvcli.filesystem import shown
from rvcli.utils.files import file_exists
from rvcli.utils.progress import track

if TYPE_CHECKING:
    from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels

# So many pixels of a scene are looked at: a curve of more looks the same.
MAX_PIXELS = 1 << 22
_LEVELS = FULL + 1


def tally_probabilities(
    truth: SemanticSegmentationLabels, uri: str, extent: Box, class_ids: Sequence[int], tmp_dir: str
) -> ScoreTally:
    """Count pixels of a scene by class and probability, tile by tile.

    Of a large scene some tiles are read, drawn from all parts of it, always the same.

    Args:
        truth: the true classes; 0 does not count.
        uri: of the raster, as probability_raster writes it.
        extent: of the image.
        class_ids: the classes in ascending order, without 0.
        tmp_dir: local directory for the raster, if it has to be fetched.

    Raises:
        DataError: there is no such raster, or it is of another image or of other classes.
    """
    from rvcli.data.raster_source.rasterio_source import RasterioSource

    if not file_exists(uri, include_dir=False):
        raise DataError(
            f"there are no probabilities at {shown(uri)}", hint="run the command PREDICT again"
        )
    source = RasterioSource(uri, [], tmp_dir, channel_order=list(range(len(class_ids))))
    if source.get_extent() != extent or source.num_channels != len(class_ids):
        raise DataError(
            f"the probabilities at {shown(uri)} are of another image, or of other classes",
            hint="run the command PREDICT again",
        )
    tally = ScoreTally()
    hits, counts = (np.zeros((len(class_ids), _LEVELS), np.int64) for _ in range(2))
    tiles = sample_grid(extent, TILE_SIZE, MAX_PIXELS)
    with source.activate(), track("precision and recall", len(tiles)) as progress:
        for tile in tiles:
            classes = np.asarray(truth.get_label_arr(tile))
            known = np.isin(classes, class_ids)
            if known.any():
                _count(source.get_chip(tile)[known], classes[known], class_ids, hits, counts, tally)
            progress.advance()
    levels = np.arange(_LEVELS) / FULL
    for row, class_id in enumerate(class_ids):
        tally.add(class_id, levels, hits[row], counts[row])
    return tally


def _count(
    probabilities: Any, truth: Any, class_ids: Sequence[int], hits: Any, counts: Any, tally: Any
) -> None:
    """Add the pixels of a tile, shapes (pixels, classes) and (pixels,)."""
    if probabilities.dtype.kind == "f":
        probabilities = np.rint(np.clip(probabilities, 0, 1) * FULL).astype(np.uint8)
    # What is 0 for every class was not predicted.
    is_predicted = probabilities.any(axis=1)
    for row, class_id in enumerate(class_ids):
        is_class = truth == class_id
        tally.add_labelled([class_id], [np.count_nonzero(is_class)])
        levels = probabilities[:, row]
        counts[row] += np.bincount(levels[is_predicted], minlength=_LEVELS)
        hits[row] += np.bincount(levels[is_predicted & is_class], minlength=_LEVELS)
