"""Content-addressed copies of plugins: for machines that cannot see the original, and caches.

A copy is the directory `<root>/plugins/<sha256>/`: the files below `files/`, and
`manifest.json`, written last, with the entry and the paths of all files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from rvcli.errors import FileSystemError, PluginError
from rvcli.filesystem import is_local, join_uri, resolve
from rvcli.plugins.content import Content
from rvcli.plugins.plugin import FILE, LoadedPlugin, PluginPin

MANIFEST = "manifest.json"
FILES = "files"


def place(root_uri: str, digest: str) -> str:
    """Return the directory of a plugin's copy below a root."""
    return join_uri(root_uri, "plugins", digest)


def store(content: Content, root_uri: str) -> str:
    """Copy a plugin below a root, unless it is there already; return the copy's directory."""
    directory = place(root_uri, content.digest)
    manifest_uri = join_uri(directory, MANIFEST)
    filesystem = resolve(manifest_uri, "w")
    if filesystem.file_exists(manifest_uri, include_dir=False) and (
        not is_local(root_uri) or _is_intact(directory, content)
    ):
        return directory
    for path in sorted(content.files):
        _check_path(path, directory)
        filesystem.write_bytes(join_uri(directory, FILES, path), content.files[path])
    manifest = {"entry": content.entry, "files": sorted(content.files)}
    filesystem.write_str(manifest_uri, json.dumps(manifest, indent=1))
    return directory


def keep(content: Content, cache_dir: str) -> Content:
    """Copy a plugin to the cache; return it as lying there."""
    return replace(content, directory=join_uri(store(content, cache_dir), FILES))


def _is_intact(directory: str, content: Content) -> bool:
    try:
        return restore(directory).digest == content.digest
    except PluginError:
        return False


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
    except (FileSystemError, ValueError, KeyError, TypeError) as e:
        raise PluginError(
            f"the copy of a plugin at {directory} cannot be read: {e}",
            hint="plan the command again, which copies the plugin anew",
        ) from e
    return Content(entry, files, join_uri(directory, FILES) if is_local(directory) else "")


def ship(
    pins: Iterable[PluginPin], loaded: Iterable[LoadedPlugin], root_uri: str
) -> list[PluginPin]:
    """Copy the plugin files among `pins` below a root.

    Also those from http and s3, which may change or go away. Modules and distributions stay:
    they must be installed.

    Returns:
        The pins in their order, with the place of the copy where one was made.
    """
    contents = {
        plugin.digest: plugin.content
        for plugin in loaded
        if plugin.kind == FILE and plugin.content is not None
    }
    shipped = []
    for pin in pins:
        content = contents.get(pin.sha256) if pin.uri is not None else None
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
