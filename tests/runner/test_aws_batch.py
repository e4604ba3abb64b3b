"""The parts of the runner for AWS Batch, one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli import profile
from rvcli.errors import ConfigError, MessageError, UsageError
from rvcli.runner.aws_batch_experiment_runner import AwsBatchExperimentRunner
from rvcli.runner.batch import worker
from rvcli.runner.batch.client import BatchError, calling
from rvcli.runner.batch.handles import Handles
from rvcli.runner.batch.limits import LONGEST_NAME, job_name, problems
from rvcli.runner.batch.logs import BatchLogs
from rvcli.runner.batch.plan import Submission, plan_submissions
from rvcli.runner.batch.requests import GROUP_COMMAND
from rvcli.runner.batch.settings import BatchSettings
from rvcli.runner.batch.states import log_group, log_streams, state_of
from rvcli.runner.batch.watch import LOOKS_UNTIL_LOST, BatchWatch
from rvcli.runner.events import RunEvent
from rvcli.runner.execution import Execution
from rvcli.runner.experiment_runner import RunOptions
from rvcli.runner.job import Job, JobState, Resources
from rvcli.runner.outcome import Hangup
from rvcli.runner.runs import Run


def job(job_id: str, *depends_on: str, gpu: bool = False, **changes: Any) -> Job:
    """Return a job; ids end with the split."""
    experiment_id, command_type, split = job_id.split("/")
    uri = f"s3://b/{experiment_id}/{command_type}/command-config-{split}.json"
    values: dict[str, Any] = {
        "id": job_id,
        "command_type": command_type,
        "experiment_id": experiment_id,
        "split_id": int(split),
        "message_uri": uri,
        "fingerprint": f"f{split}",
        "root_uri": f"s3://b/{experiment_id}",
        "argv": ("-v", "run-command", uri),
        "log_path": "log.txt",
        "depends_on": depends_on,
        "resources": Resources(gpu=gpu),
    }
    return Job(**{**values, **changes})


def request(**changes: Any) -> dict[str, Any]:
    """Return a request that AWS Batch takes, with changes."""
    return {
        "jobName": "a",
        "jobQueue": "q",
        "jobDefinition": "d",
        "containerOverrides": {"command": ["rv"]},
        **changes,
    }


@pytest.fixture
def settings() -> Iterator[Callable[..., None]]:
    """Give a function that puts options of section AWS_BATCH in force."""
    stack = []

    def use(**values: str) -> None:
        overrides = [f"AWS_BATCH.{name}={value}" for name, value in values.items()]
        context = profile.use(profile.load_settings(overrides=overrides))
        context.__enter__()
        stack.append(context)

    use(job_queue="gpu", job_definition="rv-gpu", cpu_job_queue="cpu", cpu_job_definition="rv-cpu")
    yield use
    for context in reversed(stack):
        context.__exit__(None, None, None)


class TestLimits:
    """What AWS refuses is refused before."""

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"jobName": "-a"}, "the job name '-a'"),
            ({"jobName": "a" * 129}, "at most 128 letters"),
            ({"jobName": "ä"}, "the job name 'ä'"),
            ({"dependsOn": [{"jobId": "x"}] * 21}, "depends on 21 others, of at most 20"),
            ({"arrayProperties": {"size": 1}}, "an array has 1 jobs, not 2 to 10000"),
            ({"arrayProperties": {"size": 10_001}}, "an array has 10001 jobs"),
            ({"retryStrategy": {"attempts": 11}}, "makes 1 to 10"),
            (
                {"retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "EXIT"}] * 6}},
                "6 rules on exit codes, of at most 5",
            ),
            (
                {"retryStrategy": {"evaluateOnExit": [{"action": "EXIT"}]}},
                "need a number of attempts",
            ),
            (
                {
                    "retryStrategy": {
                        "attempts": 2,
                        "evaluateOnExit": [{"onExitCode": "<5", "action": "EXIT"}],
                    }
                },
                "'<5' is no pattern of exit codes",
            ),
            ({"containerOverrides": {"command": ["x" * 8200]}}, "of at most 8192"),
            ({"containerOverrides": {"command": ["Ref::x"]}}, "takes Ref:: in"),
            (
                {"containerOverrides": {"environment": [{"name": "AWS_BATCH_X", "value": ""}]}},
                "AWS_BATCH_X is reserved",
            ),
            (
                {"containerOverrides": {"environment": [{"name": "A-B", "value": ""}]}},
                "'A-B' is no name of a variable",
            ),
            (
                {
                    "containerOverrides": {
                        "resourceRequirements": [{"type": "MEMORY", "value": "3"}]
                    }
                },
                "3 MB of memory are less than 4",
            ),
            ({"tags": {f"t{i}": "" for i in range(51)}}, "51 tags, of at most 50"),
            ({"tags": {"aws:x": ""}}, "the tag aws:x is reserved"),
            ({"tags": {"x": "y" * 257}}, "or its value is too long"),
            ({"parameters": {"x": "y" * 31_000}}, "of at most 30720"),
        ],
    )
    def test_what_is_beyond_is_named(self, changes: dict[str, Any], words: str) -> None:
        """With the value and the limit."""
        (problem,) = problems(request(**changes))
        assert words in problem

    def test_what_is_within_passes(self) -> None:
        """Up to the limits themselves."""
        rules = [{"onExitCode": "1*", "action": "EXIT"}] * 5
        assert [] == problems(
            request(
                jobName="a" * 128,
                dependsOn=[{"jobId": "x"}] * 20,
                arrayProperties={"size": 10_000},
                retryStrategy={"attempts": 10, "evaluateOnExit": rules},
                tags={"x" * 128: "y" * 256},
            )
        )

    @given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
    def test_every_name_is_valid_and_its_own(self, one: list[str], other: list[str]) -> None:
        """Of whatever it is made, and however long that is."""
        for parts in (one, other):
            assert [] == problems(request(jobName=job_name("run", *parts)))
        cut = "ß" * 200
        assert (job_name(*one) == job_name(*other)) == (one == other)
        assert job_name("r", cut + "a") != job_name("r", cut + "b")
        assert len(job_name("r", "x" * 500)) == LONGEST_NAME


class TestPlan:
    """Which jobs are submitted."""

    def test_splits_that_stand_alike_are_an_array(self) -> None:
        """With the same parents and dependants; one that differs stays alone."""
        jobs = [
            job("e/ANALYZE/0"),
            *(job(f"e/CHIP/{i}", "e/ANALYZE/0") for i in range(3)),
            job("e/TRAIN/0", *(f"e/CHIP/{i}" for i in range(3)), gpu=True),
            job("e/PREDICT/0", "e/TRAIN/0"),
            job("e/PREDICT/1", "e/TRAIN/0"),
            job("e/PREDICT/2", "e/TRAIN/0"),
            job("e/EVAL/0", "e/PREDICT/0", "e/PREDICT/1"),
        ]
        planned = plan_submissions(jobs)
        assert [
            ("e/ANALYZE/0", 1, ()),
            ("e/CHIP/0", 3, ("e/ANALYZE/0",)),
            ("e/TRAIN/0", 1, ("e/CHIP/0",)),
            ("e/PREDICT/0", 2, ("e/TRAIN/0",)),
            ("e/PREDICT/2", 1, ("e/TRAIN/0",)),
            ("e/EVAL/0", 1, ("e/PREDICT/0",)),
        ] == [(s.name, len(s.jobs), s.parents) for s in planned]

    def test_commands_of_two_experiments_are_no_array(self) -> None:
        """Nor those that need different machines."""
        jobs = [job("a/CHIP/0"), job("b/CHIP/1"), job("a/CHIP/2", gpu=True)]
        assert [1, 1, 1] == [len(s.jobs) for s in plan_submissions(jobs)]

    @given(st.integers(0, 900))
    def test_nothing_has_more_than_twenty_parents(self, count: int) -> None:
        """Groups, and groups of groups, stand for all of them, each submitted after its parents."""
        jobs = [job(f"e{i}/WORK/0") for i in range(count)]
        last = job("z/WORK/0", *(j.id for j in jobs))
        planned = plan_submissions([*jobs, last, job("y/WORK/0", *(j.id for j in jobs))])
        seen: set[str] = set()
        by_name = {s.name: s for s in planned}
        for submission in planned:
            assert len(submission.parents) <= 20
            assert set(submission.parents) <= seen
            seen.add(submission.name)

        def leaves(name: str) -> set[str]:
            found = by_name[name]
            return {name} if found.jobs else {x for p in found.parents for x in leaves(p)}

        assert {j.id for j in jobs} == {x for p in by_name["z/WORK/0"].parents for x in leaves(p)}
        assert by_name["z/WORK/0"].parents == by_name["y/WORK/0"].parents


class TestStates:
    """What AWS Batch says, in the words of the contract."""

    @pytest.mark.parametrize(
        ("described", "state"),
        [
            ({"status": "RUNNABLE"}, JobState("waiting")),
            ({"status": "STARTING"}, JobState("running")),
            ({"status": "SUCCEEDED"}, JobState("done")),
            ({"status": "FAILED", "statusReason": "Dependent Job failed"}, JobState("not_run")),
            (
                {"status": "FAILED", "statusReason": "cancelled by rv"},
                JobState("cancelled", "cancelled by rv"),
            ),
            (
                {
                    "status": "FAILED",
                    "statusReason": "Essential container in task exited",
                    "container": {"exitCode": 4},
                },
                JobState("failed", "exit code 4", 4),
            ),
            (
                {
                    "status": "FAILED",
                    "statusReason": "Essential container in task exited",
                    "container": {
                        "exitCode": 137,
                        "reason": "OutOfMemoryError: Container killed due to memory usage",
                    },
                },
                JobState(
                    "failed",
                    "it ran out of memory: ask for more with RV.memory_mb, or in the definition,"
                    " exit code 137 (OutOfMemoryError: Container killed due to memory usage)",
                    137,
                ),
            ),
            (
                {
                    "status": "FAILED",
                    "statusReason": "Task failed to start",
                    "attempts": [{"container": {"reason": "CannotPullContainerError: no such"}}],
                },
                JobState(
                    "failed",
                    "its image cannot be pulled (CannotPullContainerError: no such; Task failed to"
                    " start)",
                ),
            ),
            (
                {
                    "status": "FAILED",
                    "statusReason": "Host EC2 (instance i-0123) terminated.",
                },
                JobState(
                    "failed",
                    "its machine was taken away, as spot machines are (Host EC2 (instance i-0123)"
                    " terminated.)",
                ),
            ),
            ({"status": "FAILED"}, JobState("failed", "AWS Batch gives no reason")),
        ],
    )
    def test_states(self, described: dict[str, Any], state: JobState) -> None:
        """Each with the reason in words and the exit code."""
        assert state == state_of(described)

    def test_every_attempt_has_a_log_stream(self) -> None:
        """The running one included."""
        attempts = [{"container": {"logStreamName": "one"}}, {"container": {}}]
        described = {"attempts": attempts, "container": {"logStreamName": "two"}}
        assert ["one", "two"] == log_streams(described)

    @pytest.mark.parametrize(
        ("configuration", "group"),
        [
            (None, "/aws/batch/job"),
            ({"logDriver": "awslogs", "options": {"awslogs-group": "mine"}}, "mine"),
            ({"logDriver": "splunk"}, None),
        ],
    )
    def test_the_log_group_is_that_of_the_definition(self, configuration: Any, group: Any) -> None:
        """Or AWS's own; logs that go elsewhere are not looked for."""
        assert group == log_group({"container": {"logConfiguration": configuration}})


class TestSettings:
    """Section AWS_BATCH."""

    def test_what_is_for_all_serves_the_cpu_too(self, tmp_path: Any) -> None:
        """As in profiles of the old framework, which are read as they are."""
        path = tmp_path / "old"
        path.write_text("[AWS_BATCH]\njob_queue=q\njob_definition=d\nattempts=5\n")
        with profile.use(profile.load_settings(config_file=str(path))):
            found = BatchSettings.of_profile()
        assert ("q", "d", 5) == (found.cpu.queue, found.cpu.definition, found.attempts)
        assert found.cpu == found.gpu

    def test_variables_of_a_container_are_no_options(self, monkeypatch: Any) -> None:
        """AWS sets many that begin as the section does."""
        for name in ("JOB_ID", "JQ_NAME", "JOB_ATTEMPT", "CE_NAME", "JOB_ARRAY_INDEX"):
            monkeypatch.setenv(f"AWS_BATCH_{name}", "x")
        settings = profile.load_settings()
        with profile.use(settings):
            found = BatchSettings.of_profile()
        assert (None, None, None) == (found.gpu.queue, found.gpu.definition, found.attempts)
        assert ({}, []) == (settings.portable(), settings.warnings)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("AWS_BATCH_X=1", "keeps names that begin with"),
            ("HF_TOKEN=1", "looks like a secret"),
            ("AWS_SECRET_ACCESS_KEY=1", "looks like a secret"),
            ("TILES=http://me:pass=1@tiles/", "holds a URI with a password or a signature"),
            ("TILES=http://tiles/?x=2&sig=1", "holds a URI with a password or a signature"),
            ("nothing", "is not NAME=VALUE"),
        ],
    )
    def test_what_must_not_be_in_the_environment(
        self, settings: Any, text: str, words: str
    ) -> None:
        """Reserved names, and secrets, which everyone who sees the job could read."""
        settings(environment=text)
        (problem,) = BatchSettings.of_profile().problems()
        assert (True, False) == (words in problem, "=1" in problem)


def sent_to(client: MagicMock) -> list[dict[str, Any]]:
    """Return the arguments of each submission."""
    return [call.kwargs for call in client.submit_job.call_args_list]


@pytest.fixture
def runner(settings: Any, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Give a runner whose client keeps what it is sent."""
    client = MagicMock()
    client.submit_job.side_effect = [{"jobId": f"id-{number}"} for number in range(1, 50)]
    monkeypatch.setattr(AwsBatchExperimentRunner, "_get_boto_client", lambda self: client)
    made = AwsBatchExperimentRunner()
    made.start(RunOptions(run_id="r-1", backoff_s=2.0))
    return SimpleNamespace(it=made, client=client, settings=settings)


class TestRequests:
    """What is sent to AWS."""

    def test_a_job(self, runner: Any) -> None:
        """Goes to its queue as an argv list, tried as often as asked, found by its run."""
        work = job("e é/TRAIN/0", gpu=True, attempts=3)
        runner.it.submit_all([work])
        (sent,) = sent_to(runner.client)
        assert ("gpu", "rv-gpu") == (sent["jobQueue"], sent["jobDefinition"])
        assert re.fullmatch(r"r_1-e-TRAIN-0-[0-9a-f]{10}", sent["jobName"])
        words = ["rv", "-v", "run-command", "--backoff", "2", "--fingerprint", "f0"]
        assert {"command": [*words, work.message_uri]} == sent["containerOverrides"]
        rules = sent["retryStrategy"].pop("evaluateOnExit")
        assert {"attempts": 3} == sent["retryStrategy"]
        assert [("2", "EXIT"), ("3", "EXIT"), ("4", "EXIT")] == [
            (rule["onExitCode"], rule["action"]) for rule in rules
        ]
        assert {"rv-run": "r-1"} == sent["tags"]
        assert {"queue": "gpu", "name": sent["jobName"], "id": "id-1"} == json.loads(
            runner.it.handle(work)
        )

    def test_memory_and_environment(self, runner: Any) -> None:
        """Are overrides; what says nothing of attempts has those of the profile."""
        runner.settings(cpu_job_queue="c", cpu_job_definition="d", environment="A=b c", attempts=4)
        other = AwsBatchExperimentRunner()
        other.submit_all([job("e/EVAL/0", resources=Resources(memory_mb=4000))])
        (sent,) = sent_to(runner.client)
        assert [{"name": "A", "value": "b c"}] == sent["containerOverrides"]["environment"]
        assert [{"type": "MEMORY", "value": "4000"}] == sent["containerOverrides"][
            "resourceRequirements"
        ]
        assert 4 == sent["retryStrategy"]["attempts"]

    def test_the_old_way_to_submit(self, runner: Any) -> None:
        """A text is taken apart as a shell does it; more than 20 parents get groups."""
        parents = [f"p{i}" for i in range(45)]
        got = runner.it.batch_submit("CHIP", 0, "e", "rv 'a b'", parents, 7, utilizes_gpu=True)
        *groups, sent = sent_to(runner.client)
        assert "id-4" == got
        assert [20, 20, 5] == [len(g["dependsOn"]) for g in groups]
        assert [GROUP_COMMAND.split()] * 3 == [g["containerOverrides"]["command"] for g in groups]
        assert {"cpu"} == {g["jobQueue"] for g in groups}
        assert all("DEPENDENCY_GROUP" in g["jobName"] for g in groups)
        assert [{"jobId": f"id-{i}"} for i in (1, 2, 3)] == sent["dependsOn"]
        assert (["rv", "a b"], {"size": 7}, "gpu") == (
            sent["containerOverrides"]["command"],
            sent["arrayProperties"],
            sent["jobQueue"],
        )

    def test_what_is_beyond_the_limits_is_not_sent(self, runner: Any) -> None:
        """Nothing of the run is, so that nothing has to be undone."""
        long = job("e/WORK/0", argv=("run-command", "s3://b/" + "x" * 9000))
        with pytest.raises(ConfigError, match="e/WORK/0: command and environment"):
            runner.it.submit_all([job("d/WORK/0"), long])
        assert [] == sent_to(runner.client)


class TestHandles:
    """By what jobs are found and ended."""

    @staticmethod
    def of(count: int) -> tuple[Handles, list[Job]]:
        """Return the handles of an array and a single job, submitted as A and S."""
        jobs = [job(f"e/CHIP/{i}") for i in range(count)]
        handles = Handles()
        for name, group in (("A", jobs), ("S", [job("e/EVAL/0")])):
            submission = Submission(name, tuple(group))
            handles.note(submission, {"queue": "q", "jobName": f"n{name}", "jobQueue": "q"})
            for item in group:
                handles.note_id(item.id, name)
        return handles, jobs

    def test_a_whole_array_is_ended_at_once(self) -> None:
        """And a part of it child by child."""
        handles, jobs = self.of(3)
        ids = [j.id for j in jobs]
        assert ["S", "A"] == handles.ids_to_end(["e/EVAL/0", *ids])
        assert ["A:0", "A:2"] == handles.ids_to_end([ids[0], ids[2]])

    def test_they_survive_as_text(self) -> None:
        """With the number of a child, and with a name alone where the id is not known yet."""
        handles, jobs = self.of(2)
        again = Handles({jobs[1].id: handles.text(jobs[1].id), "x": '{"queue": "q", "name": "n"}'})
        assert ("A", "A:1") == (again.known_id(jobs[1].id, {}), again.note_id(jobs[1].id, "A"))
        assert (False, "found") == (again.have_ids, again.known_id("x", {"n": "found"}))
        assert (None, {"q"}) == (again.known_id("x", {}), again.queues)


class TestWorker:
    """What a worker reads of its variables."""

    def test_a_child_finds_its_message(self, tmp_path: Any) -> None:
        """By its number."""
        path = tmp_path / "list.json"
        path.write_text('[{"message_uri": "a", "fingerprint": "1"}]')
        index = worker.INDEX_VARIABLE
        assert ("a", "1") == worker.item_of_array(str(path), {index: "0"})
        with pytest.raises(MessageError, match="no command of number 1"):
            worker.item_of_array(str(path), {index: "1"})
        with pytest.raises(UsageError, match=index):
            worker.item_of_array(str(path), {})

    @pytest.mark.parametrize(
        ("attempt", "longest_s"), [("1", 0), ("2", 2), ("3", 4), ("9", 60), ("x", 0)]
    )
    def test_later_attempts_wait(self, monkeypatch: Any, attempt: str, longest_s: float) -> None:
        """Longer and longer, up to a minute; part of it is chance."""
        slept: list[float] = []
        monkeypatch.setattr(worker.time, "sleep", slept.append)
        worker.wait_before_attempt(2.0, {worker.ATTEMPT_VARIABLE: attempt})
        assert (longest_s > 0) == bool(slept)
        assert all(longest_s / 2 <= s <= longest_s for s in slept)


class Describing:
    """A client that gives one answer, or error, after the other."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[Sequence[str]] = []

    def describe_jobs(self, jobs: Sequence[str]) -> dict[str, Any]:
        """Give the next answer."""
        self.asked.append(list(jobs))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"jobs": [{"jobId": name, **answer} for name in jobs] if answer else []}


def watch(*answers: Any) -> tuple[BatchWatch, Describing, list[RunEvent]]:
    """Return a watch over the job `a`, its client, and what it tells."""
    client, events = Describing(*answers), []
    made = BatchWatch(lambda: client, 0.0, events.append)
    made.add("a", "id")
    return made, client, events


class TestWatch:
    """States of many jobs with few calls."""

    def test_a_hundred_at_a_time(self) -> None:
        """Those that have ended are not asked for again."""
        made, client, _ = watch(*[{"status": "SUCCEEDED"}] * 3)
        for number in range(249):
            made.add(f"j{number}", f"id{number}")
        made.look()
        made.look()
        assert [100, 100, 50] == [len(names) for names in client.asked]
        assert "done" == made.last_state("j7").status

    def test_an_outage_is_sat_out(self) -> None:
        """With one warning, and the states as they were."""
        from botocore.exceptions import EndpointConnectionError

        away = EndpointConnectionError(endpoint_url="http://x")
        made, _, events = watch({"status": "RUNNING"}, away, away, {"status": "SUCCEEDED"})
        made.look()
        for _ in range(2):
            made.look()
            assert ("running", True) == (made.last_state("a").status, made.is_away)
        made.look()
        assert ("done", False) == (made.last_state("a").status, made.is_away)
        (event,) = events
        assert ("warning", True) == (event.kind, "cannot be reached" in event.text)

    def test_lost_credentials_end_the_watching(self) -> None:
        """They do not come back by themselves."""
        from botocore.exceptions import ClientError

        expired = {"Error": {"Code": "ExpiredTokenException", "Message": "too old"}}
        made, _, _ = watch(ClientError(expired, "DescribeJobs"))  # type: ignore[arg-type]
        with pytest.raises(BatchError, match="credentials have expired: too old") as caught:
            made.look()
        assert "log in again" in (caught.value.hint or "")

    def test_a_job_that_aws_forgot_may_be_done(self) -> None:
        """Its record says so; a job that was just submitted may not be known yet."""
        made, _, _ = watch(*[None] * LOOKS_UNTIL_LOST)
        for _ in range(LOOKS_UNTIL_LOST):
            assert "waiting" == made.last_state("a").status
            made.look()
        assert "done" == made.last_state("a").status

    def test_another_attempt_is_told(self) -> None:
        """With the reason for it."""
        ended = {"stoppedAt": 1, "container": {"exitCode": 1}}
        made, _, events = watch({"status": "RUNNING"}, {"status": "RUNNABLE", "attempts": [ended]})
        made.look()
        made.look()
        assert [("retry", "exit code 1; attempt 2 follows")] == [(e.kind, e.text) for e in events]


class TestLogs:
    """Lines of CloudWatch Logs."""

    DESCRIBED = {"container": {"logStreamName": "s"}}

    def test_each_line_once(self) -> None:
        """Page by page, over an empty page before the end."""
        pages = [
            {"events": [{"message": "one\ntwo"}], "nextForwardToken": "1"},
            {"events": [], "nextForwardToken": "2"},
            {"events": [{"message": "three"}], "nextForwardToken": "3"},
            {"events": [], "nextForwardToken": "3"},
        ]
        client = MagicMock()
        client.get_log_events.side_effect = pages
        logs = BatchLogs(lambda: client, 0.0, lambda event: None)
        assert ["[attempt] 1", "one", "two"] == logs.new_lines("a", self.DESCRIBED)
        assert ["three"] == logs.new_lines("a", self.DESCRIBED, ended=True)

    def test_many_jobs_share_the_calls(self) -> None:
        """CloudWatch answers but few a second."""
        client = MagicMock()
        client.get_log_events.return_value = {"events": [], "nextForwardToken": "1"}
        logs = BatchLogs(lambda: client, 0.0, lambda event: None)
        for number in range(100):
            logs.new_lines(str(number), self.DESCRIBED)
        assert 5 < client.get_log_events.call_count < 10

    def test_refused_logs_are_told_of_once(self) -> None:
        """And the run goes on without them."""
        from botocore.exceptions import ClientError

        refused = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
        client, events = MagicMock(), []
        client.get_log_events.side_effect = ClientError(refused, "GetLogEvents")  # type: ignore[arg-type]
        logs = BatchLogs(lambda: client, 0.0, events.append)
        for _ in range(3):
            assert [] == logs.new_lines("a", self.DESCRIBED, ended=True)
        assert ["CloudWatch Logs"] == [event.job_id for event in events]


class TestFollowing:
    """A run that another process has started."""

    @pytest.mark.parametrize("end", [KeyboardInterrupt, Hangup, BatchError("gone")])
    def test_whoever_only_watches_cancels_nothing(self, runner: Any, end: Any) -> None:
        """Neither by Ctrl-C nor when AWS can be asked no longer."""
        work = job("e/WORK/0", message_uri="/nowhere/command-config-0.json", root_uri="/nowhere")
        run = Run("r-1", "AWS_BATCH", jobs=(work,), handles={work.id: '{"id": "x"}'})
        runner.client.describe_jobs.side_effect = end
        with pytest.raises((KeyboardInterrupt, BatchError)):
            Execution.attached(runner.it, run, RunOptions(run_id="r-1")).run()
        assert 0 == runner.client.terminate_job.call_count


def test_aws_errors_are_told_in_words(monkeypatch: Any) -> None:
    """With what to do; whether it may pass decides if it is waited for."""
    from botocore import exceptions as botocore

    def of(error: Exception) -> BatchError:
        with pytest.raises(BatchError) as caught, calling("list jobs"):
            raise error
        return caught.value

    def refused(code: str, status: int = 400) -> Exception:
        answer: Any = {
            "Error": {"Code": code, "Message": "m"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        return botocore.ClientError(answer, "ListJobs")

    assert (
        "AWS Batch cannot list jobs: access denied: m"
        == of(refused("AccessDeniedException")).message
    )
    assert (True, True, False) == (
        of(refused("ThrottlingException")).may_pass,
        of(refused("Odd", 503)).may_pass,
        of(refused("ClientException")).may_pass,
    )
    assert "no region is set" in of(botocore.NoRegionError()).message
    assert "there are no AWS credentials" in of(botocore.NoCredentialsError()).message
