"""Old experiments and plugins run unchanged, on real imagery, as their users run them."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import numpy as np
import pytest

from rvcli.utils.misc import png_to_numpy

COMMANDS = ["ANALYZE", "CHIP", "TRAIN", "PREDICT", "EVAL", "BUNDLE"]


def test_buildings_with_plugins_of_release_08(team: Any) -> None:
    """Each group's plugin takes part: buildings are found, told of, and packed."""
    words = ("zanzibar.py", "zanzibar_buildings", "-a", "test", "True")
    team.run("team08", "local", *words)
    found = team.read("eval/zanzibar-test/built-area.json")
    building = next(f for f in found["overall"]["overall"] if f["class_name"] == "building")
    assert building["f1"] > 0.6
    assert 0.05 < found["shares"]["zanzibar_east"] < 0.25
    assert {"zanzibar_west", "zanzibar_east"} == set(
        team.read("analyze/zanzibar-test/brightness.json")
    )
    assert "zanzibar-test" == team.read("experiments/zanzibar-test.json")["id"]
    for command in COMMANDS:
        message = team.read(f"{command.lower()}/zanzibar-test/command-config-0.json")
        assert (command, 5) == (message["commandType"], len(message["plugins"]["pins"]))
    _check_second_runs(team, words)
    _check_package(team)


def _check_second_runs(team: Any, words: tuple[str, ...]) -> None:
    """All is proven; a changed plugin is run again where it takes part, and all that follows."""
    assert {"up_to_date"} == {s["status"] for s in team.plan("team08", *words).values()}
    plugin = team.old / "plugins08" / "measures.py"
    before = plugin.read_text()
    plugin.write_text(before.replace("'shares': shares", "'shares': shares, 'unit': 'share'"))
    plan = team.plan("team08", *words)
    assert "run" == plan["zanzibar-test/EVAL"]["status"]
    assert "measures.py" in plan["zanzibar-test/EVAL"]["reason"]
    plugin.write_text(before)


def _check_package(team: Any) -> None:
    """A package holds the model by its base name, and gives the predictions of the run."""
    package = team.root / "bundle/zanzibar-test/predict_package.zip"
    with zipfile.ZipFile(package) as opened:
        assert {"bundle_config.json", "model"} <= set(opened.namelist())
    image = f"{team.imagery('zanzibar_buildings')}/val/images/zanzibar_east.tif"
    team.rv("-p", "team08", "predict", str(package), image, "found.npy")
    found = np.load(team.home / "found.npy")
    assert (found == np.load(team.root / "predict/zanzibar-test/zanzibar_east.npy")).all()


@pytest.mark.slow
def test_cells_with_a_module_of_release_011(team: Any) -> None:
    """A package of plugins brings a backend, commands, a runner of its own and a file system."""
    board = team.home / "board"
    text = team.run(
        *("team11", "acme_serial", "chips.py", "zanzibar_buildings", "-m", "*zanzibar"),
        *("-a", "test", "True", "-a", "board", str(board)),
        *(*map(str.lower, COMMANDS), "zonal", "thumbnail", "announce"),
    )
    assert "Saving command configuration to" in text
    assert team.figures("eval/chips-zanzibar/eval.json")["average"]["f1"] > 0.8
    assert (team.root / "analyze/chips-zanzibar/stats.json").is_file()
    assert 224 == sum(team.read("zonal/chips-zanzibar/zonal-0.json")["zanzibar_east"].values())
    assert (64, 224, 3) == png_to_numpy(
        (team.root / "thumbnails/zanzibar_east.png").read_bytes()
    ).shape
    assert board.read_text().startswith("zanzibar f1 0.")
    with zipfile.ZipFile(team.root / "bundle/chips-zanzibar/predict_package.zip") as package:
        assert {"bundle_config.json", "model", "stats.json"} <= set(package.namelist())


def test_crowns_with_files_of_release_011(team: Any) -> None:
    """A backend whose config changes itself and reports finds crowns; two evaluators measure."""
    team.run(
        "team11", "inprocess", "trees.py", "neon_trees", "-m", "exp_trees", "-a", "site", "TEAK"
    )
    for name in ("eval", "counting"):
        assert team.figures(f"eval/trees-teak/{name}.json")["tree"]["f1"] > 0.1
    found = json.loads(next((team.root / "predict/trees-teak").glob("TEAK_*.json")).read_text())
    assert {"class_id", "class_name", "score"} <= set(found["features"][0]["properties"])


def test_a_queue_of_jobs(team: Any) -> None:
    """A runner that submits gets each command with the ids of those that it waits for."""
    words = ("chips.py", "zanzibar_buildings", "-m", "*zanzibar", "-a", "test", "True")
    team.run("team11", "acme_queue", *words, "analyze", "chip")
    jobs = [line.split() for line in (team.home / "queue.log").read_text().splitlines()]
    by_command = {job[2]: job for job in jobs}
    assert ["ANALYZE", "CHIP"] == list(by_command)
    assert "-" == by_command["ANALYZE"][-1]
    assert by_command["ANALYZE"][0] == by_command["CHIP"][-1]


@pytest.mark.parametrize("runner", ["inprocess", pytest.param("local", marks=pytest.mark.slow)])
def test_all_files_in_a_file_system_of_a_plugin(team: Any, runner: str) -> None:
    """Messages, records, chips, model, predictions and figures lie where the plugin keeps them."""
    words = ("chips.py", "zanzibar_buildings", "-m", "*zanzibar", "-a", "test", "True")
    commands = tuple(map(str.lower, COMMANDS))
    team.run("team11", runner, *words, *commands, root_uri="vault://runs")
    kept = team.home / "vault" / "runs"
    figures = team.figures(str(kept / "eval/chips-zanzibar/eval.json"))
    assert 0.8 < figures["average"]["f1"]
    assert (kept / "bundle/chips-zanzibar/predict_package.zip").is_file()
    assert not team.root.exists()
    again = team.run("team11", runner, *words, *commands, "-n", root_uri="vault://runs")
    assert "6 commands up to date" in again


def test_folds(team: Any) -> None:
    """Experiments of one set share commands whose keys are the same."""
    plan = team.plan("team08", "landcover.py", "nc_landcover", "-m", "exp_folds")
    analyze = [step["status"] for name, step in plan.items() if name.endswith("ANALYZE")]
    assert ["duplicate", "run"] == sorted(analyze)
    assert 11 == sum(step["status"] == "run" for step in plan.values())


def test_a_script_runs_its_own_experiments(team: Any) -> None:
    """`python experiment.py`, which ends in rv.main(), does what `rv -p` does."""
    script = str(team.old / "experiments" / "landcover.py")
    words = ("-a", "raw_uri", team.imagery("nc_landcover"), "-a", "root_uri", str(team.root))
    done = team.call(
        *(script, "-p", "team08", "run", "local", "-p", script, *words, "-m", "exp_main", "-n"),
        program=("rvcli.compat",),
    )
    assert 0 == done.returncode, done.stderr
    assert "landcover/TRAIN" in done.stdout


def test_plugins_are_listed(team: Any) -> None:
    """The list knows what each old plugin brings."""
    text = team.rv("-p", "team11", "plugins", "list", "--json")
    for key in ("BLOBS", "ACME_CHIPS", "ZONAL", "ANNOUNCE", "ACME_QUEUE", "VaultFileSystem"):
        assert key in text


@pytest.mark.slow
def test_land_cover(team: Any) -> None:
    """What ships and a backend of old find land cover in six bands, and its water as polygons."""
    team.run("team08", "local", "landcover.py", "nc_landcover", "-m", "exp_main", "-s", "2")
    found = team.figures("eval/landcover/eval.json")
    assert found["average"]["recall"] > 0.55
    assert found["forest"]["f1"] > 0.7
    assert (team.root / "predict/landcover/nc_ne.tif").is_file()
    assert (team.root / "predict/landcover/nc_ne-5-polygons.json").is_file()
    assert (team.root / "analyze/all-quadrants/stats.json").is_file()
    assert (team.root / "chip/landcover/command-config-1.json").is_file()


@pytest.mark.slow
def test_land_use(team: Any) -> None:
    """Sentinel-2 images, each a scene of thirteen bands of which five are read."""
    team.run("team11", "local", "chips.py", "eurosat100", "-m", "*eurosat")
    assert team.figures("eval/chips-eurosat/eval.json")["average"]["recall"] > 0.5


@pytest.mark.slow
def test_houses(team: Any) -> None:
    """Buildings are found as boxes."""
    team.run("team11", "local", "trees.py", "zanzibar_buildings", "-m", "exp_houses")
    assert team.figures("eval/houses/counting.json")["building"]["f1"] > 0.15


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["inprocess", "local", "acme_serial", "acme_queue"])
def test_every_runner_gives_the_same(team: Any, runner: str) -> None:
    """The whole of an experiment, auxiliary commands included, in every runner."""
    board = team.home / "board"
    team.run(
        *("team11", runner, "chips.py", "zanzibar_buildings", "-m", "*zanzibar"),
        *("-a", "test", "True", "-a", "board", str(board)),
        *(*map(str.lower, COMMANDS), "zonal", "thumbnail", "announce"),
    )
    assert 0.8 < team.figures("eval/chips-zanzibar/eval.json")["average"]["f1"]
    assert 1 == len(board.read_text().splitlines())
    assert (team.root / "zonal/chips-zanzibar/zonal-0.json").is_file()
