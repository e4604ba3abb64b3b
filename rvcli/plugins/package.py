"""Package directories: all their files count, data files too, wherever they lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rvcli.errors import PluginError
from rvcli.filesystem import base_name, join_uri, resolve, shown
from rvcli.plugins.content import INIT, Content, SizeLimit


def read_directory(path: Path) -> Content:
    """Read a local package.

    Raises:
        PluginError: it is no package, or too large.
    """
    if not (path / INIT).is_file():
        raise _no_package(str(path))
    return Content(f"{path.name}/{INIT}", files_below(path), str(path.parent))


def files_below(path: Path) -> dict[str, bytes]:
    """Read all files of a local directory but caches and hidden ones, by path from its parent."""
    files: dict[str, bytes] = {}
    limit = SizeLimit(str(path))
    for file in sorted(path.rglob("*")):
        inner = file.relative_to(path).parts
        if _is_skipped(inner) or not file.is_file():
            continue
        limit.check(file.stat().st_size)
        files["/".join((path.name, *inner))] = limit.add(file.read_bytes())
    return files


def read_listing(uri: str) -> Content:
    """Read a package from a file system that lists its files.

    Raises:
        PluginError: it is no package, or too large.
        NotReadableError: the file system cannot list it, or a file cannot be read.
    """
    directory = uri.rstrip("/")
    name = base_name(directory)
    limit = SizeLimit(shown(uri))
    files: dict[str, bytes] = {}
    for path in sorted(resolve(directory).list_paths(directory)):
        inner = path.removeprefix(directory + "/")
        if inner == path:
            raise PluginError(
                f"plugin {shown(uri)} cannot be read: its file system lists {shown(path)!r},"
                " which does not lie below it",
                hint="pack the plugin as a wheel or zip",
            )
        if not _is_skipped(inner.split("/")):
            files[f"{name}/{inner}"] = read_limited(join_uri(directory, inner), limit)
    if f"{name}/{INIT}" not in files:
        raise _no_package(shown(uri))
    return Content(f"{name}/{INIT}", files, "")


def read_limited(uri: str, limit: SizeLimit) -> bytes:
    """Read a remote file, unless it is too large."""
    filesystem = resolve(uri)
    stat = filesystem.stat(uri)
    if stat is not None:
        limit.check(stat.size_bytes)
    return limit.add(filesystem.read_bytes(uri))


def _is_skipped(inner: Sequence[str]) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in inner)


def _no_package(location: str) -> PluginError:
    return PluginError(
        f"plugin {location} is a directory without {INIT}",
        hint="name the plugin's .py file, or make the directory a package",
    )
