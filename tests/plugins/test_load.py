"""Plugins are loaded whole, once, and their faults are told with file and line."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rvcli.errors import PluginError
from rvcli.plugins import LoadedPlugin, PluginSpec, load_plugins, loaded_in
from rvcli.registry import CODE, Registry, current

Write = Callable[..., Path]


def load(
    registry: Registry, cache_dir: str, *paths: object, strict: bool = False
) -> list[LoadedPlugin]:
    """Load plugin files into a registry."""
    specs = [PluginSpec("file", str(path), "rv.toml") for path in paths]
    return load_plugins(specs, registry, strict=strict, cache_dir=cache_dir)


def error_of(plugin: LoadedPlugin) -> PluginError:
    """Return the error of a plugin that did not load."""
    assert isinstance(plugin.error, PluginError)
    return plugin.error


def test_local_file_registers(registry: Registry, cache_dir: str, write_plugin: Write) -> None:
    """A plugin's components are in the registry, with the plugin as their origin."""
    path = write_plugin(head="__version__ = '1.2'")
    (plugin,) = load(registry, cache_dir, path)
    assert object is registry.get("AUX_COMMAND", "DEMO")
    assert str(path) == registry.entry("AUX_COMMAND", "DEMO").origin.location
    assert ("demo", "ok", "1.2") == (plugin.name, plugin.status, plugin.version)
    assert (("AUX_COMMAND", "DEMO"),) == plugin.registers
    assert 64 == len(plugin.digest or "")


def test_file_uri_registers(registry: Registry, cache_dir: str, write_plugin: Write) -> None:
    """A file:// URI names a local plugin."""
    path = write_plugin("with space é.py")
    assert ["ok"] == [p.status for p in load(registry, cache_dir, path.as_uri())]


def test_http_plugin_comes_with_siblings(
    registry: Registry, cache_dir: str, http_root: tuple[Path, str], write_plugin: Write
) -> None:
    """A plugin is fetched from http with the siblings that it imports."""
    root, url = http_root
    head = "import helper\nfrom .package import deep"
    write_plugin(head=head, component="helper.Thing", directory="served")
    (root / "helper.py").write_text("import numpy\nclass Thing: pass")
    (root / "package").mkdir()
    (root / "package" / "deep.py").write_text("")
    (plugin,) = load(registry, cache_dir, f"{url}/demo.py?token=secret")
    assert None is plugin.error
    assert "Thing" == registry.get("AUX_COMMAND", "DEMO").__name__
    assert plugin.content is not None
    assert Path(cache_dir) in Path(plugin.content.directory).parents
    assert ["demo.py", "helper.py", "package/deep.py"] == sorted(plugin.content.files)
    assert "secret" not in str(plugin.to_dict())


def test_missing_http_plugin_is_told(
    registry: Registry, cache_dir: str, http_root: tuple[Path, str]
) -> None:
    """A URL that serves nothing is an error of that plugin."""
    (plugin,) = load(registry, cache_dir, f"{http_root[1]}/absent.py")
    assert "absent.py" in error_of(plugin).message


def test_unknown_scheme_is_told(registry: Registry, cache_dir: str) -> None:
    """A URI that nothing handles is an error of that plugin, with the file system's hint."""
    (plugin,) = load(registry, cache_dir, "nowhere://x/plugin.py")
    assert "nowhere://x/plugin.py" in error_of(plugin).message
    assert error_of(plugin).hint


def test_module_registers(
    registry: Registry, cache_dir: str, write_plugin: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module on the path is a plugin; without a distribution it has a digest."""
    path = write_plugin("demo_module_plugin.py")
    monkeypatch.syspath_prepend(path.parent)
    spec = PluginSpec("module", "demo_module_plugin", "rv.toml")
    (plugin,) = load_plugins([spec], registry, cache_dir=cache_dir)
    assert (None, "demo_module_plugin", "ok") == (plugin.uri, plugin.module, plugin.status)
    assert 64 == len(plugin.digest or "")
    sys.modules.pop("demo_module_plugin")


def test_broken_plugin_does_not_hide_others(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """The plugins before and after a broken one are loaded."""
    broken = write_plugin("broken.py", "1 / 0")
    good, better = write_plugin("good.py", key="GOOD"), write_plugin("better.py", key="BETTER")
    plugins = load(registry, cache_dir, good, broken, better)
    assert ["ok", "error", "ok"] == [plugin.status for plugin in plugins]
    assert ["BETTER", "GOOD"] == registry.keys("AUX_COMMAND")


def test_half_registration_leaves_nothing(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """A plugin that fails after its first registration has registered nothing."""
    path = write_plugin()
    path.write_text(path.read_text() + "    raise RuntimeError('half-way')\n")
    (plugin,) = load(registry, cache_dir, path)
    assert [] == registry.entries("AUX_COMMAND")
    assert () == plugin.registers
    assert f"RuntimeError: half-way ({path}:4)" in error_of(plugin).message


def test_taken_key_names_both(registry: Registry, cache_dir: str, write_plugin: Write) -> None:
    """A key that is taken names who has it and who wants it."""
    registry.add("AUX_COMMAND", "DEMO", object, origin=CODE)
    path = write_plugin()
    (plugin,) = load(registry, cache_dir, path)
    expected = f"AUX_COMMAND 'DEMO' is registered twice: by {CODE} and by {path}"
    assert expected in error_of(plugin).message
    assert "another key" in (error_of(plugin).hint or "")


@pytest.mark.parametrize(
    ("head", "message", "hint"),
    [
        ("import absent_package", "No module named 'absent_package'", "absent_package.py beside"),
        ("from . import absent", "cannot import name 'absent'", "beside the plugin"),
        ("from .absent import x", "No module named 'absent'", "beside the plugin"),
        ("from .. import x", "beyond top-level package", "not above"),
        ("from json import absent", "cannot import name 'absent'", "version"),
        ("def f(:", "SyntaxError", "this Python is 3."),
        ("raise SystemExit(3)", "SystemExit: 3", "rv.toml"),
        ("open('data.json')", "data.json", "Path(__file__).parent"),
        ("open('/absent/data.json')", "data.json", "repair the plugin"),
        ("assert False", "AssertionError: no message", "repair the plugin"),
        ("from rvcli.errors import RvError\nraise RvError('x', hint='y')", "load: x (", "y"),
    ],
)
def test_faults_are_explained(
    registry: Registry, cache_dir: str, write_plugin: Write, head: str, message: str, hint: str
) -> None:
    """What is wrong is told with file and line, and with what to do."""
    path = write_plugin(head=head + "\n")
    (plugin,) = load(registry, cache_dir, path)
    error = error_of(plugin)
    assert message in error.message
    assert f"{path}:{head.count(chr(10)) + 1}" in error.message
    assert hint in (error.hint or "")
    assert "rvcli_plugin_" not in error.message


def test_fault_in_a_sibling_names_the_sibling(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """An error below the plugin's file is located where it happened."""
    path = write_plugin(head="import helper")
    helper = path.parent / "helper.py"
    helper.write_text("\nx = {}['absent']")
    (plugin,) = load(registry, cache_dir, path)
    assert f"KeyError: 'absent' ({helper}:2)" in error_of(plugin).message


def test_file_without_register_plugin_is_told(
    registry: Registry, cache_dir: str, tmp_path: Path
) -> None:
    """A file that defines no register_plugin is no plugin."""
    path = tmp_path / "empty.py"
    path.write_text("")
    (plugin,) = load(registry, cache_dir, path)
    assert f"plugin {path} defines no register_plugin" in error_of(plugin).message


def test_missing_file_is_told(registry: Registry, cache_dir: str, tmp_path: Path) -> None:
    """A file that is not there is an error of that plugin alone."""
    (plugin,) = load(registry, cache_dir, tmp_path / "absent.py")
    assert ("absent", "error") == (plugin.name, plugin.status)
    assert "does not exist" in error_of(plugin).message


@pytest.mark.parametrize("entry_points", [b"[rvcli.plugins", b"\xff"])
def test_damaged_wheel_does_not_hide_others(
    registry: Registry, cache_dir: str, write_plugin: Write, tmp_path: Path, entry_points: bytes
) -> None:
    """What cannot even be read is told as any other fault of a plugin."""
    wheel = tmp_path / "bad.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("bad.dist-info/entry_points.txt", entry_points)
    bad, good = load(registry, cache_dir, wheel, write_plugin())
    assert (f"plugin {wheel} cannot be read: ", "ok") == (
        error_of(bad).message[: len(f"plugin {wheel} cannot be read: ")],
        good.status,
    )


def test_path_that_cannot_be_opened_does_not_hide_others(
    registry: Registry, cache_dir: str, write_plugin: Write, tmp_path: Path
) -> None:
    """Whatever the operating system says to it."""
    bad, good = load(registry, cache_dir, tmp_path / ("x" * 300 + ".py"), write_plugin())
    assert ("error", "ok") == (bad.status, good.status)
    assert "cannot be read: OSError" in error_of(bad).message


def test_strict_raises_the_first_error(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """Strict loading fails with the first error."""
    with pytest.raises(PluginError, match="ZeroDivisionError") as caught:
        load(registry, cache_dir, write_plugin("broken.py", "1 / 0"), strict=True)
    assert 4 == caught.value.exit_code


def test_strict_counts_the_other_errors(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """With several broken plugins the message says how many more there are."""
    paths = [write_plugin(f"broken{i}.py", "1 / 0", key=f"K{i}") for i in range(3)]
    with pytest.raises(PluginError, match="2 more plugins do not load either"):
        load(registry, cache_dir, *paths, strict=True)
    with pytest.raises(PluginError, match="1 more plugin does not load either"):
        load(registry, cache_dir, *paths[:2], strict=True)


def test_strict_is_content_with_good_plugins(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """Strict loading of good plugins returns them."""
    assert 1 == len(load(registry, cache_dir, write_plugin(), strict=True))


def test_plugin_named_twice_is_loaded_once(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """A plugin named twice, or loaded already, is not registered again."""
    path = write_plugin()
    assert 1 == len(load(registry, cache_dir, path, path))
    (again,) = load(Registry(parent=registry), cache_dir, path)
    assert [again] == loaded_in(registry)


def test_file_is_executed_once_per_process(
    cache_dir: str, write_plugin: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two registries share the module of a plugin that has not changed."""
    path = write_plugin(head="print('executed')")
    registries = [Registry(), Registry()]
    for registry in registries:
        load(registry, cache_dir, path)
    assert "executed\n" == capsys.readouterr().out
    assert ["DEMO", "DEMO"] == [r.keys("AUX_COMMAND")[0] for r in registries]


def test_lazy_component_of_a_sibling_resolves(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """A component given as `"sibling:Name"` is imported from beside the plugin."""
    path = write_plugin(head="import helper", component="'helper:Thing'")
    (path.parent / "helper.py").write_text("class Thing: pass")
    load(registry, cache_dir, path)
    assert "Thing" == registry.get("AUX_COMMAND", "DEMO").__name__


def test_plugin_sees_the_registry_that_it_loads_into(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """While a plugin registers, the current registry holds what it has registered so far."""
    path = write_plugin()
    check = "    from rvcli.registry import current\n    current().get('AUX_COMMAND', 'DEMO')\n"
    path.write_text(path.read_text() + check)
    before = current
    assert ["ok"] == [p.status for p in load(registry, cache_dir, path)]
    assert before is current


def test_keyboard_interrupt_is_not_swallowed(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """Ctrl-C during an import ends the program, not only the plugin."""
    with pytest.raises(KeyboardInterrupt):
        load(registry, cache_dir, write_plugin(head="raise KeyboardInterrupt"))


def test_to_dict_tells_all(registry: Registry, cache_dir: str, write_plugin: Write) -> None:
    """The JSON of a plugin holds what `plugins list --json` promises."""
    good, broken = write_plugin(), write_plugin("broken.py", "1 / 0")
    plugin, failed = (p.to_dict() for p in load(registry, cache_dir, good, broken))
    assert [{"group": "AUX_COMMAND", "key": "DEMO"}] == plugin["registers"]
    assert ("file", str(good), None) == (plugin["kind"], plugin["uri"], plugin["error"])
    assert "rv.toml" == plugin["named_by"]
    assert "ZeroDivisionError" in failed["error"]["message"]
    assert ("error", []) == (failed["status"], failed["registers"])
    assert 64 == len(failed["digest"])
