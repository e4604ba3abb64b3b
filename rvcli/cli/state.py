"""What the shared options said, and the settings and plugins that follow from it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.cli.say import say

if TYPE_CHECKING:
    from rvcli.plugins import LoadedPlugin
    from rvcli.profile import Settings
    from rvcli.registry import Registry

MOST_WARNINGS = 10


class State:
    """One call of `rv`.

    Attributes:
        profile: the chosen profile, or None.
        config_file: the given profile file, or None.
        overrides: `SECTION.KEY=VALUE`, each.
        verbosity: -1 quiet, 0 normal, 1 verbose, 2 and more for debugging.
        arguments: all of the command line, after the program's name.
        is_worker: what is printed goes to a log, where a fault needs its traceback at once.
        is_json: errors are printed as JSON, by the settings that were loaded last.
        inherits: settings and plugins that are in force in this process stay so, unless an
            option says otherwise.
    """

    def __init__(self) -> None:
        self.profile: str | None = None
        self.config_file: str | None = None
        self.overrides: tuple[str, ...] = ()
        self.verbosity = 0
        self.arguments: tuple[str, ...] = ()
        self.is_worker = False
        self.inherits = False
        self.is_json = False

    @property
    def is_quiet(self) -> bool:
        """Whether only errors and results are printed."""
        return self.verbosity < 0

    @property
    def config_path(self) -> str | None:
        """The given profile file as an absolute path, or None."""
        return None if self.config_file is None else os.path.abspath(self.config_file)  # noqa: PTH100

    def settings(self) -> Settings:
        """Load the settings.

        Raises:
            ProfileError: a profile is missing or wrong.
            UsageError: an override is malformed.
        """
        from rvcli.profile import load_settings
        from rvcli.profile.verbosity import Verbosity

        inherited = self._inherited()
        if inherited is not None:
            return inherited
        level = Verbosity.NORMAL + self.verbosity
        Verbosity.level = max(Verbosity.QUIET, min(Verbosity.DEBUG, level))
        loaded = load_settings(self.profile, self.config_file, self.overrides)
        self.is_json = loaded.get("RV", "log_format") == "json"
        return loaded

    def _inherited(self) -> Settings | None:
        from rvcli import profile

        said = self.profile or self.config_file or self.overrides or self.verbosity
        return profile.in_force() if self.inherits and not said else None

    @contextmanager
    def session(
        self, *, strict: bool = True, quiet: bool = False, patience_s: float | None = None
    ) -> Iterator[Session]:
        """Put the settings and a registry with the profile's plugins in force.

        Args:
            strict: a plugin that does not load is an error.
            quiet: print no warnings about the settings.
            patience_s: how long each plugin may take to load; None is forever.

        Raises:
            ProfileError: a profile is missing or wrong.
            PluginError: strict, and a plugin does not load.
        """
        from rvcli import profile, registry

        settings = self.settings()
        if settings is self._inherited() and registry.current() is not registry.default():
            from rvcli.plugins import loaded_in

            yield Session(settings, registry.current(), loaded_in(registry.current()))
            return
        from rvcli.cli.logs import logged_to_stderr

        own = registry.Registry(parent=registry.default())
        logs = logged_to_stderr(settings, self.verbosity)
        with profile.use(settings), registry.use(own), logs:
            plugins = _load_plugins(settings, own, held=strict, patience_s=patience_s)
            _mark_sections_of_plugins(settings, own, plugins)
            if not (quiet or self.is_quiet):
                warn(settings.warnings)
            if strict and plugins:
                from rvcli.plugins import raise_first_error

                raise_first_error(plugins)
            yield Session(settings, own, plugins)

    def settings_options(self) -> tuple[str, ...]:
        """Return the options that give a worker in this directory the same settings.

        Overrides that are secret are left out; see `exported_secrets`.
        """
        options: list[str] = []
        if self.profile is not None:
            options += ["--profile", self.profile]
        if self.config_file is not None:
            options += ["--config", str(self.config_path)]
        for text in self.overrides:
            if not _is_secret(text):
                options += ["--set", text]
        return tuple(options)

    def verbosity_options(self) -> tuple[str, ...]:
        """Return the options that make a worker anywhere say as much."""
        return (*["-v"] * self.verbosity, *["-q"] * -self.verbosity)

    def command_line(self) -> tuple[str, ...]:
        """Return the command line as it may be shown and kept: secrets are masked."""
        from rvcli.profile.secrets import MASK, is_secret, mask_uris

        shown = ["rv"]
        before = ("", "")
        for word in self.arguments:
            override = word.removeprefix("--set=")
            if "=" in override and _is_secret(override):
                shown.append(word.partition(override)[0] + f"{override.partition('=')[0]}={MASK}")
            elif before[0] in ("-a", "--arg") and is_secret("", before[1]):
                shown.append(MASK)
            else:
                shown.append(mask_uris(word))
            before = (before[1], word)
        return tuple(shown)

    @contextmanager
    def exported_secrets(self) -> Iterator[None]:
        """Hand secret overrides to child processes as variables: arguments are for all to read."""
        from rvcli.profile.layers import variable_name

        before = dict(os.environ)
        for text in self.overrides:
            if _is_secret(text):
                os.environ[variable_name(*_option_of(text))] = text.partition("=")[2]
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


class Session:
    """Settings, the registry and the plugins of one call."""

    def __init__(self, settings: Settings, registry: Registry, plugins: list[LoadedPlugin]) -> None:
        self.settings = settings
        self.registry = registry
        self.plugins = plugins


def warn(messages: list[str]) -> None:
    """Print warnings to the standard error, the first ten of them."""
    for message in messages[:MOST_WARNINGS]:
        say("WARNING", message)
    if len(messages) > MOST_WARNINGS:
        say("WARNING", f"and {len(messages) - MOST_WARNINGS} more")


def foreign_prints_aside() -> AbstractContextManager[object]:
    """Send what plugins and experiment files print to the standard error.

    The standard output is for results, which other programs may read.
    """
    return redirect_stdout(sys.stderr)


def _is_secret(override: str) -> bool:
    from rvcli.profile.secrets import is_secret, mask_uris

    return is_secret(*_option_of(override)) or mask_uris(override) != override


def _option_of(override: str) -> tuple[str, str]:
    from rvcli.profile.layers import canonical

    section, _, key = override.partition("=")[0].partition(".")
    return canonical(section, key)


def _load_plugins(
    settings: Settings, registry: Registry, *, held: bool, patience_s: float | None
) -> list[LoadedPlugin]:
    """Load the plugins, if there can be any: importing what loads them takes a while.

    Args:
        held: they must be what the lock says, if there is one; nothing is imported otherwise.
        patience_s: how long each may take; None is forever.
    """
    if not (settings.plugin_files() or settings.plugin_modules() or _may_have_lock(settings)):
        from importlib import metadata

        if not metadata.entry_points(group=keys.PLUGIN_ENTRY_POINTS):
            return []
    from rvcli.plugins import are_switched_off, load_plugins, lock_in_force, plugin_specs

    if are_switched_off():
        return []
    lock = lock_in_force(settings)
    if lock is not None and held:
        lock.refuse_other_names(plugin_specs(settings, {}))
    with foreign_prints_aside():
        return load_plugins(
            plugin_specs(settings),
            registry,
            lock=lock,
            strict=held and lock is not None,
            patience_s=patience_s,
        )


def _may_have_lock(settings: Settings) -> bool:
    named = settings.get("PLUGINS", "lock")
    return bool(named) or any((file.parent / "rv.lock").exists() for file in settings.files)


def _mark_sections_of_plugins(
    settings: Settings, registry: Registry, plugins: list[LoadedPlugin]
) -> None:
    """Take the sections that a plugin's code names as known: it may read them later only."""
    unknown = settings.unknown_sections()
    if unknown and plugins:
        sources = [source.lower() for plugin in plugins for source in _sources(plugin, registry)]
        for section in unknown:
            words = [f"{quote}{section.lower()}{quote}".encode() for quote in "'\""]
            if any(word in source for source in sources for word in words):
                settings.mark_known(section)


def _sources(plugin: LoadedPlugin, registry: Registry) -> Iterator[bytes]:
    """Yield the code of a plugin: the files that were loaded, or what is imported of a package."""
    from pathlib import Path

    if plugin.content is not None:
        yield from (d for name, d in plugin.content.files.items() if name.endswith(".py"))
        return
    components = [e.component for e in registry.entries() if e.origin == plugin.origin]
    names = {c if isinstance(c, str) else getattr(c, "__module__", "") for c in components}
    names.add(plugin.module or "")
    packages = {name.partition(":")[0].partition(".")[0] for name in names} - {"rvcli", ""}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] in packages and file and file.endswith(".py"):
            with suppress(OSError):
                yield Path(file).read_bytes()
