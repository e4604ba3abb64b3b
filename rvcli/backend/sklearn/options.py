"""Options of the embedded pixel classifier. Light to import."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_MAX_PIXELS = 80_000
DEFAULT_SCALES = (1, 2, 4, 8, 16)
DEFAULT_ITERATIONS = 60
DEFAULT_LEARNING_RATE = 0.08


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
