"""A dataset: scenes to train on, to validate and to test with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rvcli.augmentor.augmentor import Augmentor
    from rvcli.data.scene import Scene


class Dataset:
    """The scenes of an experiment, by what they are for."""

    def __init__(
        self,
        train_scenes: Sequence[Scene] = (),
        validation_scenes: Sequence[Scene] = (),
        test_scenes: Sequence[Scene] = (),
        augmentors: Sequence[Augmentor] = (),
    ) -> None:
        self.train_scenes = list(train_scenes)
        self.validation_scenes = list(validation_scenes)
        self.test_scenes = list(test_scenes)
        self.augmentors = list(augmentors)
