"""The lock file: what each plugin of the profile must be, written down beside the profile."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rvcli.errors import PluginError
from rvcli.filesystem import base_name, is_local, shown
from rvcli.plugins.archive import ARCHIVES
from rvcli.plugins.find import Found
from rvcli.plugins.plugin import DISTRIBUTION, FILE, MODULE, LoadedPlugin, PluginSpec
from rvcli.profile import Settings

LOCK_FILE = "rv.lock"
RENEW = "if the change is meant, `rv plugins lock` renews the lock"
_SCHEMA = 1
_HEAD = "# What each plugin has to be. Written by `rv plugins lock`; keep it beside the profile.\n"
_MOST = 10


@dataclass(frozen=True)
class Locked:
    """One plugin of a lock file.

    Attributes:
        uri: of a file, package or archive; relative to the lock's directory where it is local,
            and without what may be secret.
        module: dotted name of a module.
        distribution: that brings the module, or is the plugin itself.
        entry_point: of the distribution.
        kind: "file", "package", "archive", "module" or "distribution".
        version: of the distribution or wheel.
        sha256: digest of the files; None for what name and version vouch for.
    """

    uri: str | None = None
    module: str | None = None
    distribution: str | None = None
    entry_point: str | None = None
    kind: str = FILE
    version: str | None = None
    sha256: str | None = None

    @classmethod
    def of(cls, found: Found, directory: Path) -> Locked:
        """Describe a plugin that was found, for a lock in a directory."""
        spec = found.spec
        return cls(
            uri=_relative(spec.location, directory) if spec.kind == FILE else None,
            module=spec.location if spec.kind == MODULE else None,
            distribution=spec.location if spec.kind == DISTRIBUTION else found.distribution,
            entry_point=spec.entry_point,
            kind=_kind(found),
            version=found.version,
            sha256=found.digest,
        )

    @property
    def name(self) -> str:
        """What the plugin is called in the profile."""
        if self.kind == DISTRIBUTION and self.entry_point is not None:
            return f"{self.distribution}:{self.entry_point}"
        return self.uri or self.module or str(self.distribution)

    @property
    def what(self) -> str:
        """What the plugin must be, in words."""
        return f"version {self.version}" if self.sha256 is None else f"SHA-256 {self.sha256}"

    def to_toml(self) -> str:
        """Return the plugin as a table."""
        values = {key: value for key, value in asdict(self).items() if value is not None}
        lines = [f"{key} = {_text(value)}" for key, value in values.items()]
        return "\n".join(["[[plugin]]", *lines, ""])


@dataclass(frozen=True)
class Lock:
    """What a lock file says.

    Attributes:
        path: of the file, absolute.
        plugins: in the order of their names.
    """

    path: Path
    plugins: tuple[Locked, ...]

    @classmethod
    def of(cls, found: Iterable[Found], path: Path) -> Lock:
        """Lock plugins as they are now."""
        plugins = {Locked.of(item, path.parent) for item in found}
        return cls(path, tuple(sorted(plugins, key=lambda p: (p.name, p.what))))

    @classmethod
    def read(cls, path: Path) -> Lock:
        """Read a lock file.

        Raises:
            PluginError: it is not there, or no lock file.
        """
        from rvcli.profile.toml import tomllib

        try:
            values = tomllib.loads(path.read_text("utf-8"))
            if values.get("schema") != _SCHEMA:
                raise ValueError(f"its schema is {values.get('schema')!r}, not {_SCHEMA}")
            plugins = tuple(_locked(item) for item in values.get("plugin", []))
        except OSError as e:
            raise PluginError(
                f"the lock file {path} cannot be read: {e.strerror or e}",
                hint="`rv plugins lock` writes it; PLUGINS.lock names it, or is none",
            ) from e
        except (ValueError, TypeError, KeyError, AttributeError) as e:
            raise PluginError(
                f"{path} is no lock file that this release reads: {e}",
                hint="take it out, and write it anew with `rv plugins lock`",
            ) from e
        return cls(path, plugins)

    def to_toml(self) -> str:
        """Return the text of the file."""
        tables = [plugin.to_toml() for plugin in self.plugins]
        return "\n".join([f"{_HEAD}schema = {_SCHEMA}\n", *tables])

    def name_of(self, spec: PluginSpec) -> str:
        """Return the name that a plugin of the profile has in this lock."""
        return _relative(spec.location, self.path.parent) if spec.kind == FILE else str(spec)

    def named(self, name: str) -> list[Locked]:
        """Return the plugins of a name: several if only secret parts of their URIs differ."""
        return [plugin for plugin in self.plugins if plugin.name == name]

    def difference(self, found: Found) -> PluginError | None:
        """Return how a plugin differs from what is locked, or None."""
        return self._difference(Locked.of(found, self.path.parent))

    def _difference(self, now: Locked) -> PluginError | None:
        known = self.named(now.name)
        if not known:
            return PluginError(f"{self.path} does not name the plugin {now.name}", hint=RENEW)
        if any(plugin.what == now.what for plugin in known):
            return None
        return PluginError(
            f"plugin {now.name} is not what {self.path} says: it is {now.what}, the lock says"
            f" {' or '.join(plugin.what for plugin in known)}",
            hint=f"put the plugin back as it was; {RENEW}",
        )

    def holds(self, plugin: LoadedPlugin) -> bool:
        """Tell whether a plugin is loaded, or would be, as it is locked."""
        what = Locked(version=plugin.version, sha256=plugin.digest).what
        return any(what == known.what for known in self.named(self.name_of(plugin.spec)))

    def refuse_other(self, now: Lock) -> None:
        """Refuse this lock if another one is due.

        Raises:
            PluginError: it is stale; every difference is named.
        """
        found = [self._difference(plugin) for plugin in now.plugins]
        faults = [error.message for error in found if error is not None]
        names = {plugin.name for plugin in now.plugins}
        gone = [plugin.name for plugin in self.plugins if plugin.name not in names]
        if gone:
            faults.append(f"{self.path} names {_listed(gone)}, which the profile does not")
        if faults:
            raise PluginError("\n".join(faults[:_MOST]), hint="`rv plugins lock` renews the lock")

    def surplus(self, specs: Iterable[PluginSpec]) -> list[str]:
        """List the plugins of this lock that the profile does not name."""
        wanted = {self.name_of(spec) for spec in specs}
        return [plugin.name for plugin in self.plugins if plugin.name not in wanted]

    def refuse_other_names(self, specs: Sequence[PluginSpec]) -> None:
        """Refuse a profile that does not name exactly the plugins that are locked.

        Raises:
            PluginError: it does not.
        """
        missing = [name for spec in specs if not self.named(name := self.name_of(spec))]
        faults = []
        if missing:
            faults.append(f"{self.path} does not name {_listed(missing)}, which the profile does")
        if surplus := self.surplus(specs):
            faults.append(f"{self.path} names {_listed(surplus)}, which the profile does not")
        if faults:
            raise PluginError("; ".join(faults), hint=RENEW)


def lock_path(settings: Settings) -> Path | None:
    """Return where the lock of a profile is or would be; None if locks are off or have no place.

    That is what PLUGINS.lock names, else rv.lock beside the project's profile file: where there
    is one, or else beside the strongest of the files.
    """
    from rvcli.profile.paths import absolute

    named = settings.value("PLUGINS", "lock")
    if named is not None and named.value:
        if str(named.value).strip().lower() == "none":
            return None
        return absolute(str(named.value), named.base)
    places = [file.parent / LOCK_FILE for file in settings.files]
    return next((path for path in places if path.is_file()), places[0] if places else None)


def lock_in_force(settings: Settings) -> Lock | None:
    """Return the lock that plugins are held to, or None.

    Raises:
        PluginError: the file that PLUGINS.lock names is not there, or it is no lock file.
    """
    path = lock_path(settings)
    named = settings.value("PLUGINS", "lock")
    if path is None or not (path.is_file() or (named is not None and named.value)):
        return None
    return Lock.read(path)


def _kind(found: Found) -> str:
    if found.spec.kind != FILE or found.content is None:
        return found.spec.kind
    if base_name(found.spec.location.partition("?")[0]).endswith(ARCHIVES):
        return "archive"
    return "package" if "/" in found.content.entry else FILE


def _relative(uri: str, directory: Path) -> str:
    return Path(os.path.relpath(uri, directory)).as_posix() if is_local(uri) else shown(uri)


def _text(value: str) -> str:
    """Write a TOML string: JSON's are, but for the character that it leaves as it is."""
    return re.sub("\x7f", r"\\u007f", json.dumps(value, ensure_ascii=False))


def _locked(values: Any) -> Locked:
    plugin = Locked(**values)
    if not all(isinstance(value, str) for value in values.values()):
        raise TypeError(f"a value of {plugin.name} is no text")
    if plugin.sha256 is None and plugin.version is None:
        raise ValueError(f"{plugin.name} has neither sha256 nor version")
    return plugin


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")
