"""How large chips are, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.project import areas
from rvcli.project.tasks import Choice

if TYPE_CHECKING:
    from rvcli.project.proposal import Material

_UNKNOWN = 128
_STEP = 32
_LEAST = 32
# Times the size of a typical object, and between which pixels: a chip shows it and what is around.
_AROUND = {
    keys.SEMANTIC_SEGMENTATION: (4.0, 64, 256),
    keys.OBJECT_DETECTION: (1.5, 64, 512),
    keys.CHIP_CLASSIFICATION: (1.0, 32, 128),
}


def chip_size_for(material: Material, choice: Choice) -> int:
    """Return a chip size, in pixels, that fits objects and images."""
    if choice.fixed_size:
        return choice.fixed_size
    if not material.objects:
        return _UNKNOWN
    import numpy as np

    times, least, most = _AROUND[choice.task]
    # Nearly all objects have to fit where they are to be found whole.
    quantile = 95 if choice.task == keys.OBJECT_DETECTION else 50
    typical = float(np.percentile(material.joined("sizes"), quantile))
    wanted = typical * times if typical > 0 else _UNKNOWN
    size = int(min(max(np.ceil(wanted / _STEP) * _STEP, least), most))
    return min(size, _room(material))


def _room(material: Material) -> int:
    """Return the largest chip that leaves room for training and validation."""
    if len(material.images) > 1:
        short = min(min(image.width, image.height) for image in material.images.values())
        return max(_LEAST, short)
    [(uri, image)] = material.images.items()
    part = areas.labelled_part(image, material.objects[uri].boxes)
    room = min(min(part.width, part.height), max(part.width, part.height) // 4)
    return max(_LEAST, room // _LEAST * _LEAST)


def chips_per_scene(material: Material, chip_size: int) -> int:
    """Return how many chips of a scene show all of it several times over."""
    if not material.objects:
        return 100
    most = max(image.width * image.height for image in material.images.values())
    return int(min(max(4 * most / chip_size**2, 20), 400))
