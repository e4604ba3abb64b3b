"""The layers that settings are made of: each holds values and knows where they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rvcli.profile import options, secrets


class SettingValue(NamedTuple):
    """A value and where it comes from.

    Attributes:
        value: of the declared type, or as read where the option is not declared.
        origin: a file with its line, a variable, `--set` or "default".
        base: the directory that relative paths in the value are resolved against.
        secret: the value must never be shown.
    """

    value: Any
    origin: str
    base: str = ""
    secret: bool = False

    @property
    def shown(self) -> Any:
        """The value as it may be shown: masked if it is a secret."""
        return secrets.shown(self.value, secret=self.secret)

    def __repr__(self) -> str:
        return f"SettingValue({self.shown!r}, {self.origin!r})"


Values = Mapping[tuple[str, str], SettingValue]


class Layer:
    """Values of one file, one profile in a file, or the command line.

    Attributes:
        name: what to call it in messages.
        values: by (section, key) in canonical case.
        notes: what was odd about it, ready to print.
    """

    def __init__(self, name: str, values: Values, notes: tuple[str, ...] = ()) -> None:
        self.name = name
        self.values = values
        self.notes = notes

    def __repr__(self) -> str:
        return f"Layer({self.name!r}, {dict(self.values)!r})"

    def find(self, section: str, key: str) -> SettingValue | None:
        """Return the value of an option, or None."""
        return self.values.get((section, key))

    def held(self) -> Iterator[tuple[str, str]]:
        """Yield every (section, key) that this layer holds."""
        yield from self.values


class EnvironLayer:
    """Values of environment variables, or of a `.env` file; looked up when they are asked for.

    `RV_SECTION_KEY` beats `SECTION_KEY`; the variables that steer `rv` itself are left alone.
    """

    notes: tuple[str, ...] = ()

    def __init__(
        self,
        name: str,
        variables: Mapping[str, str],
        base: str,
        lines: Mapping[str, int] | None = None,
    ) -> None:
        self.name = name
        self.variables = variables
        self.base = base
        self.lines = lines or {}

    def __repr__(self) -> str:
        return f"EnvironLayer({self.name!r})"

    def find(self, section: str, key: str) -> SettingValue | None:
        """Return the value of an option, or None."""
        own = variable_name(section, key)
        for variable in (own, own.removeprefix("RV_")):
            if variable in self.variables and variable not in options.RESERVED_VARIABLES:
                line = f":{self.lines[variable]}" if variable in self.lines else ""
                origin = f"{self.name}{line} {variable}"
                secret = secrets.is_secret(section, key)
                return SettingValue(self.variables[variable], origin, self.base, secret)
        return None

    def held(self) -> Iterator[tuple[str, str]]:
        """Yield the declared options that a variable sets."""
        for option in options.OPTIONS:
            if self.find(option.section, option.key) is not None:
                yield option.section, option.key


AnyLayer = Layer | EnvironLayer


def variable_name(section: str, key: str) -> str:
    """Return the name of the variable that sets an option, and beats one without `RV_`."""
    return "RV_" + re.sub(r"\W", "_", f"{section}_{key}").upper()


def canonical(section: str, key: str) -> tuple[str, str]:
    """Return a section in upper and a key in lower case."""
    return section.strip().upper(), key.strip().lower()
