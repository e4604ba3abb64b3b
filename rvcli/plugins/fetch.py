"""Read the files of a plugin from wherever its URI points."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from rvcli.errors import NotReadableError, PluginError
from rvcli.filesystem import absolute_uri, base_name, is_local, join_uri, resolve, scheme, shown
from rvcli.plugins.archive import ARCHIVES, read_archive
from rvcli.plugins.content import INIT, SUFFIX, Content, SizeLimit
from rvcli.plugins.package import read_directory, read_limited, read_listing
from rvcli.plugins.ship import keep
from rvcli.plugins.siblings import closure

_PACK = "pack the plugin as a wheel or zip and name that, or name the __init__.py of its package"


def fetch(uri: str, cache_dir: str) -> Content:
    """Read a plugin file with its siblings, a package directory, a wheel or a zip.

    What does not lie in a local directory is stored in the cache, under its digest.

    Args:
        uri: local path, or URI that a file system serves.
        cache_dir: where copies go.

    Raises:
        PluginError: there is nothing to read, or it is no plugin.
    """
    location = absolute_uri(uri)
    if is_local(location):
        return _local(uri, Path(location), cache_dir)
    try:
        return keep(_remote(location), cache_dir)
    except NotReadableError as e:
        named = location.partition("?")[0].endswith((SUFFIX, *ARCHIVES))
        raise PluginError(
            f"plugin {shown(location)} cannot be read: {e}",
            hint=e.hint if named else f"if it is a directory, {_PACK}",
        ) from e


def _local(uri: str, path: Path, cache_dir: str) -> Content:
    if path.is_dir():
        return read_directory(path)
    if not path.is_file():
        raise PluginError(
            f"plugin {uri} does not exist",
            hint="in a profile, relative paths count from the file that names the plugin",
        )
    if path.name == INIT:
        return read_directory(path.parent)
    if path.name.endswith(ARCHIVES):
        SizeLimit(str(path)).check(path.stat().st_size)
        return keep(read_archive(str(path), path.read_bytes()), cache_dir)
    if not path.name.endswith(SUFFIX):
        raise PluginError(
            f"plugin {uri} is neither a .py file nor a wheel, zip or package directory",
            hint="give it the ending of what it is",
        )
    return Content(path.name, closure(path.name, local_reader(path.parent)), str(path.parent))


def local_reader(directory: Path) -> Callable[[str], bytes | None]:
    """Return a function that reads a file of a directory, or gives None if it is not there."""
    limit = SizeLimit(str(directory))

    def read(path: str) -> bytes | None:
        file = directory / path
        return limit.add(file.read_bytes()) if file.is_file() else None

    return read


def _remote(location: str) -> Content:
    is_web = scheme(location) in ("http", "https")
    place, query = location, ""
    if is_web:  # elsewhere, a question mark may be part of a name
        place, mark, rest = location.partition("?")
        query = mark + rest
    name = base_name(place)
    if name.endswith(ARCHIVES):
        limit = SizeLimit(shown(location))
        return read_archive(shown(location), read_limited(location, limit))
    if name == INIT:
        return _package(place.rpartition("/")[0], query)
    if place.endswith("/") or not name:
        if is_web:
            raise _no_code(location)
        return _package(place.rstrip("/"), query)
    is_file = is_web or name.endswith(SUFFIX)
    if not is_file and not resolve(location).file_exists(location, include_dir=False):
        return _package(place, query)
    return _file(location, place, name)


def _package(directory: str, query: str) -> Content:
    """Read a package; where nothing can be listed, the modules that its __init__ imports."""
    try:
        return read_listing(directory)
    except NotReadableError:
        if scheme(directory) not in ("http", "https"):
            raise
    name = base_name(directory) or "plugin"
    limit = SizeLimit(shown(directory))

    def read(path: str) -> bytes | None:
        inner = path.removeprefix(name + "/")
        uri = join_uri(directory, inner)
        if path == f"{name}/{INIT}":
            return _code(uri + query, limit)
        return None if inner == path else _sibling(uri, limit)

    entry = f"{name}/{INIT}"
    return Content(entry, closure(entry, read, is_foreign=lambda top: top != name), "")


def _file(location: str, place: str, name: str) -> Content:
    entry = name if name.endswith(SUFFIX) else name + SUFFIX
    base = place.rpartition("/")[0]
    limit = SizeLimit(shown(location))

    def read(path: str) -> bytes | None:
        return _code(location, limit) if path == entry else _sibling(join_uri(base, path), limit)

    return Content(entry, closure(entry, read, is_foreign=_is_installed), "")


def _code(location: str, limit: SizeLimit) -> bytes:
    data = read_limited(location, limit)
    if _is_page(data):
        raise _no_code(location)
    return data


def _sibling(uri: str, limit: SizeLimit) -> bytes | None:
    if not resolve(uri).file_exists(uri, include_dir=False):
        return None
    data = read_limited(uri, limit)
    return None if _is_page(data) else data


def _is_page(data: bytes) -> bool:
    """Tell a page from code: some servers answer every address with one."""
    return data.lstrip()[:1] == b"<"


def _no_code(location: str) -> PluginError:
    return PluginError(
        f"plugin {shown(location)} is a directory or a page, no code: web servers give no lists"
        " of files",
        hint=_PACK,
    )


def _is_installed(name: str) -> bool:
    """Spare a request for each package that is here anyway."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
