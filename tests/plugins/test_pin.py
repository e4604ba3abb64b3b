"""Commands carry pins, and a pin is verified before anything is imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.errors import PluginError
from rvcli.plugins import (
    LoadedPlugin,
    PluginPin,
    PluginSpec,
    from_message,
    load_pins,
    load_plugins,
    loaded_in,
    pins_for,
    ship,
    to_message,
)
from rvcli.profile import load_settings
from rvcli.profile.settings import Settings
from rvcli.protos.plugin_pb2 import PluginConfig
from rvcli.registry import Registry, use

Write = Callable[..., Path]
FIELDS = ("uri", "module", "sha256", "distribution", "version", "entry_point", "name")
PINS = st.builds(PluginPin, **{name: st.none() | st.text(min_size=1) for name in FIELDS})


def settings(tmp_path: Path, **plugins: object) -> Settings:
    """Return settings of a profile with a [PLUGINS] section."""
    lines = ["[PLUGINS]", *(f"{name} = {value!r}" for name, value in plugins.items())]
    (tmp_path / "rv.toml").write_text("\n".join(lines))
    return load_settings(config_file=str(tmp_path / "rv.toml"), cwd=str(tmp_path), environ={})


def load(registry: Registry, cache_dir: str, *paths: Path) -> list[LoadedPlugin]:
    """Load plugin files, all of which must be fine."""
    specs = [PluginSpec("file", str(path)) for path in paths]
    return load_plugins(specs, registry, strict=True, cache_dir=cache_dir)


def fresh(registry: Registry) -> Registry:
    """Return a registry as a worker process has it: built-ins only."""
    return Registry(parent=registry.parent)


@given(st.lists(PINS))
def test_pins_travel_through_the_message(pins: list[PluginPin]) -> None:
    """The message holds every pin with all that is set."""
    binary = to_message(pins).SerializeToString()
    assert pins == from_message(PluginConfig.FromString(binary))


@given(PINS)
def test_pins_travel_as_plain_values(pin: PluginPin) -> None:
    """A record holds pins as plain values."""
    assert pin == PluginPin.from_dict(pin.to_dict())


def test_old_messages_give_pins_without_digest() -> None:
    """URIs and modules that old releases listed become pins that prove nothing."""
    message = PluginConfig(plugin_uris=["/a.py", "/b.py"], plugin_modules=["m"])
    message.pins.add(uri="/b.py", sha256="0")
    expected = [PluginPin(uri="/b.py", sha256="0"), PluginPin(uri="/a.py"), PluginPin(module="m")]
    assert expected == from_message(message)


def test_only_used_plugins_are_pinned(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """A command carries the plugins whose components it uses; None stands for all."""
    plugins = load(registry, cache_dir, write_plugin(), write_plugin("other.py", key="OTHER"))
    used = {registry.entry("AUX_COMMAND", "OTHER")}
    assert ["other"] == [pin.name for pin in pins_for(used, plugins)]
    assert ["demo", "other"] == [pin.name for pin in pins_for(None, plugins)]
    assert [] == pins_for([], plugins)


def test_plugins_that_a_plugin_builds_on_are_pinned(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """A plugin comes with those whose components it looks up while it is loaded."""
    head = "from rvcli import registry\n\nBASE = registry.current().get('AUX_COMMAND', {!r})\n"
    plugins = load(
        registry,
        cache_dir,
        write_plugin("lowest.py", key="LOWEST"),
        write_plugin("unused.py", key="UNUSED"),
        write_plugin("middle.py", head.format("LOWEST"), key="MIDDLE"),
        write_plugin("top.py", head.format("MIDDLE"), key="TOP"),
    )
    pins = pins_for({registry.entry("AUX_COMMAND", "TOP")}, plugins)
    assert ["lowest", "middle", "top"] == [pin.name for pin in pins]
    loaded = load_pins(pins, load_settings(environ={}), fresh(registry), cache_dir=cache_dir)
    assert ["lowest", "middle", "top"] == [plugin.name for plugin in loaded]


def test_broken_plugins_are_not_pinned(
    registry: Registry, cache_dir: str, write_plugin: Write
) -> None:
    """A plugin that did not load cannot be used, hence not pinned."""
    spec = PluginSpec("file", str(write_plugin(head="1 / 0")))
    plugins = load_plugins([spec], registry, cache_dir=cache_dir)
    assert [] == pins_for(None, plugins)
    with pytest.raises(PluginError, match="cannot be pinned"):
        PluginPin.of(plugins[0])


def test_pinned_plugin_loads(
    registry: Registry, cache_dir: str, write_plugin: Write, tmp_path: Path
) -> None:
    """What was pinned here loads in another process without a profile."""
    pins = pins_for(None, load(registry, cache_dir, write_plugin()))
    worker = fresh(registry)
    (plugin,) = load_pins(pins, settings(tmp_path), worker, cache_dir=cache_dir)
    assert pins == [PluginPin.of(plugin)]
    assert object is worker.get("AUX_COMMAND", "DEMO")


def test_mismatch_names_both_digests_and_imports_nothing(
    registry: Registry,
    cache_dir: str,
    write_plugin: Write,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An edited plugin stops the command before even the good ones are imported."""
    good = write_plugin("good.py", "print('good is imported')\n", key="GOOD")
    path = write_plugin()
    pins = pins_for(None, load(registry, cache_dir, good, path))
    path.write_text(path.read_text() + "print('edited is imported')\n")
    # A comment gives the good one another digest, so its module is not the one loaded above.
    good.write_text(good.read_text() + "# changed\n")
    pins[0] = pins_for(None, load(fresh(registry), cache_dir, good))[0]
    capsys.readouterr()
    worker = fresh(registry)
    with pytest.raises(PluginError) as caught:
        load_pins(pins, settings(tmp_path), worker, cache_dir=cache_dir)
    now = load(fresh(registry), cache_dir, path)[0].digest
    assert str(pins[1].sha256) in caught.value.message
    assert str(now) in caught.value.message
    assert 4 == caught.value.exit_code
    assert "edited is imported\n" == capsys.readouterr().out
    assert [] == worker.entries("AUX_COMMAND")


def test_edited_sibling_is_a_mismatch(
    registry: Registry, cache_dir: str, write_plugin: Write, tmp_path: Path
) -> None:
    """The digest covers the siblings."""
    path = write_plugin(head="import helper")
    (path.parent / "helper.py").write_text("x = 1")
    pins = pins_for(None, load(registry, cache_dir, path))
    (path.parent / "helper.py").write_text("x = 2")
    with pytest.raises(PluginError, match="not the one"):
        load_pins(pins, settings(tmp_path), fresh(registry), cache_dir=cache_dir)


def test_loaded_plugin_satisfies_its_pin(
    registry: Registry, cache_dir: str, write_plugin: Write, tmp_path: Path
) -> None:
    """In the process that planned, pins load nothing anew, and still are verified."""
    plugins = load(registry, cache_dir, write_plugin())
    pins = pins_for(None, plugins)
    assert plugins == load_pins(pins, settings(tmp_path), registry, cache_dir=cache_dir)
    wrong = PluginPin(uri=pins[0].uri, sha256="0" * 64)
    with pytest.raises(PluginError, match="0000"):
        load_pins([wrong], settings(tmp_path), registry, cache_dir=cache_dir)


def test_entry_without_digest_needs_the_profile(
    registry: Registry, cache_dir: str, write_plugin: Write, tmp_path: Path
) -> None:
    """An old message loads a plugin only where the present profile names it."""
    path = write_plugin()
    pin = PluginPin(uri=path.as_uri())
    with pytest.raises(PluginError, match="without a digest") as caught:
        load_pins([pin], settings(tmp_path), fresh(registry), cache_dir=cache_dir)
    assert 4 == caught.value.exit_code
    named = settings(tmp_path, files=[str(path)])
    assert ["ok"] == [
        p.status for p in load_pins([pin], named, fresh(registry), cache_dir=cache_dir)
    ]


def test_module_without_digest_needs_the_profile(
    registry: Registry, cache_dir: str, tmp_path: Path
) -> None:
    """The same holds for modules."""
    pin = PluginPin(module="absent_plugin_module")
    with pytest.raises(PluginError, match="without a digest"):
        load_pins([pin], settings(tmp_path), fresh(registry), cache_dir=cache_dir)
    named = settings(tmp_path, modules=["absent_plugin_module"])
    with pytest.raises(PluginError, match="no module 'absent_plugin_module'"):
        load_pins([pin], named, fresh(registry), cache_dir=cache_dir)


def test_empty_pin_is_told() -> None:
    """A pin that names nothing is a damaged message."""
    with pytest.raises(PluginError, match="neither URI, module nor distribution"):
        PluginPin(sha256="0").spec  # noqa: B018


def test_shipped_copy_replaces_a_file_that_is_not_here(
    registry: Registry, cache_dir: str, write_plugin: Write, tmp_path: Path
) -> None:
    """Another machine loads the copy, siblings included, and keeps it in its cache."""
    path = write_plugin(head="import helper", component="helper.Thing")
    (path.parent / "helper.py").write_text("class Thing: pass")
    root = tmp_path / "root"
    plugins = load(registry, cache_dir, path)
    with use(registry):
        pins = ship(pins_for(None, plugins), plugins, str(root))
    path.unlink()
    (path.parent / "helper.py").unlink()
    there = str(tmp_path / "cache there")
    for attempt in range(2):
        worker = fresh(registry)
        (plugin,) = load_pins(pins, settings(tmp_path), worker, cache_dir=there)
        assert pins[0].sha256 == plugin.digest, attempt
        assert "Thing" == worker.get("AUX_COMMAND", "DEMO").__name__
        assert plugin.content is not None
        assert Path(there) in Path(plugin.content.directory).parents
        assert [plugin] == loaded_in(worker)
        for file in root.rglob("*.py"):
            file.unlink()


def test_tampered_copy_is_a_mismatch(
    registry: Registry, cache_dir: str, write_plugin: Write, tmp_path: Path
) -> None:
    """A shipped copy that was changed is refused, and does not enter the cache."""
    plugins = load(registry, cache_dir, write_plugin())
    with use(registry):
        pins = ship(pins_for(None, plugins), plugins, str(tmp_path / "root"))
    (file,) = (tmp_path / "root").rglob("*.py")
    file.write_text("print('evil')")
    with pytest.raises(PluginError, match="not the one"):
        load_pins(pins, settings(tmp_path), fresh(registry), cache_dir=cache_dir)
    assert [] == list(Path(cache_dir).rglob("*.py"))


def test_tampered_cache_is_not_used(
    registry: Registry, cache_dir: str, write_plugin: Write, tmp_path: Path
) -> None:
    """A copy in the cache that was changed is passed over."""
    plugins = load(registry, cache_dir, write_plugin())
    with use(registry):
        pins = ship(pins_for(None, plugins), plugins, str(tmp_path / "root"))
    load_pins(pins, settings(tmp_path), fresh(registry), cache_dir=cache_dir)
    (file,) = Path(cache_dir).rglob("*.py")
    file.write_text("print('evil')")
    (plugin,) = load_pins(pins, settings(tmp_path), fresh(registry), cache_dir=cache_dir)
    assert pins[0].sha256 == plugin.digest


def test_secret_part_of_a_uri_stays_out(
    registry: Registry,
    cache_dir: str,
    write_plugin: Write,
    http_root: tuple[Path, str],
    tmp_path: Path,
) -> None:
    """A pin names no token; the copy in the cache stands in, and so does the loaded plugin."""
    path = write_plugin(directory="served")
    spec = PluginSpec("file", f"{http_root[1]}/demo.py?token=secret")
    plugins = load_plugins([spec], registry, strict=True, cache_dir=cache_dir)
    pins = pins_for(None, plugins)
    assert "secret" not in str(to_message(pins))
    path.unlink()
    (loaded,) = load_pins(pins, settings(tmp_path), fresh(registry), cache_dir=cache_dir)
    assert pins[0].sha256 == loaded.digest
    assert plugins == load_pins(pins, settings(tmp_path), registry, cache_dir=cache_dir)


def test_remote_plugin_is_fetched_anew_where_no_copy_is(
    registry: Registry,
    cache_dir: str,
    write_plugin: Write,
    http_root: tuple[Path, str],
    tmp_path: Path,
) -> None:
    """Another machine reads a pinned URL, and refuses what is not the pinned content."""
    path = write_plugin(directory="served")
    spec = PluginSpec("file", f"{http_root[1]}/demo.py")
    pins = pins_for(None, load_plugins([spec], registry, strict=True, cache_dir=cache_dir))
    there = str(tmp_path / "there")
    (loaded,) = load_pins(pins, settings(tmp_path), fresh(registry), cache_dir=there)
    assert pins[0].sha256 == loaded.digest
    path.write_text(path.read_text() + "# changed")
    with pytest.raises(PluginError, match="not the one"):
        load_pins(pins, settings(tmp_path), fresh(registry), cache_dir=str(tmp_path / "third"))
