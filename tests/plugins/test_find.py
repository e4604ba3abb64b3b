"""Modules and distributions are identified without being imported."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from rvcli.errors import PluginError
from rvcli.plugins import PluginPin, PluginSpec, find, load_pins, load_plugins, pins_for
from rvcli.plugins.content import digest_of
from rvcli.profile.settings import Settings
from rvcli.registry import Registry

PLUGIN = "__version__ = 'own'\ndef register_plugin(r): r.register_aux_command('DEMO', object)\n"
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put modules on the path, and say of some that a distribution brought them."""
    site = tmp_path / "site é"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    before = set(sys.modules)

    def put(
        modules: Mapping[str, str],
        name: str | None = None,
        *,
        version: str = "1.0",
        points: str = "",
        editable: str | None = None,
        top_level: bool = False,
    ) -> Path:
        for path, text in modules.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text)
        if name is not None:
            meta = site / f"{name}-{version}.dist-info"
            meta.mkdir(exist_ok=True)
            (meta / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            )
            files = [] if editable else modules
            (meta / "RECORD").write_text("".join(f"{path},,\n" for path in files))
            (meta / "entry_points.txt").write_text(points and f"[rvcli.plugins]\n{points}\n")
            if top_level:
                tops = sorted({path.partition("/")[0].removesuffix(".py") for path in modules})
                (meta / "top_level.txt").write_text("\n".join(tops))
            if editable:
                direct = {"url": editable, "dir_info": {"editable": True}}
                (meta / "direct_url.json").write_text(json.dumps(direct))
        return site

    yield put
    for module in set(sys.modules) - before:
        if module.startswith("rvdemo"):
            del sys.modules[module]


def module(name: str) -> PluginSpec:
    """Return the spec of a module plugin."""
    return PluginSpec("module", name, "rv.toml")


def distribution(name: str, point: str | None = None) -> PluginSpec:
    """Return the spec of a distribution plugin."""
    return PluginSpec("distribution", name, "", point)


def test_loose_module_is_pinned_by_its_files(install: Install, cache_dir: str) -> None:
    """A module without a distribution has the digest of itself and its siblings."""
    install({"rvdemo_a.py": "import rvdemo_b\n" + PLUGIN, "rvdemo_b.py": "", "rvdemo_c.py": ""})
    found = find(module("rvdemo_a"), cache_dir)
    expected = {"rvdemo_a.py": b"import rvdemo_b\n" + PLUGIN.encode(), "rvdemo_b.py": b""}
    assert digest_of(expected) == found.digest
    assert "rvdemo_a" not in sys.modules


def test_loose_package_is_pinned_by_its_files(install: Install, cache_dir: str) -> None:
    """A package counts with all its files, as it travels, and finding it imports nothing."""
    files = {"rvdemo_p/__init__.py": "1 / 0", "rvdemo_p/sub/plugin.py": PLUGIN}
    files["rvdemo_p/data.txt"] = "data"
    install({**files, "rvdemo_p/__pycache__/plugin.pyc": ""})
    found = find(module("rvdemo_p.sub.plugin"), cache_dir)
    assert digest_of({path: text.encode() for path, text in files.items()}) == found.digest


def test_namespace_package_is_pinned_by_its_files(install: Install, cache_dir: str) -> None:
    """A package without __init__ is one too."""
    install({"rvdemo_n/plugin.py": PLUGIN})
    found = find(module("rvdemo_n.plugin"), cache_dir)
    assert hashlib.sha256(PLUGIN.encode()).hexdigest() == found.digest


@pytest.mark.parametrize("name", ["rvdemo", "rvdemo-tools"])
@pytest.mark.parametrize("top_level", [True, False])
def test_installed_module_is_pinned_by_version(
    install: Install, registry: Registry, cache_dir: str, name: str, top_level: bool
) -> None:
    """A module that a distribution brought has its name and version, and no digest."""
    install({"rvdemo.py": PLUGIN}, name, top_level=top_level)
    plugins = load_plugins([module("rvdemo")], registry, strict=True, cache_dir=cache_dir)
    expected = PluginPin(module="rvdemo", distribution=name, version="1.0", name="rvdemo")
    assert [expected] == pins_for(None, plugins)


def test_distribution_of_another_place_does_not_count(install: Install, cache_dir: str) -> None:
    """A distribution of the same name that did not bring this file vouches for nothing."""
    site = install({"rvdemo.py": PLUGIN})
    (site / "rvdemo-1.dist-info").mkdir()
    (site / "rvdemo-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: rvdemo\nVersion: 1\n"
    )
    (site / "rvdemo-1.dist-info" / "RECORD").write_text("elsewhere/rvdemo.py,,\n")
    found = find(module("rvdemo"), cache_dir)
    assert (None, False) == (found.distribution, found.digest is None)


def test_editable_distribution_is_pinned_by_its_files(
    install: Install, registry: Registry, cache_dir: str, tmp_path: Path
) -> None:
    """A distribution that is installed editable has the digest of its files."""
    site = tmp_path / "site é"
    install(
        {"rvdemo/__init__.py": PLUGIN}, "rvdemo", points="demo = rvdemo", editable=site.as_uri()
    )
    specs = [distribution("rvdemo", "demo"), module("rvdemo")]
    for spec in specs:
        found = find(spec, cache_dir)
        assert hashlib.sha256(PLUGIN.encode()).hexdigest() == found.digest
        assert ("rvdemo", "1.0") == (found.distribution, found.version)
    plugins = load_plugins(specs[:1], registry, strict=True, cache_dir=cache_dir)
    (pin,) = pins_for(None, plugins)
    assert (None, "demo", plugins[0].digest) == (pin.version, pin.entry_point, pin.sha256)


@pytest.mark.parametrize("value", ["rvdemo.plugin", "rvdemo.plugin:setup", "rvdemo.plugin : setup"])
def test_distribution_registers_through_its_entry_point(
    install: Install, registry: Registry, cache_dir: str, value: str
) -> None:
    """An entry point names a module with register_plugin, or the function itself."""
    text = PLUGIN + "setup = register_plugin\n"
    files = {"rvdemo/__init__.py": "", "rvdemo/plugin.py": text}
    install(files, "rvdemo", points=f"first = rvdemo:absent\ndemo = {value}")
    (plugin,) = load_plugins([distribution("rvdemo", "demo")], registry, cache_dir=cache_dir)
    assert None is plugin.error
    assert ("rvdemo", "1.0", None) == (plugin.name, plugin.version, plugin.digest)
    assert "rvdemo:demo" == registry.entry("AUX_COMMAND", "DEMO").origin.location


def test_pinned_version_is_checked(
    install: Install, registry: Registry, cache_dir: str, tmp_path: Path
) -> None:
    """Another version of a distribution is not what the command was planned with."""
    install({"rvdemo.py": PLUGIN}, "rvdemo", points="demo = rvdemo")
    pin = PluginPin(distribution="rvdemo", entry_point="demo", version="1.0")
    (plugin,) = load_pins([pin], Settings(), Registry(parent=registry), cache_dir=cache_dir)
    assert "ok" == plugin.status
    old = PluginPin(distribution="rvdemo", entry_point="demo", version="0.9")
    with pytest.raises(PluginError, match=r"version 1\.0, the command says version 0\.9") as e:
        load_pins([old], Settings(), registry, cache_dir=cache_dir)
    assert "pip install 'rvdemo==0.9'" in (e.value.hint or "")
    digest = PluginPin(distribution="rvdemo", entry_point="demo", sha256="0" * 64)
    with pytest.raises(PluginError, match=r"installed here as version 1\.0"):
        load_pins([digest], Settings(), registry, cache_dir=cache_dir)


def test_editable_does_not_satisfy_a_version(
    install: Install, registry: Registry, cache_dir: str, tmp_path: Path
) -> None:
    """An editable copy of the right version proves nothing."""
    site = tmp_path / "site é"
    install({"rvdemo.py": PLUGIN}, "rvdemo", points="demo = rvdemo", editable=site.as_uri())
    pin = PluginPin(distribution="rvdemo", version="1.0")
    with pytest.raises(PluginError, match="an editable copy"):
        load_pins([pin], Settings(), registry, cache_dir=cache_dir)


def test_missing_distribution_is_told(cache_dir: str) -> None:
    """A distribution that is not installed says how to get it."""
    with pytest.raises(PluginError, match="is not installed") as caught:
        find(distribution("rvdemo-absent"), cache_dir)
    assert "pip install rvdemo-absent" == caught.value.hint


def test_distribution_without_the_entry_point_is_told(install: Install, cache_dir: str) -> None:
    """A distribution that is no plugin, or lacks the pinned entry point, is told."""
    install({"rvdemo.py": PLUGIN}, "rvdemo", points="demo = rvdemo")
    with pytest.raises(PluginError, match="has no entry point named 'other'"):
        find(distribution("rvdemo", "other"), cache_dir)
    with pytest.raises(PluginError, match="has no entry point in the group"):
        find(distribution("pytest"), cache_dir)


@pytest.mark.parametrize(
    ("name", "message"),
    [("rvdemo_absent", "no module 'rvdemo_absent'"), ("..", "no module"), ("sys", "made of files")],
)
def test_missing_module_is_told(name: str, message: str, cache_dir: str) -> None:
    """A module that cannot be found, or has no file, is told."""
    with pytest.raises(PluginError, match=message):
        find(module(name), cache_dir)


@pytest.mark.parametrize("path", ["rvdemo.py", "rvdemo/__init__.py"])
def test_fault_in_a_module_names_its_line(
    install: Install, registry: Registry, cache_dir: str, path: str
) -> None:
    """An error in a module is told with the module's own file and line."""
    site = install({path: "import json\n\njson.loads('{')"})
    (plugin,) = load_plugins([module("rvdemo")], registry, cache_dir=cache_dir)
    assert plugin.error is not None
    assert f"({site / path}:3)" in plugin.error.message
