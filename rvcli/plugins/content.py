"""The files of a plugin, read once: what is hashed is what is imported and shipped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rvcli.errors import PluginError

SUFFIX = ".py"
INIT = "__init__.py"
REGISTER = "register_plugin"
MAX_BYTES = 256 * 2**20


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of files as 64 hex digits.

    One file has the digest of its bytes, as `sha256sum FILE` prints it. Several have that of
    the listing which `sha256sum *` would print, sorted by name.
    """
    if len(files) == 1:
        return hashlib.sha256(next(iter(files.values()))).hexdigest()
    listing = "".join(
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)
    )
    return hashlib.sha256(listing.encode()).hexdigest()


class SizeLimit:
    """Counts the bytes of a plugin while it is read: data beside the code is not meant to travel.

    Args:
        location: what is read, for the error.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._bytes = 0

    def check(self, more_bytes: int) -> None:
        """Refuse what would be too much.

        Raises:
            PluginError: with so many bytes more, the plugin is larger than allowed.
        """
        if self._bytes + more_bytes > MAX_BYTES:
            raise PluginError(
                f"plugin {self._location} holds more than {MAX_BYTES // 2**20} MiB",
                hint="keep data out of the plugin, and give its URI in the config",
            )

    def add(self, data: bytes) -> bytes:
        """Count what was read, and return it."""
        self.check(len(data))
        self._bytes += len(data)
        return data


@dataclass(frozen=True)
class Content:
    """Files of one plugin by path, relative to one directory, with `/` between parts.

    Attributes:
        entry: path of the file that defines `register_plugin`.
        files: bytes of each file.
        directory: where the files lie on this machine; tracebacks and `__file__` name it.
        register: name of the function that registers, in the entry.
    """

    entry: str
    files: Mapping[str, bytes]
    directory: str
    register: str = REGISTER

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return digest_of(self.files)

    @cached_property
    def modules(self) -> dict[str, str]:
        """Path of the file of each module, by dotted name; a package bears its `__init__`."""
        paths: dict[str, str] = {}
        for path in sorted(self.files):
            if not path.endswith(SUFFIX):
                continue
            parts = path.removesuffix(SUFFIX).split("/")
            if parts[-1] == "__init__":
                parts.pop()
            name = ".".join(part.replace(".", "_") for part in parts)
            hides = path.endswith("/" + INIT) and paths.get(name) != self.entry
            if name not in paths or hides or path == self.entry:
                paths[name] = path
        return paths

    @property
    def entry_module(self) -> str:
        """Dotted name of the module that defines `register_plugin`."""
        return next(name for name, path in self.modules.items() if path == self.entry)

    @property
    def top_names(self) -> frozenset[str]:
        """First parts of the module names: what the plugin imports from itself."""
        return frozenset(name.partition(".")[0] for name in self.modules)
