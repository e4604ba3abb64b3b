"""What `register_plugin(plugin_registry)` receives: every way to register something."""

from __future__ import annotations

from typing import Any

from rvcli import keys
from rvcli.errors import RegistryError
from rvcli.registry.lookups import builder_of
from rvcli.registry.registry import BUILTIN, CODE, Entry, Origin, Registry


class Registrar:
    """Registers components in a registry on behalf of one plugin.

    Wherever a class is asked for, `"package.module:Name"` does as well and is imported on
    first use. `extra` names the pip extra that brings what the component imports. Commands and
    runners are named in any case: their keys are upper case.
    """

    def __init__(self, registry: Registry, origin: Origin = CODE) -> None:
        self.registry = registry
        self.origin = origin

    def register_config(self, config_class: Any, *, extra: str | None = None) -> None:
        """Register a declared config class under its own `group` and `key`."""
        group = getattr(config_class, "group", "")
        key = getattr(config_class, "key", None)
        if group not in (*keys.CONFIG_GROUPS, keys.COMMAND) or not key:
            raise RegistryError(
                f"{getattr(config_class, '__name__', config_class)} cannot be registered as a"
                f" config: its group is {group!r} and its key is {key!r}",
                hint="subclass a family such as rv.EvaluatorConfig and set `key` on the class",
            )
        self._add(group, key, config_class, extra)

    def register_config_builder(
        self, group: str, key: str, builder_class: Any, *, extra: str | None = None
    ) -> None:
        """Register the builder class of a config under a group and key."""
        if group not in keys.CONFIG_GROUPS:
            raise RegistryError(
                f"{group!r} is no group of configs",
                hint=f"the groups are {', '.join(keys.CONFIG_GROUPS)}",
            )
        self._add(group, key, builder_class, extra)

    def register_command_config_builder(
        self, command_type: str, builder_class: Any, *, extra: str | None = None
    ) -> None:
        """Register a command by the builder class of its config."""
        self._add(keys.COMMAND, _upper(command_type), builder_class, extra)

    def register_aux_command(
        self, command_type: str, command_class: Any, *, extra: str | None = None
    ) -> None:
        """Register an auxiliary command by its AuxCommand class."""
        self._add(keys.AUX_COMMAND, _upper(command_type), command_class, extra)

    def register_default_raster_source(self, provider_class: Any) -> None:
        """Register a provider that turns a URI into a raster source config."""
        self._add_provider(keys.DEFAULT_RASTER_SOURCE, provider_class)

    def register_default_vector_source(self, provider_class: Any) -> None:
        """Register a provider that turns a URI into a vector source config."""
        self._add_provider(keys.DEFAULT_VECTOR_SOURCE, provider_class)

    def register_default_label_source(self, provider_class: Any) -> None:
        """Register a provider that turns a task type and a URI into a label source config."""
        self._add_provider(keys.DEFAULT_LABEL_SOURCE, provider_class)

    def register_default_label_store(self, provider_class: Any) -> None:
        """Register a provider that turns a task type and a URI into a label store config."""
        self._add_provider(keys.DEFAULT_LABEL_STORE, provider_class)

    def register_default_evaluator(self, provider_class: Any) -> None:
        """Register a provider that turns a task into an evaluator config."""
        self._add_provider(keys.DEFAULT_EVALUATOR, provider_class)

    def register_experiment_runner(
        self, runner_key: str, runner_class: Any, *, extra: str | None = None
    ) -> None:
        """Register a runner; its key is used in lower case on the command line."""
        self._add(keys.EXPERIMENT_RUNNER, _upper(runner_key), runner_class, extra)

    def register_filesystem(self, filesystem_class: Any, *, extra: str | None = None) -> None:
        """Register a FileSystem class; the latest registered is asked first."""
        self._add_provider(keys.FILESYSTEM, filesystem_class, extra)

    # What plugins have registered, as plugins of older releases look at it.

    @property
    def config_builders(self) -> dict[tuple[str, str], Any]:
        """Builder classes by group and key."""
        found = [e for group in keys.CONFIG_GROUPS for e in self._of_plugins(group)]
        return {(e.group, e.key): builder_of(e.load()) for e in found}

    @property
    def command_config_builders(self) -> dict[str, Any]:
        """Builder classes of commands."""
        return {e.key: builder_of(e.load()) for e in self._of_plugins(keys.COMMAND)}

    @property
    def aux_command_classes(self) -> dict[str, Any]:
        """Classes of auxiliary commands."""
        return {e.key: e.load() for e in self._of_plugins(keys.AUX_COMMAND)}

    @property
    def default_raster_sources(self) -> list[Any]:
        """Providers of default raster sources."""
        return [e.load() for e in self._of_plugins(keys.DEFAULT_RASTER_SOURCE)]

    @property
    def default_vector_sources(self) -> list[Any]:
        """Providers of default vector sources."""
        return [e.load() for e in self._of_plugins(keys.DEFAULT_VECTOR_SOURCE)]

    @property
    def default_label_sources(self) -> list[Any]:
        """Providers of default label sources."""
        return [e.load() for e in self._of_plugins(keys.DEFAULT_LABEL_SOURCE)]

    @property
    def default_label_stores(self) -> list[Any]:
        """Providers of default label stores."""
        return [e.load() for e in self._of_plugins(keys.DEFAULT_LABEL_STORE)]

    @property
    def default_evaluators(self) -> list[Any]:
        """Providers of default evaluators."""
        return [e.load() for e in self._of_plugins(keys.DEFAULT_EVALUATOR)]

    @property
    def experiment_runners(self) -> dict[str, Any]:
        """Classes of runners."""
        return {e.key: e.load() for e in self._of_plugins(keys.EXPERIMENT_RUNNER)}

    @property
    def filesystems(self) -> list[Any]:
        """File system classes."""
        return [e.load() for e in self._of_plugins(keys.FILESYSTEM)]

    def _of_plugins(self, group: str) -> list[Entry]:
        """List what plugins have registered in a group, in that order."""
        return [e for e in reversed(self.registry.entries(group)) if e.origin != BUILTIN]

    def _add_provider(self, group: str, component: Any, extra: str | None = None) -> None:
        if isinstance(component, str):
            key = component
        else:
            owner = component if isinstance(component, type) else type(component)
            key = f"{owner.__module__}:{owner.__qualname__}"
        self._add(group, key, component, extra)

    def _add(self, group: str, key: str, component: Any, extra: str | None) -> None:
        self.registry.add(group, key, component, origin=self.origin, extra=extra)


def _upper(key: Any) -> Any:
    return key.upper() if isinstance(key, str) else key
