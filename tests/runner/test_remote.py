"""What holds for every runner whose commands run on other machines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.errors import PlanError, RvError
from rvcli.runner.command_runner import CommandRunner
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions, Traits
from rvcli.runner.job import DONE, FAILED, NOT_RUN, RUNNING, WAITING, Job, JobState
from rvcli.testing.workshop import Workshop
from rvcli.utils.files import load_json_config


class Elsewhere(ExperimentRunner):
    """A scheduler: takes all jobs at once and runs one after the other."""

    traits = Traits(remote=True, schedules=True, shares_files=True)

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []
        self.states: dict[str, JobState] = {}
        self.cancelled: list[str] = []
        self.seen: set[str] = set()

    def submit_all(self, jobs: Sequence[Job]) -> None:
        """Take jobs."""
        self.jobs += jobs
        self.states.update({job.id: JobState(WAITING) for job in jobs})

    def poll(self, job: Job) -> JobState:
        """Run the jobs one by one, each once the end of the one before was seen."""
        state = self.states[job.id]
        if state.status == RUNNING:
            self.states[job.id] = self._end(job)
        elif state.status == WAITING and all(self._is_seen(other) for other in self._before(job)):
            self.states[job.id] = JobState(RUNNING)
        elif state.final:
            self.seen.add(job.id)
        return state

    def _before(self, job: Job) -> list[Job]:
        return self.jobs[: self.jobs.index(job)]

    def _is_seen(self, job: Job) -> bool:
        return job.id in self.seen

    def _end(self, job: Job) -> JobState:
        if any(self.states[name].status != DONE for name in job.depends_on):
            return JobState(NOT_RUN)
        try:
            CommandRunner.run(job.message_uri, fingerprint=job.fingerprint)
        except RvError as e:
            return JobState(FAILED, e.message, e.exit_code)
        return JobState(DONE)

    def logs(self, job: Job) -> Iterable[str]:
        """Give one line for each look."""
        return [f"looked at {job.id}"]

    def cancel(self, jobs: Sequence[Job]) -> None:
        """Note what was cancelled."""
        self.cancelled += [job.id for job in jobs]


class Far(Elsewhere):
    """Its machines do not see local files."""

    traits = Traits(remote=True, schedules=True)


def test_settings_travel_with_the_message(shop: Workshop, tmp_path: Path) -> None:
    """A worker without the profile has what the command needs; nothing secret is in it."""
    overrides = ("GDAL.cache_mb=77", "RV.log_level=debug", "TILES.token=hidden", "RV.jobs=2")
    overrides = (*overrides, f"RV.cache_dir={tmp_path / 'cache'}")
    with profile.use(profile.load_settings(overrides=overrides)):
        made = shop.plan(shop.work("a"))
        Elsewhere().run_plan(made, RunOptions())
    from rvcli.protos.command_pb2 import CommandConfig

    uri = made.steps[0].definition.message_uri
    message = load_json_config(uri, CommandConfig())
    assert {"GDAL.cache_mb": "77", "RV.log_level": "debug"} == dict(message.settings)
    seen: list[profile.Settings] = []
    CommandRunner.run(uri, on_settings=seen.append)
    assert [77] == [settings.get("GDAL", "cache_mb") for settings in seen]


def test_a_message_for_this_machine_carries_no_settings(shop: Workshop) -> None:
    """A worker here reads the same profile."""
    from rvcli.protos.command_pb2 import CommandConfig

    with profile.use(profile.load_settings(overrides=("GDAL.cache_mb=77",))):
        made = shop.plan(shop.work("a"))
        ExperimentRunner.get_runner("inprocess").run_plan(made, RunOptions())
    message = load_json_config(made.steps[0].definition.message_uri, CommandConfig())
    assert {} == dict(message.settings)


def test_only_verbosity_is_on_the_command_line(shop: Workshop) -> None:
    """Profiles of this machine are not to be had elsewhere."""
    runner = Elsewhere()
    options = RunOptions(settings_options=("--profile", "mine"), verbosity_options=("-v", "-v"))
    runner.run_plan(shop.plan(shop.work("a")), options)
    (job,) = runner.jobs
    assert ("-v", "-v", "run-command", job.message_uri) == job.argv
    assert ["--fingerprint", job.fingerprint, job.message_uri] == job.worker_argv()[-3:]


def test_paths_of_this_machine_are_refused(shop: Workshop, folder: Path) -> None:
    """Before anything is written; each with the place in the config that names it."""
    (folder / "there.json").write_text("")
    made = shop.plan(shop.work("a", reads=["there"]))
    with pytest.raises(PlanError, match="other machines do not see") as caught:
        Far().run_plan(made, RunOptions())
    assert f"a/WORK needs {folder / 'there.json'} ($.config.reads[0])" in caught.value.message
    assert "s3://" in (caught.value.hint or "")
    assert [folder / "there.json"] == list(folder.iterdir())


def test_outputs_that_nothing_writes_are_refused(shop: Workshop) -> None:
    """A web server takes no files; that is known without asking it."""
    config = shop.work("a").to_builder()
    made = shop.plan(config.with_config(reads=[], writes=["http://me:secret@web/a.json"]).build())
    with pytest.raises(PlanError, match=r"a/WORK cannot write .*@web/a.json") as caught:
        Elsewhere().run_plan(made, RunOptions())
    assert "secret" not in caught.value.message


def test_a_root_that_cannot_be_written_is_refused(shop: Workshop, folder: Path) -> None:
    """By trying: nobody but the store itself knows the permissions."""
    made = shop.plan(shop.work("a"))
    (folder / "roots").write_text("in the way")
    with pytest.raises(PlanError, match=r"the root .*roots/a cannot be written: "):
        Elsewhere().run_plan(made, RunOptions())


def test_a_runner_names_what_it_lacks(shop: Workshop, folder: Path) -> None:
    """What `check` says refuses the run; nothing is written."""

    class Closed(Elsewhere):
        """Has no queue."""

        def check(self, steps: Sequence[Any]) -> list[str]:
            """Miss two things."""
            return ["there is no queue 'q'", "there is no definition 'd'"]

    with pytest.raises(PlanError) as caught:
        Closed().run_plan(shop.plan(shop.work("a")), RunOptions())
    assert "2 problems:" in caught.value.message
    assert not list(folder.rglob("*.json"))


def test_what_commands_print_elsewhere_is_kept_here(shop: Workshop) -> None:
    """The log of a remote job is a file, as that of a local one is."""
    outcome = Elsewhere().run_plan(shop.plan(shop.work("a")), RunOptions())
    text = Path(outcome.results[0].job.log_path).read_text()
    assert {"looked at a/WORK"} == set(text.splitlines())


def test_a_job_has_started_when_the_runner_says_so(shop: Workshop) -> None:
    """Not when it was submitted."""
    events: list[RunEvent] = []
    made = shop.plan(shop.work("a"), shop.work("b", reads=["a"]))
    Elsewhere().run_plan(made, RunOptions(sink=events.append))
    kinds = [(e.job_id[0], e.kind) for e in events if e.kind in ("started", "done")]
    assert [("a", "started"), ("a", "done"), ("b", "started"), ("b", "done")] == kinds


def test_what_depends_on_a_failure_is_named(shop: Workshop) -> None:
    """Also where the runner itself held it back."""
    made = shop.plan(shop.work("a", fails="badly"), shop.work("b", reads=["a"]))
    outcome = Elsewhere().run_plan(made, RunOptions())
    assert ["failed", "not_run"] == [r.state.status for r in outcome.results]
    assert "a/WORK failed" == outcome.not_run[0].state.detail


def test_fail_fast_takes_back_what_waits(shop: Workshop) -> None:
    """What a scheduler was given and has not started is cancelled."""
    runner = Elsewhere()
    made = shop.plan(shop.work("a", fails="badly"), *(shop.work(f"w{i}") for i in range(3)))
    outcome = runner.run_plan(made, RunOptions(fail_fast=True))
    states = {r.job.id: r.state.status for r in outcome.results}
    assert ("failed", "not_run", "not_run") == (
        states["a/WORK"],
        states["w1/WORK"],
        states["w2/WORK"],
    )
    assert ["w1/WORK", "w2/WORK"] == runner.cancelled


def test_a_submission_that_breaks_off_is_undone(shop: Workshop) -> None:
    """What was taken is cancelled, and the error ends the run."""

    class Breaks(Elsewhere):
        """Fails half-way."""

        def submit_all(self, jobs: Sequence[Job]) -> None:
            """Take one job and no more."""
            super().submit_all(jobs[:1])
            raise RvError("the connection broke off")

    runner = Breaks()
    with pytest.raises(RvError, match="broke off"):
        runner.run_plan(shop.plan(shop.work("a"), shop.work("b")), RunOptions())
    assert ["a/WORK", "b/WORK"] == runner.cancelled


def test_a_message_that_cannot_be_written_fails_its_job_alone(shop: Workshop, folder: Path) -> None:
    """What depends on it is not run, the rest is."""
    made = shop.plan(shop.work("a"), shop.work("b", reads=["a"]), shop.work("c"))
    (folder / "roots" / "a" / "command-config-0.json").mkdir(parents=True)
    outcome = Elsewhere().run_plan(made, RunOptions())
    assert {"a/WORK": "failed", "b/WORK": "not_run", "c/WORK": "done"} == {
        r.job.id: r.state.status for r in outcome.results
    }


def test_another_attempt_is_announced(shop: Workshop) -> None:
    """With the reason, and after a break that grows; each has a log of its own."""
    events: list[RunEvent] = []
    options = RunOptions(attempts=3, backoff_s=0.01, sink=events.append)
    made = shop.plan(shop.work("a", fails="badly"))
    outcome = ExperimentRunner.get_runner("inprocess").run_plan(made, options)
    told = [e.text for e in events if e.kind == "retry"]
    assert [
        "the work went wrong: badly; attempt 2 of 3 in 0.01 s",
        "the work went wrong: badly; attempt 3 of 3 in 0.02 s",
    ] == told
    log = Path(outcome.failed[0].job.log_path)
    assert 3 == len(list(log.parent.iterdir()))
    assert log.stem.endswith("-attempt-3")


def test_what_prints_has_started(shop: Workshop) -> None:
    """Also if its runner says so later only, and how long it ran is what the runner says."""

    class Late(Elsewhere):
        """Looks at the logs more often than at the states."""

        def logs(self, job: Job) -> Iterable[str]:
            """Give progress."""
            return ["[progress] counting: 1/3 steps"]

        def poll(self, job: Job) -> JobState:
            """Know how long it took."""
            state = super().poll(job)
            return JobState(DONE, seconds=42.0) if state.status == DONE else JobState(WAITING)

    events: list[RunEvent] = []
    Late().run_plan(shop.plan(shop.work("a")), RunOptions(sink=events.append))
    kinds = list(dict.fromkeys(event.kind for event in events))
    assert ["started", "progress", "done"] == kinds
    assert 42.0 == events[-1].seconds


def test_a_record_that_cannot_be_read_fails_its_job_alone(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go on, and the next run finds out."""
    from rvcli.runner import execution

    find_record = execution.find_record

    def busy(root_uri: str, split_id: int) -> Any:
        if root_uri.endswith("/a"):
            raise RvError("S3 is busy")
        return find_record(root_uri, split_id)

    monkeypatch.setattr(execution, "find_record", busy)
    outcome = Elsewhere().run_plan(shop.plan(shop.work("a"), shop.work("b")), RunOptions())
    assert [("failed", "S3 is busy"), ("done", "")] == [
        (r.state.status, r.state.detail) for r in outcome.results
    ]
