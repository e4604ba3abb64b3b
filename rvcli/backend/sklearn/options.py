"""Options of the embedded backends. Light to import."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_MAX_PIXELS = 80_000
DEFAULT_SCALES = (1, 2, 4, 8, 16)
DEFAULT_ITERATIONS = 60
DEFAULT_LEARNING_RATE = 0.08

DEFAULT_MAX_WINDOWS = 100_000
DEFAULT_SIZES = 8
DEFAULT_BOX_ITERATIONS = 150
DEFAULT_BOX_LEARNING_RATE = 0.1


@dataclass(frozen=True)
class PixelOptions:
    """How a classifier of pixels is trained.

    Attributes:
        seed: of the sample of pixels and of the estimator.
        max_pixels: the most pixels to learn from; each class has an equal share, and what a
            rare one cannot fill goes to the others.
        scales: radii in pixels of the square windows that describe a pixel's surroundings.
        iterations: rounds of boosting; each adds one tree, or one for each of several classes.
        learning_rate: weight of each round.
    """

    seed: int = 0
    max_pixels: int = DEFAULT_MAX_PIXELS
    scales: tuple[int, ...] = DEFAULT_SCALES
    iterations: int = DEFAULT_ITERATIONS
    learning_rate: float = DEFAULT_LEARNING_RATE


@dataclass(frozen=True)
class BoxOptions:
    """How a detector of boxes is trained.

    Attributes:
        seed: of all that is random.
        max_windows: how many windows are learned from, at most.
        sizes: how many sizes of windows slide over an image, at most.
        iterations: rounds of boosting.
        learning_rate: weight of each round.
    """

    seed: int = 0
    max_windows: int = DEFAULT_MAX_WINDOWS
    sizes: int = DEFAULT_SIZES
    iterations: int = DEFAULT_BOX_ITERATIONS
    learning_rate: float = DEFAULT_BOX_LEARNING_RATE


DEFAULT_MAX_CHIPS = 10_000
DEFAULT_TREES = 300
DEFAULT_COPIES = 4


@dataclass(frozen=True)
class CellOptions:
    """How a classifier of cells is trained.

    Attributes:
        seed: of the sample of chips, of the brightness of copies and of the estimator.
        max_chips: the most chips to learn from; each class has an equal share, and what a rare
            one cannot fill goes to the others.
        trees: of the forest.
        copies: darker or brighter copies of each chip that are learned from as well.
    """

    seed: int = 0
    max_chips: int = DEFAULT_MAX_CHIPS
    trees: int = DEFAULT_TREES
    copies: int = DEFAULT_COPIES
