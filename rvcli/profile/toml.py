"""TOML profile files: sections, and several profiles in one file.

A section such as `[RV]` holds for every profile. `[profile.gpu.RV]` holds for the profile that
`rv -p gpu` chooses, and `inherits = "base"` under `[profile.gpu]` puts another one below it.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rvcli.errors import ProfileError
from rvcli.profile.files import FileProfile, ProfileFile, collect
from rvcli.profile.lines import option_lines

tomllib: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

PROFILE_TABLE = "profile"
INHERITS = "inherits"

_POSITION = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


def parse_toml(text: str, path: Path) -> ProfileFile:
    """Read the text of a TOML profile file.

    Raises:
        ProfileError: the syntax is wrong, or a profile is no table; names file and line.
    """
    data = _parse(text, path)
    lines = option_lines(text)
    tables: dict[str, Any] = {}
    for name in [n for n in data if n.lower() == PROFILE_TABLE]:
        profiles = data.pop(name)
        if not isinstance(profiles, Mapping):
            raise ProfileError(f"{path}: {name!r} is no table", hint="write [profile.NAME]")
        tables.update(profiles)
    shared = _profile(data, path, lines, "")
    named = {name: _profile(table, path, lines, name) for name, table in tables.items()}
    return ProfileFile(path, shared, named)


def _profile(
    table: Any, path: Path, lines: Mapping[tuple[str, ...], int], name: str
) -> FileProfile:
    if not isinstance(table, Mapping):
        line = lines.get((PROFILE_TABLE, name.lower()))
        where = f"{path}:{line}" if line else str(path)
        raise ProfileError(
            f"{where}: the profile {name!r} is no table", hint=f"write [profile.{name}]"
        )
    sections = dict(table)
    inherits = sections.pop(INHERITS, None)
    if inherits is not None and (not isinstance(inherits, str) or not inherits):
        raise ProfileError(
            f"{path}: `inherits` is {inherits!r}, which is no name of a profile",
            hint='write inherits = "NAME"',
        )
    return FileProfile(collect(sections, path, lines, profile=name), inherits)


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as e:
        message = str(e)
        line = text.rstrip().count("\n") + 1
        if match := _POSITION.search(message):
            line = int(match[1] or line)
            message = message[: match.start()]
        raise ProfileError(
            f"{path}:{line}: {message}", hint="the file has to be valid TOML, see toml.io"
        ) from e
    return data
