"""Options of the embedded backend, and where it keeps its files. Light to import."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rvcli.filesystem import join_uri

MODEL_FILE = "model.zip"
CHIPS_EXTENSION = ".npz"
DEFAULT_MAX_PIXELS = 80_000
DEFAULT_SCALES = (1, 2, 4, 8, 16)
DEFAULT_ITERATIONS = 60
DEFAULT_LEARNING_RATE = 0.08

# What a path or a URI would take for its own.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f%/\\:*?\"<>|#&]")


def chips_uri(chip_uri: str, scene_id: str) -> str:
    """Name the file that holds the chips of one training scene.

    Args:
        chip_uri: directory of the chips.
        scene_id: id of the scene. Characters that cannot be part of a file name are
            percent-encoded, so that different ids have different files.
    """
    name = _UNSAFE.sub(lambda found: f"%{ord(found.group()):02x}", scene_id)
    return join_uri(chip_uri, "train", name + CHIPS_EXTENSION)


@dataclass(frozen=True)
class SklearnOptions:
    """What the embedded backend is told.

    Attributes:
        chip_uri: directory of the chip files.
        train_chip_uris: the chip files to train on, one for each training scene.
        train_uri: directory of what training writes.
        model_uri: the model; `model.zip` below train_uri where it is None.
        seed: of the sample of pixels and of the estimator.
        max_pixels: the most pixels to learn from; each class has an equal share, and what a
            rare one cannot fill goes to the others.
        scales: radii in pixels of the square windows that describe a pixel's surroundings.
        iterations: rounds of boosting; each adds one tree, or one for each of several classes.
        learning_rate: weight of each round.
    """

    chip_uri: str | None = None
    train_chip_uris: tuple[str, ...] = ()
    train_uri: str | None = None
    model_uri: str | None = None
    seed: int = 0
    max_pixels: int = DEFAULT_MAX_PIXELS
    scales: tuple[int, ...] = DEFAULT_SCALES
    iterations: int = DEFAULT_ITERATIONS
    learning_rate: float = DEFAULT_LEARNING_RATE
