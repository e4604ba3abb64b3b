"""Each kind of plugin loads from each place, and elsewhere from what was shipped of it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from rvcli.errors import NotReadableError, PluginError
from rvcli.filesystem import FileSystem, http_client, resolve
from rvcli.plugins import (
    Lock,
    PluginSpec,
    find_plugins,
    load_pins,
    load_plugins,
    loaded_in,
    pins_for,
    ship,
)
from rvcli.plugins import content as content_module
from rvcli.plugins.archive import missing_requirements
from rvcli.plugins.fetch import fetch
from rvcli.plugins.isolate import forget, package_name
from rvcli.profile.settings import Settings
from rvcli.registry import Registry, use

Zip = Callable[[Mapping[str, str]], bytes]

# The components are texts that show from what they were made.
FILE = (
    "import helper\ndef register_plugin(r): r.register_aux_command('DEMO', lambda: helper.NAME)\n"
)
PACKAGE = """
from pathlib import Path
from demo_package.inner import NAME
def read():
    data = Path(__file__).parent / "data" / "name.txt"
    return data.read_text() if data.exists() else NAME
def setup(r): r.register_aux_command('DEMO', read)
register_plugin = setup
"""
MODULES = {
    "demo_package/__init__.py": PACKAGE,
    "demo_package/inner.py": "from . import lowest\nNAME = lowest.NAME\n",
    "demo_package/lowest.py": "NAME = 'imported'\n",
}
WHOLE = {**MODULES, "demo_package/data/name.txt": "data"}
WHEEL = {
    **WHOLE,
    "other.py": "",
    "demo-1.5.dist-info/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.5\n",
    "demo-1.5.dist-info/entry_points.txt": "[rvcli.plugins]\ndemo = demo_package:setup\n",
}
KINDS = {
    "file": ({"demo.py": FILE, "helper.py": "NAME = 'sibling'\n"}, "demo.py", "sibling"),
    "package": (WHOLE, "demo_package", "data"),
    "wheel": (WHEEL, "demo-1.5-py3-none-any.whl", "data"),
}


@pytest.fixture
def put(tmp_path: Path, request: pytest.FixtureRequest, registry: Registry) -> Any:
    """Give a function that puts files at a place, and returns the place's URI."""

    def write(place: str, files: Mapping[str, bytes]) -> str:
        if place == "s3":
            root = f"{request.getfixturevalue('s3_root')}/plug ins"
        elif place == "http":
            directory, root = request.getfixturevalue("http_root")
        else:
            root = str(tmp_path / "home")
        base = root if place != "http" else str(directory)
        with use(registry):
            for name, data in files.items():
                resolve(base).write_bytes(f"{base}/{name}", data)
        return root

    return write


def remove(uri: str, registry: Registry) -> None:
    """Remove what lies below a URI."""
    with use(registry):
        for path in resolve(uri).list_paths(uri):
            resolve(path).delete(path)


@pytest.mark.parametrize("place", ["local", "http", "s3"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_kind_travels_from_its_place(
    kind: str,
    place: str,
    put: Any,
    zipped: Zip,
    registry: Registry,
    cache_dir: str,
    tmp_path: Path,
) -> None:
    """A plugin loads from where it lies, and on another machine without that, data included."""
    files, name, expected = KINDS[kind]
    content = {path: text.encode() for path, text in files.items()}
    root = put(place, {name: zipped(files)} if kind == "wheel" else content)
    if (kind, place) == ("package", "http"):
        name, expected = "demo_package/__init__.py", "imported"
    spec = PluginSpec("file", f"{root}/{name}")
    plugins = load_plugins([spec], registry, strict=True, cache_dir=cache_dir)
    assert expected == registry.get("AUX_COMMAND", "DEMO")()
    with use(registry):
        pins = ship(pins_for(None, plugins), plugins, str(tmp_path / "root"))

    remove(str(tmp_path / "served") if place == "http" else root, registry)
    forget(package_name(spec.location, str(plugins[0].digest)))  # as in another process
    worker = Registry(parent=registry.parent)
    (loaded,) = load_pins(pins, Settings(), worker, cache_dir=str(tmp_path / "there"))
    assert expected == worker.get("AUX_COMMAND", "DEMO")()
    assert plugins[0].digest == loaded.digest


def test_package_has_one_digest_wherever_it_lies(
    put: Any, registry: Registry, cache_dir: str
) -> None:
    """The same files are the same plugin; caches and hidden files count nowhere."""
    files = {path: text.encode() for path, text in WHOLE.items()}
    extra = {"demo_package/__pycache__/inner.pyc": b"x", "demo_package/.hidden/a.py": b"x"}
    uris = [f"{put(place, files | extra)}/demo_package" for place in ("local", "s3")]
    with use(registry):
        digests = {fetch(uri, cache_dir).digest for uri in [*uris, uris[1] + "/"]}
    assert 1 == len(digests)
    assert {content_module.digest_of(files)} == digests


@pytest.mark.parametrize("name", ["absent", "absent/", "plain"])
def test_directory_that_is_no_package_is_told(
    name: str, put: Any, registry: Registry, cache_dir: str
) -> None:
    """A bucket without such files, or without an __init__, has no plugin."""
    root = put("s3", {"plain/a.py": b""})
    with use(registry), pytest.raises(PluginError, match=r"without __init__\.py"):
        fetch(f"{root}/{name}", cache_dir)


@pytest.mark.parametrize("name", ["pkg/", "page", "absent"])
def test_directory_on_the_web_says_what_to_do(
    name: str, http_root: tuple[Path, str], registry: Registry, cache_dir: str
) -> None:
    """A web server gives no lists: the error says to pack the plugin or name its __init__."""
    root, url = http_root
    (root / "page").write_text("<!doctype html><a href='a.py'>a.py</a>")
    with use(registry), pytest.raises(PluginError) as caught:
        fetch(f"{url}/{name}", cache_dir)
    assert "pack the plugin as a wheel or zip" in (caught.value.hint or "")


def test_signed_url_of_a_wheel(
    http_root: tuple[Path, str], zipped: Zip, registry: Registry, cache_dir: str
) -> None:
    """A query after the name hides neither that it is a wheel, nor appears in errors."""
    root, url = http_root
    (root / "demo.whl").write_bytes(zipped(WHEEL))
    with use(registry):
        assert "demo_package/__init__.py" == fetch(f"{url}/demo.whl?sig=SECRET", cache_dir).entry
        (root / "demo.whl").write_bytes(b"no zip")
        with pytest.raises(PluginError, match="is no wheel") as caught:
            fetch(f"{url}/demo.whl?sig=SECRET", cache_dir)
    assert "SECRET" not in str(caught.value)


def test_version_of_a_wheel_is_known(
    tmp_path: Path, zipped: Zip, registry: Registry, cache_dir: str
) -> None:
    """A wheel says its version."""
    (tmp_path / "demo.whl").write_bytes(zipped(WHEEL))
    spec = PluginSpec("file", str(tmp_path / "demo.whl"))
    (plugin,) = load_plugins([spec], registry, cache_dir=cache_dir)
    assert ("1.5", "demo_package") == (plugin.version, plugin.name)


def test_wheel_with_compiled_code_is_refused(
    tmp_path: Path, zipped: Zip, registry: Registry, cache_dir: str
) -> None:
    """What fits one machine only has to be installed there."""
    (tmp_path / "demo.whl").write_bytes(zipped({**WHEEL, "demo_package/fast.so": "x"}))
    with use(registry), pytest.raises(PluginError, match=r"demo_package/fast\.so") as caught:
        fetch(str(tmp_path / "demo.whl"), cache_dir)
    assert "pip install" in (caught.value.hint or "")


REQUIRES = (
    "Metadata-Version: 2.1\nName: demo\nVersion: 1.5\nRequires-Dist: rvdemo-absent>=2\n"
    "Requires-Dist: pytest\nRequires-Dist: pytest<1\nRequires-Dist: absent-extra; extra == 'x'\n"
    "Requires-Dist: absent-there; sys_platform == 'none'\nRequires-Dist: ***\n"
)


def test_missing_requirements_are_listed() -> None:
    """What is not installed, or in another version, is; other machines and extras do not count."""
    content = content_module.Content("a.py", {"demo-1.dist-info/METADATA": REQUIRES.encode()}, "")
    assert ["rvdemo-absent>=2", "pytest<1"] == missing_requirements(content)


def test_wheel_whose_requirements_are_missing(
    tmp_path: Path, zipped: Zip, registry: Registry, cache_dir: str
) -> None:
    """It may be planned with if it imports; where commands run, it does not load."""
    wheel = tmp_path / "demo.whl"
    wheel.write_bytes(zipped({**WHEEL, "demo-1.5.dist-info/METADATA": REQUIRES}))
    spec = PluginSpec("file", str(wheel))
    pins = pins_for(None, load_plugins([spec], registry, strict=True, cache_dir=cache_dir))
    with pytest.raises(PluginError, match="needs rvdemo-absent>=2 and pytest<1") as caught:
        load_pins(pins, Settings(), Registry(parent=registry.parent), cache_dir=cache_dir)
    assert "pip install 'rvdemo-absent>=2' 'pytest<1'" in (caught.value.hint or "")


def test_failed_import_of_a_wheel_names_its_requirements(
    tmp_path: Path, zipped: Zip, registry: Registry, cache_dir: str
) -> None:
    """An import that fails says what the wheel asks for."""
    files = {**WHEEL, "demo-1.5.dist-info/METADATA": REQUIRES}
    files["demo_package/lowest.py"] = "import rvdemo_absent"
    (tmp_path / "demo.whl").write_bytes(zipped(files))
    spec = PluginSpec("file", str(tmp_path / "demo.whl"))
    (plugin,) = load_plugins([spec], registry, cache_dir=cache_dir)
    assert plugin.error is not None
    assert "pip install 'rvdemo-absent>=2'" in (plugin.error.hint or "")


@pytest.mark.parametrize("name", ["pkg", "pkg/big.bin", "pkg/__init__.py"])
def test_remote_plugins_are_limited(
    name: str, put: Any, registry: Registry, cache_dir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too large is refused by its announced size."""
    root = put("s3", {"pkg/__init__.py": b"", "pkg/big.bin": b"x" * 100})
    monkeypatch.setattr(content_module, "MAX_BYTES", 50)
    with use(registry):
        reads: list[str] = []
        s3 = resolve(root)
        read = s3.read_bytes
        monkeypatch.setattr(s3, "read_bytes", lambda uri: reads.append(uri) or read(uri))
        with pytest.raises(PluginError, match="holds more than"):
            fetch(f"{root}/{name}", cache_dir)
    assert not any(uri.endswith("big.bin") for uri in reads)


def test_truncated_download_is_noticed(
    http_root: tuple[Path, str],
    web_server: Any,
    registry: Registry,
    cache_dir: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A plugin whose connection breaks off is no plugin, and leaves nothing in the cache."""
    monkeypatch.setattr(http_client, "BACKOFF_S", 0.0)
    root, url = http_root
    (root / "demo.py").write_text("def register_plugin(r): pass\n")
    web_server.headers = {"Content-Length": "1000"}
    with use(registry), pytest.raises(PluginError, match="broke off"):
        fetch(f"{url}/demo.py", cache_dir)
    assert not Path(cache_dir).exists()


class Shelf(FileSystem):
    """A file system of a plugin: files in this process, listed like those of a bucket."""

    files: ClassVar[dict[str, bytes]] = {}

    @staticmethod
    def matches_uri(uri: str, mode: str) -> bool:
        """Tell whether the shelf is meant."""
        return uri.startswith("shelf://")

    @staticmethod
    def file_exists(uri: str, include_dir: bool = True) -> bool:
        """Tell whether a file is there."""
        return uri in Shelf.files

    @staticmethod
    def read_bytes(uri: str) -> bytes:
        """Return a file."""
        if uri not in Shelf.files:
            raise NotReadableError(f"no {uri}")
        return Shelf.files[uri]

    @staticmethod
    def read_str(uri: str) -> str:
        """Return a text."""
        return Shelf.read_bytes(uri).decode()

    @staticmethod
    def write_bytes(uri: str, data: bytes) -> None:
        """Keep a file."""
        Shelf.files[uri] = data

    @staticmethod
    def write_str(uri: str, data: str) -> None:
        """Keep a text."""
        Shelf.files[uri] = data.encode()

    @staticmethod
    def list_paths(uri: str, ext: str | None = None) -> list[str]:
        """List what lies below a directory."""
        return sorted(path for path in Shelf.files if path.startswith(uri.rstrip("/") + "/"))

    @staticmethod
    def last_modified(uri: str) -> None:
        """Know no times."""
        return

    sync_to_dir = sync_from_dir = copy_to = copy_from = local_path = staticmethod(io.StringIO)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A plugin that brings the file system, on which a package lies."""
    Shelf.__abstractmethods__ = frozenset()  # type: ignore[attr-defined]
    Shelf.files.clear()
    Shelf.files.update({f"shelf://top/{name}": text.encode() for name, text in WHOLE.items()})
    path = tmp_path / "brings_shelf.py"
    head = "import sys\nShelf = sys.modules['rvtest_shelf'].Shelf\n"
    path.write_text(head + "def register_plugin(r): r.register_filesystem(Shelf)\n")
    return path


def test_plugin_lies_on_the_file_system_of_another(
    shelf: Path,
    registry: Registry,
    cache_dir: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A package is listed by a plugin's file system, which it needs; the root may lie there."""
    monkeypatch.setitem(sys.modules, "rvtest_shelf", sys.modules[__name__])
    specs = [PluginSpec("file", str(shelf)), PluginSpec("file", "shelf://top/demo_package")]
    plugins = load_plugins(specs, registry, strict=True, cache_dir=cache_dir)
    with use(registry):
        used = {registry.entry("AUX_COMMAND", "DEMO")}
        pins = ship(pins_for(used, plugins), plugins, "shelf://root")
    assert all(str(pin.shipped_uri).startswith("shelf://root/plugins/") for pin in pins)
    worker = Registry(parent=registry.parent)
    loaded = load_pins(pins, Settings(), worker, cache_dir=str(tmp_path / "there"))
    assert ["brings_shelf", "demo_package"] == [plugin.name for plugin in loaded]
    assert "data" == worker.get("AUX_COMMAND", "DEMO")()


def test_finding_a_plugin_on_the_file_system_of_another(
    shelf: Path, registry: Registry, cache_dir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To find it for a lock, the one that brings the file system is loaded, and no other."""
    monkeypatch.setitem(sys.modules, "rvtest_shelf", sys.modules[__name__])
    specs = [PluginSpec("file", str(shelf)), PluginSpec("file", "shelf://top/demo_package")]
    found = find_plugins(specs, registry, cache_dir=cache_dir)
    assert ["brings_shelf", "demo_package"] == [item.name for item in found]
    assert ["brings_shelf"] == [plugin.name for plugin in loaded_in(registry)]
    lock = Lock.of(found, shelf.parent / "rv.lock")
    assert ["package", "file"] == [
        p.kind for p in sorted(lock.plugins, key=lambda p: p.name, reverse=True)
    ]
    worker = Registry(parent=registry.parent)
    again = load_plugins(specs, worker, strict=True, cache_dir=cache_dir, lock=lock)
    assert ["ok", "ok"] == [plugin.status for plugin in again]
