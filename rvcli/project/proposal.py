"""Proposes a project for imagery and labels: task, classes, chip size, what to validate on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rvcli import keys
from rvcli.errors import DataError, UsageError
from rvcli.progress import track
from rvcli.project import areas, pairs
from rvcli.project.classes import BACKGROUND, BACKGROUNDS, Classes, choose_classes
from rvcli.project.image import Image, look_at_image
from rvcli.project.labels import Labels, look_at_labels
from rvcli.project.objects import Objects, elsewhere, objects_on
from rvcli.project.rasters import raster_classes, raster_objects
from rvcli.project.sizes import chip_size_for, chips_per_scene
from rvcli.project.wishes import Ask, Wishes

_NO_LABELS = (
    "draw what is to be found as polygons, in QGIS or another GIS: all of it in some part of the"
    " image, with a text property class_name that says what each is; save them as GeoJSON, and"
    " name the file with --labels"
)
_CHIP_SIZE = "Chip size (chips are the squares that the model learns from), in pixels"
# Polygons that cover so much of what is labelled leave no background.
_COVERED = 0.9


@dataclass(frozen=True)
class Scene:
    """A row of scenes.csv; `labels` and `image` are URIs, `area` the name of a file or empty."""

    split: str
    id: str
    image: str
    labels: str
    area: str = ""


@dataclass(frozen=True)
class Proposal:
    """All that the files of a project are written from.

    Attributes:
        task: key of the task.
        classes: the classes, and how labels get them.
        has_background: what no label covers is a class of its own.
        chip_size: in pixels.
        scenes: images with labels, at least one of each split.
        area_files: text of GeoJSON files by name.
        chips: training chips of a scene.
        labels_kind: "polygon", "line", "point" or "raster".
        are_cells: labels are the cells of a grid, not things in them.
        raster_mapping: from values of label rasters to class ids; empty if they are these.
        labels_crs: what the labels must be told that their coordinates are in.
        bands: how many all must be named, since the file takes one for alpha; 0 if none need be.
        backend: "sklearn", "pytorch" or a key.
        notes: what a person should know.
        why: this task.
    """

    task: str
    classes: Classes
    has_background: bool
    chip_size: int
    scenes: tuple[Scene, ...]
    area_files: Mapping[str, str] = field(default_factory=dict)
    chips: int = 0
    labels_kind: str = "polygon"
    are_cells: bool = False
    raster_mapping: Mapping[int, int] = field(default_factory=dict)
    labels_crs: str | None = None
    bands: int = 0
    backend: str = "sklearn"
    notes: tuple[str, ...] = ()
    why: str = ""

    @property
    def class_names(self) -> list[str]:
        """All classes in the order of their ids, from 1."""
        names = list(self.classes.names)
        return [*names, BACKGROUND] if self.has_background else names

    @property
    def background_id(self) -> int | None:
        """Id of the class of what no label covers."""
        names = self.class_names
        return next((i for i, name in enumerate(names, 1) if name in BACKGROUNDS), None)


@dataclass(frozen=True)
class Material:
    """Images and their labels, looked at.

    Attributes:
        images: by URI, those that have labels only.
        labels: by URI.
        pairs: URI of the labels of each image.
        objects: of each image; empty where nothing could be looked at.
    """

    images: Mapping[str, Image]
    labels: Mapping[str, Labels]
    pairs: Mapping[str, str]
    objects: Mapping[str, Objects]

    @property
    def is_known(self) -> bool:
        """Whether the images could be looked at."""
        return all(image.is_known for image in self.images.values())

    @property
    def are_rasters(self) -> bool:
        """Whether the labels are rasters of class ids."""
        return all(one.is_raster for one in self.labels.values())

    def joined(self, of: str) -> Any:
        """Return an attribute of all objects as one array."""
        import numpy as np

        return np.concatenate([getattr(found, of) for found in self.objects.values()])


def look(wishes: Wishes, tmp_dir: str) -> Material:
    """Look at imagery and labels.

    Raises:
        UsageError: a file is not there, or there are no labels.
        DataError: one cannot be used, or the labels lie elsewhere.
    """
    images = pairs.expand(wishes.images, "--image", pairs.IMAGE_EXTENSIONS)
    labels = pairs.expand(wishes.labels, "--labels", pairs.VECTOR_EXTENSIONS)
    if labels:
        paired = pairs.pair(images, labels)
    else:
        beside = {image: pairs.labels_beside(image) for image in images}
        paired = {image: found for image, found in beside.items() if found is not None}
        if not paired:
            raise UsageError(
                f"there are no labels for {images[0]}: without them nothing can be learned",
                hint=_NO_LABELS,
            )
    if not paired:
        raise UsageError(
            f"none of the {len(labels)} files of labels belongs to one of the {len(images)} images:"
            f" {pairs.stem(labels[0])!r} is not called as {pairs.stem(images[0])!r} is",
            hint="give the labels of an image its name, such as town.tif and town.geojson",
        )
    files = dict.fromkeys(paired.values())
    with track("looking at imagery and labels", len(paired) + len(files), "files") as progress:
        looked_at = {}
        for image in paired:
            looked_at[image] = look_at_image(image, tmp_dir)
            progress.advance()
        _refuse_differences(list(looked_at.values()))
        read = {}
        for uri in files:
            read[uri] = look_at_labels(uri, tmp_dir)
            progress.advance()
    if len({one.is_raster for one in read.values()}) > 1:
        raise UsageError(
            "some labels are rasters and others are not",
            hint="make a project of each, or draw all in one form",
        )
    objects = {
        uri: _objects(image, read[paired[uri]])
        for uri, image in looked_at.items()
        if image.is_known
    }
    return Material(looked_at, read, paired, objects)


def propose(material: Material, wishes: Wishes, ask: Ask) -> Proposal:
    """Propose a project for what was looked at.

    Raises:
        UsageError: what is wished for does not go with it.
        DataError: there is no room for training and validation.
    """
    from rvcli.project.tasks import choose_task

    mapping: Mapping[int, int] = {}
    if material.are_rasters:
        classes, mapping = raster_classes(list(material.labels.values()), wishes)
    else:
        classes = choose_classes(list(material.labels.values()), wishes, ask)
    choice = choose_task(material, wishes, ask)
    chip_size = wishes.chip_size or chip_size_for(material, choice)
    if wishes.chip_size is None and not choice.fixed_size:
        chip_size = _number(ask(_CHIP_SIZE, str(chip_size)))
    scenes, files, notes = _scenes(material, classes, choice.task, chip_size)
    has_background = _has_background(material, classes, choice.task, choice.are_cells)
    if has_background:
        notes.insert(0, f"the class {BACKGROUND} is added: it is what no label covers")
    first = next(iter(material.images.values()))
    return Proposal(
        choice.task,
        classes,
        has_background,
        chip_size,
        tuple(scenes),
        files,
        chips_per_scene(material, chip_size),
        "raster" if material.are_rasters else next(iter(material.labels.values())).kind,
        choice.are_cells,
        mapping,
        next((found.crs for found in material.objects.values() if found.crs), None),
        first.bands if any(image.hidden_band for image in material.images.values()) else 0,
        wishes.backend,
        (*classes.notes, *notes, *_notes_of(material)),
        choice.why,
    )


def _number(text: str) -> int:
    if not text.strip().isdigit() or int(text) < 8:
        raise UsageError(f"{text!r} is no chip size", hint="write a number of pixels, such as 128")
    return int(text)


def _objects(image: Image, labels: Labels) -> Objects:
    if labels.is_raster:
        return raster_objects(image, labels)
    found = objects_on(image, labels)
    if not len(found):
        raise elsewhere(image, labels)
    return found


def _refuse_differences(images: Sequence[Image]) -> None:
    first = images[0]
    for image in images[1:]:
        if image.is_known and image.bands != first.bands:
            raise DataError(
                f"the images differ: {first.uri} has {first.bands} bands, {image.uri} has"
                f" {image.bands}",
                hint="a model learns from images of one kind; make a project of each kind",
            )


def _notes_of(material: Material) -> list[str]:
    notes = []
    types = {image.dtype for image in material.images.values()}
    if len(types) > 1:
        notes.append(f"the images are of the data types {', '.join(sorted(types))}: is that right?")
    if any(image.hidden_band for image in material.images.values()):
        notes.append("the fourth band is called alpha but looks like imagery: it is used as such")
    if not material.is_known:
        notes.append(
            "the images were not looked at, since rasterio is not installed: chip size and areas"
            " are guesses; pip install 'rvcli[local]' and run rv init again with --force"
        )
    elif not material.are_rasters:
        placed = {
            number
            for uri, found in material.objects.items()
            for number in ((material.pairs[uri], int(n)) for n in found.numbers)
        }
        outside = sum(one.count for one in material.labels.values()) - len(placed)
        if outside > 0 and all(one.count <= 50_000 for one in material.labels.values()):
            notes.append(f"{outside} of the labels lie outside the imagery")
    return notes


def _has_background(material: Material, classes: Classes, task: str, are_cells: bool) -> bool:
    """Tell whether what no label covers is to be a class that has to be added."""
    if task == keys.OBJECT_DETECTION or material.are_rasters or are_cells:
        return False
    if set(classes.names) & set(BACKGROUNDS):
        return False
    if task == keys.CHIP_CLASSIFICATION or not material.objects:
        return True
    covered = labelled = 0.0
    for uri, found in material.objects.items():
        part = areas.labelled_part(material.images[uri], found.boxes)
        covered += float(found.areas.sum())
        labelled += part.width * part.height
    return covered < _COVERED * labelled


def _scenes(
    material: Material, classes: Classes, task: str, chip_size: int
) -> tuple[list[Scene], dict[str, str], list[str]]:
    """Return the scenes, the files of their areas, and notes."""
    if len(material.images) == 1:
        return _parts_of_one(material, classes, task, chip_size)
    uris = list(material.images)
    if material.objects and len(uris) == 2:
        # What has more labels is to be learned from.
        uris.sort(key=lambda uri: -len(material.objects[uri]))
    ids = pairs.scene_ids(uris)
    found = pairs.splits(uris, _kinds(material, classes))
    scenes = [Scene(found[uri], ids[uri], uri, material.pairs[uri]) for uri in uris]
    train = sum(scene.split == pairs.TRAIN for scene in scenes)
    note = f"of {len(scenes)} images {train} are for training, {len(scenes) - train} for validation"
    if material.objects:
        part_notes = [
            uri
            for uri, image in material.images.items()
            if (p := areas.labelled_part(image, material.objects[uri].boxes)).width * p.height
            < image.width * image.height
        ]
        if part_notes and task != keys.CHIP_CLASSIFICATION:
            note += (
                f"; of {len(part_notes)}, such as {part_notes[0]}, a part only is labelled: if more"
                " is to be seen there, limit them with the column area in scenes.csv"
            )
    return scenes, {}, [note]


def _kinds(material: Material, classes: Classes) -> dict[str, str]:
    """Return the class of each image, where its labels have one only."""
    kinds = {}
    for uri, labels_uri in material.pairs.items():
        labels = material.labels[labels_uri]
        present = set() if labels.is_raster else {c for c in classes.of(labels) if c}
        if len(present) == 1:
            kinds[uri] = present.pop()
    return kinds


def _parts_of_one(
    material: Material, classes: Classes, task: str, chip_size: int
) -> tuple[list[Scene], dict[str, str], list[str]]:
    [(uri, image)] = material.images.items()
    labels_uri = material.pairs[uri]
    if not image.is_known:
        raise UsageError(
            f"{uri} cannot be cut into training and validation without rasterio",
            hint="pip install 'rvcli[local]', or give two images at least",
        )
    objects = material.objects[uri]
    part = areas.labelled_part(image, objects.boxes)
    step = chip_size if task == keys.CHIP_CLASSIFICATION else 1
    labels = material.labels[labels_uri]
    named = objects.numbers if labels.is_raster else _classes_of(classes, labels, objects)
    found = areas.cut(part, objects.boxes, named, chip_size, step)
    if found is None:
        raise DataError(
            f"{uri} is too small to be cut into training and validation with chips of"
            f" {chip_size} pixels: its labelled part is {part.width} x {part.height}",
            hint="give a smaller --chip-size, more labels, or a second image",
        )
    name = pairs.stem(uri)
    scenes, files = [], {}
    for split, rectangle in zip((pairs.TRAIN, pairs.VALIDATION), found, strict=True):
        file = f"areas/{split}.geojson"
        files[file] = areas.as_geojson(image, rectangle)
        scenes.append(Scene(split, f"{name}-{split}", uri, labels_uri, file))
    learned, judged = (int(rectangle.holds(objects.boxes).sum()) for rectangle in found)
    note = "the image is cut in two, areas/train.geojson and areas/validation.geojson"
    if not labels.is_raster:
        note += f", with {learned} and {judged} labels"
    if (part.width, part.height) != (image.width, image.height):
        note += "; the rest has no labels, and is left out"
    return scenes, files, [note]


def _classes_of(classes: Classes, labels: Labels, objects: Objects) -> Any:
    import numpy as np

    return np.array([name or "" for name in classes.of(labels)], dtype=object)[
        objects.numbers
    ].astype(str)
