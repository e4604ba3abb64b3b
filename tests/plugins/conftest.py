"""Plugins to load, and the servers that they come from."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from rvcli import keys
from rvcli.registry import BUILTIN, Registry

REGISTERS = """
def register_plugin(plugin_registry):
    plugin_registry.register_aux_command({key!r}, {component})
"""


def zipped(files: Mapping[str, str]) -> bytes:
    """Return a zip archive of texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture(name="zipped")
def _zipped() -> Callable[[Mapping[str, str]], bytes]:
    return zipped


@pytest.fixture
def registry() -> Registry:
    """A registry with the built-in file systems in its parent, and nothing of its own."""
    parent = Registry()
    for name in ("Local", "Http", "S3"):
        component = f"rvcli.filesystem.{name.lower()}_filesystem:{name}FileSystem"
        parent.add(keys.FILESYSTEM, component, component, origin=BUILTIN)
    return Registry(parent=parent)


@pytest.fixture
def cache_dir(tmp_path: Path) -> str:
    """A cache with nothing in it."""
    return str(tmp_path / "cache")


@pytest.fixture
def write_plugin(tmp_path: Path) -> Callable[..., Path]:
    """Write a plugin file that registers one auxiliary command."""

    def write(
        name: str = "demo.py",
        head: str = "",
        *,
        key: str = "DEMO",
        component: str = "object",
        directory: str = "project",
    ) -> Path:
        path = tmp_path / directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + REGISTERS.format(key=key, component=component))
        return path

    return write


class _DirectoryFiles(dict[str, bytes]):
    """The files below a directory, by their path on the server."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def __contains__(self, path: object) -> bool:
        return (self.root / str(path).lstrip("/")).is_file()

    def __getitem__(self, path: str) -> bytes:
        return (self.root / path.lstrip("/")).read_bytes()


@pytest.fixture
def http_root(tmp_path: Path, web_server: Any) -> tuple[Path, str]:
    """A directory and the URL under which a real server shows it."""
    root = tmp_path / "served"
    root.mkdir()
    web_server.files = _DirectoryFiles(root)
    return root, web_server.url
