"""`rv jobs` and runs that go on without `rv`."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import click
import pytest

from rvcli.cli.commands.run import ask
from rvcli.cli.state import State
from rvcli.filesystem import resolve
from rvcli.testing import work_plugin

EXPERIMENTS = """
import rvcli as rv


class Works(rv.ExperimentSet):
    def work(self, root, name, reads=(), **config):
        config["reads"] = [f"{root}/{other}.json" for other in reads]
        config["writes"] = [f"{root}/{name}.json"]
        builder = rv.CommandConfig.builder("WORK").with_root_uri(f"{root}/{name}")
        return builder.with_config(**config).build()

    def exp_mixed(self, root):
        return [
            self.work(root, "good", lines=3),
            self.work(root, "bad", fails="badly"),
            self.work(root, "after", ["bad"]),
        ]

    def exp_long(self, root):
        return [
            self.work(root, "long", seconds=100, until=f"{root}/go", begins=f"{root}/began"),
            self.work(root, "last", ["long"]),
        ]
"""


class Place:
    """A project whose commands run on AWS Batch."""

    def __init__(self, project: Any, batch: SimpleNamespace) -> None:
        self.project, self.server, self.root = project, batch.server, batch.root
        self.refusal = batch.module.Refusal
        self.fs = resolve(self.root)

    def rv(self, *words: str) -> Any:
        """Call `rv` in this process."""
        return self.project.rv(*words)

    def run_words(self, method: str, *more: str) -> list[str]:
        """Return the words of `rv run`."""
        return [
            "run",
            "aws_batch",
            "works.py",
            "-m",
            f"exp_{method}",
            "-a",
            "root",
            self.root,
            *more,
        ]

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `rv` as a process."""
        return subprocess.Popen(
            [sys.executable, "-m", "rvcli", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def has(self, name: str) -> bool:
        """Tell whether a file is there."""
        return self.fs.file_exists(f"{self.root}/{name}")

    def go(self) -> None:
        """Let the long command come to its end."""
        self.fs.write_str(f"{self.root}/go", "")


@pytest.fixture
def place(project: Any, batch: SimpleNamespace) -> Place:
    """Give a project with commands that work, fail and wait."""
    shutil.copy(work_plugin.__file__, project.root / "work.py")
    lines = ['[PLUGINS]\nfiles = ["work.py"]', "[AWS_BATCH]"]
    lines += [f'{name.partition(".")[2]} = "{value}"' for name, value in batch.settings.items()]
    project.write("rv.toml", "\n".join(lines))
    project.write("works.py", EXPERIMENTS)
    return Place(project, batch)


def wait_for(what: Callable[[], Any], timeout_s: float = 30.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def test_a_detached_run_is_followed_from_elsewhere(place: Place) -> None:
    """It is listed, followed with the exit code of rv run, shown, and its logs are read."""
    started = place.rv(*place.run_words("mixed", "--detach", "--set", "TILES.token=hidden2"))
    assert 0 == started.code, started.err
    run_id = re.search(r"rv jobs follow \S+ (\S+)$", started.err.strip())
    assert run_id is not None

    followed = place.rv("jobs", "follow", f"{place.root}/good", run_id[1])
    assert 5 == followed.code
    assert "good/WORK: done" in followed.out
    assert "the work went wrong: badly" in followed.err
    assert "1 command failed: bad/WORK; 1 command not run for that" in followed.err

    shown = place.rv("jobs", "show", f"{place.root}/after", "--json").json
    assert {"good/WORK": "done", "bad/WORK": "failed", "after/WORK": "not_run"} == {
        job["id"]: job["status"] for job in shown["jobs"]
    }
    assert "exit code 1" == next(j["detail"] for j in shown["jobs"] if j["id"] == "bad/WORK")
    assert ("hidden2" in str(shown), "--detach" in shown["command_line"]) == (False, True)

    logs = place.rv("jobs", "logs", f"{place.root}/bad", "good/work", "--follow")
    assert ["line 0", "line 1", "line 2"] == [x for x in logs.out.splitlines() if x[:4] == "line"]
    (row,) = place.rv("jobs", "list", f"{place.root}/good", "--json").json
    assert (run_id[1], "aws_batch", 3, 1) == tuple(
        row[name] for name in ("run", "runner", "commands", "done")
    )
    assert run_id[1] in place.rv("jobs", "list", f"{place.root}/good").out
    assert "bad/WORK" in place.rv("jobs", "show", f"{place.root}/good").out


def test_a_run_is_cancelled_from_elsewhere(place: Place) -> None:
    """After a question; what had begun has ended then, and nothing is left."""
    assert 0 == place.rv(*place.run_words("long", "--detach")).code
    wait_for(lambda: place.has("began"))
    root = f"{place.root}/last"

    asked = place.rv("jobs", "cancel", root)
    assert (2, True) == (asked.code, "give --yes" in asked.err)
    cancelled = place.rv("jobs", "cancel", root, "--yes")
    assert (0, True) == (cancelled.code, "cancelled: 2 commands" in cancelled.out)

    assert [] == place.server.jobs("RUNNING")
    assert "is left to cancel" in place.rv("jobs", "cancel", root).out
    followed = place.rv("jobs", "follow", root)
    assert (5, True) == (
        followed.code,
        "the run was cancelled; 2 commands cancelled" in followed.err,
    )


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_a_run_survives_its_terminal(place: Place, number: signal.Signals) -> None:
    """A lost connection and a killed rv leave the commands alone; the next run finds them done."""
    process = place.start(*place.run_words("long"))
    wait_for(lambda: place.has("began"))
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert (130 if number == signal.SIGHUP else -9) == process.returncode
    if number == signal.SIGHUP:
        assert f"to follow it: rv jobs follow {place.root}/long " in err

    place.go()
    followed = place.rv("jobs", "follow", f"{place.root}/long")
    assert 0 == followed.code, followed.err
    assert "nothing to run" in place.rv(*place.run_words("long")).out


def test_ctrl_c_cancels(place: Place) -> None:
    """Whoever watches and ends the watching wants the run to end."""
    process = place.start(*place.run_words("long"))
    wait_for(lambda: place.has("began"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert (130, []) == (process.returncode, place.server.jobs("RUNNING"))
    assert {"FAILED"} == {job.status for job in place.server.jobs()[-2:]}


def test_what_a_dead_submission_left_is_found(place: Place) -> None:
    """By its name: rv was killed before it could note the id. The rest was never submitted."""
    process = None

    def kill(name: str, arguments: dict[str, Any]) -> None:
        if name == "submitjob" and place.server.calls[name] == 2:
            assert process is not None
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            raise lost

    lost = place.refusal("ServerException", "gone", 500)
    place.server.fault = kill
    process = place.start(*place.run_words("long"))
    process.communicate()
    place.server.fault = lambda name, arguments: None
    wait_for(lambda: place.has("began"))

    shown = place.rv("jobs", "show", f"{place.root}/long", "--json").json["jobs"]
    assert [("long/WORK", "running"), ("last/WORK", "not_run")] == [
        (job["id"], job["status"]) for job in shown
    ]
    assert 0 == place.rv("jobs", "cancel", f"{place.root}/long", "--yes").code
    assert [] == place.server.jobs("RUNNING")


def test_a_refused_submission_is_undone(place: Place) -> None:
    """What had been submitted is cancelled, and the error is AWS's in words."""
    refusal = place.refusal("AccessDeniedException", "not for you", 403)

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "submitjob" and place.server.calls[name] == 2:
            raise refusal

    place.server.fault = refuse
    result = place.rv(*place.run_words("long"))
    assert (1, True) == (result.code, "access denied: not for you" in result.err)
    assert [] == [j for j in place.server.jobs() if j.status not in ("FAILED", "SUCCEEDED")]


def test_many_commands_are_asked_for_first(place: Place) -> None:
    """With their number for each queue; nothing is submitted without an answer."""
    words = place.run_words("mixed", "--set", "AWS_BATCH.confirm_jobs=2")
    result = place.rv(*words)
    assert 2 == result.code
    assert "Submit 3 commands to AWS Batch (3 to the queue cpu)?" in result.err
    assert "--yes" in result.err
    assert [] == place.server.requests
    assert 0 == place.rv(*words, "--yes", "--detach").code


def test_what_is_not_there_is_named(place: Place) -> None:
    """Runs and jobs that nobody knows, and roots without any, are errors that say what there is."""
    nothing = place.rv("jobs", "show", f"{place.root}/nowhere")
    assert (2, True) == (nothing.code, "no run is kept below" in nothing.err)
    assert 0 == place.rv("jobs", "list", f"{place.root}/nowhere").code
    root = f"{place.root}/good"
    run_id = place.rv(*place.run_words("mixed", "--detach", "--json")).json["run_id"]
    assert [run_id] == [row["run"] for row in place.rv("jobs", "list", root, "--json").json]
    wrong = place.rv("jobs", "show", root, "yesterday")
    assert (2, True) == (wrong.code, f"there are: {run_id}" in wrong.err)
    wrong = place.rv("jobs", "logs", root, "goood/WORK")
    assert (2, True) == (wrong.code, "did you mean good/WORK?" in wrong.err)
    uri = f"{root}/runs/{run_id}.json"
    place.fs.write_str(uri, json.dumps({"id": run_id}))
    broken = place.rv("jobs", "show", root)
    assert (1, True) == (broken.code, "is not what rv keeps of a run" in broken.err)
    # What the first run has done by now would be no job of a second one.
    again = place.rv(*place.run_words("mixed", "--detach", "--json", "--rerun")).json["run_id"]
    listed = place.rv("jobs", "list", root, "--json")
    assert (0, [again]) == (listed.code, [row["run"] for row in listed.json])
    assert f"warning: '{uri}' is not what rv keeps of a run" in listed.err
    newest = place.rv("jobs", "list", root, "--most", "1").out
    assert (True, True) == (again in newest, "and 1 older ones" in newest)


def test_only_runs_elsewhere_can_be_left(copies: Any) -> None:
    """Commands of the local runner end with rv."""
    result = copies.rv("run", "local", "copies.py", "--detach")
    assert (2, True) == (result.code, "--detach cannot be" in result.err)


def test_secrets_are_not_kept_with_a_run() -> None:
    """Overrides, arguments and URIs of the command line may hold some."""
    state = State()
    words = ["run", "aws_batch", "-a", "api_token", "hidden", "--set", "TILES.key=hidden"]
    words += ["--set=TILES.password=hidden", "-p", "https://me:hidden@host/x.py", "-m", "exp_key"]
    state.arguments = (*words, "--set", "RV.jobs=2")
    shown = state.command_line()
    assert ("rv", "run", "aws_batch", "-a", "api_token", "********", "--set") == shown[:7]
    assert ("TILES.key=********", "--set=TILES.password=********") == shown[7:9]
    assert ("https://********@host/x.py", "-m", "exp_key", "--set", "RV.jobs=2") == shown[10:]
    assert "hidden" not in str(shown)


@pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("n", False)])
def test_a_person_is_asked(monkeypatch: pytest.MonkeyPatch, answer: str, goes_on: bool) -> None:
    """Where there is one; no is no."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    try:
        ask("Submit 300 commands?")
    except click.Abort:
        assert not goes_on
    else:
        assert goes_on
