"""Family of task configs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import BundledConfigMixin, Config, ConfigBuilder, field, positive
from rvcli.core.class_map import ClassMap
from rvcli.filesystem import join_uri

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend
    from rvcli.core.command_io_definition import CommandIODefinition
    from rvcli.task.task import Task

PACKAGE_FILE = "predict_package.zip"


class TaskConfig(BundledConfigMixin, Config):
    """Describes what is to be learned, and how scenes become chips and predictions."""

    group = keys.TASK
    message = "task_pb2:TaskConfig"

    task_type: str

    predict_batch_size: int = field(
        default=10,
        doc="Number of chips that are predicted at once.",
        check=positive,
        used_by=(keys.PREDICT, keys.BUNDLE),
    )
    predict_package_uri: str | None = field(
        default=None,
        doc="Where the predict package is written; below the bundle URI if not set.",
        output_of=(keys.BUNDLE,),
        used_by=(keys.BUNDLE,),
    )
    debug: bool = field(
        default=True,
        doc="Write images that help to see what went wrong.",
        used_by=(keys.CHIP, keys.PREDICT),
    )
    predict_debug_uri: str | None = field(
        default=None,
        doc="Directory of the images that predict writes for debugging; none if not set.",
        uri=True,
        used_by=(keys.PREDICT,),
    )

    def create_task(self, backend: Backend) -> Task:
        """Create the task."""
        raise NotImplementedError(f"{type(self).__name__} has no create_task")

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Put the predict package below the bundle URI."""
        if not self.predict_package_uri and command_type == keys.BUNDLE:
            self.predict_package_uri = join_uri(experiment_config.bundle_uri, PACKAGE_FILE)
        return super().update_for_command(command_type, experiment_config, context, io_def)


class TaskConfigBuilder(ConfigBuilder):
    """Base of task config builders."""

    config_class = TaskConfig


class ClassTaskConfigBuilder(TaskConfigBuilder):
    """Base of the builders of tasks that have classes."""

    def with_classes(self, classes: Any) -> Any:
        """Set the classes.

        Args:
            classes: `{"car": (1, "red")}`, `{"car": 1}`, names (ids count from 1), ClassItems
                or their messages, or a ClassMap.
        """
        return self.set(class_map=ClassMap.construct_from(classes))
