"""Which task labels are made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.errors import UsageError
from rvcli.project.wishes import Ask, Wishes

if TYPE_CHECKING:
    from rvcli.project.proposal import Material

WORDS = {
    "segmentation": keys.SEMANTIC_SEGMENTATION,
    "detection": keys.OBJECT_DETECTION,
    "classification": keys.CHIP_CLASSIFICATION,
}
_DOES = {
    "segmentation": "every pixel gets a class; the map is a GeoTIFF",
    "detection": "objects are found and boxes drawn around them; the map is GeoJSON",
    "classification": "every cell of a grid gets a class; the map is GeoJSON",
}
# A polygon that covers so much of its image says what the image is.
_WHOLE_IMAGE = 0.9


@dataclass(frozen=True)
class Choice:
    """A task, and what else follows from the form of the labels.

    Attributes:
        task: its key.
        why: it was chosen.
        are_cells: labels are the cells of a grid, not things in them.
        fixed_size: the chip size that this leaves, in pixels; 0 if any will do.
    """

    task: str
    why: str
    are_cells: bool = False
    fixed_size: int = 0


def choose_task(material: Material, wishes: Wishes, ask: Ask) -> Choice:
    """Propose a task and ask whether that is right.

    Raises:
        UsageError: the task that is wished for does not go with the labels.
    """
    task, why = _proposal(material)
    if wishes.task is not None:
        chosen = wishes.task
    else:
        word = next(word for word, key in WORDS.items() if key == task)
        question = "\n".join([f"Task ({why}):", *(f"  {w}: {_DOES[w]}" for w in WORDS), "Task"])
        chosen = WORDS[ask(question, word, list(WORDS))]
    if material.are_rasters and chosen != keys.SEMANTIC_SEGMENTATION:
        raise UsageError(
            f"the task {chosen} needs vectors, and the labels are rasters",
            hint="choose --task segmentation, or draw polygons or boxes",
        )
    why = why if chosen == task else "as asked for"
    if chosen != keys.CHIP_CLASSIFICATION:
        return Choice(chosen, why)
    size = _image_size(material) or _cell_size(material)
    return Choice(chosen, why, size > 0, size)


def _proposal(material: Material) -> tuple[str, str]:
    """Return a task, and why it is proposed."""
    if material.are_rasters:
        return keys.SEMANTIC_SEGMENTATION, "labels are a raster"
    if _image_size(material):
        return keys.CHIP_CLASSIFICATION, "there is one label for each image"
    kinds = {one.kind for one in material.labels.values()}
    if kinds == {"point"}:
        return keys.OBJECT_DETECTION, "labels are points"
    if "line" in kinds or not material.objects:
        return keys.SEMANTIC_SEGMENTATION, f"labels are {' and '.join(sorted(kinds))}s"
    size = _cell_size(material)
    if size:
        return keys.CHIP_CLASSIFICATION, f"labels are cells of {size} pixels"
    known = [found.are_boxes() for found in material.objects.values() if len(found)]
    if known and sum(known) > len(known) / 2:
        return keys.OBJECT_DETECTION, "labels are boxes"
    return keys.SEMANTIC_SEGMENTATION, "labels are polygons"


def _image_size(material: Material) -> int:
    """Return the size of images that have one label each, in pixels, or 0."""
    if not material.objects or material.are_rasters:
        return 0
    for uri, found in material.objects.items():
        image = material.images[uri]
        if len(found) != 1 or found.areas[0] < _WHOLE_IMAGE * image.width * image.height:
            return 0
    return max(max(image.width, image.height) for image in material.images.values())


def _cell_size(material: Material) -> int:
    """Return the size of the cells that all labels are, in pixels, or 0."""
    if material.are_rasters:
        return 0
    sizes = {found.cell_size() for found in material.objects.values()}
    return (sizes.pop() or 0) if len(sizes) == 1 else 0
