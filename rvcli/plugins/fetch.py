"""Read the files of a plugin from wherever its URI points."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rvcli import keys
from rvcli.errors import NotReadableError, PluginError
from rvcli.filesystem import absolute_uri, is_local, join_uri, resolve
from rvcli.plugins.content import INIT, SUFFIX, Content
from rvcli.plugins.ship import keep
from rvcli.plugins.siblings import closure

ARCHIVES = (".whl", ".zip")
MAX_BYTES = 256 * 2**20


def fetch(uri: str, cache_dir: str) -> Content:
    """Read a plugin file with its siblings, a plugin directory or a wheel.

    What does not lie in a local directory is stored in the cache, under its digest.

    Args:
        uri: local path, or URI that a file system serves.
        cache_dir: where copies go.

    Raises:
        PluginError: there is nothing to read, or it is no plugin.
    """
    location = absolute_uri(uri)
    if not is_local(location):
        if location.partition("?")[0].endswith(ARCHIVES):
            return keep(_archive(location, _read_remote(location)), cache_dir)
        return keep(_remote(location), cache_dir)
    path = Path(location)
    if path.is_dir():
        return _directory(path)
    if not path.is_file():
        raise PluginError(
            f"plugin {uri} does not exist",
            hint="in a profile, relative paths count from the file that names the plugin",
        )
    if path.name == INIT:
        return _directory(path.parent)
    if path.name.endswith(ARCHIVES):
        return keep(_archive(location, path.read_bytes()), cache_dir)
    if not path.name.endswith(SUFFIX):
        raise PluginError(
            f"plugin {uri} is neither a .py file nor a wheel, zip or package directory",
            hint="give it the ending of what it is",
        )
    return Content(path.name, closure(path.name, _local_reader(path.parent)), str(path.parent))


def _local_reader(directory: Path) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        file = directory / path
        return file.read_bytes() if file.is_file() else None

    return read


def _directory(path: Path) -> Content:
    """A package: all its files count, data files too."""
    if not (path / INIT).is_file():
        raise PluginError(
            f"plugin {path} is a directory without {INIT}",
            hint="name the plugin's .py file, or make the directory a package",
        )
    files: dict[str, bytes] = {}
    size_bytes = 0
    for file in sorted(path.rglob("*")):
        inner = file.relative_to(path).parts
        skipped = any(part.startswith(".") or part == "__pycache__" for part in inner)
        if skipped or not file.is_file():
            continue
        size_bytes += file.stat().st_size
        if size_bytes > MAX_BYTES:
            raise PluginError(
                f"plugin {path} holds more than {MAX_BYTES // 2**20} MiB",
                hint="keep data out of the plugin's directory",
            )
        files["/".join((path.name, *inner))] = file.read_bytes()
    return Content(f"{path.name}/{INIT}", files, str(path.parent))


def _archive(location: str, data: bytes) -> Content:
    """A wheel or zip: the entry point `rvcli.plugins` in it, else its only top module."""
    import io
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if sum(info.file_size for info in infos) > MAX_BYTES:
                raise PluginError(f"plugin {location} unpacks to more than {MAX_BYTES} bytes")
            files = {info.filename: archive.read(info) for info in infos}
    except zipfile.BadZipFile as e:
        raise PluginError(f"plugin {location} is no wheel: {e}") from e
    return Content(_archive_entry(location, files), files, "")


def _archive_entry(location: str, files: dict[str, bytes]) -> str:
    import configparser

    modules = Content("", files, "").modules
    declared = [path for path in files if path.endswith(".dist-info/entry_points.txt")]
    for path in declared:
        parser = configparser.ConfigParser(delimiters=("=",))
        parser.read_string(files[path].decode())
        if parser.has_section(keys.PLUGIN_ENTRY_POINTS):
            for _, value in parser.items(keys.PLUGIN_ENTRY_POINTS):
                name = value.partition(":")[0].strip()
                if name in modules:
                    return modules[name]
    top = [name for name in modules if "." not in name]
    if len(top) == 1:
        return modules[top[0]]
    raise PluginError(
        f"wheel {location} does not say which of its modules is the plugin",
        hint=f"declare an entry point in the group {keys.PLUGIN_ENTRY_POINTS!r}",
    )


def _remote(location: str) -> Content:
    base, name = location.partition("?")[0].rpartition("/")[::2]
    entry = unquote(urlsplit(name).path) or "plugin"
    if not entry.endswith(SUFFIX):
        entry += SUFFIX
    filesystem = resolve(location)

    def read(path: str) -> bytes | None:
        if path == entry:
            return _read_remote(location)
        uri = join_uri(base, path)
        if not filesystem.file_exists(uri, include_dir=False):
            return None
        data = filesystem.read_bytes(uri)
        # Some servers answer every address with a page.
        return None if data.lstrip()[:1] == b"<" else data

    return Content(entry, closure(entry, read, is_foreign=_is_installed), "")


def _read_remote(location: str) -> bytes:
    try:
        return resolve(location).read_bytes(location)
    except NotReadableError as e:
        raise PluginError(f"plugin {location} cannot be read: {e}", hint=e.hint) from e


def _is_installed(name: str) -> bool:
    """Spare a request for each package that is here anyway."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
