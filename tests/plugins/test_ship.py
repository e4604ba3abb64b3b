"""Content-addressed copies of plugins."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rvcli.errors import PluginError
from rvcli.plugins import PluginPin, PluginSpec, load_plugins, ship
from rvcli.plugins.content import Content
from rvcli.plugins.ship import place, restore, store
from rvcli.registry import Registry, use

CONTENT = Content("plugin.py", {"plugin.py": b"x", "package/helper.py": b"\xff"}, "/home/me")


@pytest.fixture(autouse=True)
def _file_systems(registry: Registry) -> object:
    with use(registry):
        yield


def test_copy_is_restored(tmp_path: Path) -> None:
    """A copy holds the same bytes under the same digest."""
    directory = store(CONTENT, str(tmp_path))
    restored = restore(directory)
    assert place(str(tmp_path), CONTENT.digest) == directory
    assert (CONTENT.entry, CONTENT.files) == (restored.entry, restored.files)
    assert CONTENT.digest == restored.digest
    assert b"\xff" == (Path(restored.directory) / "package" / "helper.py").read_bytes()


def test_copy_is_made_once(tmp_path: Path) -> None:
    """A copy that is whole is left alone."""
    manifest = Path(store(CONTENT, str(tmp_path))) / "manifest.json"
    before = manifest.stat().st_mtime_ns
    store(CONTENT, str(tmp_path))
    assert before == manifest.stat().st_mtime_ns


def test_interrupted_copy_is_made_again(tmp_path: Path) -> None:
    """A copy without a manifest is not whole."""
    directory = Path(store(CONTENT, str(tmp_path)))
    (directory / "manifest.json").unlink()
    (directory / "files" / "plugin.py").write_text("half")
    store(CONTENT, str(tmp_path))
    assert CONTENT.digest == restore(str(directory)).digest


@pytest.mark.parametrize(
    "manifest",
    [
        "{",
        "[]",
        json.dumps({"entry": "absent.py", "files": ["plugin.py"]}),
        json.dumps({"entry": "plugin.py", "files": ["plugin.py", "../manifest.json"]}),
        json.dumps({"entry": "plugin.py", "files": ["/etc/passwd"]}),
    ],
)
def test_damaged_copy_is_told(manifest: str, tmp_path: Path) -> None:
    """A manifest that is damaged, or leads elsewhere, is refused."""
    directory = Path(store(CONTENT, str(tmp_path)))
    (directory / "manifest.json").write_text(manifest)
    with pytest.raises(PluginError):
        restore(str(directory))


def test_missing_copy_is_told(tmp_path: Path) -> None:
    """A copy that is not there says so, and what to do."""
    with pytest.raises(PluginError, match="cannot be read") as caught:
        restore(str(tmp_path / "absent"))
    assert "plan the command again" in (caught.value.hint or "")


def test_only_files_are_shipped(
    registry: Registry, cache_dir: str, write_plugin: Callable[..., Path], tmp_path: Path
) -> None:
    """Pins of files name their copy; the others stay as they are."""
    path = write_plugin()
    loaded = load_plugins([PluginSpec("file", str(path))], registry, cache_dir=cache_dir)
    pins = [
        PluginPin.of(loaded[0]),
        PluginPin(module="m", sha256="1"),
        PluginPin(distribution="d", version="1"),
    ]
    local, *others = ship(pins, loaded, str(tmp_path / "root"))
    assert pins[1:] == others
    assert place(str(tmp_path / "root"), pins[0].sha256 or "") == local.shipped_uri
    assert pins[0].sha256 == restore(local.shipped_uri or "").digest
