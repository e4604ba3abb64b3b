"""`rv run`, and what it says."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from rvcli import errors

RV = [sys.executable, "-c", "from rvcli.cli.main import main; main()"]


def test_a_run_does_what_must_be_done_and_then_nothing(copies):
    """The first run runs all, the second says that nothing is to be done."""
    first = copies.rv("run", "inprocess", "copies.py")
    second = copies.rv("run", "inprocess", "copies.py")

    assert (0, 0) == (first.code, second.code)
    assert "text" == (copies.root / "two.txt").read_text()
    assert "3 commands: 3 to run" in first.out
    assert "done: 3 commands: 3 run" in first.out
    assert second.out.startswith("nothing to run: 3 commands up to date\n")


def test_the_local_runner_tells_one_line_an_event(copies):
    """Without a terminal, each start and end is a line; a log is named."""
    result = copies.rv("run", "LOCAL", "copies.py", "--jobs", "2")

    assert 0 == result.code
    lines = result.out.splitlines()
    assert any(line.startswith("one/COPY: started, log ") for line in lines)
    assert any(line.startswith("two/COPY: done after ") for line in lines)


def test_what_changed_is_the_reason(copies):
    """A changed argument runs what it concerns and what consumes that, with the reason."""
    copies.rv("run", "inprocess", "copies.py", "-q")

    result = copies.rv("run", "inprocess", "copies.py", "-a", "suffix", "!", "-n")

    assert 0 == result.code
    lines = {line.split()[0]: line for line in result.out.splitlines()}
    assert 'config.config.suffix: "" -> "!"' in lines["one/COPY"]
    assert "consumes outputs of one/COPY, which runs" in lines["two/COPY"]
    assert "up to date" in lines["other/COPY"]
    assert "3 commands: 2 to run, 1 up to date" == result.out.splitlines()[-1]
    assert "text" == (copies.root / "one.txt").read_text()


def test_dry_run_as_json(copies):
    """-n --json prints the plan and nothing else; nothing is written."""
    plan = copies.rv("run", "local", "copies.py", "copy", "--dry-run", "--json").json

    assert ["run", "run", "run"] == [step["status"] for step in plan["steps"]]
    assert not (copies.root / "out").exists()


def test_run_as_json(copies):
    """--json prints the plan with the result of each command; prints of plugins go elsewhere."""
    result = copies.rv("run", "inprocess", "copies.py", "--json")

    assert {"done"} == {r["status"] for r in result.json["results"]}
    assert "copying" in result.err


def test_quiet(copies):
    """-q says nothing when all goes well."""
    assert (0, "", "") == copies.rv("run", "local", "copies.py", "-q")


def test_rerun(copies):
    """-r runs what is up to date, too."""
    copies.rv("run", "inprocess", "copies.py", "-q")

    assert "asked to run again" in copies.rv("run", "inprocess", "copies.py", "-r", "-n").out


@pytest.mark.parametrize("runner", ["inprocess", "local"])
def test_a_failure_is_told_in_full(copies, runner):
    """A failed command is named with its last words and the line that runs it alone."""
    result = copies.rv("run", runner, "copies.py", "-a", "fault", "it broke")

    assert errors.EXIT_COMMAND == result.code
    assert "one/COPY failed" in result.err
    assert "ValueError: it broke" in result.err
    assert "1 command failed: one/COPY; 1 command not run for that" in result.err
    assert (copies.root / "other.txt").exists()
    line = next(x for x in result.err.splitlines() if "to run it alone: " in x)
    alone = subprocess.run(
        shlex.split(line.partition(": ")[2]), capture_output=True, text=True, check=False
    )
    assert "it broke" in alone.stderr


def test_failures_in_json(copies):
    """--json tells of failures on the standard output; the exit code is 5 as well."""
    result = copies.rv("run", "inprocess", "copies.py", "--json", "-a", "fault", "it broke")

    assert errors.EXIT_COMMAND == result.code
    by_id = {r["id"]: r for r in result.json["results"]}
    assert ("failed", "not_run", "done") == tuple(
        by_id[f"{name}/COPY"]["status"] for name in ("one", "two", "other")
    )


def test_fail_fast_starts_nothing_more(copies):
    """With --fail-fast what does not depend on the failure is not started either."""
    result = copies.rv(
        "run", "inprocess", "copies.py", "--fail-fast", "--json", "-a", "fault", "it broke"
    )

    statuses = sorted(r["status"] for r in result.json["results"])
    assert ["failed", "not_run", "not_run"] == statuses


def test_missing_inputs_are_refused_by_name(copies):
    """A command whose input is nowhere stops everything before anything runs."""
    (copies.root / "source.txt").unlink()

    run = copies.rv("run", "inprocess", "copies.py")
    dry = copies.rv("run", "inprocess", "copies.py", "-n")
    unchecked = copies.rv("run", "inprocess", "copies.py", "-n", "-x")

    assert [3, 3, 0] == [run.code, dry.code, unchecked.code]
    assert "source.txt is missing" in run.err
    assert "blocked" in dry.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inprocess"], "no experiment is given"),
        (["inprocess", "copy"], "no experiment is given"),
        (["inprocess", "copies.py", "-p", "copies.py"], "more than one experiment is given"),
        (["inprocess", "copies.py", "-e", "copies"], "more than one experiment is given"),
        (["inprocess", "-e", "copies", "-p", "copies.py"], "more than one experiment is given"),
        (["copies.py"], "TIP: on this machine: rv run local copies.py"),
        (["inproces", "copies.py"], "there is no runner 'inproces'"),
        (["inprocess", "copies.py", "cop"], "no command is named 'cop'"),
        (["inprocess", "copies.py", "train"], "no experiment has the command TRAIN"),
        (["inprocess", "copies.py", "-a", "suffix"], "Option '-a' requires 2 arguments"),
        (["inprocess", "copies.py", "-s", "0"], "Invalid value for '-s'"),
    ],
)
def test_wrong_usage(copies, arguments, message):
    """What the command line asks for must be there, and once."""
    result = copies.rv("run", *arguments)

    assert errors.EXIT_USAGE == result.code
    assert message in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["copies.py"],
        ["copies.py", "COPY"],
        ["-p", "copies.py", "Copy"],
        ["copy", "--path", "copies.py"],
        ["-e", "copies"],
        ["--experiment_module", "copies", "copy"],
        ["--experiment-module", "copies"],
        ["described"],
    ],
)
def test_ways_to_name_the_experiment(copies, arguments):
    """A file after the runner, -p or -e; command names in any case; any existing file counts."""
    copies.write("described", (copies.root / "copies.py").read_text())

    result = copies.rv("run", "inprocess", *arguments, "--dry-run", "--json")

    assert 0 == result.code, result.err
    assert 3 == len(result.json["steps"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.py"], "experiment file gone.py does not exist"),
        (["copies.py", "-a", "sufix", "x"], "no experiment takes an argument 'sufix'"),
        (["copies.py", "--prefix", "test"], "no method begins with 'test'"),
        (["copies.py", "-m", "x*"], "no experiment method that matches 'x*'"),
        (["failing.py"], "ZeroDivisionError"),
    ],
)
def test_wrong_experiment_files(copies, arguments, message):
    """A file that cannot be used ends with 3."""
    copies.write(
        "failing.py",
        "import rvcli as rv\n\nclass A(rv.ExperimentSet):\n    def exp_a(self):\n        1 / 0\n",
    )

    result = copies.rv("run", "inprocess", *arguments)

    assert errors.EXIT_CONFIG == result.code
    assert message in result.err
    assert "rvcli/" not in result.err


def test_an_error_in_the_experiment_shows_its_line(copies):
    """The user's own frame is shown, with the line."""
    path = copies.write(
        "failing.py",
        "import rvcli as rv\n\nclass A(rv.ExperimentSet):\n    def exp_a(self):\n        1 / 0\n",
    )

    assert f"{path}:5 in exp_a\n      1 / 0" in copies.rv("run", "local", "failing.py").err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "inprocess", "copies.py"],
        ["explain", "copies.py"],
        ["predict", "package.zip", "image.tif", "out.tif"],
    ],
)
def test_a_plugin_that_does_not_load_stops_at_once(copies, arguments):
    """run, explain and predict end with 4 before anything else happens."""
    copies.write("plugins/copy_command.py", "import nothing_of_this_name\n")

    result = copies.rv(*arguments)

    assert (errors.EXIT_PLUGIN, "") == (result.code, result.out)
    assert "nothing_of_this_name" in result.err
    assert not (copies.root / "out").exists()


def test_plugins_can_be_set_on_the_command_line(copies):
    """--set before or after the command names plugins, and workers get them, too."""
    (copies.root / "rv.toml").unlink()

    result = copies.rv(
        "run", "local", "copies.py", "-q", "--set", "PLUGINS.files=plugins/copy_command.py"
    )

    assert (0, "", "") == result


@pytest.mark.parametrize(
    ("key", "value"), [("token", "hunter2"), ("api-key", "hunter2"), ("url", "s3://u:hunter2@h/x")]
)
def test_secret_overrides_reach_workers_and_nobody_else(copies, key, value):
    """A secret given by --set is in the worker's settings, but in no log, message or output."""
    plugin = (copies.root / "plugins/copy_command.py").read_text()
    copies.write(
        "plugins/copy_command.py",
        plugin.replace(
            'text = Path(config["source"]).read_text()',
            "from rvcli.profile.rv_config import RVConfig\n"
            '        secret = RVConfig.get_instance().get_subconfig("MINE")(KEY)\n'
            "        arguments = Path('/proc/self/cmdline')\n"
            "        shown = arguments.read_text() if arguments.exists() else ''\n"
            "        text = f'{len(secret)} {secret in shown}'".replace("KEY", repr(key)),
        ),
    )

    result = copies.rv("run", "local", "copies.py", "-v", "--set", f"MINE.{key}={value}")

    assert 0 == result.code, result.err
    assert f"{len(value)} False" == (copies.root / "one.txt").read_text()
    assert "hunter2" not in result.out + result.err
    for path in copies.root.rglob("*"):
        assert path.is_dir() or b"hunter2" not in path.read_bytes()
    assert not [name for name in os.environ if name.startswith("RV_MINE")]


def test_a_classic_runner_gets_the_graph(copies):
    """A runner of a plugin that only implements _run_experiment is given the commands."""
    copies.write(
        "plugins/runner.py",
        "from rvcli.runner.experiment_runner import ExperimentRunner\n\n"
        "class Runner(ExperimentRunner):\n"
        "    def _run_experiment(self, command_dag):\n"
        "        print(*command_dag.get_sorted_command_ids())\n\n"
        "def register_plugin(r):\n"
        "    r.register_experiment_runner('CLASSIC', Runner)\n",
    )
    files = "PLUGINS.files=plugins/copy_command.py,plugins/runner.py"

    result = copies.rv("--set", files, "run", "classic", "copies.py")

    assert 0 == result.code, result.err
    assert "one/COPY" in result.out


def test_tempdir(copies):
    """--tempdir is where the worker's temporary files go."""
    plugin = (copies.root / "plugins/copy_command.py").read_text()
    copies.write(
        "plugins/copy_command.py",
        plugin.replace('text = Path(config["source"]).read_text()', "text = tmp_dir"),
    )
    for runner in ("inprocess", "local"):
        copies.rv("run", runner, "copies.py", "-r", "-q", "--tempdir", "scratch ä")

        expected = str(copies.root / "scratch ä")
        assert (copies.root / "other.txt").read_text().startswith(expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_a_state_to_resume(copies, number):
    """A signal ends the run and its children with 130; the next run does the rest."""
    process = subprocess.Popen(
        [*RV, "run", "local", "copies.py", "-a", "sleep_s", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_for(copies.root / "one.txt.started")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)

    assert (errors.EXIT_INTERRUPTED, "error: interrupted\n") == (process.returncode, err)
    assert "one/COPY: cancelled" in out
    assert 0 == copies.rv("run", "local", "copies.py", "-q").code


def test_a_lost_terminal_while_a_runner_starts(copies):
    """It is not said that a run goes on which was ended before anything was started."""
    copies.write(
        "plugins/runner.py",
        "import signal\n"
        "from rvcli.runner.experiment_runner import ExperimentRunner\n\n"
        "class Runner(ExperimentRunner):\n"
        "    def start(self, options):\n"
        "        signal.raise_signal(signal.SIGHUP)\n\n"
        "def register_plugin(r):\n"
        "    r.register_experiment_runner('SLOW', Runner)\n",
    )
    files = "PLUGINS.files=plugins/copy_command.py,plugins/runner.py"

    result = copies.rv("--set", files, "run", "slow", "copies.py")

    assert (errors.EXIT_INTERRUPTED, "error: interrupted\n") == (result.code, result.err)


def test_a_killed_run_leaves_no_children(copies):
    """After kill -9 of the runner its workers end, and nothing blocks the next run."""
    process = subprocess.Popen(
        [*RV, "run", "local", "copies.py", "-q", "-a", "sleep_s", "61"], stdin=subprocess.DEVNULL
    )
    _wait_for(copies.root / "one.txt.started")
    process.kill()
    process.wait()

    started = time.monotonic()
    result = copies.rv("run", "local", "copies.py", "-q")

    assert 0 == result.code, result.err
    assert time.monotonic() - started < 20


def _wait_for(path):
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_worker_that_is_run_alone(copies):
    """run-command runs the command of a message, and tells nothing if all is well."""
    copies.rv("run", "inprocess", "copies.py", "-q")
    (copies.root / "one.txt").unlink()
    message = copies.root / "out" / "one" / "command-config-0.json"
    assert json.loads(message.read_text())["commandType"] == "COPY"

    result = copies.rv("run-command", str(message))

    assert (0, "") == (result.code, result.err)
    assert "text" == (copies.root / "one.txt").read_text()


def test_a_worker_refuses_a_plugin_that_changed(copies):
    """A plugin that is not what the message pins is not loaded; both digests are named."""
    copies.rv("run", "inprocess", "copies.py", "-q")
    plugin = copies.root / "plugins/copy_command.py"
    plugin.write_text(plugin.read_text() + "\n# changed\n")

    result = copies.rv("run-command", str(copies.root / "out/one/command-config-0.json"))

    assert errors.EXIT_PLUGIN == result.code


def test_a_bad_message_is_exit_code_3(project):
    """A message that is no JSON ends with 3."""
    project.write("message.json", "{")

    assert errors.EXIT_CONFIG == project.rv("run-command", "message.json").code


def test_prints_of_plugins_and_experiments_are_no_results(copies):
    """What plugins and experiment files print does not get between the JSON."""
    for name in ("plugins/copy_command.py", "copies.py"):
        copies.write(name, f"print('{name}')\n" + (copies.root / name).read_text())

    for arguments in (
        ["plugins", "list"],
        ["ls", "copies.py"],
        ["run", "local", "copies.py", "-n"],
    ):
        result = copies.rv(*arguments, "--json")
        assert result.json
        assert "copies.py" in result.err or "copy_command.py" in result.err
