"""The cache of a worker: shared, damaged, full or not there; and copies that were tampered with."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvcli.errors import PluginError
from rvcli.filesystem import join_uri, resolve
from rvcli.plugins import (
    LoadedPlugin,
    PluginPin,
    PluginSpec,
    load_pins,
    load_plugins,
    pins_for,
    ship,
)
from rvcli.plugins.ship import cache_root, keep, place, restore, store
from rvcli.profile.settings import Settings
from rvcli.registry import Registry, use

PACKAGE = """
from pathlib import Path
def read(): return len((Path(__file__).parent / "data.bin").read_bytes())
def register_plugin(r): r.register_aux_command("DEMO", read)
"""
SIZE = 200_000
WORKER = """
import json, sys, time
from pathlib import Path
from rvcli.plugins import PluginPin, load_pins
from rvcli.profile.settings import Settings
from rvcli.registry import Registry, default
pin, cache, start, limit = json.loads(sys.argv[1])
if limit:
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
registry = Registry(parent=default())
while time.time() < start:
    time.sleep(0.001)
(plugin,) = load_pins([PluginPin.from_dict(pin)], Settings(), registry, cache_dir=cache)
print(plugin.digest, registry.get("AUX_COMMAND", "DEMO")())
"""


@pytest.fixture
def shipped(tmp_path: Path, registry: Registry) -> PluginPin:
    """A package that was shipped, and whose original is gone."""
    package = tmp_path / "demo_package"
    package.mkdir()
    (package / "__init__.py").write_text(PACKAGE)
    (package / "data.bin").write_bytes(b"x" * SIZE)
    plugins = load_plugins(
        [PluginSpec("file", str(package))], registry, strict=True, cache_dir=str(tmp_path / "first")
    )
    with use(registry):
        (pin,) = ship(pins_for(None, plugins), plugins, str(tmp_path / "root"))
    package.rename(tmp_path / "gone")
    return pin


def start_worker(
    pin: PluginPin, cache: str, start: float = 0.0, *, limit: bool = False
) -> subprocess.Popen[str]:
    """Start a process that loads a pinned plugin and prints its digest and what it reads."""
    request = json.dumps([pin.to_dict(), cache, start, limit])
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, request],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outcome(process: subprocess.Popen[str]) -> str:
    """Return what a worker printed."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


@pytest.mark.parametrize("damage", [None, "half", "tampered", "manifest"])
def test_many_workers_fetch_at_once(
    shipped: PluginPin, tmp_path: Path, damage: str | None, registry: Registry
) -> None:
    """Eight processes that start together all load the plugin, whatever the cache holds."""
    cache = str(tmp_path / "cache")
    copy = Path(place(cache, str(shipped.sha256)))
    if damage is not None:
        with use(registry):
            keep_shipped(shipped, cache)
        data = copy / "files" / "demo_package" / "data.bin"
        if damage == "half":  # killed before the manifest was written
            data.write_bytes(b"x" * 10)
            (copy / "manifest.json").unlink()
        elif damage == "tampered":
            (data.parent / "__init__.py").write_text("raise SystemExit('evil')")
        else:
            (copy / "manifest.json").write_text('{"entry": "demo_package/__init')
    start = time.time() + 1.0
    workers = [start_worker(shipped, cache, start) for _ in range(8)]
    assert {f"{shipped.sha256} {SIZE}"} == {outcome(worker) for worker in workers}
    files = sorted(path.name for path in copy.rglob("*") if path.is_file())
    assert ["__init__.py", "data.bin", "manifest.json"] == files


def keep_shipped(pin: PluginPin, cache: str) -> None:
    """Put a shipped plugin into a cache."""
    keep(restore(str(pin.shipped_uri)), cache)


def test_cache_that_cannot_be_written(shipped: PluginPin, tmp_path: Path) -> None:
    """Where there can be no cache, the copy lasts as long as the process, data included."""
    (tmp_path / "file").write_text("")
    worker = start_worker(shipped, str(tmp_path / "file" / "cache"))
    assert f"{shipped.sha256} {SIZE}" == outcome(worker)


def test_full_disk(shipped: PluginPin, tmp_path: Path) -> None:
    """Where not a byte can be written, the plugin works from where it was shipped to."""
    worker = start_worker(shipped, str(tmp_path / "cache"), limit=True)
    assert f"{shipped.sha256} {SIZE}" == outcome(worker)


def test_plugin_without_a_copy_works_from_memory(
    shipped: PluginPin, tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If neither the cache nor a temporary directory can be written, the code runs all the same."""
    (tmp_path / "file").write_text("")
    nowhere = str(tmp_path / "file" / "cache")
    monkeypatch.setattr(sys.modules["rvcli.plugins.ship"], "_temporary_root", lambda: nowhere)
    with use(registry):
        content = restore(str(shipped.shipped_uri))
        assert content == keep(content, nowhere)


def test_remote_plugin_without_a_cache(
    http_root: tuple[Path, str], registry: Registry, tmp_path: Path, write_plugin: Any
) -> None:
    """A plugin from the web loads where the cache cannot be written."""
    write_plugin(directory="served")
    (tmp_path / "file").write_text("")
    spec = PluginSpec("file", f"{http_root[1]}/demo.py")
    (plugin,) = load_plugins([spec], registry, cache_dir=str(tmp_path / "file" / "cache"))
    assert "ok" == plugin.status


def test_without_a_home_the_cache_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home, as in a container, has a cache for the process."""

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("rvcli.profile.cache_dir", no_home)
    assert Path(cache_root()).is_dir()
    assert cache_root() == cache_root()


def on_s3(
    registry: Registry, write_plugin: Callable[..., Path], cache_dir: str, root: str
) -> tuple[PluginPin, list[LoadedPlugin]]:
    """Ship a plugin to S3."""
    plugins = load_plugins(
        [PluginSpec("file", str(write_plugin()))], registry, strict=True, cache_dir=cache_dir
    )
    with use(registry):
        (pin,) = ship(pins_for(None, plugins), plugins, root)
    return pin, plugins


def test_copy_on_s3_that_was_tampered_with(
    s3_root: str,
    registry: Registry,
    write_plugin: Callable[..., Path],
    cache_dir: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Content whose digest is not the one in the message is never run; both are named."""
    pin, _ = on_s3(registry, write_plugin, cache_dir, s3_root)
    uri = join_uri(str(pin.shipped_uri), "files", "demo.py")
    with use(registry):
        resolve(uri).write_str(uri, "print('evil')")
    with pytest.raises(PluginError) as caught:
        load_pins([pin], Settings(), Registry(parent=registry.parent), cache_dir=cache_dir)
    for digest in (pin.sha256, hashlib.sha256(b"print('evil')").hexdigest()):
        assert str(digest) in caught.value.message
    assert "" == capsys.readouterr().out
    assert [] == list(Path(cache_dir).rglob("*.py"))


def test_damaged_copy_on_s3_is_made_anew(
    s3_root: str,
    registry: Registry,
    write_plugin: Callable[..., Path],
    cache_dir: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planning again repairs a copy; in one process, a copy that was found whole is read once."""
    pin, plugins = on_s3(registry, write_plugin, cache_dir, s3_root)
    uri = join_uri(str(pin.shipped_uri), "files", "demo.py")
    content = plugins[0].content
    assert content is not None
    with use(registry):
        s3 = resolve(uri)
        s3.write_str(uri, "print('evil')")
        store(content, s3_root)
        assert content.files["demo.py"] == s3.read_bytes(uri)
        store(content, s3_root)
        monkeypatch.setattr(s3, "read_bytes", None)
        store(content, s3_root)


def test_original_stands_in_for_a_copy_that_is_gone(
    registry: Registry, write_plugin: Callable[..., Path], cache_dir: str, tmp_path: Path
) -> None:
    """If the copy cannot be read, the original serves where it still is the same."""
    path = write_plugin()
    plugins = load_plugins([PluginSpec("file", str(path))], registry, cache_dir=cache_dir)
    pin = pins_for(None, plugins)[0].shipped_to(str(tmp_path / "gone"))
    worker = Registry(parent=registry.parent)
    assert "ok" == load_pins([pin], Settings(), worker, cache_dir=cache_dir)[0].status
    path.write_text(path.read_text() + "# edited")
    with pytest.raises(PluginError, match="the copy of a plugin at"):
        load_pins([pin], Settings(), Registry(parent=registry.parent), cache_dir=cache_dir)
