"""Modules that no distribution vouches for travel, and keep their names."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rvcli.errors import PluginError
from rvcli.plugins import PluginPin, PluginSpec, load_pins, load_plugins, pins_for, ship
from rvcli.plugins.content import Content
from rvcli.plugins.isolate import import_content, import_named, release
from rvcli.profile.settings import Settings
from rvcli.registry import Registry, use

REGISTERS = "def register_plugin(r): r.register_aux_command('DEMO', {})\n"


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory on the path; what is imported by a name like rvmod is dropped afterwards."""
    directory = tmp_path / "site"
    directory.mkdir()
    monkeypatch.syspath_prepend(directory)
    yield directory
    forget_all()


def forget_all() -> None:
    """Forget modules of the tests, as another process has never seen them."""
    for name in [name for name in sys.modules if name.startswith("rvmod")]:
        release(name.partition(".")[0])
        sys.modules.pop(name, None)


def write(site: Path, files: dict[str, str]) -> None:
    """Write files below a directory."""
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)


def travel(
    spec: PluginSpec, registry: Registry, tmp_path: Path, site: Path
) -> tuple[list[PluginPin], Callable[[], Registry]]:
    """Load and ship a plugin, and give a function that loads it where it never was."""
    plugins = load_plugins([spec], registry, strict=True, cache_dir=str(tmp_path / "cache"))
    with use(registry):
        pins = ship(pins_for(None, plugins), plugins, str(tmp_path / "root"))
    forget_all()
    site.rename(tmp_path / "elsewhere")

    def load() -> Registry:
        worker = Registry(parent=registry.parent)
        load_pins(pins, Settings(), worker, cache_dir=str(tmp_path / "there"))
        return worker

    return pins, load


def test_module_travels_with_its_siblings(site: Path, registry: Registry, tmp_path: Path) -> None:
    """A loose module is shipped with what it imports beside it, and not what pip put there."""
    head = "import rvmod_helper\ndef late():\n    import rvmod_late\n    return rvmod_late.NAME\n"
    write(
        site,
        {
            "rvmod_a.py": head + "import rvmod_installed\n" + REGISTERS.format("late"),
            "rvmod_helper.py": "",
            "rvmod_late.py": "NAME = 'late'",
            "rvmod_installed.py": "",
            "rvmod_installed-1.dist-info/METADATA": (
                "Metadata-Version: 2.1\nName: rvmod_installed\nVersion: 1\n"
            ),
            "rvmod_installed-1.dist-info/RECORD": "rvmod_installed.py,,\n",
        },
    )
    pins, load = travel(PluginSpec("module", "rvmod_a"), registry, tmp_path, site)
    copied = [p.name for p in (tmp_path / "root").rglob("*.py")]
    assert ["rvmod_a.py", "rvmod_helper.py", "rvmod_late.py"] == sorted(copied)
    site.mkdir()
    (site / "rvmod_installed.py").write_text("")
    assert "late" == load().get("AUX_COMMAND", "DEMO")()
    assert "rvmod_a" in sys.modules
    assert pins[0].sha256 is not None


def test_package_travels_with_its_data(site: Path, registry: Registry, tmp_path: Path) -> None:
    """A loose package is importable by its name elsewhere, resources and all."""
    text = (
        "import pkgutil\nfrom importlib import resources\nfrom rvmod_p.sub import inner\n"
        "def read():\n"
        "    data = pkgutil.get_data('rvmod_p', 'data.txt').decode()\n"
        "    return data + resources.files('rvmod_p').joinpath('data.txt').read_text()\n"
    )
    files = {"rvmod_p/__init__.py": "", "rvmod_p/sub/inner.py": "", "rvmod_p/data.txt": "data"}
    write(site, {**files, "rvmod_p/plugin.py": text + REGISTERS.format("'rvmod_p.plugin:read'")})
    _, load = travel(PluginSpec("module", "rvmod_p.plugin"), registry, tmp_path, site)
    assert "datadata" == load().get("AUX_COMMAND", "DEMO")()


def test_editable_distribution_travels(site: Path, registry: Registry, tmp_path: Path) -> None:
    """The entry point of a working copy is known where the distribution is not."""
    meta = "rvmod_e-1.dist-info"
    url = f'{{"url": "{site.as_uri()}", "dir_info": {{"editable": true}}}}'
    write(
        site,
        {
            "rvmod_e/__init__.py": "",
            "rvmod_e/plugin.py": "def setup(r): r.register_aux_command('DEMO', object)\n",
            f"{meta}/METADATA": "Metadata-Version: 2.1\nName: rvmod_e\nVersion: 1\n",
            f"{meta}/entry_points.txt": "[rvcli.plugins]\ndemo = rvmod_e.plugin:setup\n",
            f"{meta}/direct_url.json": url,
        },
    )
    spec = PluginSpec("distribution", "rvmod_e", "", "demo")
    _, load = travel(spec, registry, tmp_path, site)
    assert object is load().get("AUX_COMMAND", "DEMO")


def test_later_plugin_imports_the_module_by_its_name(
    site: Path, registry: Registry, tmp_path: Path
) -> None:
    """What one plugin brings under its own name, another builds on, here and elsewhere."""
    write(site, {"rvmod_base.py": "NAME = 'base'\ndef register_plugin(r): pass\n"})
    user = tmp_path / "user.py"
    user.write_text("import rvmod_base\n" + REGISTERS.format("lambda: rvmod_base.NAME"))
    specs = [PluginSpec("module", "rvmod_base"), PluginSpec("file", str(user))]
    plugins = load_plugins(specs, registry, strict=True, cache_dir=str(tmp_path / "cache"))
    with use(registry):
        pins = ship(pins_for(None, plugins), plugins, str(tmp_path / "root"))
    forget_all()
    site.rename(tmp_path / "elsewhere")
    worker = Registry(parent=registry.parent)
    load_pins(pins, Settings(), worker, cache_dir=str(tmp_path / "there"))
    assert "base" == worker.get("AUX_COMMAND", "DEMO")()


def test_shipped_module_comes_before_one_of_the_machine(
    site: Path, registry: Registry, tmp_path: Path
) -> None:
    """Where another version of the module lies, the pinned one is imported all the same."""
    write(site, {"rvmod_v.py": REGISTERS.format("lambda: 'planned'")})
    _, load = travel(PluginSpec("module", "rvmod_v"), registry, tmp_path, site)
    site.mkdir()
    (site / "rvmod_v.py").write_text(REGISTERS.format("lambda: 'other'"))
    assert "planned" == load().get("AUX_COMMAND", "DEMO")()


def content(directory: str = "", **sources: str) -> Content:
    """Return the content of a plugin whose entry is the first of some modules."""
    files = {f"{name}.py": text.encode() for name, text in sources.items()}
    return Content(next(iter(files)), files, directory)


def test_edited_module_is_imported_anew() -> None:
    """The same plugin with other content replaces what was imported of it."""
    first = import_named(content(rvmod_x="N = 1"), "rvmod_x")
    assert first is import_named(content(rvmod_x="N = 1"), "rvmod_x")
    assert (1, 2) == (first.N, import_named(content(rvmod_x="N = 2"), "rvmod_x").N)


def test_plugins_that_bring_different_modules_of_one_name_are_refused() -> None:
    """Under one name there can be one module: equal ones are shared, others an error."""
    import_named(content(rvmod_a="import rvmod_h", rvmod_h="N = 1"), "rvmod_a")
    import_named(content(rvmod_b="import rvmod_h", rvmod_h="N = 1"), "rvmod_b")
    with pytest.raises(PluginError, match="rvmod_a and rvmod_c both bring a module 'rvmod_h'"):
        import_named(content(rvmod_c="import rvmod_h", rvmod_h="N = 2"), "rvmod_c")


def test_name_that_is_imported_already_is_refused(site: Path) -> None:
    """A module of the same name from elsewhere stands in the way, unless it is the same."""
    (site / "rvmod_i.py").write_text("N = 1")
    importlib.invalidate_caches()
    imported = importlib.import_module("rvmod_i")
    assert imported is import_named(content(rvmod_i="N = 1"), "rvmod_i")
    release("rvmod_i")
    with pytest.raises(PluginError, match="another one is imported already"):
        import_named(content(rvmod_i="N = 2"), "rvmod_i")
    (site / "rvmod_i.py").unlink()
    with pytest.raises(PluginError, match="another one is imported already"):
        import_named(content(rvmod_i="N = 1"), "rvmod_i")


def test_failed_import_leaves_nothing() -> None:
    """After an error, the modules are gone, also those that were imported without."""
    with pytest.raises(ZeroDivisionError):
        import_named(content(rvmod_f="import rvmod_g\n1 / 0", rvmod_g=""), "rvmod_f")
    assert not {"rvmod_f", "rvmod_g"} & set(sys.modules)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("rvmod_g")


@pytest.mark.parametrize("importer", [import_content, import_named])
def test_only_what_was_hashed_is_imported(
    importer: Callable[[Content, str], object], tmp_path: Path
) -> None:
    """A file that lies beside the plugin's copy, and is not of its content, is never run."""
    package = tmp_path / "rvmod_s"
    package.mkdir()
    (package / "planted.py").write_text("raise SystemExit('planted code is run')")
    text = b"import importlib, importlib.util\nname = __name__ + '.planted'\n"
    text += b"SPEC = importlib.util.find_spec(name)\nimportlib.import_module(name)"
    plugin = Content("rvmod_s/__init__.py", {"rvmod_s/__init__.py": text}, str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match=r"rvmod_s\.planted"):
        importer(plugin, "rvmod_s")


def test_compiled_module_of_a_package_is_imported() -> None:
    """An extension that belongs to the content is loaded from its copy."""
    import _json
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        package = Path(directory, "rvmod_so")
        package.mkdir()
        target = package / Path(_json.__file__).name
        shutil.copy(_json.__file__, target)
        files = {"rvmod_so/__init__.py": b"from rvmod_so import _json\n"}
        files[f"rvmod_so/{target.name}"] = target.read_bytes()
        module = import_named(Content("rvmod_so/__init__.py", files, directory), "rvmod_so")
    assert str(target) == vars(module)["_json"].__file__


def test_module_that_is_not_there_is_told(site: Path, registry: Registry, tmp_path: Path) -> None:
    """A package without the module that the profile names is no plugin."""
    write(site, {"rvmod_q/__init__.py": ""})
    (plugin,) = load_plugins(
        [PluginSpec("module", "rvmod_q.absent")], registry, cache_dir=str(tmp_path)
    )
    assert plugin.error is not None
    assert "there is no module 'rvmod_q.absent'" in plugin.error.message


def test_uninstalled_distribution_is_told_with_its_version(
    registry: Registry, tmp_path: Path
) -> None:
    """A worker that lacks a distribution, or its module, says what to install exactly."""
    pins = [
        PluginPin(distribution="rvmod-absent", entry_point="demo", version="1.2"),
        PluginPin(module="rvmod_absent", distribution="rvmod-absent", version="1.2"),
    ]
    for pin in pins:
        with pytest.raises(PluginError, match=r"planned with version 1\.2") as caught:
            load_pins([pin], Settings(), registry, cache_dir=str(tmp_path))
        assert "pip install 'rvmod-absent==1.2' where commands run" == caught.value.hint
