"""Backend: what learns from chips and predicts windows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.training_data import TrainingData


class Backend(ABC):
    """Turns chips into a model, and a model into labels of windows.

    A plugin subclasses this, and a `BackendConfig` whose `create_backend(task_config)` makes it.
    The methods are called in three different commands, as a rule in three processes; what one
    of them leaves for the next goes into files at URIs that the config knows:

    - CHIP calls `process_scene_data` for every scene, then `process_sceneset_results` once. With
      `--splits` each process has some of the scenes.
    - TRAIN calls `train`.
    - PREDICT calls `load_model` once, then `predict` for window after window.

    Attributes:
        margin: pixels of imagery that `predict` wants around each window, so that neighbouring
            windows agree where they meet. With a margin the chips that `predict` gets are that
            much larger than their windows on each side, zeros beyond the scene.
        finds_whole_objects: for object detection: whether `predict` finds each object whose centre
            lies in a window, and all of it. Otherwise windows overlap, and what a window cuts
            off is put right afterwards.
        predicts_batches: whether `predict` takes several chips at once also for semantic
            segmentation, up to the task's predict_batch_size; otherwise it gets one.
        debug_uri: directory in which the task draws some chips, or None for none.
        gives_scores: whether there is `predict_scores`, which semantic segmentation needs to
            blend overlapping windows and to write class probabilities.
    """

    margin: int = 0
    finds_whole_objects: bool = False
    predicts_batches: bool = False
    debug_uri: str | None = None
    gives_scores: bool = False

    @abstractmethod
    def process_scene_data(self, scene: Any, data: TrainingData, tmp_dir: str) -> Any:
        """Store the chips of one scene.

        Args:
            scene: Scene that the chips come from, active.
            data: its chips: iterating gives (chip, window, labels), chip of shape
                (height, width, channels). May read each chip when it is reached: pass over it
                once, and hold no chip longer than needed.
            tmp_dir: local directory for what is thrown away afterwards.

        Returns:
            Anything; `process_sceneset_results` gets it.
        """

    @abstractmethod
    def process_sceneset_results(
        self, training_results: Sequence[Any], validation_results: Sequence[Any], tmp_dir: str
    ) -> None:
        """Finish the chips of all scenes.

        Args:
            training_results: what `process_scene_data` returned, by training scene.
            validation_results: the same for validation scenes.
            tmp_dir: local directory for what is thrown away afterwards.
        """

    @abstractmethod
    def train(self, tmp_dir: str) -> None:
        """Train a model from the stored chips and store it, whole or not at all."""

    @abstractmethod
    def load_model(self, tmp_dir: str) -> None:
        """Load the stored model, so that `predict` can be called."""

    @abstractmethod
    def predict(self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str) -> Any:
        """Predict the labels of some windows.

        Args:
            chips: arrays of shape (height, width, channels), one for each window: its imagery,
                and `margin` pixels more on each side. Several are one array where their shapes
                are the same.
            windows: pixel coordinates, half-open.
            tmp_dir: local directory for what is thrown away afterwards.

        Returns:
            Labels of the task's kind that cover the windows. For semantic segmentation those
            whose `get_label_arr(window)` gives class ids of shape (height, width).
        """

    def predict_scores(self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str) -> Any:
        """Predict how probable every class is at every pixel, for semantic segmentation.

        Args:
            chips: as for `predict`.
            windows: as for `predict`.
            tmp_dir: as for `predict`.

        Returns:
            A list with float32 of shape (classes, height, width) for each window: the classes
            of the task but 0, in the order of their ids. Scores are not negative, and sum to 1
            where there is data.
        """
        raise NotImplementedError(f"{type(self).__name__} has no predict_scores")
