"""Config of the chip command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.augmentor.augmentor_config import AugmentorConfig
from rvcli.backend.backend_config import BackendConfig
from rvcli.command.command_config import (
    CommandConfig,
    CommandConfigBuilder,
    for_command,
    in_directory,
    split_scenes,
)
from rvcli.command.labels import report_unlabelled
from rvcli.config import field
from rvcli.data.dataset_config import unique_scenes
from rvcli.data.scene_config import SceneConfig
from rvcli.task.task_config import TaskConfig

if TYPE_CHECKING:
    from rvcli.command.command import Command
    from rvcli.core.command_io_definition import CommandIODefinition


class ChipCommandConfig(CommandConfig):
    """Cut training chips from scenes."""

    key = keys.CHIP
    part = "chip_config"
    positional = (
        *("root_uri", "split_id", "task", "backend"),
        *("augmentors", "train_scenes", "val_scenes"),
    )

    task: TaskConfig = field(doc="The task.", group=keys.TASK)
    backend: BackendConfig = field(doc="The backend.", group=keys.BACKEND)
    augmentors: list[AugmentorConfig] = field(
        default_factory=list,
        doc="Augmentors that training chips pass, in this order.",
        group=keys.AUGMENTOR,
    )
    train_scenes: list[SceneConfig] = field(doc="Scenes to train on.", parameter="scenes")
    val_scenes: list[SceneConfig] = field(
        default_factory=list, doc="Scenes that training is watched with.", parameter="scenes"
    )

    def create_command(self, tmp_dir: str | None = None) -> Command:
        """Create the command."""
        from rvcli.command.chip_command import ChipCommand

        return in_directory(ChipCommand(self), tmp_dir)

    def report_io(
        self, command_type: str = "", io_def: CommandIODefinition | None = None
    ) -> CommandIODefinition:
        """Return what the command reads and writes, and which scenes lack labels."""
        io_def = super().report_io(command_type, io_def)
        if self.task.task_type in keys.TASKS:
            report_unlabelled([*self.train_scenes, *self.val_scenes], io_def)
        return io_def

    def split(self, num_parts: int) -> list[Any]:
        """Divide the scenes."""
        parts = split_scenes(self, ("train_scenes", "val_scenes"), num_parts)
        for part in parts if len(parts) > 1 else []:
            part.backend = part.backend.for_scenes(
                [s.id for s in part.train_scenes], [s.id for s in part.val_scenes]
            )
        return parts


class ChipCommandConfigBuilder(CommandConfigBuilder):
    """Builds ChipCommandConfig."""

    config_class = ChipCommandConfig

    def with_experiment(self, experiment_config: Any) -> Any:
        """Take everything from an experiment; validation scenes only if training uses them."""
        dataset = experiment_config.dataset
        backend = for_command(experiment_config.backend, keys.CHIP, experiment_config)

        def prepared(scenes: list[SceneConfig]) -> list[SceneConfig]:
            copies = [for_command(s, keys.CHIP, experiment_config) for s in unique_scenes(scenes)]
            for scene in copies:
                scene.label_store = None
            return copies

        return (
            super()
            .with_experiment(experiment_config)
            .set(
                task=for_command(experiment_config.task, keys.CHIP, experiment_config),
                backend=backend,
                augmentors=[
                    for_command(a, keys.CHIP, experiment_config) for a in dataset.augmentors
                ],
                train_scenes=prepared(dataset.train_scenes),
                val_scenes=prepared(dataset.validation_scenes)
                if getattr(backend, "uses_validation_chips", True)
                else [],
            )
        )
