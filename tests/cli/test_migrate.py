"""`rv migrate`."""

from __future__ import annotations

import subprocess
import sys

import pytest

OLD = "import rastervision as rv\n\nx = rv.GEOTIFF_SOURCE\ny = rv.TF_DEEPLAB\n"
NEW = "import rvcli as rv\n\nx = rv.RASTERIO_SOURCE\ny = rv.TF_DEEPLAB\n"


def test_a_report_names_every_place(project):
    """One line a finding, with file, line and column; the summary counts; the code is 1."""
    project.write("old.py", OLD)

    result = project.rv("migrate", "old.py")

    *lines, summary = result.out.splitlines()
    assert (1, "") == (result.code, result.err)
    assert [
        "old.py:1:1  rename  import rastervision as rv -> import rvcli as rv",
        "old.py:3:5  deprecated  rv.GEOTIFF_SOURCE -> rv.RASTERIO_SOURCE"
        "  (the old name of the same thing)",
        "old.py:4:5  manual  rv.TF_DEEPLAB -> rv.PYTORCH_SEMANTIC_SEGMENTATION"
        "  (it runs translated, trained anew)",
    ] == lines
    assert (
        "1 file: 2 to rewrite in 1 file, 1 to do by hand; --write rewrites, --diff shows it"
        == summary
    )
    assert OLD == (project.root / "old.py").read_text()


def test_write_rewrites_once(project):
    """What can be rewritten is; what is left to a person keeps the code 1; a rerun finds that."""
    project.write("old.py", OLD)
    first = project.rv("migrate", "--write", "old.py")
    second = project.rv("migrate", "--write", "old.py")

    assert NEW == (project.root / "old.py").read_text()
    assert (1, 1) == (first.code, second.code)
    assert "2 rewritten in 1 file, 1 to do by hand" in first.out
    assert "old.py:4:5  manual" in second.out
    assert "1 file: 1 to do by hand" in second.out


def test_done_is_0(project):
    """Where nothing is left to do the code is 0; notes do not count."""
    project.write("a/one.py", "import rastervision\n")
    project.write("a/two.py", "import rvcli\nopen('~/.rastervision/default')\n")
    assert 1 == project.rv("migrate", "a").code
    assert 0 == project.rv("migrate", "--write", "a").code
    done = project.rv("migrate", "a", "-q")
    assert (0, "2 files: nothing to do\n") == (done.code, done.out)


def test_a_diff(project):
    """The diff is what --write does, and nothing is written."""
    project.write("old.py", OLD.rstrip("\n"))

    result = project.rv("migrate", "--diff", "old.py")

    assert 1 == result.code
    assert "--- old.py\n+++ old.py\n" in result.out
    assert "-x = rv.GEOTIFF_SOURCE\n+x = rv.RASTERIO_SOURCE\n" in result.out
    assert " y = rv.TF_DEEPLAB\n\\ No newline at end of file\n" in result.out
    assert OLD.rstrip("\n") == (project.root / "old.py").read_text()


def test_json(project):
    """Programs get every finding, the counts, and what does not parse."""
    project.write("a/old.py", OLD)
    project.write("a/python2.py", "import rastervision\nprint 'x'\n")

    result = project.rv("migrate", "a", "--json")

    old, broken = result.json["files"]
    assert ("a/old.py", True, False, None) == tuple(
        old[name] for name in ("path", "changes", "written", "fault")
    )
    assert {
        "line": 3,
        "column": 5,
        "kind": "deprecated",
        "old": "rv.GEOTIFF_SOURCE",
        "new": "rv.RASTERIO_SOURCE",
        "why": "the old name of the same thing",
    } == old["findings"][1]
    assert broken["fault"].startswith("line 2: ")
    counts = {"rename": 1, "deprecated": 1, "manual": 1, "absent": 0, "note": 0, "left": 3}
    assert counts == result.json["counts"]


def test_a_file_that_does_not_parse_stops_no_other(project):
    """It is named with its line, others are rewritten, and the code is 3."""
    project.write("a/bad.py", "import rastervision\nprint 'x'\n")
    project.write("a/old.py", OLD)

    result = project.rv("migrate", "--write", "a")

    assert 3 == result.code
    assert "error: a file was left alone: a/bad.py: line 2: " in result.err
    assert NEW == (project.root / "a/old.py").read_text()


def test_what_is_no_python_is_said(project):
    """A notebook beside a file is named, and what to do with it."""
    project.write("old.py", OLD)
    project.write("a.ipynb", "{}")
    result = project.rv("migrate", "old.py", "a.ipynb")
    assert "warning: a.ipynb is a notebook" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument"),
        (["nothing.py"], "there is no file nothing.py"),
        (["old.py", "--diff", "--write"], "--diff goes with neither"),
    ],
)
def test_wrong_usage(project, arguments, said):
    """What cannot be meant is refused, with code 2."""
    project.write("old.py", OLD)
    result = project.rv("migrate", *arguments)
    assert 2 == result.code
    assert said in result.err


def test_without_libcst(project, monkeypatch):
    """Where libcst is not installed the hint names the extra."""
    project.write("old.py", OLD)
    for name in [n for n in sys.modules if n.partition(".")[0] == "libcst"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "libcst", None)
    result = project.rv("migrate", "old.py")
    assert 1 == result.code
    assert "'libcst'" in result.err
    assert "rvcli[migrate]" in result.err


def test_libcst_is_imported_late():
    """Help, and files that name neither package, do without it."""
    code = (
        "import sys\nfrom rvcli.cli.main import call\n"
        "call(['migrate', '--help'])\nprint('libcst' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False" == done.stdout.splitlines()[-1]
