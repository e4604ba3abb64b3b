"""The digest of a plugin's files."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rvcli.plugins.content import Content, digest_of

FILES = st.dictionaries(st.text("ab/.", min_size=1), st.binary(max_size=20), min_size=1)


def test_one_file_has_the_digest_of_its_bytes() -> None:
    """`sha256sum plugin.py` prints the digest of a plugin without siblings."""
    assert hashlib.sha256(b"x = 1\n").hexdigest() == digest_of({"plugin.py": b"x = 1\n"})


def test_several_files_have_the_digest_of_their_listing(tmp_path: Path) -> None:
    """`sha256sum *.py | sha256sum` prints the digest of a plugin with siblings."""
    files = {"a.py": b"1", "b.py": b"2"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    printed = subprocess.check_output(
        ["sh", "-c", "sha256sum a.py b.py | sha256sum"], cwd=tmp_path, text=True
    )
    assert printed.split()[0] == digest_of(files)


@given(FILES)
def test_digest_does_not_depend_on_order(files: dict[str, bytes]) -> None:
    """The order in which files were found does not matter."""
    assert digest_of(files) == digest_of(dict(reversed(files.items())))


@given(FILES, st.data())
def test_any_change_changes_the_digest(files: dict[str, bytes], data: st.DataObject) -> None:
    """A change in any file gives another digest."""
    changed = data.draw(st.sampled_from(sorted(files)))
    assert digest_of(files) != digest_of({**files, changed: files[changed] + b"!"})


def test_modules_are_named_by_their_place() -> None:
    """A package bears the path of its __init__; data files are no modules."""
    files = dict.fromkeys(["p/__init__.py", "p/m.py", "p/data.json", "a.b.py"], b"")
    expected = {"p": "p/__init__.py", "p.m": "p/m.py", "a_b": "a.b.py"}
    content = Content("a.b.py", files, "/nowhere")
    assert expected == content.modules
    assert "a_b" == content.entry_module
    assert {"p", "a_b"} == content.top_names


def test_package_comes_before_module_of_the_same_name() -> None:
    """As in Python, a directory with an __init__ hides the file of the same name."""
    content = Content("q.py", dict.fromkeys(["q.py", "p.py", "p/__init__.py"], b""), "/nowhere")
    assert {"p": "p/__init__.py", "q": "q.py"} == content.modules


def test_entry_is_never_hidden() -> None:
    """A plugin file beside a package of its own name stays the plugin."""
    content = Content("p.py", dict.fromkeys(["p.py", "p/__init__.py"], b""), "/nowhere")
    assert {"p": "p.py"} == content.modules
    assert "p" == content.entry_module
