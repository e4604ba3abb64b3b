"""The layers of a scene that show classes: labels, predictions, false positives and negatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np

from rvcli.core.class_map import ClassMap
from rvcli.core.color import to_rgb
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label_source.semantic_segmentation_label_source import (
    SemanticSegmentationLabelSource,
)
from rvcli.data.label_store.class_raster import class_colors
from rvcli.errors import DataError
from rvcli.report.content import (
    ERROR_COLORS,
    FALSE_NEGATIVES,
    FALSE_POSITIVES,
    LABELS,
    PREDICTIONS,
    Layer,
)
from rvcli.report.grid import Grid
from rvcli.report.overlays import (
    Ids,
    background_ids,
    coloured,
    find_errors,
    outside_areas,
    read_classes,
    read_labels,
)
from rvcli.report.pictures import drawing
from rvcli.report.shapes import (
    Boxes,
    boxes_of,
    cells_of,
    layer_of,
    wrong_boxes,
    wrong_cells,
)

# Of all scenes of an experiment.
_PIXELS = 8 << 20
_PICTURE_BYTES = 6_000_000
_SHAPES = 40_000
# Of one scene.
_SIDES_PX = (256, 1024)
_MAX_PICTURE_BYTES = 1_500_000
_SHAPES_A_LAYER = (100, 2000)
_IMAGERY_SHARE = 0.4
_CLASS_LAYERS = 4


@dataclass(frozen=True)
class Limits:
    """How much of a page one scene may take.

    Attributes:
        max_side_px: longer side of its pictures.
        imagery_bytes: of the picture of the imagery.
        layer_bytes: of each other one.
        shapes: in each layer.
    """

    max_side_px: int
    imagery_bytes: int
    layer_bytes: int
    shapes: int

    @classmethod
    def of(cls, scenes: int) -> Limits:
        """Share what an experiment may take between its scenes."""
        scenes = max(1, scenes)
        picture_bytes = min(_PICTURE_BYTES // scenes, _MAX_PICTURE_BYTES)
        return cls(
            max_side_px=int(np.clip((_PIXELS / scenes) ** 0.5, *_SIDES_PX)),
            imagery_bytes=int(picture_bytes * _IMAGERY_SHARE),
            layer_bytes=int(picture_bytes * (1 - _IMAGERY_SHARE) / _CLASS_LAYERS),
            shapes=int(np.clip(_SHAPES // (_CLASS_LAYERS * scenes), *_SHAPES_A_LAYER)),
        )

    def to_plain(self) -> dict[str, int]:
        """Return the limits by name."""
        return asdict(self)


@dataclass
class ClassLayers:
    """What could be shown, and what could not: in words, with the error."""

    layers: list[Layer] = field(default_factory=list)
    problems: list[tuple[str, Exception]] = field(default_factory=list)


def class_layers(
    truth: Any,
    predicted: Any,
    grid: Grid,
    class_map: ClassMap,
    aoi_polygons: Sequence[Any],
    limits: Limits,
    *,
    with_errors: bool = True,
) -> ClassLayers:
    """Show labels, predictions, and where they differ within the areas of interest.

    Args:
        truth: the label source of a scene, or None.
        predicted: its label store, or None.
        grid: of the scene.
        class_map: the classes.
        aoi_polygons: pixel (x, y); none at all means that everything counts.
        limits: of the layers.
        with_errors: whether to show where they differ.
    """
    made = ClassLayers()
    read: dict[str, Any] = {}
    for name, part in ((LABELS, truth), (PREDICTIONS, predicted)):
        if part is None:
            continue
        try:
            with ActivateMixin.with_activation(part):
                read[name] = _read(part, grid)
        except Exception as error:  # a plugin may raise anything
            made.problems.append((f"its {name} cannot be shown", error))
    show = _Drawer(grid, class_map, limits)
    for name, labels in read.items():
        _try(made, name, partial(show.labels, name, labels))
    if with_errors and len(read) == 2:
        pair = read[LABELS], read[PREDICTIONS]
        _try(made, "errors", partial(show.errors, *pair, aoi_polygons))
    return made


def _try(made: ClassLayers, name: str, draw: Callable[[], list[Layer]]) -> None:
    try:
        made.layers += draw()
    except Exception as error:  # see above
        made.problems.append((f"its {name} cannot be shown", error))


def _read(part: Any, grid: Grid) -> Any:
    """Read a label source or store: class ids of pixels that are shown, or boxes, or cells.

    Raises:
        DataError: they are of another kind.
    """
    if type(part) is SemanticSegmentationLabelSource:
        return read_labels(part, grid)
    labels = part.get_labels()
    if hasattr(labels, "get_label_arr"):
        return read_classes(labels, grid)
    if isinstance(labels, (ObjectDetectionLabels, ChipClassificationLabels)):
        return labels
    raise DataError(f"{type(labels).__name__} is neither pixels, boxes nor cells")


class _Drawer:
    """Makes layers of what was read."""

    def __init__(self, grid: Grid, class_map: ClassMap, limits: Limits) -> None:
        self._grid = grid
        self._class_map = class_map
        self._colors = class_colors(class_map)
        self._limits = limits

    def labels(self, name: str, labels: Any) -> list[Layer]:
        """Show labels or predictions."""
        scored = name == PREDICTIONS
        if isinstance(labels, ObjectDetectionLabels):
            return [self._shapes(name, boxes_of(labels, scored))]
        if isinstance(labels, ChipClassificationLabels):
            return [self._shapes(name, cells_of(labels, scored))]
        return [self._picture(name, labels)]

    def errors(self, truth: Any, predicted: Any, aoi_polygons: Sequence[Any]) -> list[Layer]:
        """Show where predictions differ from labels."""
        pair: tuple[Any, Any]
        if isinstance(truth, np.ndarray) and isinstance(predicted, np.ndarray):
            outside = outside_areas(aoi_polygons, self._grid)
            pair = find_errors(truth, predicted, self._class_map, outside)
            draw: Callable[[str, Any], Layer] = self._picture
        elif type(truth) is not type(predicted) or isinstance(truth, np.ndarray):
            raise DataError(
                f"labels are {type(truth).__name__}, predictions {type(predicted).__name__}"
            )
        else:
            if len(aoi_polygons):
                truth, predicted = (x.filter_by_aoi(aoi_polygons) for x in (truth, predicted))
            is_boxes = isinstance(truth, ObjectDetectionLabels)
            pair = (wrong_boxes if is_boxes else wrong_cells)(truth, predicted, self._class_map)
            draw = self._shapes
        names = FALSE_POSITIVES, FALSE_NEGATIVES
        return [draw(name, wrong) for name, wrong in zip(names, pair, strict=True)]

    def _picture(self, name: str, ids: Ids) -> Layer:
        colors = self._colors
        if name in ERROR_COLORS:
            rgb = to_rgb(ERROR_COLORS[name])
            colors = {class_id: (*rgb, 255) for class_id in colors if class_id != 0}
        rgba = coloured(ids, colors, background_ids(self._class_map), self._grid)
        return Layer(name, drawing(rgba, self._limits.layer_bytes))

    def _shapes(self, name: str, boxes: Boxes) -> Layer:
        return layer_of(name, boxes, self._grid, self._limits.shapes)
