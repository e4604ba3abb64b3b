"""What a report shows, as plain values: collected from the files of a run, drawn by the page."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rvcli.report.account import CommandRun, LastRun, Provenance

Point = tuple[float, float]
Ring = tuple[Point, ...]

IMAGERY, LABELS, PREDICTIONS = "imagery", "labels", "predictions"
FALSE_POSITIVES, FALSE_NEGATIVES = "false positives", "false negatives"
LAYERS = (IMAGERY, LABELS, PREDICTIONS, FALSE_POSITIVES, FALSE_NEGATIVES)
# Of no class, so that errors are seen over predictions, which have the colours of the classes.
ERROR_COLORS = {FALSE_POSITIVES: "#f012be", FALSE_NEGATIVES: "#00c0ff"}


@dataclass(frozen=True)
class Picture:
    """An image file in memory, small enough to stand in a page.

    Attributes:
        mime: as "image/png".
        size_hw: height and width in pixels.
    """

    data: bytes
    mime: str
    size_hw: tuple[int, int]

    @property
    def data_uri(self) -> str:
        """The picture as a URI of its own."""
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode('ascii')}"


@dataclass(frozen=True)
class Shape:
    """A polygon of a class: a box, a cell or an outline.

    Attributes:
        rings: the outer one first; see ScenePreview for their coordinates.
        score: of a prediction, 0 to 1; None where there is none.
    """

    rings: tuple[Ring, ...]
    class_id: int
    score: float | None = None


@dataclass(frozen=True)
class Layer:
    """What lies over a scene: a picture, shapes, or both.

    Attributes:
        name: one of LAYERS.
        picture: covers the bounds of the scene; transparent where there is nothing.
        omitted: how many shapes were left out to keep the report small.
    """

    name: str
    picture: Picture | None = None
    shapes: tuple[Shape, ...] = ()
    omitted: int = 0


@dataclass(frozen=True)
class ScenePreview:
    """A scene on the map.

    Coordinates are (longitude, latitude) in WGS 84 where the scene is georeferenced; its
    pictures are then in Web Mercator. Elsewhere they are (column, -row) in pixels.

    Attributes:
        split: "train", "validation" or "test".
        bounds_xyxy: what the pictures cover: west, south, east, north.
        footprint: outline of the imagery.
        aois: outlines of areas of interest, and of holes in them; none means all of the scene.
        facts: more about it, in words, by name: CRS, resolution, bands, dtype, size.
        problem: why there is no preview, or only a part of one; empty if all is there.
    """

    id: str
    split: str
    georeferenced: bool
    bounds_xyxy: tuple[float, float, float, float]
    footprint: tuple[Ring, ...]
    aois: tuple[Ring, ...] = ()
    layers: tuple[Layer, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class ClassFigures:
    """Figures of one class, or their average; None is "no value", as without any object."""

    name: str
    color: str
    figures: Mapping[str, float | None]


@dataclass(frozen=True)
class Figures:
    """Figures of one scene, or of all.

    Attributes:
        title: "all scenes" or the id of a scene.
        confusion: rows are true classes, columns predicted ones, in the order of
            `confusion_names`; None where there is none.
    """

    title: str
    classes: tuple[ClassFigures, ...]
    average: ClassFigures | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None
    confusion_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curve:
    """A line in a chart: points (x, y), in the order in which they are joined."""

    name: str
    points: tuple[Point, ...]
    color: str = ""
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """Curves over common axes.

    Attributes:
        title: as "loss"; `x_label` and `y_label` name the axes.
        marked_x: where something happened, as the best epoch; None for nowhere.
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    marked_x: float | None = None
    marked_label: str = ""


@dataclass(frozen=True)
class Tile:
    """A window of a scene: imagery beside labels, and predictions where there are some.

    Attributes:
        caption: in words, as "west, 512 to 768, 0 to 256".
        pictures: by what they show: "imagery", "labels", "predictions", "errors".
        score: how good the predictions are in it, 0 to 1; None for training chips.
        marks: what colours in the picture of errors mean: (words, CSS colour).
    """

    caption: str
    pictures: Mapping[str, Picture]
    score: float | None = None
    marks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Metrics:
    """How good the predictions are.

    Attributes:
        overall: None where no evaluation was found.
        precision_recall: a curve a class; None where nothing says how sure predictions are.
        notes: what a reader of the figures must know, as why there are no curves.
        others: what other evaluators wrote, by the name of the file.
        more: figures of classes by other evaluators, or of polygons; titles are names of files.
    """

    overall: Figures | None = None
    scenes: tuple[Figures, ...] = ()
    precision_recall: Chart | None = None
    notes: tuple[str, ...] = ()
    others: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[Figures, ...] = ()


@dataclass(frozen=True)
class ExperimentReport:
    """All that the report says of one experiment.

    Attributes:
        classes: (name, CSS colour) by class id, for legends.
        chips: some that were trained on.
        worst, best: windows of validation scenes, by their score.
        tile_notes: what a reader of these three must know, as what could not be drawn.
        training: charts over epochs.
        training_notes: why there are none, or not all.
        commands: in the order of the pipeline.
        settings: plain values of its config by their path, for comparisons.
        notes: what could not be shown, and why.
    """

    id: str
    root_uri: str
    task: str = ""
    classes: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    scenes: tuple[ScenePreview, ...] = ()
    metrics: Metrics = Metrics()
    chips: tuple[Tile, ...] = ()
    worst: tuple[Tile, ...] = ()
    best: tuple[Tile, ...] = ()
    tile_notes: tuple[str, ...] = ()
    training: tuple[Chart, ...] = ()
    training_notes: tuple[str, ...] = ()
    commands: tuple[CommandRun, ...] = ()
    last_run: LastRun = field(default_factory=LastRun)
    provenance: Provenance = field(default_factory=Provenance)
    settings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
