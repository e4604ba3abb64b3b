"""What `rv run` refuses, warns of and prints before anything runs; `ls` and `explain`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest


def quick(id: str = "eins", **scenes: str) -> str:
    """Return an expression for an experiment with the plugin's backend."""
    words = [f"id={id!r}", "backend=town.quick_backend(town.task())"]
    return f"town.experiment({', '.join([*words, *(f'{k}={v}' for k, v in scenes.items())])})"


def test_dry_run_writes_nothing(project: Any) -> None:
    """--dry-run --json prints the whole plan as JSON, and writes no file."""
    before = sorted(project.path.rglob("*"))
    plan = project.plan("experiment.py", "-a", "root_uri", "neu")
    assert ["ANALYZE", "CHIP", "TRAIN", "PREDICT", "EVAL", "BUNDLE"] == [
        step["command_type"] for step in plan["steps"]
    ]
    assert {"run"} == {step["status"] for step in plan["steps"]}
    by_type = {step["command_type"]: step for step in plan["steps"]}
    assert ["Stadt 1/PREDICT"] == by_type["EVAL"]["depends_on"]
    assert by_type["EVAL"]["outputs"] == [str(project.path / "neu/eval/Stadt 1/eval.json")]
    assert before == sorted(project.path.rglob("*"))


def test_dry_run_for_people(finished_quick: Any) -> None:
    """--dry-run prints one line a command with its reason, and a summary."""
    finished_quick.draw("Bild West ö", seed=8, left=501_000.0)
    result = finished_quick.rv("run", "local", "quick.py", "-n")
    lines = [line.split(maxsplit=2) for line in result.out.splitlines()]
    assert ["COMMAND", "STATUS", "REASON"] == lines[0]
    assert "its content changed" in next(s for s in result.out.splitlines() if "ANALYZE" in s)
    assert 0 == result.code


@pytest.mark.parametrize(
    "words",
    [
        ("experiment.py",),
        ("-p", "experiment.py"),
        ("-e", "experiment"),
    ],
)
def test_ways_to_name_the_experiment(project: Any, words: tuple[str, ...]) -> None:
    """A file by the first word or -p, and a module by -e, are the same; siblings import."""
    assert "Stadt 1/ANALYZE" in project.to_run(*words)


@pytest.mark.parametrize(
    ("words", "commands"),
    [
        (("experiment.py", "ANALYZE", "Chip"), ["ANALYZE", "CHIP"]),
        (("aNaLyZe", "-p", "experiment.py"), ["ANALYZE"]),
        (("analyze", "chip", "-e", "experiment"), ["ANALYZE", "CHIP"]),
    ],
)
def test_commands_in_any_case(project: Any, words: tuple[str, ...], commands: list[str]) -> None:
    """The words that name no experiment are commands, in any case."""
    assert [f"Stadt 1/{name}" for name in commands] == project.to_run(*words)


def test_a_file_of_any_name_is_the_experiment(project: Any) -> None:
    """A first word that names an existing file is the experiment, whatever its ending."""
    shutil.copy(project.path / "experiment.py", project.path / "Versuch")
    assert ["Stadt 1/ANALYZE"] == project.to_run("Versuch", "analyze")


def test_an_experiment_anywhere(project: Any, tmp_path: Path) -> None:
    """A file far away imports its siblings; relative roots lie in the working directory."""
    project.env = {"RV_CONFIG": str(project.path / "rv.toml")}
    elsewhere = tmp_path / "weit weg"
    elsewhere.mkdir()
    file = str(project.path / "experiment.py")
    result = project.rv("run", "local", file, "analyze", "-n", "--json", cwd=elsewhere)
    [step] = json.loads(result.out)["steps"]
    assert step["message_uri"].startswith(str(elsewhere / "Ausgabe ü"))


USAGE = {
    "file and module": ("run", "local", "experiment.py", "-e", "quick"),
    "no experiment": ("run", "local", "train"),
    "no runner": ("run",),
    "unknown runner": ("run", "nowhere", "experiment.py"),
    "unknown command": ("run", "local", "experiment.py", "trian"),
    "unknown option": ("run", "local", "experiment.py", "--no-such"),
    "argument without value": ("run", "local", "experiment.py", "-a", "root_uri"),
    "set without a value": ("run", "local", "experiment.py", "--set", "RV.jobs"),
    "predict without output": ("predict", "package.zip", "image.tif"),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage(project: Any, case: str) -> None:
    """A wrong command line exits with 2, a message and a tip, and writes nothing."""
    result = project.rv(*USAGE[case])
    assert (2, "") == (result.code, result.out)
    assert "error: " in result.err
    assert "TIP: " in result.err
    assert "Traceback" not in result.err
    assert not project.root.exists()


EXPERIMENTS = {
    "no set": ("import rvcli as rv\n", "has no experiments"),
    "no method": ("import rvcli as rv\nclass A(rv.ExperimentSet):\n    pass\n", "no method begins"),
    "syntax": ("def (:\n", "SyntaxError"),
    "import": ("import no_such_thing\n", "no_such_thing"),
    "raises": (
        "import rvcli as rv\nclass A(rv.ExperimentSet):\n    def exp_a(self):\n        1 / 0\n",
        "ZeroDivisionError",
    ),
    "returns None": (
        "import rvcli as rv\nclass A(rv.ExperimentSet):\n    def exp_a(self):\n        pass\n",
        "exp_a",
    ),
    "argument": (
        "import rvcli as rv\nclass A(rv.ExperimentSet):\n    def exp_a(self, n: int):\n"
        "        pass\n",
        "needs the argument 'n'",
    ),
    "invalid config": (
        "import rvcli as rv\nclass A(rv.ExperimentSet):\n    def exp_a(self):\n"
        "        return rv.ExperimentConfig.builder().with_id('a').build()\n",
        "$.task is not set",
    ),
    "unknown key": (
        "import rvcli as rv\nclass A(rv.ExperimentSet):\n    def exp_a(self):\n"
        "        return rv.BackendConfig.builder('NEAREST_MAEN')\n",
        "NEAREST_MAEN",
    ),
}


@pytest.mark.parametrize("case", EXPERIMENTS)
def test_bad_experiment_file(project: Any, case: str) -> None:
    """A file that gives no experiments exits with 3 and says why, with the user's own line."""
    text, expected = EXPERIMENTS[case]
    project.write("schlecht ü.py", text)
    result = project.rv("run", "local", "schlecht ü.py")
    assert 3 == result.code
    assert expected in result.err
    assert "Traceback" not in result.err
    assert "rvcli/" not in result.err
    assert len(result.err.splitlines()) <= 8
    if case in ("syntax", "import", "raises", "invalid config", "unknown key"):
        assert "schlecht ü.py:" in result.err


def test_unknown_argument(project: Any) -> None:
    """An argument that no experiment takes exits with 3 and names those that there are."""
    result = project.rv("run", "local", "experiment.py", "-a", "iteratoins", "3")
    assert (3, "") == (result.code, result.out)
    assert "error: no experiment takes an argument 'iteratoins'" in result.err
    assert "iterations" in result.err.split("TIP: ")[1]


REFUSED = {
    "one id, two experiments": (
        [f"a={quick()}", f"b={quick(train='[town.scene(town.WEST)]')}"],
        "2 experiments have the id 'eins'",
    ),
    "two scenes, one prediction": (
        ["a=" + quick(validation="[town.scene(town.WEST, 'w'), town.scene(town.EAST, 'w')]")],
        "would both write",
    ),
    "two scenes, the same chips": (
        ["a=town.experiment(train=[town.scene(town.WEST, 'w'), town.scene(town.EAST, 'w')])"],
        "would both write",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_clashes_are_refused(project: Any, case: str) -> None:
    """Duplicate ids, and two scenes that would write one file, exit with 3 before any work."""
    methods, expected = REFUSED[case]
    project.experiment("kollision.py", *methods)
    result = project.rv("run", "local", "kollision.py")
    assert 3 == result.code
    assert expected in result.err
    assert "TIP: " in result.err
    assert not project.root.exists()


def test_experiments_share_what_is_the_same(project: Any) -> None:
    """A command of two experiments that does the same in the same place runs once."""
    builder = (
        "rv.CommandConfig.builder('NAP').with_root_uri('bett').with_config(output='bett/a').build()"
    )
    project.add_plugin("nap.py")
    project.experiment("gleich.py", f"a={builder}", f"b={builder}")
    plan = project.plan("gleich.py")
    assert ["run", "duplicate"] == [step["status"] for step in plan["steps"]]


def test_unwritable_root(project: Any) -> None:
    """A root that cannot be written is refused with its name before anything runs."""
    root = "rv.toml/darunter"
    result = project.rv("run", "local", "quick.py", "-a", "root_uri", root)
    assert 3 == result.code
    assert f"nothing can be written to {project.path / root}" in result.err
    assert "rv.toml is no folder" in result.err
    assert "TIP: name another root URI, or make it writable" in result.err


def test_overlap_is_warned_of_once(project: Any) -> None:
    """What is in both train and validation is warned of once, in the plan, and in eval.json."""
    project.experiment(
        "doppelt.py",
        f"a={quick('eins', validation='[town.scene(town.EAST)]')}",
        f"b={quick('zwei', validation='[town.scene(town.EAST)]')}",
    )
    text = "scene 'Bild Ost ä' is in both train and validation"
    plan = project.plan("doppelt.py")
    assert [{"text": text, "experiment_ids": ["eins", "zwei"]}] == plan["overlaps"]
    result = project.rv("run", "inprocess", "doppelt.py", "-f", "eins")
    assert 0 == result.code
    assert 1 == result.err.count(text)
    metrics = json.loads((project.root / "eval" / "eins" / "eval.json").read_text())
    assert [text] == metrics["warnings"]


def test_overlap_of_files_can_be_refused(project: Any) -> None:
    """RV.overlap=error refuses an image in both train and validation, under whatever path."""
    same = "town.imagery('./Bild Ost ä.tif')"
    scene = f"[town.scene('neu', imagery={same}, labels=town.labels(town.EAST))]"
    project.experiment("doppelt.py", f"a={quick(validation=scene)}")
    result = project.rv("run", "local", "doppelt.py", "-n")
    assert (0, 1) == (result.code, result.err.count("is in both train and validation"))
    project.write("rv.toml", (project.path / "rv.toml").read_text() + '\n[RV]\noverlap = "error"\n')
    result = project.rv("run", "local", "doppelt.py", "-n")
    assert 3 == result.code
    assert "error: image ./Bild Ost ä.tif is in both train and validation" in result.err
    assert 0 == project.rv("run", "local", "doppelt.py", "-n", "--set", "RV.overlap=warn").code


def test_scenes_that_nobody_reads_may_be_anywhere(finished_quick: Any) -> None:
    """A test scene without a file does not hinder commands that do not read it."""
    test = "[town.scene('fehlt'), town.scene('x', imagery=town.imagery('s3://no-such/x.tif'))]"
    finished_quick.experiment("mit_test.py", f"a={quick('schnell', test=test)}")
    result = finished_quick.rv("run", "inprocess", "mit_test.py", "chip", "train", "--rerun")
    assert (0, True) == (result.code, "done: 2 commands: 2 run" in result.out)
    result = finished_quick.rv("run", "inprocess", "mit_test.py", "predict")
    assert 3 == result.code
    assert "fehlt.tif is missing" in result.err


def test_ls(project: Any) -> None:
    """`rv ls` lists experiments with their scenes and commands, also as JSON."""
    result = project.rv("ls", "experiment.py")
    assert 0 == result.code
    assert "Stadt 1" in result.out
    assert "1 train, 1 validation" in result.out
    found = json.loads(project.rv("ls", "experiment.py", "--json").out)
    assert "Stadt 1" in json.dumps(found)


def test_explain(finished_quick: Any) -> None:
    """`rv explain` says field by field why a command will run, and why others will not."""
    labels = finished_quick.path / "Bild West ö.geojson"
    collection = json.loads(labels.read_text())
    collection["features"].pop()
    labels.write_text(json.dumps(collection))
    result = finished_quick.rv("explain", "quick.py", "eval", "predict")
    assert 0 == result.code
    assert [
        "schnell/PREDICT: up to date",
        "schnell/EVAL: run",
        f"  input {labels}: its content changed",
    ] == [
        line
        for line in result.out.splitlines()
        if line.startswith("schnell") or "content changed" in line
    ]


def test_settings_of_the_profile_reach_the_run(project: Any) -> None:
    """An unknown key in the profile or in --set is warned of with the nearest known one."""
    result = project.rv("run", "local", "quick.py", "-n", "--set", "RV.jbos=2")
    assert 0 == result.code
    assert "jbos" in result.err
    assert "jobs" in result.err
