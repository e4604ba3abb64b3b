"""Family of backend configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from rvcli import keys
from rvcli.config import BundledConfigMixin, Config, ConfigBuilder, field
from rvcli.errors import ConfigError

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend


class BackendConfig(BundledConfigMixin, Config):
    """Describes what learns and predicts.

    Attributes:
        uses_validation_chips: False if training never looks at chips of validation scenes;
            then they are not made, and training does not depend on those scenes.
        uses_gpu: False if a GPU would be of no use.
        framework: the distribution that trains its models, as pip names it; for people.
    """

    group = keys.BACKEND
    message = "backend_pb2:BackendConfig"
    uses_validation_chips: ClassVar[bool] = True
    uses_gpu: ClassVar[bool] = True
    framework: ClassVar[str] = ""

    backend_type: str

    pretrained_model_uri: str | None = field(
        default=None,
        doc="Model from which training starts.",
        input_of=(keys.TRAIN,),
        used_by=(keys.TRAIN,),
    )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend for a task."""
        raise NotImplementedError(f"{type(self).__name__} has no create_backend")

    def for_scenes(self, train_ids: list[str], validation_ids: list[str]) -> Any:
        """Return the config for a chip command that makes the chips of these scenes alone."""
        return self


class BackendConfigBuilder(ConfigBuilder):
    """Base of backend config builders."""

    config_class = BackendConfig
    task: Any = None

    def __init__(
        self,
        backend_type: Any = None,
        config_class: Any = None,
        config: Mapping[str, Any] | None = None,
        prev: Config | None = None,
    ) -> None:
        if isinstance(backend_type, Config):
            prev = backend_type
        super().__init__(config_class, config, prev=prev)
        if isinstance(backend_type, str):
            self.backend_type = backend_type

    def _applicable_tasks(self) -> list[str]:
        """List the tasks that the backend can do; empty means any."""
        return []

    def _process_task(self, task: Any = None) -> Any:
        """Take from the task what the config needs; the builder's copy is in `self.task`."""
        return self

    def with_task(self, task: Any) -> Any:
        """Set the task that the backend is for."""
        applicable = self._applicable_tasks()
        if applicable and task.task_type not in applicable:
            raise ConfigError(
                f"{type(self).__name__} cannot do {task.task_type}",
                hint=f"it does {', '.join(applicable)}",
            )
        new = self.set()
        new.task = task
        return new._process_task() or new

    def with_pretrained_model(self, uri: str) -> Any:
        """Set the model from which training starts."""
        return self.set(pretrained_model_uri=uri)

    def with_model_defaults(self, model_defaults_key: str) -> Any:
        """Take defaults by key: what the file of RV.model_defaults_uri has for the backend."""
        backend = getattr(self, "backend_type", None) or str(getattr(self.config_class, "key", ""))
        given = given_defaults(backend, model_defaults_key)
        if not given:
            raise ConfigError(
                f"{type(self).__name__} has no model defaults {model_defaults_key!r}",
                hint="RV.model_defaults_uri in the profile names a file that may have some:"
                f' {{"{backend}": {{"{model_defaults_key}": {{"pretrained_model_uri": ...}}}}}}',
            )
        return self._load_model_defaults(given)

    def _load_model_defaults(self, model_defaults: dict[str, Any]) -> Any:
        """Take what the file says; a backend that knows more than a model overrides this."""
        uri = model_defaults.get("pretrained_model_uri")
        return self.with_pretrained_model(uri) if uri else self.set()


def given_defaults(backend: str, key: str) -> dict[str, Any]:
    """Return what the file of RV.model_defaults_uri says, which is read if it is set."""
    from rvcli.profile.rv_config import RVConfig

    found: dict[str, Any] = RVConfig.get_instance().get_model_defaults().get(backend, {})
    return dict(found.get(key, {}))
