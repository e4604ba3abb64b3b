"""What is kept of each run below the roots that it has worked on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.dag import Change, Plan, Step
from rvcli.dag.definition import CommandDefinition
from rvcli.errors import NotReadableError, UsageError
from rvcli.runner import history
from rvcli.runner.history import History, finish_history, list_history, read_history, write_history
from rvcli.runner.job import DONE, FAILED, Job, JobState
from rvcli.runner.outcome import JobResult


class Config:
    """As much of a command config as a plan's steps tell."""

    command_type = "TRAIN"
    split_id = 0

    def __init__(self, root_uri: str) -> None:
        self.root_uri = root_uri


def step(name: str, root: Path, status: str = "run", **more: object) -> Step:
    """Make a step of a plan."""
    definition = CommandDefinition(None, Config(str(root)), CommandIODefinition())
    return Step(name, definition, status, str(more.pop("reason", "because")), **more)


def result(name: str, root: Path, status: str = DONE, *lines: str) -> JobResult:
    """Make what became of the job of a step."""
    job = Job(name, "TRAIN", None, 0, "m", "f", str(root), (), "log")
    return JobResult(job, JobState(status), 1.5, lines)


def run_of(number: int) -> History:
    """Return a run that has begun."""
    return History.begin(f"20261129-07{number:04d}-abcdef", "LOCAL", ("rv", "run", "local"))


def test_each_root_keeps_what_concerns_it(tmp_path: Path) -> None:
    """Steps and results are kept below their own root; a root without work keeps nothing."""
    a, b, c = (tmp_path / name for name in "abc")
    plan = Plan((step("a", a), step("a2", a, "up_to_date"), step("b", b), step("c", c, "blocked")))

    problems = write_history(run_of(1), plan, [result("a", a), result("b", b, FAILED, "oops")])

    kept = read_history(str(a))
    assert [] == problems
    assert ["a", "a2"] == [s["id"] for s in kept.plan["steps"]]
    assert [("a", "done", 1.5)] == [(r["id"], r["status"], r["seconds"]) for r in kept.results]
    assert ["oops"] == read_history(str(b)).results[0]["last_lines"]
    assert ("LOCAL", ("rv", "run", "local")) == (kept.runner, kept.command_line)
    assert kept.started <= kept.finished
    assert not c.exists()


def test_the_file_has_the_documented_fields(tmp_path: Path) -> None:
    """Other programs may read it."""
    write_history(run_of(1), Plan((step("a", tmp_path),)), [])
    (path,) = (tmp_path / "history").iterdir()
    content = json.loads(path.read_text())
    expected = [
        "schema",
        "run_id",
        "runner",
        "started",
        "finished",
        "host",
        "command_line",
        "version",
        "plan",
        "results",
    ]
    assert expected == list(content)
    assert history.SCHEMA == content["schema"]


def test_the_newest_fifty_are_kept(tmp_path: Path) -> None:
    """What is older goes."""
    plan = Plan((step("a", tmp_path),))
    for number in range(history.MOST_KEPT + 2):
        write_history(run_of(number), plan, [])
    kept = list_history(str(tmp_path))
    assert history.MOST_KEPT == len(kept)
    assert run_of(history.MOST_KEPT + 1).run_id == kept[0]
    assert kept == sorted(kept, reverse=True)


def test_secrets_are_masked(tmp_path: Path) -> None:
    """Values of fields that are secret by name, and credentials in URIs, are not kept."""
    change = Change("config.api_token", "hunter1", "hunter2")
    reason = f"{change.text} and 1 more"
    plan = Plan((step("a", tmp_path, changes=(change,), reason=reason),))
    failed = result("a", tmp_path, FAILED, "no https://me:hunter3@host/x")

    write_history(run_of(1), plan, [failed])

    (path,) = (tmp_path / "history").iterdir()
    text = path.read_text()
    assert "hunter" not in text
    assert "config.api_token: ********" in text


def test_what_goes_on_is_finished_later(tmp_path: Path) -> None:
    """A run that was left has no end, until one who follows it has seen it."""
    begun = run_of(1)
    write_history(begun, Plan((step("a", tmp_path),)), [], goes_on=True)
    before = read_history(str(tmp_path))
    finish_history([str(tmp_path)], begun.run_id, [result("a", tmp_path)])
    after = read_history(str(tmp_path), begun.run_id)
    assert ("", ()) == (before.finished, before.results)
    assert ["done"] == [r["status"] for r in after.results]
    assert after.finished >= after.started
    assert [] == finish_history([str(tmp_path)], "20200101-000000-000000", [])


def test_a_root_that_cannot_be_written_is_a_problem_in_words(tmp_path: Path) -> None:
    """Nothing is raised: what has run has run."""
    (tmp_path / "history").write_text("in the way")
    (problem,) = write_history(run_of(1), Plan((step("a", tmp_path),)), [])
    assert problem.startswith(f"the history of the run is not kept below '{tmp_path}': ")


def test_a_root_without_runs_says_so(tmp_path: Path) -> None:
    """The error names the root."""
    assert [] == list_history(str(tmp_path))
    with pytest.raises(UsageError, match="no run is kept below"):
        read_history(str(tmp_path))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 2}', '{"schema": 1}'])
def test_what_is_no_history_is_named(tmp_path: Path, text: str) -> None:
    """A file that is cut off, or of a later version, is not taken for a run."""
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "x.json").write_text(text)
    with pytest.raises(NotReadableError, match="is not what rv keeps of a run"):
        read_history(str(tmp_path))
