"""Completion: what is offered after TAB, and what real shells make of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from rvcli.cli.main import main

PLUGIN = """
import rvcli as rv
from rvcli.runner.experiment_runner import ExperimentRunner

print("noise")


class ShoutConfig(rv.EvaluatorConfig):
    key = "SHOUT"


def register_plugin(plugin_registry):
    plugin_registry.register_config(ShoutConfig)
    plugin_registry.register_experiment_runner("MY_CLUSTER", ExperimentRunner)
"""


def offered(*words: str) -> list[str]:
    """Return what is offered in place of the last word."""
    completer = BashComplete(main, {}, "rv", "_RV_COMPLETE")
    return [item.value for item in completer.get_completions(list(words[:-1]), words[-1])]


@pytest.fixture(name="town")
def make_town(project):
    """A project with a plugin, an experiment and a profile."""
    project.write("plugins/shout.py", PLUGIN)
    project.write(
        "rv.toml", '[PLUGINS]\nfiles = ["plugins/shout.py"]\n[profile.big.RV]\njobs = 3\n'
    )
    project.write("experiment.py", "")
    project.write("notes.txt", "")
    project.write("more/other.py", "")
    return project


def test_commands(project):
    """Commands are offered by their beginning, those that are hidden not."""
    assert ["describe"] == offered("desc")
    assert {"run", "run-command"} == set(offered("run"))


def test_experiment_files_and_folders(town):
    """Python files come first, and folders in which there may be some."""
    assert ["experiment.py", "more/", "plugins/"] == offered("run", "local", "")
    assert ["more/other.py"] == offered("explain", "more/o")
    assert ["experiment.py"] == offered("run", "local", "-p", "exp")


def test_runners_and_those_of_plugins(town):
    """Runners are offered in lower case, as they are called."""
    assert ["my_cluster"] == offered("run", "my")
    assert "inprocess" in offered("run", "")


def test_commands_of_experiments(town):
    """After the experiment come commands."""
    assert ["predict"] == offered("run", "local", "experiment.py", "pre")
    assert ["train"] == offered("explain", "experiment.py", "analyze", "tr")


def test_keys_and_groups(town):
    """Keys are offered in whatever case they are begun, also those of plugins."""
    assert ["STATS_ANALYZER", "STATS_TRANSFORMER"] == offered("describe", "stats")
    assert ["SHOUT"] == offered("describe", "SHO")
    assert ["LABEL_SOURCE", "LABEL_STORE"] == offered("keys", "label")
    assert ["SHOUT"] == offered("describe", "--group", "EVALUATOR", "SHO")


def test_experiments_below_a_root(town):
    """A report is of experiments that have run below its root."""
    (town.root / "out" / "experiments").mkdir(parents=True)
    (town.root / "out" / "experiments" / "houses.json").write_text("{}")
    assert ["houses"] == offered("report", "out", "")
    assert [] == offered("report", "s3://bucket/out", "")


@pytest.mark.parametrize("words", [["predict", ""], ["jobs", "list", ""], ["migrate", ""]])
def test_files(project, words):
    """Where a command takes files the shell itself offers them."""
    completer = BashComplete(main, {}, "rv", "_RV_COMPLETE")
    [item] = completer.get_completions(words[:-1], words[-1])
    assert "file" == item.type


def test_profiles(town, monkeypatch):
    """Profiles of the project's file and of the user are offered."""
    user = town.root.parent / ".config" / "rv"
    user.mkdir(parents=True)
    (user / "mine.toml").write_text("")
    assert ["big", "mine"] == offered("-p", "")
    assert ["big"] == offered("run", "local", "--profile", "b")


def test_what_is_broken_offers_what_is_built_in(project):
    """Neither a broken profile nor a wrong command makes completion fail."""
    project.write("rv.toml", "[RV\n")
    assert ["dask"] == offered("run", "d")
    assert [] == offered("--profile", "b")
    assert [] == offered("nonsense", "a")


def test_a_plugin_that_takes_long_is_not_waited_for(project, monkeypatch):
    """What is built in is offered then."""
    monkeypatch.setattr("rvcli.cli.completion._PATIENCE_S", 0.1)
    project.write("rv.toml", '[PLUGINS]\nfiles = ["hangs.py"]\n')
    project.write("hangs.py", "import time\ntime.sleep(30)\n")
    assert ["dask"] == offered("run", "d")


def test_nothing_is_printed(town):
    """What plugins print does not get between the words that are offered."""
    offered("run", "")
    assert ("", "") == town.capsys.readouterr()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script(project, shell):
    """Each shell gets a script that calls rv."""
    result = project.rv("completion", shell)
    assert (0, "") == (result.code, result.err)
    assert f"_RV_COMPLETE={shell}_complete" in result.out


def test_a_shell_that_is_not_known(project):
    """Other shells are refused with the names of those that are known."""
    result = project.rv("completion", "csh")
    assert 2 == result.code
    assert "'bash', 'zsh', 'fish'" in result.err


BASH = """
source rv.sh
COMP_WORDS=(rv run local exp); COMP_CWORD=3; _rv_completion rv; echo "${COMPREPLY[@]}"
COMPREPLY=(); COMP_WORDS=(rv com); COMP_CWORD=1; _rv_completion rv; echo "${COMPREPLY[@]}"
COMPREPLY=(); COMP_WORDS=(rv run local 'a\\ b/'); COMP_CWORD=3; _rv_completion rv
echo "${COMPREPLY[@]}"
"""
ZSH = """
autoload -U compinit; compinit -u -d zcompdump
source rv.sh
words=(rv run local exp); CURRENT=4
_describe() { print -- ${(P)3} }
compadd() { print -- ${(P)@[-1]} }
_rv_completion
words=(rv run local 'a\\ b/'); CURRENT=4
_rv_completion
"""
FISH = """
source rv.sh
complete -C 'rv run local exp'
complete -C 'rv run local a\\ b/'
"""


@pytest.mark.parametrize(
    ("shell", "script", "expected"),
    [
        ("bash", BASH, "experiment.py\ncompletion\na\\ b/c\\ d.py a\\ b/e/"),
        # zsh quotes by itself.
        ("zsh", ZSH, "experiment.py\na b/e/\na b/c d.py"),
        ("fish", FISH, "experiment.py\na b/c d.py\na b/e/"),
    ],
)
def test_real_shell(town, shell, script, expected):
    """The shell itself, with the script sourced, offers what rv says."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    town.write("a b/c d.py", "")
    town.write("a b/e/f.py", "")
    town.write("rv.sh", town.rv("completion", shell).out)
    rv = town.write("bin/rv", f'#!/bin/sh\nexec "{sys.executable}" -m rvcli "$@"\n')
    rv.chmod(0o755)
    environment = {**os.environ, "PATH": f"{rv.parent}:{os.environ['PATH']}"}
    repository = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = repository

    flags = ["--norc", "--noprofile"] if shell == "bash" else ["-f"] if shell == "zsh" else ["-N"]
    done = subprocess.run(
        [program, *flags, "-c", script],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert expected == done.stdout.strip(), done.stderr
