"""Settings: every value of the profile, with where it came from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from rvcli.errors import ProfileError
from rvcli.profile import options, secrets
from rvcli.profile.convert import as_text, convert, load_conf_list
from rvcli.profile.layers import AnyLayer, EnvironLayer, Layer, SettingValue, canonical
from rvcli.profile.paths import resolve_uri
from rvcli.profile.unknown import Reads, unknown_warnings

DEFAULT_ORIGIN = "default"
OVERRIDES = "--set"
MESSAGE = "the command's message"


class Settings:
    """The settings in force: layers of values, the strongest first.

    Sections and keys may be written in any case.

    Attributes:
        layers: files, variables and overrides, the strongest first; the declared defaults
            come below all of them.
        files: the profile files of the project, the strongest first: the one that `--config`
            gives, and the one that was found.
    """

    def __init__(self, layers: Iterable[AnyLayer] = (), files: Iterable[Path] = ()) -> None:
        self.layers = tuple(layers)
        self.files = tuple(files)
        self._reads = Reads()

    def __repr__(self) -> str:
        return f"Settings({', '.join(layer.name for layer in self.layers)})"

    def value(self, section: str, key: str) -> SettingValue | None:
        """Return a value with its origin, or None where neither a source nor a default has one.

        Declared options have their declared type, others are as their source holds them.

        Raises:
            ProfileError: the value is not of the declared type; names where it stands.
        """
        section, key = canonical(section, key)
        option = options.find(section, key)
        if option is None:
            self._reads.add(section, key)
        raw = self._find(section, key)
        if raw is None:
            if option is None or option.default is None:
                return None
            return SettingValue(option.default, DEFAULT_ORIGIN, secret=option.secret)
        if option is None:
            return raw
        try:
            converted = convert(option, raw.value, raw.base)
        except ValueError as e:
            shown = secrets.shown(raw.value, secret=raw.secret)
            raise ProfileError(
                f"{raw.origin}: {option.name} is {shown!r}, which {e}", hint=option.doc
            ) from e
        return SettingValue(converted, raw.origin, raw.base, raw.secret)

    def get(
        self,
        section: str,
        key: str,
        default: Any = None,
        parser: Callable[[str], Any] | None = None,
    ) -> Any:
        """Return a value.

        Args:
            section: the section, in any case.
            key: the key, in any case.
            default: what to return when nothing sets the option and it has no declared default.
            parser: is given the value as text instead of the declared type.

        Raises:
            ProfileError: the value is not of the declared type, or the parser refuses it.
        """
        if parser is None:
            found = self.value(section, key)
            return default if found is None or found.value is None else found.value
        text = self.text(section, key)
        if text is None:
            return default
        return self.parsed(section, key, text, parser)

    def text(self, section: str, key: str) -> str | None:
        """Return a value as text, the way an INI file would hold it, or None."""
        found = self._find(*canonical(section, key))
        if found is None:
            found = self.value(section, key)
        elif options.find(*canonical(section, key)) is None:
            self._reads.add(*canonical(section, key))
        return None if found is None or found.value is None else as_text(found.value)

    def parsed(self, section: str, key: str, text: str, parser: Callable[[str], Any]) -> Any:
        """Give a text to a parser; what the parser raises is told with section and key.

        Raises:
            ProfileError: the parser refuses the text.
        """
        try:
            return parser(text)
        except Exception as e:
            section, key = canonical(section, key)
            found = self._find(section, key)
            shown = secrets.shown(text, secret=secrets.is_secret(section, key))
            raise ProfileError(
                f"{section}.{key} is {shown!r}, which cannot be used: {type(e).__name__}",
                hint=f"it comes from {found.origin}" if found else None,
            ) from e

    def section(self, name: str) -> SectionView:
        """Return a view of one section; what stands in it counts as known from now on."""
        name = canonical(name, "")[0]
        if name not in options.SECTIONS:
            self._reads.sections.add(name)
        return SectionView(self, name)

    def mark_known(self, section: str) -> None:
        """Take a section as known: something reads it, later or elsewhere."""
        self._reads.sections.add(canonical(section, "")[0])

    def unknown_sections(self) -> list[str]:
        """List sections of files and `--set` that neither `rv` declares nor anything has read."""
        found = (section for layer in self._written() for section, _ in layer.held())
        return [
            section
            for section in dict.fromkeys(found)
            if section not in options.SECTIONS and not self._reads.knows(section)
        ]

    def items(self) -> Iterator[tuple[str, str, SettingValue]]:
        """Yield (section, key, value) of all that is declared or set, sorted.

        Raises:
            ProfileError: a value is not of its declared type.
        """
        names = {(option.section, option.key) for option in options.OPTIONS}
        names.update(name for layer in self.layers for name in layer.held())
        for section, key in sorted(names):
            found = self._find(section, key)
            if found is None or options.find(section, key) is not None:
                found = self.value(section, key)
            yield section, key, found or SettingValue(None, DEFAULT_ORIGIN)

    def portable(self) -> dict[str, str]:
        """Return what commands on other machines are to know: texts by SECTION.key.

        Left out is what keeps its default, what is secret, what names paths of this machine,
        and what concerns planning and runners alone.
        """
        values = {}
        for section, key, found in self.items():
            if found.secret or found.value is None or found.origin == DEFAULT_ORIGIN:
                continue
            if options.travels(section, key):
                values[f"{section}.{key}"] = as_text(found.value)
        return {name: text for name, text in values.items() if secrets.mask_uris(text) == text}

    def with_portable(self, values: Mapping[str, str]) -> Settings:
        """Return the settings with what came from another machine.

        It is weaker than variables and overrides of this machine, and stronger than its files.
        """
        if not values:
            return self
        held = {
            canonical(*name.split(".", 1)): SettingValue(text, MESSAGE)
            for name, text in values.items()
        }
        variables = [i for i, layer in enumerate(self.layers) if isinstance(layer, EnvironLayer)]
        at = variables[-1] + 1 if variables else 0
        return Settings((*self.layers[:at], Layer(MESSAGE, held), *self.layers[at:]))

    def validate(self) -> None:
        """Check every declared option.

        Raises:
            ProfileError: values are not of their declared type; names all of them.
        """
        wrong = []
        for option in options.OPTIONS:
            try:
                self.value(option.section, option.key)
            except ProfileError as e:
                wrong.append(e)
        if len(wrong) == 1:
            raise wrong[0]
        if wrong:
            raise ProfileError("\n".join(e.message for e in wrong)) from wrong[0]

    @property
    def warnings(self) -> list[str]:
        """What was odd, in sentences; ask once plugins had the chance to read their sections."""
        notes = [note for layer in self.layers for note in layer.notes]
        return [*notes, *unknown_warnings(self._written(), self._reads)]

    def plugin_files(self) -> list[tuple[str, str]]:
        """List (URI or absolute path, origin) of the plugin files of the profile."""
        return [(resolve_uri(uri, base), origin) for uri, origin, base in self._list("files")]

    def plugin_modules(self) -> list[tuple[str, str]]:
        """List (module, origin) of the plugin modules of the profile."""
        return [(module, origin) for module, origin, _ in self._list("modules")]

    def _list(self, key: str) -> list[tuple[str, str, str]]:
        found = self.value("PLUGINS", key)
        if found is None:
            return []
        items = load_conf_list(found.value)
        return [(item, found.origin, found.base) for item in dict.fromkeys(items)]

    def _written(self) -> list[Layer]:
        return [layer for layer in self.layers if isinstance(layer, Layer)]

    def _find(self, section: str, key: str) -> SettingValue | None:
        for layer in self.layers:
            found = layer.find(section, key)
            if found is not None:
                return found
        return None


class SectionView:
    """The options of one section."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.settings = settings
        self.name = name

    def get(self, key: str, default: Any = None, parser: Callable[[str], Any] | None = None) -> Any:
        """Return a value of this section; see `Settings.get`."""
        return self.settings.get(self.name, key, default, parser)

    def keys(self) -> list[str]:
        """List the keys of this section that are declared or set in a file or by `--set`."""
        names = {key for layer in self.settings.layers for s, key in layer.held() if s == self.name}
        return sorted(names | set(options.keys(self.name)))


_current: ContextVar[Settings | None] = ContextVar("rvcli_settings", default=None)


def current() -> Settings:
    """Return the settings in force; where there are none, the defaults and the environment."""
    return in_force() or Settings((EnvironLayer("environment", os.environ, os.curdir),))


def in_force() -> Settings | None:
    """Return the settings in force, or None where nobody has put any."""
    return _current.get()


def put_in_force(settings: Settings) -> None:
    """Put settings in force in this context, until others are."""
    _current.set(settings)


@contextmanager
def use(settings: Settings) -> Iterator[Settings]:
    """Put settings in force inside the block, in this context only."""
    token = _current.set(settings)
    try:
        yield settings
    finally:
        _current.reset(token)
