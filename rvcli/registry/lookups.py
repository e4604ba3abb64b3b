"""Lookups by what a component is for: default providers, file systems, commands, runners."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.errors import RegistryError

if TYPE_CHECKING:
    from rvcli.registry.registry import Entry


class Lookups(ABC):
    """What a registry is asked for, beside a group and a key; every answer counts as a use.

    `get_...` are the questions that code of older releases asks of `rv._registry`.
    """

    @abstractmethod
    def entry(self, group: str, key: str) -> Entry:
        """Return the entry of a key and record that it was looked up."""

    @abstractmethod
    def entries(self, group: str | None = None) -> list[Entry]:
        """List entries, the latest registered first."""

    @abstractmethod
    def keys(self, group: str) -> list[str]:
        """List the keys of a group, sorted."""

    @abstractmethod
    def get(self, group: str, key: str) -> Any:
        """Return the component of a key, imported if need be."""

    def find_provider(self, group: str, using: str, *question: Any) -> tuple[Entry, Any]:
        """Return the first default provider that answers yes, with its entry.

        Args:
            group: one of the DEFAULT_* groups.
            using: the question: "handles" or "is_default_for".
            question: its arguments.

        Raises:
            RegistryError: none does.
        """
        for entry in self.entries(group):
            provider = _ready(entry.load())
            if getattr(provider, using)(*question):
                return self.entry(group, entry.key), provider
        asked = ", ".join(repr(q) for q in question)
        what = group.removeprefix("DEFAULT_").replace("_", " ").lower()
        article = "an" if what[0] in "aeio" else "a"
        raise RegistryError(
            f"no provider makes {article} {what} from {asked}",
            hint=f"build the {what} yourself, or load a plugin that registers a default for it",
        )

    def find_file_system(self, uri: str, mode: str = "r", search_plugins: bool = True) -> Any:
        """Return the file system class that handles a URI, or None; the latest is asked first."""
        for entry in self.entries(keys.FILESYSTEM):
            if search_plugins or entry.origin.kind == "builtin":
                file_system = entry.load()
                if file_system.matches_uri(uri, mode):
                    self.entry(keys.FILESYSTEM, entry.key)
                    return file_system
        return None

    def get_file_system(self, uri: str, mode: str = "r", search_plugins: bool = True) -> Any:
        """Return the file system class that handles a URI.

        Raises:
            RegistryError: there is none.
        """
        found = self.find_file_system(uri, mode, search_plugins)
        if found is None:
            raise RegistryError(
                f"no file system handles {uri!r} in mode {mode!r}",
                hint="check the URI, or load the plugin that brings its file system",
            )
        return found

    def get_raster_source_default_provider(self, s: str) -> Any:
        """Return the provider that makes a raster source of a URI."""
        return self.find_provider(keys.DEFAULT_RASTER_SOURCE, "handles", s)[1]

    def get_vector_source_default_provider(self, s: str) -> Any:
        """Return the provider that makes a vector source of a URI."""
        return self.find_provider(keys.DEFAULT_VECTOR_SOURCE, "handles", s)[1]

    def get_label_source_default_provider(self, task_type: str, s: str) -> Any:
        """Return the provider that makes the label source of a task of a URI."""
        return self.find_provider(keys.DEFAULT_LABEL_SOURCE, "handles", task_type, s)[1]

    def get_label_store_default_provider(self, task_type: str, s: str | None = None) -> Any:
        """Return the provider that makes the label store of a task, of a URI or of nothing."""
        if s is None:
            return self.find_provider(keys.DEFAULT_LABEL_STORE, "is_default_for", task_type)[1]
        return self.find_provider(keys.DEFAULT_LABEL_STORE, "handles", task_type, s)[1]

    def get_evaluator_default_provider(self, task_type: str) -> Any:
        """Return the provider that makes the evaluator of a task."""
        return self.find_provider(keys.DEFAULT_EVALUATOR, "is_default_for", task_type)[1]

    def get_command_config_builder(self, command_type: str) -> Any:
        """Return the builder class of a command."""
        return builder_of(self.get(keys.COMMAND, command_type.upper()))

    def get_aux_command_class(self, command_type: str) -> Any:
        """Return the class of an auxiliary command."""
        return self.get(keys.AUX_COMMAND, command_type.upper())

    def get_commands(self) -> list[str]:
        """List the keys of all commands: the pipeline's in its order, auxiliary ones, others."""
        others = [*self.keys(keys.AUX_COMMAND), *self.keys(keys.COMMAND)]
        return list(dict.fromkeys([*keys.COMMANDS, *others]))

    def get_experiment_runner(self, runner_type: str) -> Any:
        """Return the class of a runner."""
        return self.get(keys.EXPERIMENT_RUNNER, runner_type.upper())

    def get_experiment_runner_keys(self) -> list[str]:
        """List the keys of all runners."""
        return self.keys(keys.EXPERIMENT_RUNNER)

    def initialize_config(
        self,
        profile: str | None = None,
        rv_home: str | None = None,
        config_overrides: Mapping[str, Any] | None = None,
        verbosity: int = 1,
    ) -> None:
        """Put a profile in force, with the plugins that it names, in place of what was.

        Args:
            profile: its name.
            rv_home: the directory of the user's profiles.
            config_overrides: values by SECTION_KEY, in any case, stronger than all else.
            verbosity: one of the levels of `Verbosity`.

        Raises:
            ProfileError: the profile is missing or wrong.
            PluginError: a plugin does not load; what was in force still is.
        """
        # What older code alone does stands in its own room, which knows profiles and plugins.
        from rvcli.compat.initialize import initialize

        initialize(self, profile, rv_home, config_overrides, verbosity)


def builder_of(component: Any) -> Any:
    """Return the builder class of a component, which may be a config class."""
    return getattr(component, "builder_class", lambda: component)()


def _ready(provider: Any) -> Any:
    """Return what can be asked: an instance, where `construct` is a method as in its base."""
    construct = inspect.getattr_static(provider, "construct", None)
    return provider() if isinstance(provider, type) and inspect.isfunction(construct) else provider
