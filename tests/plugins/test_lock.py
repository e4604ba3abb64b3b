"""The lock file: what plugins are held to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.errors import PluginError
from rvcli.plugins import (
    Lock,
    PluginSpec,
    find_plugins,
    load_plugins,
    lock_in_force,
    lock_path,
)
from rvcli.plugins.lock import Locked
from rvcli.profile import load_settings
from rvcli.registry import Registry

Write = Callable[..., Path]
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)


@pytest.fixture
def locked(registry: Registry, write_plugin: Write, cache_dir: str) -> Callable[..., Lock]:
    """Lock plugin files in the directory where they lie."""

    def lock(*paths: Path) -> Lock:
        specs = [PluginSpec("file", str(path)) for path in paths]
        found = find_plugins(specs, registry, cache_dir=cache_dir)
        return Lock.of(found, paths[0].parent / "rv.lock")

    return lock


def test_lock_reads_well(locked: Callable[..., Lock], write_plugin: Write) -> None:
    """The file names each plugin by its path from there, in the order of the names."""
    second, first = write_plugin("b.py"), write_plugin("sub/a.py")
    digest = hashlib.sha256(second.read_bytes()).hexdigest()
    expected = (
        "# What each plugin has to be. Written by `rv plugins lock`; keep it beside the profile.\n"
        "schema = 1\n"
        f'\n[[plugin]]\nuri = "b.py"\nkind = "file"\nsha256 = "{digest}"\n'
        f'\n[[plugin]]\nuri = "sub/a.py"\nkind = "file"\nsha256 = "{digest}"\n'
    )
    assert expected == locked(second, first).to_toml()


@given(st.lists(st.builds(Locked, uri=TEXTS, kind=TEXTS, version=st.none() | TEXTS, sha256=TEXTS)))
def test_lock_is_read_as_it_was_written(plugins: list[Locked]) -> None:
    """Whatever the names are."""
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        lock = Lock(Path(directory, "rv.lock"), tuple(plugins))
        lock.path.write_bytes(lock.to_toml().encode())
        assert lock == Lock.read(lock.path)


def test_secrets_of_uris_stay_out(
    http_root: tuple[Path, str], write_plugin: Write, registry: Registry, cache_dir: str
) -> None:
    """No token enters the lock; plugins that differ in their query alone are told by digest."""
    write_plugin("one.py", directory="served")
    url = f"{http_root[1]}/one.py?token="
    specs = [PluginSpec("file", url + token) for token in ("SECRET", "OTHER")]
    found = find_plugins(specs, registry, cache_dir=cache_dir)
    lock = Lock.of(found, Path("/nowhere/rv.lock"))
    assert "SECRET" not in lock.to_toml()
    assert [f"{http_root[1]}/one.py?..."] == [plugin.name for plugin in lock.plugins]
    assert [None, None] == [lock.difference(item) for item in found]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its schema is None"),
        ("schema = 2", "its schema is 2"),
        ("[", "no lock file"),
        ("schema = 1\n[[plugin]]\nuri = 'a.py'\n", "neither sha256 nor version"),
        ("schema = 1\n[[plugin]]\nuri = 'a.py'\nsha256 = 5\n", "is no text"),
        ("schema = 1\n[[plugin]]\nfile = 'a.py'\n", "'file'"),
        ("schema = 1\nplugin = 'a.py'\n", "no lock file"),
        ("\xff", "no lock file"),
    ],
)
def test_damaged_lock_is_told(text: str, message: str, tmp_path: Path) -> None:
    """A file that is no lock does not pass for an empty one."""
    (tmp_path / "rv.lock").write_bytes(text.encode("latin-1"))
    with pytest.raises(PluginError, match=message) as caught:
        Lock.read(tmp_path / "rv.lock")
    assert "rv plugins lock" in (caught.value.hint or "")


def test_plugin_that_differs_stops_all(
    locked: Callable[..., Lock],
    write_plugin: Write,
    registry: Registry,
    cache_dir: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before anything is imported, the error names both digests and what renews the lock."""
    good, bad = write_plugin("good.py", "print('imported')\n"), write_plugin("bad.py", key="BAD")
    lock = locked(good, bad)
    before = hashlib.sha256(bad.read_bytes()).hexdigest()
    bad.write_text(bad.read_text() + "# edited")
    specs = [PluginSpec("file", str(path)) for path in (good, bad)]
    with pytest.raises(PluginError) as caught:
        load_plugins(specs, registry, strict=True, cache_dir=cache_dir, lock=lock)
    for text in (before, hashlib.sha256(bad.read_bytes()).hexdigest(), "bad.py"):
        assert text in caught.value.message
    assert "rv plugins lock" in (caught.value.hint or "")
    assert "" == capsys.readouterr().out
    loaded = load_plugins(specs, registry, cache_dir=cache_dir, lock=lock)
    assert ["ok", "error"] == [plugin.status for plugin in loaded]
    assert [True, False] == [lock.holds(plugin) for plugin in loaded]


def test_plugin_that_is_not_locked_is_refused(
    locked: Callable[..., Lock], write_plugin: Write, registry: Registry, cache_dir: str
) -> None:
    """What the lock does not name is not imported."""
    lock = locked(write_plugin("good.py"))
    other = PluginSpec("file", str(write_plugin("other.py", "1 / 0")))
    with pytest.raises(PluginError, match=r"does not name the plugin other\.py"):
        load_plugins([other], registry, strict=True, cache_dir=cache_dir, lock=lock)


def test_names_are_compared_both_ways(locked: Callable[..., Lock], write_plugin: Write) -> None:
    """Plugins that only one of lock and profile names are told."""
    one, two = write_plugin("one.py"), write_plugin("two.py", key="TWO")
    lock = locked(one)
    lock.refuse_other_names([PluginSpec("file", str(one))])
    with pytest.raises(PluginError) as caught:
        lock.refuse_other_names([PluginSpec("file", str(two)), PluginSpec("module", "m")])
    assert "does not name two.py, m, which the profile does" in caught.value.message
    assert "names one.py, which the profile does not" in caught.value.message


def test_distribution_is_locked_by_version(registry: Registry, tmp_path: Path) -> None:
    """An installed distribution has its name, entry point and version."""
    known = Locked(distribution="d", entry_point="e", kind="distribution", version="1")
    assert ("d:e", "version 1") == (known.name, known.what)
    assert 'distribution = "d"\nentry_point = "e"\n' in known.to_toml()


def test_place_of_the_lock(tmp_path: Path) -> None:
    """It lies beside the profile file, unless PLUGINS.lock says otherwise."""
    project, config = tmp_path / "project", tmp_path / "config"
    project.mkdir()
    config.mkdir()
    (project / "rv.toml").write_text("")
    (config / "my.toml").write_text("")

    def place(*overrides: str, config_file: Path | None = None) -> tuple[Path | None, bool]:
        settings = load_settings(None, config_file, overrides, project, {"HOME": str(tmp_path)})
        return lock_path(settings), lock_in_force(settings) is not None

    assert (project / "rv.lock", False) == place()
    assert (config / "rv.lock", False) == place(config_file=config / "my.toml")
    (project / "rv.lock").write_text("schema = 1\n")
    assert (project / "rv.lock", True) == place()
    assert (project / "rv.lock", True) == place(config_file=config / "my.toml")
    assert (None, False) == place("PLUGINS.lock=none")
    with pytest.raises(PluginError, match="cannot be read"):
        place("PLUGINS.lock=other.lock")
    (project / "other.lock").write_text("schema = 1\n")
    assert (project / "other.lock", True) == place("PLUGINS.lock=other.lock")


def test_without_profile_files_there_is_no_lock(tmp_path: Path) -> None:
    """A user's own defaults have none either."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "default.toml").write_text("")
    environ = {"HOME": str(tmp_path), "RV_CONFIG_DIR": str(tmp_path / "config")}
    assert None is lock_path(load_settings(cwd=tmp_path, environ=environ))
