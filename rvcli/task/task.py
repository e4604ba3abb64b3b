"""Task: what is learned, and how scenes become chips and predictions."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from rvcli.core.box import Box
from rvcli.core.training_data import TrainingData
from rvcli.errors import ConfigError
from rvcli.utils import progress

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend
    from rvcli.data.scene import Scene

TRAIN = "train"
VALIDATION = "validation"


class Task(ABC):
    """Turns scenes into chips for a backend, and the backend's predictions into labels.

    A plugin subclasses this, and a `TaskConfig` whose `create_task(backend)` makes it.

    Attributes:
        config: the TaskConfig.
        backend: the Backend.
    """

    def __init__(self, task_config: Any, backend: Backend) -> None:
        self.config = task_config
        self.backend = backend

    @abstractmethod
    def get_train_windows(self, scene: Scene) -> list[Box]:
        """Choose the windows of a scene to make chips of.

        Args:
            scene: active.

        Returns:
            Pixel coordinates, half-open; may reach beyond the extent.
        """

    @abstractmethod
    def get_train_labels(self, window: Box, scene: Scene) -> Any:
        """Return the known labels of a window."""

    @abstractmethod
    def get_predict_windows(self, extent: Box) -> list[Box]:
        """Choose windows that together cover an extent.

        Args:
            extent: pixel coordinates, half-open.
        """

    @abstractmethod
    def post_process_predictions(self, labels: Any, scene: Scene) -> Any:
        """Return the labels of a scene, improved where the task can do so."""

    @abstractmethod
    def save_debug_predict_image(self, scene: Scene, debug_dir_uri: str) -> None:
        """Draw the predictions of a scene, which are in its label store.

        Args:
            scene: active.
            debug_dir_uri: directory for the image.
        """

    def make_chips(
        self,
        train_scenes: Iterable[Scene],
        validation_scenes: Iterable[Scene],
        augmentors: Sequence[Any],
        tmp_dir: str,
    ) -> None:
        """Hand the chips of scenes to the backend.

        Chips are read one by one while the backend takes them, row by row over the scene.

        Args:
            train_scenes: scenes to train on.
            validation_scenes: scenes that training is watched with.
            augmentors: what the chips of training scenes pass, in this order.
            tmp_dir: local directory for what is thrown away afterwards.

        Raises:
            ConfigError: a scene has no labels.
        """

        def process(scene: Scene, augmentors: Sequence[Any]) -> Any:
            if scene.ground_truth_label_source is None:
                raise ConfigError(
                    f"scene {scene.id!r} has no label source to make chips with",
                    hint="give the scene with_label_source(...)",
                )
            with scene.activate():
                windows = sorted(self.get_train_windows(scene), key=Box.tuple_format)
                with (
                    progress.track(f"chips of {scene.id}", len(windows), unit="chips") as bar,
                    self.debug_chips(scene) as show,
                ):

                    def read(window: Box) -> tuple[Any, Any]:
                        chip = scene.raster_source.get_chip(window)
                        labels = self.get_train_labels(window, scene)
                        show(chip, window, labels)
                        bar.advance(1)
                        return chip, labels

                    data = TrainingData.lazy(windows, read)
                    for augmentor in augmentors:
                        if not getattr(augmentor, "streams", False):
                            data.hold()
                        data = augmentor.process(data, tmp_dir)
                    return self.backend.process_scene_data(scene, data, tmp_dir)

        train, validation = list(train_scenes), list(validation_scenes)
        work = [*((scene, augmentors) for scene in train), *((scene, ()) for scene in validation)]
        results = []
        for number, (scene, passed) in enumerate(work, 1):
            with progress.part(number, len(work), "scene"):
                results.append(process(scene, passed))
        self.backend.process_sceneset_results(results[: len(train)], results[len(train) :], tmp_dir)

    def train(self, tmp_dir: str) -> None:
        """Let the backend train a model on its chips."""
        self.backend.train(tmp_dir)

    def predict(self, scenes: Iterable[Scene], tmp_dir: str) -> None:
        """Predict scenes, and save the labels of each in its label store.

        Raises:
            ConfigError: a scene has no label store.
        """
        self.backend.load_model(tmp_dir)
        listed = list(scenes)
        for number, scene in enumerate(listed, 1):
            store = scene.prediction_label_store
            if store is None:
                raise ConfigError(
                    f"scene {scene.id!r} has no label store to save predictions in",
                    hint="give the scene with_label_store(...)",
                )
            with progress.part(number, len(listed), "scene"), scene.activate():
                labels = self.predict_scene(scene, tmp_dir)
                store.save(labels)
                if self.config.debug and self.config.predict_debug_uri:
                    self.save_debug_predict_image(scene, self.config.predict_debug_uri)

    def predict_scene(self, scene: Scene, tmp_dir: str) -> Any:
        """Predict one scene; labels outside its areas of interest are left out.

        Args:
            scene: active.
            tmp_dir: local directory for what is thrown away afterwards.
        """
        labels = self.predict_labels(scene, tmp_dir)
        if scene.aoi_polygons:
            labels = labels.filter_by_aoi(scene.aoi_polygons)
        return self.post_process_predictions(labels, scene)

    def predict_labels(self, scene: Scene, tmp_dir: str) -> Any:
        """Return the labels of all windows of a scene together, a batch of windows at a time.

        Windows without data, or outside the areas of interest, are left out.

        Args:
            scene: active.
            tmp_dir: local directory for what is thrown away afterwards.
        """
        windows = self.get_predict_windows(scene.raster_source.get_extent())
        if scene.aoi_polygons:
            from rvcli.task.areas import Areas

            windows = Areas(scene.aoi_polygons).touching(windows)
        labels = scene.prediction_label_store.empty_labels()
        with progress.track(f"predicting {scene.id}", len(windows)) as bar:
            size = self.config.predict_batch_size
            for start in range(0, len(windows), size):
                batch = windows[start : start + size]
                chips = [self.read_predict_chip(scene, window) for window in batch]
                full = [i for i, chip in enumerate(chips) if chip.any()]
                if full:
                    # Of many windows: labels that can are added to in place.
                    labels += self.backend.predict(
                        _stacked([chips[i] for i in full]), [batch[i] for i in full], tmp_dir
                    )
                bar.advance(len(batch))
        return labels

    def read_predict_chip(self, scene: Scene, window: Box) -> Any:
        """Read a window with the margin that the backend wants around it."""
        margin = getattr(self.backend, "margin", 0)
        return scene.raster_source.get_chip(window.make_eroded(-margin) if margin else window)

    def scene_random(self, scene: Scene) -> random.Random:
        """Make the source of randomness of a scene.

        It depends on the task's seed and the scene's id alone, so that a scene has the same
        chips whatever other scenes there are and however they are split over processes.
        """
        return random.Random(f"{getattr(self.config, 'seed', 0)}/{scene.id}")

    def debug_chips(self, scene: Scene) -> AbstractContextManager[Callable[[Any, Box, Any], None]]:
        """Give a context, and in it a function that is shown every chip with window and labels.

        A task that draws some of them overrides this; here nothing is drawn.
        """
        return nullcontext(lambda chip, window, labels: None)


def _stacked(chips: list[Any]) -> Any:
    """Return chips as one array, unless a plugin's raster source cuts some off at the edge."""
    import numpy as np

    return np.stack(chips) if len({chip.shape for chip in chips}) == 1 else chips
