"""Content-addressed copies of plugins: for machines that cannot see the original, and caches.

A copy is the directory `<root>/plugins/<sha256>/`: the files below `files/`, and
`manifest.json`, written last, with the entry and the paths of all files. Each file appears
whole or not at all, and all writers write the same: any number may write at once.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import PurePosixPath

from rvcli import profile
from rvcli.errors import FileSystemError, PluginError
from rvcli.filesystem import is_local, join_uri, resolve
from rvcli.plugins.content import REGISTER, Content
from rvcli.plugins.plugin import LoadedPlugin, PluginPin

MANIFEST = "manifest.json"
FILES = "files"
# Copies on other machines that this process has read: they are read once, not for each command.
_proven: set[str] = set()


def place(root_uri: str, digest: str) -> str:
    """Return the directory of a plugin's copy below a root."""
    return join_uri(root_uri, "plugins", digest)


def store(content: Content, root_uri: str) -> str:
    """Copy a plugin below a root, unless it is there already; return the copy's directory.

    Raises:
        FileSystemError: it cannot be written.
    """
    directory = place(root_uri, content.digest)
    manifest_uri = join_uri(directory, MANIFEST)
    filesystem = resolve(manifest_uri, "w")
    if filesystem.file_exists(manifest_uri, include_dir=False) and _is_intact(directory, content):
        return directory
    for path in sorted(content.files):
        _check_path(path, directory)
        filesystem.write_bytes(join_uri(directory, FILES, path), content.files[path])
    manifest = {"entry": content.entry, "files": sorted(content.files)}
    if content.register != REGISTER:
        manifest["register"] = content.register
    filesystem.write_str(manifest_uri, json.dumps(manifest, indent=1))
    return directory


def _is_intact(directory: str, content: Content) -> bool:
    if directory in _proven:
        return True
    try:
        found = restore(directory)
    except PluginError:
        return False
    same = (found.entry, found.register) == (content.entry, content.register)
    if not (same and found.digest == content.digest):
        return False
    if not is_local(directory):
        _proven.add(directory)
    return True


def cache_root() -> str:
    """Return the directory for copies: the profile's, or a temporary one where there is no home."""
    try:
        return str(profile.cache_dir())
    except RuntimeError:
        return _temporary_root()


@cache
def _temporary_root() -> str:
    directory = tempfile.mkdtemp(prefix="rv-plugins-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def keep(content: Content, cache_dir: str) -> Content:
    """Copy a plugin to the cache; return it as lying there.

    Where the cache is full or read-only, the copy lasts as long as this process; where nothing
    at all can be written, there is none, and the plugin works from memory.
    """
    try:
        return replace(content, directory=join_uri(store(content, cache_dir), FILES))
    except (FileSystemError, OSError):
        pass
    try:
        return replace(content, directory=join_uri(store(content, _temporary_root()), FILES))
    except (FileSystemError, OSError):
        return content


def restore(directory: str) -> Content:
    """Read a copy that `store` made.

    Raises:
        PluginError: it is not there, or damaged.
    """
    try:
        filesystem = resolve(directory)
        manifest = json.loads(filesystem.read_str(join_uri(directory, MANIFEST)))
        paths = [_check_path(path, directory) for path in manifest["files"]]
        files = {path: filesystem.read_bytes(join_uri(directory, FILES, path)) for path in paths}
        entry = _check_path(manifest["entry"], directory)
        files[entry]
        register = str(manifest.get("register", REGISTER))
    except (FileSystemError, OSError, ValueError, KeyError, TypeError) as e:
        raise PluginError(
            f"the copy of a plugin at {directory} cannot be read: {e}",
            hint="plan the command again, which copies the plugin anew",
        ) from e
    where = join_uri(directory, FILES) if is_local(directory) else ""
    return Content(entry, files, where, register)


def ship(
    pins: Iterable[PluginPin], loaded: Iterable[LoadedPlugin], root_uri: str
) -> list[PluginPin]:
    """Copy the plugins among `pins` that a digest pins below a root.

    Also those from http and s3, which may change or go away, and modules that no distribution
    brings or that are installed editable. What has a name and version must be installed.

    Returns:
        The pins in their order, with the place of the copy where one was made.
    """
    contents = {p.digest: p.content for p in loaded if p.content is not None}
    shipped = []
    for pin in pins:
        content = contents.get(pin.sha256)
        if content is not None:
            pin = pin.shipped_to(store(content, root_uri))
        shipped.append(pin)
    return shipped


def _check_path(path: str, directory: str) -> str:
    """Refuse paths that would lead out of the copy."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or ":" in path or ".." in parts:
        raise PluginError(f"the plugin at {directory} holds a file of the name {path!r}")
    return path
