"""Old experiments and plugins plan the same before and after they are rewritten."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from rvcli.cli.experiments import Selection
from rvcli.cli.main import call
from rvcli.cli.state import State
from rvcli.compat import serving
from rvcli.compat.migrate import MANUAL, migrate_file
from rvcli.dag import derive, plan
from rvcli.records import RecordStore

pytestmark = pytest.mark.filterwarnings("ignore::rvcli.notices.OldFormWarning")

OLD = Path(__file__).parent / "old"
EXPERIMENTS = ["classification.py", "detection.py", "segmentation.py", "tiles.py"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the old files, a profile that lists the plugin, and data."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    root = tmp_path / "project"
    shutil.copytree(OLD, root)
    (root / "profile").write_text("[PLUGINS]\nfiles=tiles_plugin.py\n")
    for name in ("a", "b"):
        for path in (root / "images" / f"{name}.tif", root / "labels" / f"{name}.json"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{path.name}\n")
    monkeypatch.chdir(root)
    return root


def planned(path: Path, *, as_old_code: bool) -> list[dict[str, Any]]:
    """Plan all commands of an experiment file, with the messages that would be written.

    Plugins are not pinned here: a pin has the digest of the plugin's file, which a rewrite
    changes, as any edit does.
    """
    state = State()
    state.config_file = str(path.parent / "profile")
    arguments = {"root_uri": str(path.parent)}
    selection = Selection(str(path), None, (), arguments, "exp_", (), ())
    if as_old_code:
        with serving():
            return _planned(state, selection)
    return _planned(state, selection)


def _planned(state: State, selection: Selection) -> list[dict[str, Any]]:
    with state.session():
        found = plan(derive(*selection.load(), (), 2), RecordStore())
        return [
            {
                **step.to_dict(),
                "message": MessageToDict(step.definition.command_config.to_proto()),
            }
            for step in found.steps
        ]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_plan_is_the_same(name: str, project: Path) -> None:
    """Commands, inputs and outputs, messages and fingerprints do not change.

    What is rewritten is planned without the alias: it needs no old name.
    """
    before = planned(project / name, as_old_code=True)
    assert {"run"} == {step["status"] for step in before} - {"duplicate"}

    call(["migrate", "--write", "-q", str(project)])

    assert before == planned(project / name, as_old_code=False)


@pytest.mark.parametrize("name", [*EXPERIMENTS, "tiles_plugin.py"])
def test_nothing_old_is_left(name: str, project: Path) -> None:
    """No code names rastervision any more, and a second run finds nothing to rewrite."""
    call(["migrate", "--write", "-q", str(project)])

    after = migrate_file(project / name)
    assert after.scan is not None
    assert not after.changes
    assert [] == after.scan.rewritten
    assert {"line_buffer=4"} >= {one.old for one in after.scan.left_to_do}
    code = re.sub(r'""".*?"""', "", after.before, flags=re.DOTALL)
    assert "rastervision" not in code


def test_comments_and_formatting_are_kept(project: Path) -> None:
    """Only the lines that name something old differ."""
    before = (project / "segmentation.py").read_text().splitlines()
    call(["migrate", "--write", "-q", "segmentation.py"])
    after = (project / "segmentation.py").read_text().splitlines()
    assert [
        ("import rastervision as rv", "import rvcli as rv"),
        (
            "from rastervision.utils.files import list_paths  # noqa",
            "from rvcli.utils.files import list_paths  # noqa",
        ),
        (
            "        raster_source = rv.RasterSourceConfig.builder(rv.GEOTIFF_SOURCE) \\",
            "        raster_source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE) \\",
        ),
        (
            "        labels = rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER) \\",
            "        labels = rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION) \\",
        ),
    ] == [(a, b) for a, b in zip(before, after, strict=True) if a != b]


def test_the_dry_run_is_the_same(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`rv run --dry-run` says the same of an experiment without plugins, fingerprints too."""
    words = ["run", "local", "segmentation.py", "-a", "root_uri", str(project), "-n", "--json"]
    said = []
    for _ in range(2):
        assert 0 == call(words)
        said.append(capsys.readouterr().out)
        call(["migrate", "--write", "-q", "segmentation.py"])
        capsys.readouterr()
    assert said[0] == said[1]


def test_line_buffers_are_left_to_a_person(project: Path) -> None:
    """What has a newer form that is not the same for all cases is named, and goes on working."""
    scan = migrate_file(project / "tiles.py").scan
    assert scan is not None
    assert [("line_buffer=4", MANUAL)] == [(one.old, one.kind) for one in scan.left_to_do]
