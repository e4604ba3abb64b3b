"""What the configs of backends share that learn from stored chips and write one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.backend_config import BackendConfig, BackendConfigBuilder
from rvcli.backend.places import MODEL_FILE, TRAIN, VALIDATION, Places, chips_uri
from rvcli.config import field
from rvcli.filesystem import base_name, join_uri

if TYPE_CHECKING:
    from rvcli.core.command_io_definition import CommandIODefinition


class SimpleBackendConfig(BackendConfig):
    """Describes a backend that keeps chips in files, one a scene, and its model in another.

    A member declares its options as further fields, and its `create_backend` gives them and
    `self.places()` to a ChipBackend.
    """

    chip_uri: str | None = field(
        default=None,
        doc="Directory of the chips; the chip URI of the experiment if not set.",
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
    validation_chip_uris: list[str] = field(
        default_factory=list,
        doc="The chip files that training is watched with; filled in from the dataset.",
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
        used_by=(keys.TRAIN, keys.PREDICT, keys.BUNDLE),
    )
    seed: int = field(default=0, doc="Seed of all that is random.", used_by=(keys.TRAIN,))

    def places(self) -> Places:
        """Return the URIs of the files."""
        return Places(
            chip_uri=self.chip_uri,
            train_chip_uris=tuple(self.train_chip_uris),
            validation_chip_uris=tuple(self.validation_chip_uris),
            train_uri=self.train_uri,
            model_uri=self.model_uri,
            pretrained_uri=self.pretrained_model_uri,
        )

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
            dataset = experiment_config.dataset
            self._name_chips(
                [scene.id for scene in dataset.train_scenes],
                [scene.id for scene in dataset.validation_scenes],
            )
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def for_scenes(self, train_ids: list[str], validation_ids: list[str]) -> Any:
        """Return the config for a chip command that makes the chips of these scenes alone."""
        new = self.clone()
        new._name_chips(train_ids, validation_ids)
        return new

    def _name_chips(self, train_ids: list[str], validation_ids: list[str]) -> None:
        watched = validation_ids if self.uses_validation_chips else []
        root = self.chip_uri or ""
        self.train_chip_uris = [chips_uri(root, scene, TRAIN) for scene in train_ids]
        self.validation_chip_uris = [chips_uri(root, scene, VALIDATION) for scene in watched]

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
        new.model_uri = join_uri(bundle_dir, base_name(self.model_uri or MODEL_FILE))
        return new


class SimpleBackendConfigBuilder(BackendConfigBuilder):
    """Base of the builders of such configs."""

    config_class = SimpleBackendConfig

    def with_pretrained_uri(self, pretrained_uri: str) -> Any:
        """Set the model from which training starts."""
        return self.set(pretrained_model_uri=pretrained_uri)
