"""The alias: `import rastervision...` gives the modules of rvcli, while it is served."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from unittest import mock

import pytest

import rvcli
from rvcli.compat import serving
from rvcli.core.box import Box
from rvcli.errors import ExperimentError
from rvcli.experiment.experiment_loader import ExperimentLoader


def test_old_modules_are_the_very_modules() -> None:
    """The package, a module and a renamed module are the objects of rvcli themselves."""
    with serving():
        import rastervision
        import rastervision.core.box
        import rastervision.rv_config

        import rvcli.core.box
        import rvcli.profile.rv_config

        assert rvcli is rastervision
        assert rvcli.core.box is sys.modules["rastervision.core.box"]
        assert rvcli.profile.rv_config is rastervision.rv_config
        assert "rvcli.core.box" == rastervision.core.box.__spec__.name


def test_nothing_is_served_outside() -> None:
    """Outside the block the name means nothing, and rvcli gives its own names alone."""
    with serving():
        pass
    assert [] == [name for name in sys.modules if name.partition(".")[0] == "rastervision"]
    with pytest.raises(ModuleNotFoundError):
        __import__("rastervision")
    assert not hasattr(rvcli, "_registry")


def test_no_old_name_stays_behind() -> None:
    """A module that was imported by an old name is no attribute of the package that had it."""
    with serving():
        for name in ("rastervision.core.config", "rastervision.rv_config"):
            importlib.import_module(name)
        assert hasattr(rvcli, "rv_config")
        assert hasattr(rvcli.core, "config")
    assert not hasattr(rvcli, "rv_config")
    assert not hasattr(rvcli.core, "config")
    assert hasattr(rvcli.profile, "rv_config")


def test_blocks_can_be_nested() -> None:
    """The end of an inner block leaves the outer one served."""
    with serving():
        with serving():
            pass
        from rastervision.core.box import Box as OldBox
    assert Box is OldBox


def test_messages_and_pickles_agree() -> None:
    """A pickle that names the old module gives the class of rvcli; so do messages."""
    text = b"crastervision.core.box\nBox\n(I0\nI0\nI2\nI2\ntR."
    with serving():
        from rastervision.protos.task_pb2 import TaskConfig

        from rvcli.protos import task_pb2

        assert Box is type(pickle.loads(text))
        assert task_pb2.TaskConfig is TaskConfig


def test_a_mock_in_place_is_seen_by_everybody() -> None:
    """What mock.patch puts under an old name replaces the function itself."""
    from rvcli.utils import files

    with serving(), mock.patch("rastervision.utils.files.file_exists") as mocked:
        assert files.file_exists is mocked
    assert files.file_exists is not mocked


def test_a_missing_module_says_so() -> None:
    """The error names the nearest module that there is."""
    with serving(), pytest.raises(ModuleNotFoundError, match=r"did you mean rastervision.core.box"):
        __import__("rastervision.core.boxx")


def test_another_rastervision_is_refused(tmp_path: Path) -> None:
    """Where another one is imported already, old code is not served half by each."""
    (tmp_path / "rastervision.py").write_text("")
    code = "import rastervision\nfrom rvcli.compat import serving\nwith serving(): print('served')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (1, "") == (done.returncode, done.stdout)
    assert "another rastervision is imported already" in done.stderr


def test_other_threads_are_served() -> None:
    """A command that a thread runs may import as well."""
    found = []

    def work() -> None:
        import rastervision.core.class_map

        found.append(rastervision.core.class_map)

    with serving():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert [rvcli.core.class_map] == found


def test_nothing_is_imported_unless_asked_for() -> None:
    """A process that never imports rastervision does not load the tables of names."""
    code = (
        "import sys\nfrom rvcli.cli.main import call\ncall(['--version'])\n"
        "print(sorted(m for m in sys.modules if m.startswith('rvcli.compat')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "['rvcli.compat', 'rvcli.compat.alias']" == done.stdout.splitlines()[-1]


def compat(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `python -m rvcli.compat`."""
    argv = [sys.executable, "-m", "rvcli.compat", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, cwd=cwd, check=False)


def test_a_script_runs(tmp_path: Path) -> None:
    """A script sees its arguments, its neighbours and rastervision; its exit code counts."""
    (tmp_path / "neighbour.py").write_text("from rastervision.core.box import Box\n")
    (tmp_path / "script.py").write_text(
        "import sys\nimport rastervision as rv\nfrom neighbour import Box\n"
        "print(sys.argv[1:], Box.make_square(0, 0, 2).get_area(), rv.TASK)\nsys.exit(7)\n"
    )
    done = compat("script.py", "one", cwd=tmp_path)
    assert (7, "['one'] 4 TASK\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    "options",
    [[], pytest.param(["-n", "1"], marks=pytest.mark.slow)],
    ids=["alone", "workers"],
)
def test_pytest_runs(tmp_path: Path, options: list[str]) -> None:
    """Tests of plugins run with pytest, in worker processes too."""
    (tmp_path / "test_it.py").write_text(
        "import rastervision as rv\ndef test_it(): assert rv.core.box.Box(0, 0, 1, 1)\n"
    )
    done = compat("pytest", "-q", "-p", "no:cacheprovider", *options, cwd=tmp_path)
    assert 0 == done.returncode, done.stdout
    assert "1 passed" in done.stdout


def test_a_script_that_ends_in_main_is_the_program(tmp_path: Path) -> None:
    """`rv.main()` at the end of an old script takes the command line, and exits with its code."""
    (tmp_path / "script.py").write_text("import rastervision as rv\nrv.main()\n")
    good = compat("script.py", "--version", cwd=tmp_path)
    bad = compat("script.py", "run", cwd=tmp_path)
    assert (0, 2) == (good.returncode, bad.returncode)
    assert "rv " in good.stdout


def test_a_missing_script_is_an_error(tmp_path: Path) -> None:
    """A script that is not there is named."""
    done = compat("absent.py", cwd=tmp_path)
    assert 2 == done.returncode
    assert "there is no file absent.py" in done.stderr


def test_star_imports_of_old_packages() -> None:
    """They bring what only old code looks for there, classes and keys, while it is served."""
    found: dict[str, object] = {}
    with serving():
        for package in ("data", "core", "task"):
            exec(f"from rastervision.{package} import *", found)
    names = ("ObjectDetectionGeoJSONStore", "SemanticSegmentationLabelSource", "Scene", "Box")
    assert () == tuple(name for name in (*names, "SEMANTIC_SEGMENTATION") if name not in found)


def test_a_program_that_does_not_serve_is_told_how(tmp_path: Path) -> None:
    """Where old code is loaded by a program of the user's own, the hint says what to put around."""
    (tmp_path / "old.py").write_text("import rastervision as rv\n")
    (tmp_path / "absent.py").write_text("import rastervision.backend.tf_deeplab\n")
    with pytest.raises(ExperimentError) as unserved:
        ExperimentLoader().load_from_file(tmp_path / "old.py")
    with serving(), pytest.raises(ExperimentError) as absent:
        ExperimentLoader().load_from_file(tmp_path / "absent.py")
    assert "with rvcli.compat.serving()" in str(unserved.value.hint)
    assert "rv migrate" in str(absent.value.hint)
