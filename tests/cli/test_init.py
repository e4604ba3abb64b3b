"""`rv init`: from imagery and labels to a project that runs."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rvcli.cli.commands import init

TASKS = ["segmentation", "detection", "classification"]


def rows(root: Path) -> list[dict[str, str]]:
    """Return the rows of scenes.csv."""
    with (root / "scenes.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("task", TASKS)
def test_a_demo_plans(project, task):
    """Without imagery a demo is drawn, of every task; its experiment plans without a warning."""
    result = project.rv("init", "my town", "--task", task)

    assert (0, "") == (result.code, result.err)
    root = project.root / "my town"
    assert result.out.endswith("next:\n  cd 'my town'\n  rv run local experiment.py\n")
    assert [("train", "areas/train.geojson"), ("validation", "areas/validation.geojson")] == [
        (row["split"], row["area"]) for row in rows(root)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        plan = project.rv("run", "local", "experiment.py", "--dry-run")
    assert (0, "") == (plan.code, plan.err)
    assert "6 commands: 6 to run" in plan.out


def test_own_data(project):
    """Files of one's own are named where they are: below the project relative to it."""
    project.rv("init", "demo")
    for name in ("village.tif", "village.geojson"):
        (project.root / name).write_bytes((project.root / "demo" / "data" / name).read_bytes())

    result = project.rv("init", ".", "--image", "village.tif", "--classes", "building")

    assert 0 == result.code
    assert "village.tif: 768 x 512 pixels of 0.5 m, 3 bands of uint8, EPSG:32632" in result.err
    assert "labels are of none of the classes and left out" in result.out
    assert {"village.tif"} == {row["image"] for row in rows(project.root)}
    elsewhere = project.rv("init", "other", "--image", "village.tif", "--no-plugin")
    assert 0 == elsewhere.code
    assert {str(project.root / "village.tif")} == {
        row["image"] for row in rows(project.root / "other")
    }
    assert not (project.root / "other" / "plugins").exists()
    assert "PLUGINS" not in (project.root / "other" / "rv.toml").read_text()


def test_files_that_are_there_stay(project):
    """Nothing is overwritten but with --force, and no part of a project is written then."""
    mine = project.write("README.md", "mine")

    result = project.rv("init", ".")
    assert 2 == result.code
    assert "has files that would be overwritten: README.md" in result.err
    assert "mine" == mine.read_text()
    assert not (project.root / "experiment.py").exists()

    assert 0 == project.rv("init", ".", "--force").code
    assert "mine" != mine.read_text()
    again = project.rv("init")
    assert 2 == again.code
    assert "there is a project in" in again.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--task", "segmentaton"], "did you mean 'segmentation'?"),
        (["--backend", "pytorc"], "did you mean 'pytorch'?"),
        (["--labels", "a.geojson"], "labels are given, but no image"),
        (["--image", "no.tif"], "there is no file no.tif"),
    ],
)
def test_wrong_words(project, words, message):
    """They are told with what is near."""
    result = project.rv("init", *words)
    assert 2 == result.code
    assert message in result.err
    assert [] == list(project.root.iterdir())


@pytest.mark.parametrize("backend", ["pytorch", "KERAS_CLASSIFICATION"])
def test_backends(project, backend):
    """A network, or any backend by its key, can be chosen."""
    assert 0 == project.rv("init", "x", "--task", "classification", "--backend", backend).code
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root / "x")
        assert 0 == project.rv("ls", "experiment.py").code


def test_questions(project, monkeypatch):
    """On a terminal it asks for what was not said, and takes the answers."""
    project.rv("init", "demo")
    asked = []

    def answer(question, **options):
        asked.append(question)
        answers = {"Image": "demo/data/village.tif", "Task": "detection", "Chip": "96"}
        return answers.get(question.split()[0], options["default"])

    monkeypatch.setattr(init.click, "prompt", answer)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    result = project.rv("init", "town")

    assert 0 == result.code
    assert ["Image", "Labels", "Classes,", "Task", "Chip"] == [q.split()[0] for q in asked]
    assert "task: object detection" in result.out
    assert "chip size: 96 pixels" in result.out


def test_what_lies_in_the_directory_is_taken(project, monkeypatch):
    """No demo is drawn beside an image with labels; on a terminal they are proposed."""
    project.rv("init", "demo")
    for name, own in (("village.tif", "town.tif"), ("village.geojson", "houses.geojson")):
        (project.root / "demo/data" / name).rename(project.root / own)
    shutil.rmtree(project.root / "demo")
    asked = {}

    def answer(question, **options):
        asked[question.split()[0]] = options["default"]
        return options["default"]

    monkeypatch.setattr(init.click, "prompt", answer)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert 0 == project.rv("init", "mine").code
    assert ("town.tif", "houses.geojson") == (asked["Image"], asked["Labels"])
    assert str(project.root / "town.tif") == rows(project.root / "mine")[0]["image"]

    assert 0 == project.rv("init", "--yes").code
    assert {("town.tif", "houses.geojson")} == {
        (row["image"], row["labels"]) for row in rows(project.root)
    }
    assert not (project.root / "data").exists()


def test_a_demo_can_be_had_beside_imagery(project, monkeypatch):
    """An image without labels is proposed on a terminal only; the word demo draws one."""
    project.write("town.tif", "")

    def answer(question, **options):
        return "demo" if question.startswith("Image") else options["default"]

    monkeypatch.setattr(init.click, "prompt", answer)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    drawn = project.rv("init").out
    assert "the imagery is drawn" in drawn
    assert "for town.tif no labels were named" in drawn


def test_names_with_code_in_them_do_nothing(project):
    """Class names are text, whatever stands in them."""
    project.rv("init", "demo")
    text = (project.root / "demo/data/village.geojson").read_text()
    project.write("village.geojson", text.replace('"tree"', r'"\"\"\"\n$x {0} \\ <b>"'))
    (project.root / "village.tif").write_bytes(
        (project.root / "demo/data/village.tif").read_bytes()
    )

    assert 0 == project.rv("init", "x", "--image", "village.tif").code

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root / "x")
        assert 0 == project.rv("ls", "experiment.py").code
    assert '"""' not in (project.root / "x" / "README.md").read_text()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.slow
def test_the_project_runs_and_so_do_its_tests(project, task):
    """It ends with predictions and figures, and its tests pass."""
    project.rv("init", "town", "--task", task)
    root = project.root / "town"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        result = project.rv("run", "inprocess", "experiment.py")
    assert 0 == result.code
    assert "predictions: " in result.out
    assert "metrics: " in result.out
    repository = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=root,
        env={"PYTHONPATH": str(repository), "PATH": "/usr/bin:/bin", "HOME": str(root.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
