"""Where profile files are looked for, and which are refused."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rvcli.errors import ProfileError
from rvcli.profile.paths import absolute

PROJECT_FILES = ("rv.toml", ".rastervision")
"""Names of a project's profile file; in one directory the first one found counts."""

DEFAULT_PROFILE = "default"
"""Name of the user's default profile."""

_REPOSITORY_MARKS = (".git", ".hg")


def home_dir(environ: Mapping[str, str]) -> Path:
    """Return the user's home directory."""
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home) if home else Path.home()


def config_dirs(environ: Mapping[str, str]) -> list[Path]:
    """List the directories of the user's own profiles, the one asked first in front.

    RV_CONFIG_DIR stands for all of them. Otherwise: the platform's config directory (with
    XDG_CONFIG_HOME where that is set), then `~/.rastervision`.
    """
    given = environ.get("RV_CONFIG_DIR")
    if given:
        return [absolute(given)]
    home = home_dir(environ)
    if environ.get("XDG_CONFIG_HOME"):
        base = Path(environ["XDG_CONFIG_HOME"])
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    else:
        base = home / ".config"
    return [base / "rv", home / ".rastervision"]


def user_file(directory: Path, name: str) -> Path | None:
    """Return the file of a user's profile: NAME.toml, NAME.ini or NAME.

    Raises:
        ProfileError: there is more than one.
    """
    if not name or Path(name).name != name:
        return None
    candidates = [directory / f"{name}.toml", directory / f"{name}.ini", directory / name]
    found = [path for path in candidates if path.is_file()]
    if len(found) > 1:
        raise ProfileError(
            f"the profile {name!r} is ambiguous: {' and '.join(str(path) for path in found)}",
            hint="keep one of these files",
        )
    return found[0] if found else None


def search_upward(cwd: Path, names: Sequence[str], environ: Mapping[str, str]) -> list[Path]:
    """List the files of the nearest directory, from `cwd` upward, that has any of these names.

    Only regular files count. The search ends with the root of a repository, with the home
    directory or with the root of the file system.
    """
    for directory in _upward(cwd, home_dir(environ)):
        found = [path for name in names if _is_regular(path := directory / name)]
        if found:
            return found
    return []


def _upward(cwd: Path, home: Path) -> Iterator[Path]:
    home = Path(os.path.realpath(home))
    start = absolute(cwd)
    for directory in (start, *start.parents):
        yield directory
        if Path(os.path.realpath(directory)) == home:
            return
        if any((directory / mark).exists() for mark in _REPOSITORY_MARKS):
            return


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def foreign_owner(path: Path) -> int | None:
    """Return the user id of the other user who owns a file or the link to it, or None."""
    if not hasattr(os, "geteuid"):
        return None
    own = os.geteuid()
    for status in (path.lstat(), path.stat()):
        if status.st_uid != own:
            return status.st_uid
    return None


def refuse_foreign(path: Path) -> None:
    """Refuse a file that was found by the search and belongs to another user.

    Raises:
        ProfileError: it does.
    """
    owner = foreign_owner(path)
    if owner is not None:
        raise ProfileError(
            f"{path} is not read: it belongs to another user (id {owner})",
            hint=f"if you trust it, name it: --config {path}",
        )
