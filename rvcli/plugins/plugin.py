"""What is said of a plugin: which one is wanted, which one was loaded, which one is pinned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rvcli.errors import PluginError, RvError
from rvcli.filesystem import absolute_uri, base_name, shown
from rvcli.plugins.isolate import plain_name
from rvcli.registry import Origin

if TYPE_CHECKING:
    from rvcli.plugins.content import Content

FILE = "file"
MODULE = "module"
DISTRIBUTION = "distribution"


@dataclass(frozen=True)
class PluginSpec:
    """A plugin that somebody asked for.

    Attributes:
        kind: "file", "module" or "distribution".
        location: URI of a file, dotted name of a module, or name of a distribution. A local
            path is made absolute.
        origin: the setting that names it, in words for messages.
        entry_point: which entry point of a distribution; None for files and modules.
    """

    kind: str
    location: str
    origin: str = ""
    entry_point: str | None = None

    def __post_init__(self) -> None:
        if self.kind == FILE and self.location:
            object.__setattr__(self, "location", absolute_uri(self.location))

    @property
    def registry_origin(self) -> Origin:
        """The origin under which this plugin's components are registered."""
        location = self.location
        if self.entry_point is not None:
            location = f"{location}:{self.entry_point}"
        return Origin(self.kind, location)

    @property
    def name(self) -> str:
        """What to call the plugin as long as it is not found: the stem of its file's name."""
        if self.kind != FILE:
            return self.location
        return base_name(self.location).removesuffix(".py")

    def __str__(self) -> str:
        location = shown(self.location) if self.kind == FILE else self.location
        return location if self.entry_point is None else f"{location}:{self.entry_point}"


@dataclass(frozen=True)
class LoadedPlugin:
    """A plugin after the attempt to load it, successful or not.

    Attributes:
        name: file stem, module name or distribution name.
        version: of the distribution, or the plugin's own `__version__`.
        digest: SHA-256 of its files; None for an installed distribution.
        registers: (group, key) of each component, in the order of registration.
        needs: origins of the plugins whose components it looked up while it was loaded.
        error: why it did not load; None if it did.
        distribution: name of the distribution that a module belongs to.
        content: the files that were loaded, for shipping.
    """

    name: str
    spec: PluginSpec
    version: str | None = None
    digest: str | None = None
    registers: tuple[tuple[str, str], ...] = ()
    needs: frozenset[Origin] = frozenset()
    error: RvError | None = None
    distribution: str | None = None
    content: Content | None = field(default=None, repr=False, compare=False)

    @property
    def kind(self) -> str:
        """Kind of the plugin: "file", "module" or "distribution"."""
        return self.spec.kind

    @property
    def origin(self) -> Origin:
        """The origin that its registry entries bear."""
        return self.spec.registry_origin

    @property
    def uri(self) -> str | None:
        """URI of a plugin file; None for the other kinds."""
        return self.spec.location if self.kind == FILE else None

    @property
    def module(self) -> str | None:
        """Name of a plugin module; None for the other kinds."""
        return self.spec.location if self.kind == MODULE else None

    @property
    def status(self) -> str:
        """Outcome of loading: "ok" or "error"."""
        return "ok" if self.error is None else "error"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as `rv plugins list --json` prints them."""
        error = self.error
        return {
            "name": self.name,
            "kind": self.kind,
            "location": str(self.spec),
            "uri": None if self.uri is None else shown(self.uri),
            "module": self.module,
            "distribution": self.distribution,
            "version": self.version,
            "digest": self.digest,
            "named_by": self.spec.origin,
            "registers": [{"group": g, "key": plain_name(key)} for g, key in self.registers],
            "status": self.status,
            "error": None if error is None else {"message": error.message, "hint": error.hint},
        }


@dataclass(frozen=True)
class PluginPin:
    """One plugin as a command's message names it: where it is and what it must be.

    Attributes:
        uri: of a plugin file.
        module: dotted name of a plugin module.
        sha256: digest of its files.
        distribution: name of the distribution that brings it.
        version: of that distribution.
        entry_point: name of its entry point in the group `rvcli.plugins`.
        name: for people.
        shipped_uri: directory of the content-addressed copy made for remote machines.
    """

    uri: str | None = None
    module: str | None = None
    sha256: str | None = None
    distribution: str | None = None
    version: str | None = None
    entry_point: str | None = None
    name: str | None = None
    shipped_uri: str | None = None

    @classmethod
    def of(cls, plugin: LoadedPlugin) -> PluginPin:
        """Pin a plugin that is loaded.

        What of its URI may be secret stays out: a copy, known by its digest, stands in.

        Raises:
            PluginError: it did not load.
        """
        if plugin.error is not None:
            raise PluginError(
                f"plugin {plugin.spec} cannot be pinned, since it did not load",
                hint=plugin.error.message,
            )
        return cls(
            uri=None if plugin.uri is None else shown(plugin.uri),
            module=plugin.module,
            sha256=plugin.digest,
            distribution=plugin.distribution,
            version=plugin.version if plugin.digest is None else None,
            entry_point=plugin.spec.entry_point,
            name=plugin.name,
        )

    @property
    def is_verifiable(self) -> bool:
        """Whether the pin says what the plugin must be, not only where it is."""
        return self.sha256 is not None or (
            self.distribution is not None and self.version is not None
        )

    @property
    def spec(self) -> PluginSpec:
        """The plugin that the pin asks for.

        Raises:
            PluginError: the pin names no plugin.
        """
        origin = "the command's message"
        if self.uri:
            return PluginSpec(FILE, self.uri, origin)
        if self.module:
            return PluginSpec(MODULE, self.module, origin)
        if self.distribution:
            return PluginSpec(DISTRIBUTION, self.distribution, origin, self.entry_point)
        raise PluginError(
            f"a plugin pin names neither URI, module nor distribution: {self.to_dict()}",
            hint="the message is damaged; plan the command again",
        )

    def shipped_to(self, uri: str) -> PluginPin:
        """Return the pin with the place of its shipped copy."""
        return replace(self, shipped_uri=uri)

    def to_dict(self) -> dict[str, str]:
        """Return what is set, as plain values."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, str]) -> PluginPin:
        """Return a pin from plain values; the inverse of `to_dict`."""
        return cls(**values)
