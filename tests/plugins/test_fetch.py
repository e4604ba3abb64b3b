"""Plugin files, directories and wheels are read from where they lie."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rvcli.errors import PluginError
from rvcli.plugins import content as content_module
from rvcli.plugins import fetch as fetch_module
from rvcli.plugins.fetch import fetch
from rvcli.registry import Registry, use

PLUGIN = "def register_plugin(r): pass\n"
POINTS = "[rvcli.plugins]\ndemo = demo.plugin:register_plugin\n"


def zipped(files: Mapping[str, str]) -> bytes:
    """Return a zip archive of texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def _file_systems(registry: Registry) -> object:
    with use(registry):
        yield


def test_file_has_its_siblings(
    write_plugin: Callable[..., Path], cache_dir: str, tmp_path: Path
) -> None:
    """A local file is read with its siblings and stays where it is."""
    path = write_plugin(head="import helper")
    (path.parent / "helper.py").write_text("")
    content = fetch(str(path), cache_dir)
    assert ("demo.py", str(path.parent)) == (content.entry, content.directory)
    assert ["demo.py", "helper.py"] == sorted(content.files)
    assert not Path(cache_dir).exists()


def test_directory_counts_with_all_its_files(tmp_path: Path, cache_dir: str) -> None:
    """A package is a plugin with its data, without caches and hidden files."""
    package = tmp_path / "package"
    (package / "__pycache__").mkdir(parents=True)
    names = ["__init__.py", "data.json", ".hidden", "__pycache__/x.pyc"]
    for name in names:
        (package / name).write_text(PLUGIN)
    content = fetch(str(package), cache_dir)
    assert "package/__init__.py" == content.entry
    assert ["package/__init__.py", "package/data.json"] == sorted(content.files)
    assert "package" == content.entry_module


def test_directory_needs_an_init(tmp_path: Path, cache_dir: str) -> None:
    """A directory that is no package is no plugin."""
    with pytest.raises(PluginError, match=r"without __init__\.py"):
        fetch(str(tmp_path), cache_dir)


def test_directory_is_limited(
    tmp_path: Path, cache_dir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory full of data is refused before it is read whole."""
    (tmp_path / "__init__.py").write_text(PLUGIN)
    monkeypatch.setattr(content_module, "MAX_BYTES", 10)
    with pytest.raises(PluginError, match="holds more than"):
        fetch(str(tmp_path), cache_dir)


@pytest.mark.parametrize("files", [{"plugin.py": PLUGIN}, {"plugin/__init__.py": PLUGIN}])
def test_archive_with_one_module(files: Mapping[str, str], tmp_path: Path, cache_dir: str) -> None:
    """The only top module of a zip is the plugin; the files go to the cache."""
    (tmp_path / "plugin.zip").write_bytes(zipped(files))
    content = fetch(str(tmp_path / "plugin.zip"), cache_dir)
    assert next(iter(files)) == content.entry
    assert PLUGIN == (Path(content.directory) / content.entry).read_text()


def test_wheel_names_its_plugin(tmp_path: Path, cache_dir: str) -> None:
    """A wheel says by its entry point which module is the plugin."""
    files = {
        "demo/__init__.py": "",
        "demo/plugin.py": PLUGIN,
        "other.py": "",
        "demo-1.dist-info/entry_points.txt": POINTS,
    }
    (tmp_path / "demo-1-py3-none-any.whl").write_bytes(zipped(files))
    content = fetch(str(tmp_path / "demo-1-py3-none-any.whl"), cache_dir)
    assert ("demo/plugin.py", "demo.plugin") == (content.entry, content.entry_module)


def test_wheel_from_http(http_root: tuple[Path, str], cache_dir: str) -> None:
    """A wheel may lie on a server."""
    root, url = http_root
    (root / "plugin.whl").write_bytes(zipped({"plugin.py": PLUGIN}))
    assert "plugin.py" == fetch(f"{url}/plugin.whl", cache_dir).entry


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "", "b.py": ""},
        {"a.py": "", "b.py": "", "x.dist-info/entry_points.txt": "[console_scripts]\na=a:b"},
        {"a.py": "", "b.py": "", "x.dist-info/entry_points.txt": POINTS},
    ],
)
def test_ambiguous_wheel_is_refused(
    files: Mapping[str, str], tmp_path: Path, cache_dir: str
) -> None:
    """A wheel of several modules without an entry point for one of them is no plugin."""
    (tmp_path / "plugin.whl").write_bytes(zipped(files))
    with pytest.raises(PluginError, match="which of its modules"):
        fetch(str(tmp_path / "plugin.whl"), cache_dir)


def test_archive_cannot_write_elsewhere(tmp_path: Path, cache_dir: str) -> None:
    """A file name that leads out of the cache is refused."""
    (tmp_path / "plugin.zip").write_bytes(zipped({"plugin.py": PLUGIN, "../evil.txt": ""}))
    with pytest.raises(PluginError, match="evil"):
        fetch(str(tmp_path / "plugin.zip"), cache_dir)


def test_archive_is_limited(
    tmp_path: Path, cache_dir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive that unpacks to a lot is refused before it is unpacked."""
    (tmp_path / "plugin.zip").write_bytes(zipped({"plugin.py": PLUGIN}))
    monkeypatch.setattr(content_module, "MAX_BYTES", 10)
    with pytest.raises(PluginError, match="holds more than"):
        fetch(str(tmp_path / "plugin.zip"), cache_dir)


def test_broken_archive_is_refused(tmp_path: Path, cache_dir: str) -> None:
    """A file that is called a wheel and is none is told."""
    (tmp_path / "plugin.whl").write_bytes(b"no zip")
    with pytest.raises(PluginError, match="is no wheel"):
        fetch(str(tmp_path / "plugin.whl"), cache_dir)


def test_page_is_no_sibling(
    http_root: tuple[Path, str], write_plugin: Callable[..., Path], cache_dir: str
) -> None:
    """Servers that answer every address with a page do not invent siblings."""
    root, url = http_root
    write_plugin(head="import absent_package", directory="served")
    (root / "absent_package.py").write_text("<html>not found</html>")
    assert ["demo.py"] == list(fetch(f"{url}/demo.py", cache_dir).files)


@pytest.mark.parametrize("name", ["rvcli_plugin_absent.x", "rvcli..", "json"])
def test_installed_check_survives_odd_names(name: str) -> None:
    """A name that cannot be looked up is not installed."""
    assert (name == "json") == fetch_module._is_installed(name)


def test_init_file_means_its_directory(tmp_path: Path, cache_dir: str) -> None:
    """Naming the __init__ of a package names the package."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text(PLUGIN)
    by_file = fetch(str(tmp_path / "package" / "__init__.py"), cache_dir)
    assert fetch(str(tmp_path / "package"), cache_dir) == by_file


def test_other_endings_are_refused(tmp_path: Path, cache_dir: str) -> None:
    """A local file must show by its name what it is."""
    (tmp_path / "plugin.txt").write_text(PLUGIN)
    with pytest.raises(PluginError, match=r"neither a \.py file"):
        fetch(str(tmp_path / "plugin.txt"), cache_dir)
