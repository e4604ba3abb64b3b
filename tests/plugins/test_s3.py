"""Plugins on S3, and copies shipped there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rvcli.filesystem import resolve
from rvcli.plugins import PluginSpec, load_pins, load_plugins, pins_for, ship
from rvcli.profile.settings import Settings
from rvcli.registry import Registry, use


def test_plugin_is_loaded_from_s3_and_shipped_there(
    s3_root: str,
    registry: Registry,
    cache_dir: str,
    write_plugin: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """A plugin loads from a bucket with its siblings, and so does a shipped local one."""
    remote = write_plugin("remote.py", "import helper\n", key="REMOTE", component="helper.Thing")
    local = write_plugin("local.py", "import helper\n", key="LOCAL", component="helper.Thing")
    helper = local.parent / "helper.py"
    helper.write_text("class Thing: pass\n")
    specs = [PluginSpec("file", f"{s3_root}/code/remote.py"), PluginSpec("file", str(local))]
    with use(registry):
        s3 = resolve(s3_root)
        for path in (remote, helper):
            s3.write_bytes(f"{s3_root}/code/{path.name}", path.read_bytes())
        plugins = load_plugins(specs, registry, strict=True, cache_dir=cache_dir)
        pins = ship(pins_for(None, plugins), plugins, f"{s3_root}/root")
    expected = [f"{s3_root}/root/plugins/{pin.sha256}" for pin in pins]
    assert expected == [pin.shipped_uri for pin in pins]

    local.unlink()
    helper.unlink()
    worker = Registry(parent=registry.parent)
    there = str(tmp_path / "there")
    loaded = load_pins(pins, Settings(), worker, cache_dir=there)
    assert [pin.sha256 for pin in pins] == [plugin.digest for plugin in loaded]
    assert ["LOCAL", "REMOTE"] == worker.keys("AUX_COMMAND")
    assert all(p.content and p.content.directory.startswith(there) for p in loaded)
