"""What a profile file holds once it is read, whether TOML or INI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rvcli.errors import ProfileError
from rvcli.profile import secrets
from rvcli.profile.layers import Layer, SettingValue, canonical
from rvcli.profile.paths import absolute


@dataclass(frozen=True)
class FileProfile:
    """One profile: its own values, and the name of the profile that it inherits from."""

    layer: Layer
    inherits: str | None = None


@dataclass(frozen=True)
class ProfileFile:
    """One file: what holds for all of it, and the profiles that it names.

    Attributes:
        path: absolute.
        shared: the values outside any named profile.
        profiles: the named profiles, `[profile.NAME]`; TOML only.
    """

    path: Path
    shared: FileProfile
    profiles: Mapping[str, FileProfile] = field(default_factory=dict)


def read(path: Path) -> ProfileFile:
    """Read a profile file: TOML if its name ends in .toml, otherwise INI.

    Raises:
        ProfileError: it cannot be read, or its syntax is wrong; names file and line.
    """
    path = absolute(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as e:
        raise ProfileError(
            f"the profile file {path} cannot be read: {e.strerror or e}",
            hint="check its name and its permissions",
        ) from e
    except UnicodeDecodeError as e:
        raise ProfileError(f"{path}: not UTF-8 text (byte {e.start})") from e
    if path.suffix.lower() == ".toml":
        from rvcli.profile.toml import parse_toml

        return parse_toml(text, path)
    from rvcli.profile.ini import parse_ini

    return parse_ini(text, path)


def collect(
    sections: Mapping[str, Any],
    path: Path,
    lines: Mapping[tuple[str, ...], int],
    *,
    profile: str = "",
) -> Layer:
    """Turn the sections of a file, or of one profile in it, into a layer.

    Args:
        sections: the values of each section, by key.
        path: the file, absolute.
        lines: on which line each option stands.
        profile: the name of the profile inside the file, or "" for what all of it shares.

    Raises:
        ProfileError: an option is set twice, its names differing in case only.
    """
    prefix = ("profile", profile.lower()) if profile else ()
    name = f"{path} [profile.{profile}]" if profile else str(path)
    values: dict[tuple[str, str], SettingValue] = {}
    notes = []
    for section, table in sections.items():
        line = lines.get((*prefix, section.lower()))
        where = f"{path}:{line}" if line else str(path)
        if not isinstance(table, Mapping):
            notes.append(f"{where}: {section!r} stands outside any section and is not read")
            continue
        for key, value in table.items():
            option = canonical(section, key)
            line = lines.get((*prefix, section.lower(), key.lower()))
            origin = f"{path}:{line}" if line else str(path)
            if profile:
                origin += f" [profile.{profile}]"
            if option in values:
                raise ProfileError(
                    f"{origin}: {option[0]}.{option[1]} is set twice,"
                    f" first at {values[option].origin}",
                    hint="sections and options differ in more than upper and lower case",
                )
            secret = secrets.is_secret(*option)
            values[option] = SettingValue(value, origin, str(path.parent), secret)
    return Layer(name, values, tuple(notes))
