"""What the configs of TensorFlow backends share: they stand for configs of today."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from rvcli import keys, notices, profile
from rvcli.backend.nested_config import NestedBackendConfig, NestedBackendConfigBuilder
from rvcli.backend.translated.translation import Translation
from rvcli.config import Problem, field
from rvcli.errors import ConfigError

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend
    from rvcli.core.command_io_definition import CommandIODefinition

log = logging.getLogger(__name__)

# What PyTorch can start from; the rest are checkpoints and graphs of TensorFlow.
_USABLE_ENDINGS = (".zip", ".safetensors", ".pth", ".pt", ".bin")


class TranslatedConfig(NestedBackendConfig):
    """Describes a TensorFlow backend; a PyTorch backend of the same task does its work.

    A member says in `translate` what its nested dict is with the options of `successor`.
    """

    successor: ClassVar[str] = ""

    pretrained_model_uri: str | None = field(
        default=None,
        doc="Model from which training starts; one of TensorFlow is left out.",
        uri=True,
        used_by=(keys.TRAIN,),
    )
    fine_tune_checkpoint_name: str | None = field(
        default=None,
        doc="Has no meaning today.",
        used_by=(keys.TRAIN,),
        semantic=False,
    )
    debug: bool = field(
        default=False,
        doc="Draw the first training batch, and read chips in one process.",
        used_by=(keys.TRAIN,),
        semantic=False,
    )

    @classmethod
    @abstractmethod
    def translate(cls, nested: Any) -> Translation:
        """Say a nested dict with the options of today."""

    def translation(self) -> Translation:
        """Say all options with those of today.

        Raises:
            ConfigError: a value is of the wrong kind.
        """
        made = self.translate(getattr(self, self.nested))
        made.left_out += list(self._without_counterpart())
        return made

    def _without_counterpart(self) -> Iterable[str]:
        """Name in words what is set and has no counterpart."""
        if self.pretrained_model_uri and not self._usable_weights():
            yield f"the weights of TensorFlow {self.pretrained_model_uri}"
        if self.fine_tune_checkpoint_name:
            yield f"fine_tune_checkpoint_name={self.fine_tune_checkpoint_name}"
        if self.replace_model:
            yield "replace_model=True"
        if self.sync_interval != 600:
            yield f"sync_interval={self.sync_interval}"

    def _usable_weights(self) -> str | None:
        uri = self.pretrained_model_uri or ""
        name = uri.partition("?")[0].rpartition("/")[2]
        return uri if name and ("." not in name or name.endswith(_USABLE_ENDINGS)) else None

    def translated(self) -> Any:
        """Return the config of today that does the work."""
        from rvcli.backend.backend_config import BackendConfig

        return (
            BackendConfig.builder(self.successor)
            .set(
                **self.translation().options,
                debug=self.debug,
                log_tensorboard=self.do_monitoring,
                run_tensorboard=self.do_monitoring,
                pretrained_model_uri=self._usable_weights(),
                **{
                    name: getattr(self, name)
                    for name in (
                        *("chip_uri", "train_chip_uris", "validation_chip_uris"),
                        *("train_uri", "model_uri", "seed"),
                    )
                },
            )
            .build()
        )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend of today."""
        log.info("%s", self.translation().text(str(self.key), self.successor))
        backend: Backend = self.translated().create_backend(task_config)
        return backend

    def report_io(self, command_type: str, io_def: CommandIODefinition) -> Any:
        """Add what this config reads and writes; weights of TensorFlow are not read."""
        super().report_io(command_type, io_def)
        usable = self._usable_weights()
        if usable and command_type == keys.TRAIN:
            io_def.add_input(usable)

    def problems(self) -> Iterable[Problem]:
        """Check that the options can be translated, and may be.

        Raises:
            ConfigError: the profile refuses such backends.
        """
        try:
            made = self.translation()
        except ConfigError as error:
            yield Problem(f"$.{self.nested}", str(error))
            return
        if not profile.current().get("RV", "translate_tensorflow"):
            raise ConfigError(
                f"{self.key} is a backend of TensorFlow 1, and RV.translate_tensorflow is off",
                hint=f"use rv.{self.successor}, {made.call()}",
            )


class TranslatedConfigBuilder(NestedBackendConfigBuilder):
    """Base of the builders of such configs."""

    config_class = TranslatedConfig
    steps_path: ClassVar[str] = ""
    _is_from_message = False

    def with_num_steps(self, num_steps: int) -> Any:
        """Set how many batches are learned from."""
        return self._with_option(self.steps_path, num_steps)

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message."""
        new = super().from_proto(msg)
        new._is_from_message = True
        return new

    def validate(self) -> None:
        """Raise ConfigError unless there is a template."""
        if not self._nested() and not self._is_from_message:
            raise ConfigError(
                f"{self.config_class.key} has no template",
                hint="call with_model_defaults(key) or with_template(dict or URI)",
            )

    def build(self) -> Any:
        """Return the config, and tell once what of it has no counterpart today."""
        config: Any = super().build()
        if not self._is_from_message:
            text = config.translation().text(str(config.key), config.successor)
            notices.notice(text)
        return config
