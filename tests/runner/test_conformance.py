"""What every runner must do; each runner passes the same tests."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.errors import CommandError
from rvcli.runner.command_runner import CommandRunner
from rvcli.runner.events import RunEvent
from rvcli.runner.execution import Outcome
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.messages import stamp_and_write

pytestmark = pytest.mark.parametrize("runner", ["inprocess", "local"])


def run(
    runner: str, work: Any, *configs: Any, events: list[RunEvent] | None = None, **options: Any
) -> Outcome:
    """Plan commands and run them."""
    sink = (lambda event: None) if events is None else events.append
    settings = ("--set", f"RV.cache_dir={profile.current().get('RV', 'cache_dir')}")
    options = {"settings_options": settings, "jobs": 2, **options}
    outcome: Outcome = ExperimentRunner.get_runner(runner).run_plan(
        work.plan(*configs), RunOptions(sink=sink, **options)
    )
    return outcome


def statuses(outcome: Outcome) -> dict[str, str]:
    """Return the status of each job by the name of its root."""
    return {r.job.id.partition("/")[0]: r.state.status for r in outcome.results}


def test_commands_run_in_order(runner: str, work: Any, folder: Path) -> None:
    """What reads an output runs after what writes it, with spaces and umlauts in all paths."""
    events: list[RunEvent] = []
    outcome = run(runner, work, work("b", reads=("a.txt",)), work("a"), events=events)
    assert ({"a": "done", "b": "done"}, True) == (statuses(outcome), outcome.ok)
    kinds = [(e.job_id, e.kind) for e in events if e.kind in ("started", "done")]
    assert ["a/WORK", "a/WORK", "b/WORK", "b/WORK"] == [job_id for job_id, _ in kinds]
    assert (folder / "b.txt").exists()


def test_a_second_run_has_nothing_to_do(runner: str, work: Any) -> None:
    """The records prove it."""
    run(runner, work, work("a"))
    assert ["up_to_date"] == [s.status for s in work.plan(work("a")).steps]


def test_progress_is_told(runner: str, work: Any) -> None:
    """What a command counts reaches whoever watches."""
    events: list[RunEvent] = []
    run(runner, work, work("a"), events=events)
    told = [(e.text, e.done, e.total) for e in events if e.kind == "progress"]
    assert told[0][:1] + told[0][2:] == ("counting", 3)


def test_warnings_are_told(runner: str, work: Any) -> None:
    """What a command warns of is not hidden in its log."""
    events: list[RunEvent] = []
    run(runner, work, work("a", warns=True), events=events)
    assert ["this looks odd"] == [e.text for e in events if e.kind == "warning"]


def test_each_attempt_has_a_log(runner: str, work: Any) -> None:
    """Below the root of its command."""
    outcome = run(runner, work, work("a"))
    log = Path(outcome.results[0].job.log_path)
    assert (True, "logs") == (log.exists(), log.parent.name)


def test_one_failure_stops_only_what_depends_on_it(runner: str, work: Any) -> None:
    """Healthy commands go on; the outcome says what failed and why."""
    outcome = run(
        runner, work, work("bad", fails=True), work("after", reads=("bad.txt",)), work("healthy")
    )
    assert {"bad": "failed", "after": "not_run", "healthy": "done"} == statuses(outcome)
    (failed,) = outcome.failed
    assert any("the work went wrong" in line for line in failed.last_lines)
    assert "run-command" in failed.reproduce
    assert "bad/WORK failed" == outcome.not_run[0].state.detail


def test_a_command_that_exits_has_failed(runner: str, work: Any) -> None:
    """Also with 0: it was not done when it ended the process; healthy commands go on."""
    outcome = run(runner, work, work("quits", exits=True), work("healthy"))
    assert {"quits": "failed", "healthy": "done"} == statuses(outcome)
    assert any("WORK called sys.exit(0)" in line for line in outcome.failed[0].last_lines)


def test_a_log_that_cannot_be_written_fails_its_command_alone(
    runner: str, work: Any, folder: Path
) -> None:
    """Healthy commands go on."""
    (folder / "roots" / "bad").mkdir(parents=True)
    (folder / "roots" / "bad" / "logs").write_text("no folder")
    outcome = run(runner, work, work("bad"), work("healthy"))
    assert {"bad": "failed", "healthy": "done"} == statuses(outcome)
    assert "File exists" in outcome.failed[0].state.detail


def test_fail_fast_starts_nothing_more(runner: str, work: Any) -> None:
    """After a failure, what waits is not run."""
    configs = [work("bad", fails=True), *(work(f"w{i}") for i in range(3))]
    outcome = run(runner, work, *configs, fail_fast=True, jobs=1)
    assert {"bad": "failed", "w0": "not_run", "w1": "not_run", "w2": "not_run"} == (
        statuses(outcome)
    )


def test_a_failed_command_runs_again(runner: str, work: Any) -> None:
    """A failure leaves no record."""
    run(runner, work, work("a", fails=True))
    (step,) = work.plan(work("a", fails=True)).steps
    assert ("run", True) == (step.status, "never finished" in step.reason)


def test_what_another_run_did_since_the_plan_is_not_done_again(
    runner: str, work: Any, folder: Path
) -> None:
    """Two runs on one root may start one after the other, too; asked to rerun, one does."""
    first = work.plan(work("a"))
    time.sleep(0.01)
    for made in (first, work.plan(work("a"))):
        assert ExperimentRunner.get_runner(runner).run_plan(made, RunOptions()).ok
    assert 1 == len((folder / "a.txt").read_text().splitlines())
    again = work.plan(work("a"), rerun=True)
    assert ExperimentRunner.get_runner(runner).run_plan(again, RunOptions()).ok
    assert 2 == len((folder / "a.txt").read_text().splitlines())


def test_inputs_that_another_run_makes_differently_are_refused(
    runner: str, work: Any, folder: Path
) -> None:
    """The command does not work on them, and is not reported as done."""
    made = work.plan(work("a"), work("b", reads=("a.txt",)))
    (other,) = work.plan(work("a", seconds=0.01)).to_run

    def meanwhile(event: RunEvent) -> None:
        if (event.job_id, event.kind) == ("a/WORK", "done"):
            CommandRunner.run(stamp_and_write(other))

    outcome = ExperimentRunner.get_runner(runner).run_plan(made, RunOptions(sink=meanwhile))
    assert {"a": "done", "b": "failed"} == statuses(outcome)
    assert any("a/WORK was run by another plan" in line for line in outcome.failed[0].last_lines)
    assert not (folder / "b.txt").exists()


def test_another_plan_of_the_same_command_is_noticed(runner: str, work: Any) -> None:
    """A message is not run under a plan that was made for another one."""
    (first,) = work.plan(work("a")).to_run
    uri = stamp_and_write(first)
    message = Path(uri).read_text("utf-8")
    (second,) = work.plan(work("a", seconds=0.01)).to_run
    stamp_and_write(second)
    Path(uri).write_text(message, "utf-8")
    with pytest.raises(CommandError, match="is not the one"):
        CommandRunner.run(uri)
