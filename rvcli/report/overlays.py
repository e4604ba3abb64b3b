"""Classes of pixels as pictures: labels, predictions, and where the two differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from affine import Affine
from rasterio.features import geometry_mask, rasterize

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label_source.semantic_segmentation_label_source import (
    SemanticSegmentationLabelSource,
)
from rvcli.data.raster_source.raster_source import iter_grid
from rvcli.data.raster_source.rasterized_source import RasterizedSource
from rvcli.data.raster_source.rasterized_source_config import BACKGROUND_NAMES
from rvcli.report.grid import Grid

Ids: TypeAlias = npt.NDArray[np.uint16]
Mask: TypeAlias = npt.NDArray[np.bool_]

_WINDOW_HW = (512, 2048)  # along the blocks of predictions


def background_ids(class_map: ClassMap) -> frozenset[int]:
    """Return the classes whose name says that nothing is there: no one looks for these."""
    return frozenset(
        item.id for item in class_map.get_items() if (item.name or "").lower() in BACKGROUND_NAMES
    )


def read_labels(source: Any, grid: Grid) -> Ids:
    """Read the labels of a scene at the pixels that are shown.

    Args:
        source: a label source that gives a class for each pixel, active.
        grid: of the scene.

    Returns:
        Class ids, shape `grid.sampled_hw`; 0 is ignore.
    """
    drawn = source.source if type(source) is SemanticSegmentationLabelSource else None
    if (
        type(drawn) is RasterizedSource
        and source.class_transformer is None
        # What a polygon touches depends on the size of pixels, what it covers does not.
        and (grid.step == 1 or not drawn.rasterizer_options.all_touched)
    ):
        return _draw(drawn, grid)
    blocks = drawn.iter_blocks() if drawn is not None else None
    return read_classes(source.get_labels(), grid, blocks)


def read_classes(labels: Any, grid: Grid, blocks: Iterable[Box] | None = None) -> Ids:
    """Read class ids at the pixels that are shown, window by window.

    Args:
        labels: SemanticSegmentationLabels.
        grid: of the scene.
        blocks: windows that are cheap to read.

    Returns:
        Class ids, shape `grid.sampled_hw`; 0 is ignore.
    """
    step, half = grid.step, grid.step // 2
    height, width = grid.sampled_hw
    ids = np.zeros((height, width), np.uint16)
    for block in blocks or iter_grid(grid.extent, _WINDOW_HW):
        rows, columns = (
            slice((half - start) % step, None, step) for start in (block.ymin, block.xmin)
        )
        y = (block.ymin + rows.start - half) // step
        x = (block.xmin + columns.start - half) // step
        part = np.asarray(labels.get_label_arr(block))[rows, columns]
        part = part[: max(0, height - y), : max(0, width - x)]
        ids[y : y + part.shape[0], x : x + part.shape[1]] = part
    return ids


def outside_areas(aoi_polygons: Sequence[Any], grid: Grid) -> Mask:
    """Tell which of the pixels that are shown lie in no area of interest.

    Args:
        aoi_polygons: pixel (x, y); none at all means that everything counts.
        grid: of the scene.
    """
    if not len(aoi_polygons):
        return np.zeros(grid.sampled_hw, np.bool_)
    return np.asarray(
        geometry_mask(list(aoi_polygons), out_shape=grid.sampled_hw, transform=_transform(grid))
    )


def find_errors(truth: Ids, predicted: Ids, class_map: ClassMap, outside: Mask) -> tuple[Ids, Ids]:
    """Find what is predicted but not there, and what is there but not predicted.

    What has no label, and what is predicted as nothing, counts as it does in the evaluation. A
    class that is the background is no error of its own: what is taken for it is missed.

    Args:
        truth: class ids.
        predicted: class ids, of the same pixels.
        class_map: the classes.
        outside: pixels that do not count.

    Returns:
        The predicted class where it is wrong, and the true class where it was not found; 0
        elsewhere.
    """
    known, shown = np.zeros((2, 1 << 16), np.bool_)
    known[class_map.get_keys()] = True
    known[0] = False
    shown[:] = known
    shown[list(background_ids(class_map))] = False
    wrong = known[truth] & (truth != predicted) & ~outside
    false_positives = predicted * (wrong & shown[predicted])
    false_negatives = truth * (wrong & shown[truth])
    return false_positives, false_negatives


def coloured(
    ids: Ids, colors: Mapping[int, tuple[int, int, int, int]], clear: Collection[int], grid: Grid
) -> npt.NDArray[np.uint8]:
    """Draw class ids on the grid of a scene's pictures.

    Args:
        ids: shape `grid.sampled_hw`.
        colors: red, green, blue, alpha of each class; others are transparent.
        clear: classes that are transparent, too.
        grid: of the scene.

    Returns:
        uint8 red, green, blue, alpha: shape (height, width, 4).
    """
    palette = np.zeros((1 << 16, 4), np.uint8)
    for class_id, color in colors.items():
        if class_id not in clear:
            palette[class_id] = color
    # Four bytes at a time.
    shown = palette.view(np.uint32)[:, 0][grid.nearest(ids)]
    return np.asarray(shown.view(np.uint8).reshape(*shown.shape, 4))


def _transform(grid: Grid) -> Affine:
    """Return the affine transform under which centres of pixels are those that are shown."""
    offset = grid.step // 2 + 0.5 - grid.step / 2
    return Affine(grid.step, 0, offset, 0, grid.step, offset)


def _draw(source: RasterizedSource, grid: Grid) -> Ids:
    """Draw polygons as the source does, but only the pixels that are shown."""
    options = source.rasterizer_options
    polygons = source.vector_source.get_pieces(grid.extent)
    geometries, class_ids = polygons.pieces(grid.extent)
    background = options.background_class_id or 0
    if not geometries:
        return np.full(grid.sampled_hw, background, np.uint16)
    drawn: Ids = rasterize(
        zip(geometries, class_ids, strict=True),
        out_shape=grid.sampled_hw,
        transform=_transform(grid),
        fill=background,
        all_touched=bool(options.all_touched),
        dtype="uint16",
    )
    return drawn
