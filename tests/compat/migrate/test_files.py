"""Which files are treated, and how they are read and written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rvcli.compat.migrate import find_files, migrate_file
from rvcli.errors import NotWritableError, UsageError

OLD = "import rastervision as rv  # ä\n\nx = rv.GEOTIFF_SOURCE\n"
NEW = "import rvcli as rv  # ä\n\nx = rv.RASTERIO_SOURCE\n"

LATIN = "# coding: latin-1\n{}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (OLD.encode(), NEW.encode()),
        (OLD.replace("\n", "\r\n").encode(), NEW.replace("\n", "\r\n").encode()),
        (OLD.replace("\n", "\r").encode(), NEW.replace("\n", "\r").encode()),
        (OLD.replace("\n\n", "\r\n\n").encode(), NEW.replace("\n\n", "\r\n\n").encode()),
        (OLD.encode("utf-8-sig"), NEW.encode("utf-8-sig")),
        (LATIN.format(OLD).encode("latin-1"), LATIN.format(NEW).encode("latin-1")),
        (OLD.rstrip("\n").encode(), NEW.rstrip("\n").encode()),
        (("\x0c\n" + OLD).encode(), ("\x0c\n" + NEW).encode()),
        (("'\u2028'\n" + OLD).encode(), ("'\u2028'\n" + NEW).encode()),
    ],
)  # fmt: skip
def test_bytes_are_kept(before: bytes, after: bytes, tmp_path: Path) -> None:
    """Encoding, byte order mark and ends of lines stay as they are."""
    path = tmp_path / "old.py"
    path.write_bytes(before)
    migrate_file(path).write()
    assert after == path.read_bytes()


def test_inserted_lines_end_as_others() -> None:
    """A line that is added ends as the lines of the file do."""
    from rvcli.compat.migrate import scan

    text = "import rastervision as rv\r\nrv.utils.files.zipdir\r\n"
    assert "import rvcli.utils.files\r\nimport rvcli as rv\r\n" in scan(text).text


def test_mode_bits_are_kept(tmp_path: Path) -> None:
    """A script that can be called can be called afterwards."""
    path = tmp_path / "old.py"
    path.write_text(OLD)
    path.chmod(0o754)
    migrate_file(path).write()
    assert (NEW, 0o754) == (path.read_text(), stat.S_IMODE(path.stat().st_mode))


def test_links_stay_links(tmp_path: Path) -> None:
    """The file that a link leads to is rewritten, once."""
    (tmp_path / "real.py").write_text(OLD)
    (tmp_path / "link.py").symlink_to("real.py")
    (path,), _ = find_files([str(tmp_path / "link.py"), str(tmp_path)])
    migrate_file(path).write()
    assert (tmp_path / "link.py").is_symlink()
    assert NEW == (tmp_path / "real.py").read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_what_is_read_only_is_left_alone(tmp_path: Path) -> None:
    """A file that may not be written is not replaced by one that may."""
    path = tmp_path / "old.py"
    path.write_text(OLD)
    path.chmod(0o444)
    with pytest.raises(NotWritableError):
        migrate_file(path).write()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"import rastervision\nprint 'x'\n", "line 2: "),
        (b"import rastervision\nx = '\xff'\n", "invalid"),
        (b"# coding: nothing\nimport rastervision\n", "unknown encoding"),
    ],
)
def test_what_does_not_parse_is_left_alone(content: bytes, said: str, tmp_path: Path) -> None:
    """The fault is named, and nothing is written."""
    path = tmp_path / "old.py"
    path.write_bytes(content)
    migration = migrate_file(path)
    migration.write()
    assert said in migration.fault
    assert (False, content) == (migration.changes, path.read_bytes())


def test_directories_are_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python files at any depth, but for those of tools, environments and hidden directories."""
    names = ["a.py", "b/c.py", "b/d.txt", ".git/e.py", "b/__pycache__/f.py", "env/g.py"]
    for name in [*names, "env/pyvenv.cfg"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    assert ([Path("a.py"), Path("b/c.py")], []) == find_files(["."])


def test_patterns_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern that no shell has followed is followed; a file that it is named after wins."""
    for name in ("exp_a.py", "exp_b.py", "exp_[1].py", "other.py"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    assert [Path("exp_a.py"), Path("exp_b.py")] == find_files(["exp_?.py"])[0]
    assert [Path("exp_[1].py")] == find_files(["exp_[1].py"])[0]


def test_scripts_without_extension(tmp_path: Path) -> None:
    """A file that says in its first line that it is Python is treated as such."""
    path = tmp_path / "program"
    path.write_text(f"#!/usr/bin/env python3\n{OLD}")
    assert [path] == find_files([str(path)])[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.ipynb", "notebook"), ("default", "profile"), ("a.ini", "profile"), ("a.txt", "no Python")],
)
def test_what_is_no_python(name: str, said: str, tmp_path: Path) -> None:
    """It is said what to do with notebooks and profiles; alone they are wrong usage."""
    (tmp_path / name).write_text("")
    (tmp_path / "a.py").write_text("")
    found, (left_out,) = find_files([str(tmp_path / name), str(tmp_path / "a.py")])
    assert [tmp_path / "a.py"] == found
    assert said in left_out
    with pytest.raises(UsageError, match=said):
        find_files([str(tmp_path / name)])


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    """A name that is no file is an error."""
    with pytest.raises(UsageError, match="there is no file"):
        find_files([str(tmp_path / "nothing.py")])
