"""Execution with runners of other kinds, and the small parts of a run."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from rvcli import keys, registry
from rvcli.dag import CommandDAG
from rvcli.errors import RegistryError, RvError
from rvcli.runner.command_runner import CommandRunner
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions, Traits
from rvcli.runner.inprocess_experiment_runner import InProcessExperimentRunner
from rvcli.runner.job import Job, JobState
from rvcli.runner.jobs import log_path
from rvcli.runner.log_tail import MOST_BYTES, MOST_CHARACTERS, LogTail
from rvcli.runner.progress_lines import read_line, write_progress, write_waiting
from rvcli.testing.workshop import Workshop
from rvcli.utils.logs import LogFormatter
from rvcli.utils.progress import ProgressEvent


class Scheduler(ExperimentRunner):
    """Takes all jobs at once, as a batch system does."""

    traits = Traits(remote=True, shares_files=True, schedules=True)

    def __init__(self) -> None:
        super().__init__()
        self.submitted: list[Job] = []

    def submit(self, job: Job) -> None:
        """Take a job."""
        self.submitted.append(job)
        CommandRunner.run(job.message_uri, fingerprint=job.fingerprint)

    def poll(self, job: Job) -> JobState:
        """Say that every job is done once all have been submitted."""
        return JobState("done")

    def logs(self, job: Job) -> Iterable[str]:
        """Return nothing."""
        return ()


def test_a_scheduling_runner_gets_dependencies_with_the_jobs(shop: Workshop) -> None:
    """It is given everything at once and keeps the order itself."""
    runner = Scheduler()
    runner.run_plan(shop.plan(shop.work("a"), shop.work("b", reads=["a"])), RunOptions())
    assert {"a/WORK": (), "b/WORK": ("a/WORK",)} == {j.id: j.depends_on for j in runner.submitted}


def test_a_remote_runner_ships_plugin_files(shop: Workshop, folder: Path) -> None:
    """The copy lies below the root, named by its digest."""
    Scheduler().run_plan(shop.plan(shop.work("a")), RunOptions())
    (manifest,) = folder.glob("roots/a/plugins/*/manifest.json")
    assert 64 == len(manifest.parent.name)


def test_done_is_what_has_a_record(shop: Workshop) -> None:
    """A process that ends without one, whatever its exit code, has failed."""

    class Liar(Scheduler):
        """Runs nothing."""

        def submit(self, job: Job) -> None:
            """Do nothing."""

    outcome = Liar().run_plan(shop.plan(shop.work("a")), RunOptions())
    assert "it ended without a record of what it made" == outcome.failed[0].state.detail


def test_what_another_run_has_made_is_not_done(shop: Workshop) -> None:
    """Where two runs of one root differ, the one that comes second is what the record proves."""

    class Overtaken(Scheduler):
        """Another run of the same command, planned otherwise, ends while this one runs."""

        def submit(self, job: Job) -> None:
            """Run the other one."""
            Scheduler().run_plan(shop.plan(shop.work("a", note="other")), RunOptions())

    outcome = Overtaken().run_plan(shop.plan(shop.work("a")), RunOptions())
    assert (
        "the record is of another plan: another run has made it otherwise, or this one nothing"
        == outcome.failed[0].state.detail
    )


def test_a_job_that_is_refused_has_failed(shop: Workshop) -> None:
    """The runner's own error is the reason."""

    class Closed(Scheduler):
        """Takes jobs one by one, and none."""

        traits = Traits()

        def submit(self, job: Job) -> None:
            """Refuse."""
            raise RvError("the queue is closed")

    outcome = Closed().run_plan(shop.plan(shop.work("refused")), RunOptions())
    assert ("the queue is closed", ("error: the queue is closed",)) == (
        outcome.failed[0].state.detail,
        outcome.failed[0].last_lines,
    )


def test_a_classic_runner_gets_a_graph(shop: Workshop) -> None:
    """`_run_experiment(command_dag)` is all that an old runner has."""
    seen: list[str] = []

    class Classic(ExperimentRunner):
        """Written for an older release."""

        def _run_experiment(self, command_dag: Any) -> None:
            for command_id in command_dag.get_sorted_command_ids():
                seen.append(command_id)
                message = command_dag.get_command(command_id).to_proto()
                CommandRunner.run_from_proto(message)

    registry.current().add(keys.EXPERIMENT_RUNNER, "CLASSIC", Classic)
    runner = ExperimentRunner.get_runner("classic")
    runner.run([], [shop.work("b", reads=["a"]), shop.work("a")])
    assert ["a/WORK", "b/WORK"] == seen
    assert ["up_to_date"] == [s.status for s in shop.plan(shop.work("a")).steps]
    assert "CLASSIC" in ExperimentRunner.list_runners()


def test_a_dry_run_changes_nothing(shop: Workshop, folder: Path) -> None:
    """Only a plan comes back."""
    made = ExperimentRunner.get_runner("inprocess").run([], shop.work("a"), dry_run=True)
    assert ([], "run") == (list(folder.iterdir()), made.steps[0].status)


def test_a_runner_runs_a_graph_by_itself(shop: Workshop) -> None:
    """What extends a runner that ships may hand the graph on to it."""

    class More(InProcessExperimentRunner):
        """Written for an older release."""

        def _run_experiment(self, command_dag: Any) -> None:
            super()._run_experiment(command_dag)

    More().run([], shop.work("a"))
    assert ["up_to_date"] == [s.status for s in shop.plan(shop.work("a")).steps]


def test_an_unknown_runner_is_named() -> None:
    """The hint names those that there are."""
    with pytest.raises(RegistryError, match="'LOCLA'") as caught:
        ExperimentRunner.get_runner("locla")
    assert "LOCAL" in (caught.value.hint or "")


@pytest.mark.parametrize("method", ["submit", "poll"])
def test_a_runner_must_submit_and_poll(method: str) -> None:
    """A half-written runner says what it lacks."""
    with pytest.raises(NotImplementedError, match=method):
        getattr(ExperimentRunner(), method)(None)


def test_the_rest_of_the_contract_has_defaults(shop: Workshop) -> None:
    """A runner may do without logs and cancelling."""
    runner = ExperimentRunner()
    definition = shop.plan(shop.work("a")).steps[0].definition
    assert ((), None) == (tuple(runner.logs(None)), runner.cancel([]))  # type: ignore[arg-type, func-returns-value]
    assert definition.message_uri in runner.print_command(definition)
    runner._dry_run(CommandDAG([]))


class TestLines:
    """Progress as lines of a log."""

    @pytest.mark.parametrize("total", [12, None])
    def test_progress_survives_the_log(self, total: int | None) -> None:
        """What is written can be read."""
        stream = io.StringIO()
        write_progress(ProgressEvent("chips of ä: b", 3, total, "windows"), stream)
        event = read_line("j", stream.getvalue().rstrip("\n"))
        assert event is not None
        assert ("chips of ä: b", 3, total) == (event.text, event.done, event.total)

    def test_waiting_survives_the_log(self) -> None:
        """What is written can be read."""
        stream = io.StringIO()
        write_waiting("for X", stream)
        event = read_line("j", stream.getvalue().rstrip("\n"))
        assert event is not None
        assert ("waiting", "for X") == (event.kind, event.text)

    def test_warnings_are_events(self) -> None:
        """What a component warns of reaches whoever watches."""
        record = logging.LogRecord("rvcli.x", logging.WARNING, "f", 1, "odd: %s", ("labels",), None)
        event = read_line("j", LogFormatter().format(record))
        assert event is not None
        assert ("warning", "odd: labels") == (event.kind, event.text)

    def test_other_lines_are_no_events(self) -> None:
        """A command may print what it wants."""
        assert read_line("j", "[progress] nothing") is None


class TestLogTail:
    """The end of a growing file."""

    def test_only_complete_new_lines(self, tmp_path: Path) -> None:
        """A line that is being written waits."""
        path = tmp_path / "log"
        tail = LogTail(str(path))
        assert [] == tail.new_lines()
        path.write_bytes(b"one\r\ntw")
        assert ["one"] == tail.new_lines()
        with path.open("ab") as stream:
            stream.write("o\nthrée\n".encode())
        assert ["two", "thrée"] == tail.new_lines()

    def test_the_last_line_may_lack_its_end(self, tmp_path: Path) -> None:
        """What a process writes last before it dies is a line, once."""
        path = tmp_path / "log"
        path.write_bytes(b"one\nfatal")
        tail = LogTail(str(path))
        assert ["one"] == tail.new_lines()
        assert (["fatal"], []) == (tail.new_lines(ended=True), tail.new_lines(ended=True))

    def test_a_line_without_end_is_cut(self, tmp_path: Path) -> None:
        """However much is written without a line's end, little is kept and less is shown."""
        path = tmp_path / "log"
        tail = LogTail(str(path))
        for _ in range(3):
            with path.open("ab") as stream:
                stream.write(b"x" * MOST_BYTES)
            assert [] == tail.new_lines()
        assert MOST_BYTES == len(tail._rest)
        assert ["x" * MOST_CHARACTERS + "..."] == tail.new_lines(ended=True)

    def test_a_flood_is_cut(self, tmp_path: Path) -> None:
        """Of very much only the end is read."""
        path = tmp_path / "log"
        path.write_bytes(b"x" * 63 + b"\n" + (b"y" * 63 + b"\n") * 40_000)
        lines = LogTail(str(path)).new_lines()
        assert (True, "y" * 63) == (len(lines) < 20_000, lines[-1])

    def test_what_is_cut_is_told(self, tmp_path: Path) -> None:
        """In its place stands how much it was, and no line is made of two."""
        path = tmp_path / "log"
        path.write_bytes(b"first\nbegun")
        tail = LogTail(str(path))
        assert ["first"] == tail.new_lines()
        with path.open("ab") as stream:
            stream.write(b"z" * 100 + b"x" * (MOST_BYTES - 6) + b"\nlast\n")
        told, cut, last = tail.new_lines()
        assert ("[105 bytes are left out here]", "last") == (told, last)
        assert "begun" not in cut


def test_the_log_of_this_process_hides_credentials(shop: Workshop) -> None:
    """An error about a URI is logged without its password."""
    config = shop.work("a", fails="s3://me:hunter2@host/x")
    outcome = InProcessExperimentRunner().run_plan(shop.plan(config), RunOptions())
    log = Path(outcome.results[0].job.log_path).read_text("utf-8")
    assert (True, False) == ("s3://********@host/x" in log, "hunter2" in log)


def test_logs_of_remote_roots_are_local(shop: Workshop) -> None:
    """They lie in the cache."""
    path = Path(log_path("s3://bucket/root", 2, "now"))
    assert (True, "command-log-2-now.txt") == (
        path.is_relative_to(shop.directory / "cache"),
        path.name,
    )
