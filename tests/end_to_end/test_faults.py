"""Faults of others that must not be ours: damage, clashes, and what is said of them."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

needs_proc = pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="finds processes below /proc"
)

HOLD = """
    def classify(self, chip):
        import os, time

        hold = os.path.join(os.environ["HOME"], "hold")
        self.calls = getattr(self, "calls", 0) + 1
        while self.calls > 2 and os.path.exists(hold):
            open(hold + "s", "w").close()
            time.sleep(0.02)
        return self.classify_now(chip)

"""


def hold_predictions(project: Any) -> tuple[Path, Path]:
    """Write gehalten_exp.py, whose predict command stops in its third window.

    Returns:
        The file that holds it, and one that is there once it is held.
    """
    [name] = [n for n in (project.path / "Erweiterungen ß").iterdir() if "Mittel" in n.name]
    text = name.read_text().replace('"NEAREST_MEAN"', '"HELD"')
    text = text.replace("    def classify(", HOLD + "    def classify_now(")
    project.write("gehalten.py", text)
    project.add_plugin("gehalten.py")
    of = 'rv.BackendConfig.builder("HELD").with_task(town.task()).build()'
    project.experiment("gehalten_exp.py", f"held=town.experiment(backend={of})")
    hold = project.home / "hold"
    hold.touch()
    return hold, project.home / "holds"


def message_of(project: Any, command: str, experiment: str = "Stadt 1") -> str:
    """Return where the message of a command is."""
    return str(project.root / command / experiment / "command-config-0.json")


def is_short(text: str) -> bool:
    """Tell whether this is a message for people: few lines, and no traceback."""
    return "Traceback" not in text and len(text.splitlines()) <= 6


@needs_proc
def test_killed_predict_leaves_nothing_that_counts(project: Any, tools: Any) -> None:
    """A predict that is killed half-way leaves no prediction, and the next run makes it."""
    hold, holds = hold_predictions(project)
    process = project.start("run", "inprocess", "gehalten_exp.py")
    assert tools.wait_for(holds.exists)
    process.kill()
    process.communicate(timeout=20)
    folder = project.root / "predict" / "Stadt 1"
    assert tools.wait_for(lambda: not project.processes())
    assert not (folder / "Bild West ö.tif").exists()
    assert not (folder / "command-record-0.json").exists()
    hold.unlink()
    plan = project.to_run("gehalten_exp.py")
    assert {"Stadt 1/PREDICT", "Stadt 1/EVAL"} <= set(plan)
    assert not {"Stadt 1/ANALYZE", "Stadt 1/CHIP", "Stadt 1/TRAIN"} & set(plan)
    assert 0 == project.rv("run", "inprocess", "gehalten_exp.py").code
    assert ["Bild West ö.tif"] == [p.name for p in folder.glob("*.tif")]
    assert [] == [p.name for p in folder.glob(".rv-tmp*")]


@needs_proc
def test_killed_rerun_does_not_let_the_old_prediction_count(
    finished_quick: Any, tools: Any
) -> None:
    """A rerun that is killed leaves its command to be run, although the old files are there."""
    process = finished_quick.start("run", "local", "quick.py", "predict", "--rerun")
    folder = finished_quick.root / "predict" / "schnell"
    assert tools.wait_for(lambda: not (folder / "command-record-0.json").exists())
    for child in finished_quick.children(process.pid):
        os.kill(child, signal.SIGKILL)
    process.communicate(timeout=20)
    assert (folder / "Bild West ö.tif").exists()
    assert 5 == process.returncode
    assert ["schnell/PREDICT"] == finished_quick.to_run("quick.py", "predict")


def test_half_a_model_is_not_used(finished: Any) -> None:
    """A model that is cut short is named by the command that reads it, and made anew by a run."""
    model = finished.root / "train" / "Stadt 1" / "model.zip"
    whole = model.read_bytes()
    model.write_bytes(whole[: len(whole) // 2])
    result = finished.rv("run-command", message_of(finished, "predict"))
    assert 1 == result.code
    assert f"error: {model} is no whole model" in result.err
    assert "TIP: copy it again, or run the command TRAIN again" in result.err
    assert is_short(result.err)
    expected = {f"Stadt 1/{name}" for name in ("TRAIN", "PREDICT", "EVAL", "BUNDLE")}
    assert expected == set(finished.to_run("experiment.py"))
    assert 0 == finished.rv("run", "inprocess", "experiment.py", "train").code
    assert whole == model.read_bytes()


def test_a_model_that_was_tampered_with_is_not_used(finished: Any) -> None:
    """One byte that is not what it was is enough."""
    import zipfile

    model = finished.root / "train" / "Stadt 1" / "model.zip"
    with zipfile.ZipFile(model) as file:
        members = {name: file.read(name) for name in file.namelist()}
    trees = bytearray(members["model.onnx"])
    trees[len(trees) // 2] ^= 1
    with zipfile.ZipFile(model, "w") as file:
        for name, data in {**members, "model.onnx": bytes(trees)}.items():
            file.writestr(name, data)
    result = finished.rv("run-command", message_of(finished, "predict"))
    assert (1, True) == (result.code, f"{model} is damaged" in result.err)


def naps(project: Any) -> list[tuple[float, float]]:
    """Return when each nap that ended began and ended, seconds."""
    notes = (project.path / "Schlaf ö" / "notes").glob("*.ended")
    times = [note.read_text().split() for note in notes]
    return sorted((float(began), float(ended)) for began, ended in times)


@pytest.mark.parametrize("jobs", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_not_everything_starts_at_once(project: Any, jobs: int) -> None:
    """At most --jobs commands run side by side, and as many do if there are that many."""
    project.add_plugin("nap.py", alone=True)
    words = ("run", "local", "naps.py", "-a", "count", "3", "-a", "seconds", "0.5")
    assert 0 == project.rv(*words, "--jobs", str(jobs)).code
    times = naps(project)
    assert 3 == len(times)
    together = [(a, b) for a, b in combinations(times, 2) if b[0] < a[1]]
    crowds = [sum(1 for other in times if other[0] <= one[0] < other[1]) for one in times]
    assert max(crowds) <= jobs
    assert bool(together) == (jobs > 1)


def test_one_failure_does_not_stop_the_healthy(project: Any) -> None:
    """What does not depend on a failed command runs; the exit is 5, and it is explained."""
    project.add_plugin("nap.py", alone=True)
    result = project.rv("run", "local", "naps.py", "-a", "fails", "0", "--jobs", "1")
    assert 5 == result.code
    assert ["Bett 1.txt", "Bett 2.txt"] == sorted(
        p.name for p in (project.path / "Schlaf ö").glob("*.txt")
    )
    assert "0/NAP failed: exit code 1" in result.err
    assert "    error: unexpected RuntimeError: the neighbour of bed 0 woke me" in result.err
    assert "1 command failed: 0/NAP" in result.err
    assert f"  log: {project.path / 'Schlaf ö' / '0' / 'logs'}" in result.err
    line = next(s for s in result.err.splitlines() if "to run it alone: " in s)
    words = shlex.split(line.partition(": ")[2])
    assert [sys.executable, "-m", "rvcli"] == words[:3]
    assert Path(words[-1]).is_file()
    again = subprocess.run(
        ["bash", "-c", line.partition(": ")[2]],
        cwd=project.path,
        env=project.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert 1 == again.returncode
    assert "error: unexpected RuntimeError: the neighbour of bed 0 woke me" in again.stderr
    # And what is done stays done.
    assert ["0/NAP"] == project.to_run("naps.py", "-a", "fails", "0")


def test_fail_fast_starts_nothing_more(project: Any) -> None:
    """With --fail-fast nothing is started after a failure, and the exit is 5."""
    project.add_plugin("nap.py", alone=True)
    words = ("run", "local", "naps.py", "-a", "fails", "0", "--jobs", "1", "--fail-fast")
    result = project.rv(*words)
    assert 5 == result.code
    assert [] == list((project.path / "Schlaf ö").glob("*.txt"))
    assert "1 command failed: 0/NAP; 2 commands not run for that" in result.err


def test_a_command_that_is_killed_says_so(project: Any) -> None:
    """A command that dies of a signal, as for lack of memory, is told with the signal's name."""
    project.add_plugin("nap.py", alone=True)
    result = project.rv("run", "local", "naps.py", "-a", "crashes", "1")
    assert (5, True) == (result.code, "1/NAP failed: ended by SIGKILL" in result.err)


@pytest.mark.parametrize("runner", [pytest.param("local", marks=pytest.mark.slow), "inprocess"])
def test_healthy_experiment_goes_on(project: Any, runner: str) -> None:
    """Of two experiments the one with broken labels fails and the other one is finished."""
    project.draw("kaputt", seed=3)
    project.write("kaputt.geojson", '{"type": "FeatureColl')
    project.experiment(
        "zwei.py",
        "krank = town.experiment('krank', train=[town.scene('kaputt')],"
        " backend=town.quick_backend(town.task()))",
        "gesund = town.experiment('gesund', backend=town.quick_backend(town.task()))",
    )
    result = project.rv("run", runner, "zwei.py", "--json")
    assert 5 == result.code
    by_status: dict[str, list[str]] = {}
    for entry in json.loads(result.out)["results"]:
        by_status.setdefault(entry["status"], []).append(entry["id"])
    assert ["krank/CHIP"] == by_status["failed"]
    assert {"krank/TRAIN", "krank/PREDICT", "krank/EVAL", "krank/BUNDLE"} == set(
        by_status["not_run"]
    )
    assert 7 == len(by_status["done"])
    assert f"{project.path / 'kaputt.geojson'} is not JSON" in result.err
    assert "Traceback" not in result.err


def test_a_traceback_comes_when_asked_for(finished: Any) -> None:
    """-v shows where an error comes from; without it the message is short."""
    model = finished.root / "train" / "Stadt 1" / "model.zip"
    model.write_bytes(b"no zip")
    result = finished.rv("-v", "run-command", message_of(finished, "predict"))
    assert "Traceback (most recent call last)" in result.err
    assert result.err.splitlines()[-1].startswith("TIP: ")


IMAGES = {
    "no image": (b"this is no image", "not recognized as being in a supported file format"),
    "cut": (None, "cannot read the window"),
}


@pytest.mark.parametrize("damage", IMAGES)
def test_damaged_image(project: Any, damage: str) -> None:
    """An image that is no image, or cut short, is named, with what to do, in a few lines."""
    content, expected = IMAGES[damage]
    image = project.path / "Bild Ost ä.tif"
    image.write_bytes(image.read_bytes()[:9000] if content is None else content)
    result = project.rv("run", "inprocess", "quick.py", "analyze")
    assert 5 == result.code
    assert expected in result.err
    assert str(image) in result.err
    assert "TIP: " in result.err
    assert "Traceback" not in result.err


def test_missing_image(project: Any) -> None:
    """A missing image is named before anything runs."""
    (project.path / "Bild Ost ä.tif").unlink()
    result = project.rv("run", "local", "quick.py")
    assert 3 == result.code
    assert f"input {project.path / 'Bild Ost ä.tif'} is missing" in result.err
    assert "TIP: " in result.err
    assert is_short(result.err)
    assert not project.root.exists()


MESSAGES = {
    '{"command_type": "TR': 3,
    "{}": 3,
    '{"command_type": "TRAIN", "root_uri": "x"}': 3,
    '{"command_type": "TRAIN", "no_such_field": 1}': 3,
    None: 1,
}


@pytest.mark.parametrize("text", MESSAGES)
def test_bad_message(project: Any, text: str | None) -> None:
    """A message that cannot be read is an error of few lines, with its own exit code."""
    if text is not None:
        project.write("command-config-0.json", text)
    result = project.rv("run-command", "command-config-0.json")
    assert MESSAGES[text] == result.code
    assert result.err.startswith("error: ")
    assert is_short(result.err)


PLUGINS = {
    "no such file": None,
    "syntax": "def register_plugin(:\n",
    "no function": "import rvcli as rv\n",
    "import": "import no_such_package\n\n\ndef register_plugin(plugin_registry):\n    pass\n",
    "raises": "def register_plugin(plugin_registry):\n    raise RuntimeError('no')\n",
}


@pytest.mark.parametrize("fault", PLUGINS)
def test_bad_plugin(project: Any, fault: str) -> None:
    """A plugin that does not load stops run, explain and predict with exit 4; help goes on."""
    if PLUGINS[fault] is not None:
        project.write("schlecht ü.py", PLUGINS[fault])
    project.add_plugin("schlecht ü.py")
    result = project.rv("run", "local", "quick.py")
    assert 4 == result.code
    assert "schlecht ü.py" in result.err
    assert is_short(result.err)
    assert not project.root.exists()
    if fault == "raises":
        verbose = project.rv("-v", "run", "local", "quick.py")
        assert (4, True) == (verbose.code, "RuntimeError: no" in verbose.err)
        assert "Traceback" in verbose.err
        assert 4 == project.rv("explain", "quick.py").code
        assert 4 == project.rv("predict", "a.zip", "b.tif", "c.tif").code
        assert 0 == project.rv("plugins", "list").code
        assert 0 == project.rv("config", "show").code
        assert 0 == project.rv("--help").code


def test_changed_plugin_does_not_run(finished_quick: Any) -> None:
    """A worker refuses a plugin that is not the one that the plan pinned, naming both digests."""
    plugin = finished_quick.path / "Erweiterungen ß" / "nächstes Mittel.py"
    plugin.write_text(plugin.read_text() + "\n# changed\n")
    result = finished_quick.rv("run-command", message_of(finished_quick, "predict", "schnell"))
    assert 4 == result.code
    assert "nächstes Mittel.py" in result.err
    assert 2 == sum(len(word.strip(".,;:()")) == 64 for word in result.err.split())
    assert is_short(result.err)


def test_damaged_package(finished: Any) -> None:
    """A predict package that is cut short, or is none, is named with exit 1."""
    package = finished.root / "bundle" / "Stadt 1" / "predict_package.zip"
    (finished.path / "halb.zip").write_bytes(package.read_bytes()[:500])
    for name in ("halb.zip", "rv.toml", "fehlt.zip"):
        result = finished.rv("predict", name, "Bild West ö.tif", "p.tif")
        assert (1, True) == (result.code, name in result.err)
        assert "TIP: " in result.err
        assert is_short(result.err)
    assert not (finished.path / "p.tif").exists()


@needs_proc
def test_prediction_that_cannot_be_written(finished_quick: Any) -> None:
    """Where the output of `rv predict` cannot be written, its name and what to do are said."""
    package = str(finished_quick.root / "bundle" / "schnell" / "predict_package.zip")
    for output in ("rv.toml/p.tif", "/proc/p.tif"):
        result = finished_quick.rv("predict", package, "Bild West ö.tif", output)
        assert (1, True) == (result.code, output in result.err)
        assert "TIP: " in result.err
        assert "unexpected" not in result.err


def test_lease_of_a_dead_process_blocks_nobody(project: Any, tools: Any) -> None:
    """A second run waits for the first one and says for whom; a dead one is not waited for."""
    hold, holds = hold_predictions(project)
    first = project.start("run", "inprocess", "gehalten_exp.py")
    assert tools.wait_for(holds.exists)
    second = project.start("run", "local", "gehalten_exp.py", "predict", "-v")
    lines = []
    assert second.stdout is not None
    for line in second.stdout:
        lines.append(line)
        if "waits" in line:
            break
    assert "Stadt 1/PREDICT: waits: PREDICT is run by process " in lines[-1]
    first.send_signal(signal.SIGKILL)
    hold.unlink()
    _, error = second.communicate(timeout=20)
    first.communicate(timeout=20)
    assert (0, "") == (second.returncode, error)
