"""Config of the embedded backend, which classifies pixels with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.backend_config import BackendConfig, BackendConfigBuilder
from rvcli.backend.sklearn_options import (
    DEFAULT_ITERATIONS,
    DEFAULT_LEARNING_RATE,
    DEFAULT_MAX_PIXELS,
    DEFAULT_SCALES,
    MODEL_FILE,
    SklearnOptions,
    chips_uri,
)
from rvcli.config import field, positive
from rvcli.filesystem import join_uri

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend
    from rvcli.core.command_io_definition import CommandIODefinition

ALL_USES = (keys.TRAIN, keys.PREDICT, keys.BUNDLE)


class SklearnSemanticSegmentationConfig(BackendConfig):
    """Classify every pixel from its surroundings at several scales, on the CPU."""

    key = keys.SKLEARN_SEMANTIC_SEGMENTATION
    part = "sklearn_semantic_segmentation_config"
    uses_validation_chips = False
    uses_gpu = False

    chip_uri: str | None = field(
        default=None,
        doc="Directory of the training chips; the chip URI of the experiment if not set.",
        uri=True,
        used_by=(keys.CHIP,),
    )
    train_chip_uris: list[str] = field(
        default_factory=list,
        doc="The chip files that are made and trained on; filled in from the dataset.",
        output_of=(keys.CHIP,),
        input_of=(keys.TRAIN,),
        used_by=(keys.CHIP, keys.TRAIN),
    )
    train_uri: str | None = field(
        default=None,
        doc="Directory of what training writes; the train URI of the experiment if not set.",
        uri=True,
        used_by=(keys.TRAIN,),
    )
    model_uri: str | None = field(
        default=None,
        doc="The model; below the train URI if not set.",
        output_of=(keys.TRAIN,),
        input_of=(keys.PREDICT, keys.BUNDLE),
        used_by=ALL_USES,
    )
    seed: int = field(default=0, doc="Seed of all that is random.", used_by=(keys.TRAIN,))
    max_pixels: int = field(
        default=DEFAULT_MAX_PIXELS,
        doc="Largest number of pixels to learn from, spread over the classes.",
        check=positive,
        used_by=(keys.TRAIN,),
    )
    scales: list[int] = field(
        default_factory=lambda: list(DEFAULT_SCALES),
        doc="Radii of the surroundings that describe a pixel.",
        unit="pixels",
        used_by=(keys.TRAIN,),
    )
    iterations: int = field(
        default=DEFAULT_ITERATIONS,
        doc="Number of boosting rounds.",
        check=positive,
        used_by=(keys.TRAIN,),
    )
    learning_rate: float = field(
        default=DEFAULT_LEARNING_RATE,
        doc="Weight of each round.",
        check=positive,
        used_by=(keys.TRAIN,),
    )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend."""
        from rvcli.backend.sklearn_semantic_segmentation import SklearnSemanticSegmentation

        options = SklearnOptions(
            chip_uri=self.chip_uri,
            train_chip_uris=tuple(self.train_chip_uris),
            train_uri=self.train_uri,
            model_uri=self.model_uri,
            seed=self.seed,
            max_pixels=self.max_pixels,
            scales=tuple(self.scales),
            iterations=self.iterations,
            learning_rate=self.learning_rate,
        )
        return SklearnSemanticSegmentation(task_config.class_map, options)

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Put chips and model below the URIs of the experiment."""
        self.chip_uri = self.chip_uri or experiment_config.chip_uri
        self.train_uri = self.train_uri or experiment_config.train_uri
        self.model_uri = self.model_uri or join_uri(self.train_uri, MODEL_FILE)
        if command_type in (keys.CHIP, keys.TRAIN):
            self.train_chip_uris = [
                self.chips_of(scene.id) for scene in experiment_config.dataset.train_scenes
            ]
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def chips_of(self, scene_id: str) -> str:
        """Return the URI of the training chips of a scene."""
        return chips_uri(self.chip_uri or "", scene_id)

    def for_scenes(self, train_ids: list[str], validation_ids: list[str]) -> Any:
        """Return the config for a chip command that makes the chips of these scenes alone."""
        new = self.clone()
        new.train_chip_uris = [self.chips_of(scene_id) for scene_id in train_ids]
        return new

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Copy the model into the package."""
        local_path, name = self.bundle_file(self.model_uri or "", bundle_dir)
        new = self.clone()
        new.prune(keys.BUNDLE)
        new.model_uri = name
        return new, [local_path]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the model where the package was unpacked."""
        new = self.clone()
        new.model_uri = join_uri(bundle_dir, self.model_uri or MODEL_FILE)
        return new


class SklearnSemanticSegmentationConfigBuilder(BackendConfigBuilder):
    """Builds SklearnSemanticSegmentationConfig."""

    config_class = SklearnSemanticSegmentationConfig

    def _applicable_tasks(self) -> list[str]:
        return [keys.SEMANTIC_SEGMENTATION]

    def with_train_options(
        self,
        max_pixels: int = DEFAULT_MAX_PIXELS,
        iterations: int = DEFAULT_ITERATIONS,
        learning_rate: float = DEFAULT_LEARNING_RATE,
        scales: list[int] | None = None,
        seed: int = 0,
    ) -> SklearnSemanticSegmentationConfigBuilder:
        """Set how the model is trained; see the fields of the same names."""
        return self.set(
            max_pixels=max_pixels,
            iterations=iterations,
            learning_rate=learning_rate,
            scales=list(DEFAULT_SCALES if scales is None else scales),
            seed=seed,
        )
