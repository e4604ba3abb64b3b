"""The runner for AWS Batch: every command is a job, or the child of an array of jobs."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rvcli.dag import CommandDAG, Plan, Step
from rvcli.errors import ConfigError
from rvcli.filesystem.threads import in_threads
from rvcli.runner.batch.check import bad_definitions, bad_queues, missing
from rvcli.runner.batch.client import BatchError, calling, client
from rvcli.runner.batch.handles import Handles
from rvcli.runner.batch.limits import MOST_ATTEMPTS, problems
from rvcli.runner.batch.logs import BatchLogs
from rvcli.runner.batch.plan import Submission, plan_submissions, with_few_parents
from rvcli.runner.batch.requests import DEPENDENCY_GROUP_JOB, Requests
from rvcli.runner.batch.settings import BatchSettings
from rvcli.runner.batch.states import CANCEL_REASON
from rvcli.runner.batch.watch import BatchWatch
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions, Traits
from rvcli.runner.job import FAILED, Job, JobState
from rvcli.runner.out_of_process_experiment_runner import OutOfProcessExperimentRunner
from rvcli.runner.runs import new_run_id

__all__ = ["DEPENDENCY_GROUP_JOB", "NOOP_COMMAND", "AwsBatchExperimentRunner"]

# A container is given 30 s to end before it is killed.
ENDING_S = 180.0
_ENDING_POLL_S = 1.0
_ENDED = ("SUCCEEDED", "FAILED")


# What older releases submitted between a job and more than 20 that it waits for. Here these groups
# run `requests.GROUP_COMMAND`, as no image of rv has a module of this name.
NOOP_COMMAND = "python -m rastervision --help"


class AwsBatchExperimentRunner(OutOfProcessExperimentRunner):
    """Runs commands as jobs of AWS Batch, which go on when this process has ended.

    Section AWS_BATCH of the profile names queues and job definitions; region and credentials
    are those that AWS's own tools would take.
    """

    traits = Traits(remote=True, schedules=True, detachable=True)

    def __init__(self) -> None:
        super().__init__()
        self._clients: dict[str, Any] = {}
        self._known_settings: BatchSettings | None = None
        self._planned: list[Submission] = []
        self._handles = Handles()
        self._set_up()

    def _set_up(self) -> None:
        run_id = self.options.run_id or new_run_id()
        self._requests = Requests(self.settings, run_id, self.options.backoff_s)
        poll_s = self.settings.poll_s
        self._watch = BatchWatch(lambda: self._get_boto_client(), poll_s, self._tell)
        self._logs = BatchLogs(lambda: self._client("logs"), poll_s, self._tell)

    @property
    def settings(self) -> BatchSettings:
        """What the profile says."""
        if self._known_settings is None:
            self._known_settings = BatchSettings.of_profile()
        return self._known_settings

    # Before anything is submitted.

    def check(self, steps: Sequence[Step]) -> list[str]:
        """Say what queues, definitions, credentials or settings lack."""
        if self.is_classic():
            return []
        counts = self._counts(steps)
        found = self.settings.problems()
        if not 1 <= (self.settings.attempts or 1) <= MOST_ATTEMPTS:
            found.append(
                f"AWS_BATCH.attempts is {self.settings.attempts}, but AWS Batch makes at most"
                f" {MOST_ATTEMPTS} attempts"
            )
        targets = [self.settings.target(gpu=gpu) for gpu in counts]
        for gpu in counts:
            found += missing("GPU" if gpu else "CPU", self.settings.target(gpu=gpu))
        queues = list(dict.fromkeys(t.queue for t in targets if t.queue))
        definitions = list(dict.fromkeys(t.definition for t in targets if t.definition))
        if not queues and not definitions:
            return found
        try:
            batch = self._get_boto_client()
            found += [*bad_queues(batch, queues), *bad_definitions(batch, definitions)]
        except BatchError as e:
            found.append(f"{e.message}: {e.hint}" if e.hint else e.message)
        return found

    def question(self, steps: Sequence[Step]) -> str:
        """Return the question whether so many commands are to be submitted."""
        if len(steps) <= self.settings.confirm_jobs:
            return ""
        counts = self._counts(steps)
        parts = [
            f"{number} to the queue {self.settings.target(gpu=gpu).queue}"
            for gpu, number in counts.items()
        ]
        return f"Submit {len(steps)} commands to AWS Batch ({', '.join(parts)})?"

    @staticmethod
    def _counts(steps: Sequence[Step]) -> dict[bool, int]:
        """Count the commands that use a GPU, and the others."""
        uses = [bool(step.definition.command_config.utilizes_gpu()) for step in steps]
        return {gpu: uses.count(gpu) for gpu in (True, False) if gpu in uses}

    # The contract.

    def start(self, options: RunOptions) -> None:
        """Get ready for a run."""
        super().start(options)
        self._set_up()

    def prepare(self, jobs: Sequence[Job]) -> None:
        """Name all jobs, and refuse what AWS Batch would refuse.

        Raises:
            ConfigError: a job is beyond the limits of AWS Batch.
        """
        self._planned = plan_submissions(jobs)
        wrong: dict[str, None] = {}
        for submission in self._planned:
            request = self._requests.of(submission)
            wrong.update(dict.fromkeys(f"{submission.name}: {p}" for p in problems(request)))
            self._handles.note(submission, request)
        if wrong:
            raise ConfigError(
                "\n".join(["AWS Batch would refuse jobs:", *list(wrong)[:10]]),
                hint="shorten ids, URIs or AWS_BATCH.environment, or choose another runner",
            )

    def submit(self, job: Job) -> None:
        """Submit one job."""
        self.submit_all([job])

    def submit_all(self, jobs: Sequence[Job]) -> None:
        """Submit jobs, each with the ids of those that it waits for.

        Raises:
            BatchError: AWS refuses one.
        """
        if {job.id for job in jobs} != {j.id for s in self._planned for j in s.jobs}:
            self.prepare(jobs)
        sent: dict[str, str] = {}
        for submission in self._planned:
            if submission.is_array:
                self._requests.write_array(submission)
            parents = [sent[name] for name in submission.parents]
            sent[submission.name] = self._send(self._requests.of(submission, parents))
            for job in submission.jobs:
                batch_id = self._handles.note_id(job.id, sent[submission.name])
                self._watch.add(job.id, batch_id)

    def poll(self, job: Job) -> JobState:
        """Return the state of a job as of the last look."""
        return self._watch.state(job.id)

    def logs(self, job: Job) -> Iterable[str]:
        """Return the new lines of a job's log streams, one for each attempt."""
        state = self._watch.last_state(job.id)
        if self._watch.is_away:
            return []
        return self._logs.new_lines(
            job.id,
            self._watch.described(job.id),
            ended=state.final,
            failed=state.status == FAILED,
        )

    def cancel(self, jobs: Sequence[Job]) -> None:
        """Terminate jobs, and wait until they have ended.

        Raises:
            BatchError: AWS refuses, or they do not end.
        """
        names = [job.id for job in reversed(jobs)]  # dependants first, so that none starts
        ids = self._handles.ids_to_end(self._watch.unfinished(names))
        if not self._watch.unfinished(self._handles.job_ids - set(names)):
            ids += [i for i in self._find_all_of_run() if i not in ids]
        errors = [e for e in in_threads(self._terminate, ids) if e is not None]
        if errors:
            raise BatchError(
                f"{len(errors)} of {len(ids)} jobs could not be cancelled: {errors[0].message}",
                hint="see what runs by `rv jobs show ROOT_URI`, and cancel it by `rv jobs cancel`",
            )
        self._wait_for_end(names)

    def handle(self, job: Job) -> str:
        """Return queue, name and, once it is submitted, id of a job."""
        return self._handles.text(job.id)

    def attach(self, handles: Mapping[Job, str]) -> None:
        """Take up jobs; one whose id was not kept any more is found by its name.

        Raises:
            BatchError: AWS does not say which jobs there are.
        """
        self._handles = Handles({job.id: text for job, text in handles.items()})
        ids = {} if self._handles.have_ids else self._ids_by_name(self._handles.queues)
        for job in handles:
            found = self._handles.known_id(job.id, ids)
            if found:
                self._watch.add(job.id, self._handles.note_id(job.id, found))
            else:
                self._watch.add_never_submitted(job.id)

    # Of the old framework.

    def is_classic(self) -> bool:
        """True if a subclass, or a test, has put something in the place of `batch_submit`."""
        own = type(self)._run_experiment is AwsBatchExperimentRunner._run_experiment
        return not own or getattr(self.batch_submit, "__func__", None) is not _BATCH_SUBMIT

    def run_plan(self, made: Plan, options: RunOptions) -> Any:
        """Run what must run; where `batch_submit` is another, it knows what machines see."""
        if self.is_classic():
            self.traits = replace(self.traits, shares_files=True)
        return super().run_plan(made, options)

    def _run_experiment(self, command_dag: CommandDAG) -> None:
        base = OutOfProcessExperimentRunner if self.is_classic() else ExperimentRunner
        base._run_experiment(self, command_dag)

    def _classic_submit(self) -> Any:
        return self.batch_submit

    def batch_submit(
        self,
        command_type: str,
        command_split_id: int,
        experiment_id: str | None,
        command: str | Sequence[str],
        parent_job_ids: Sequence[str] | None = None,
        array_size: int | None = None,
        utilizes_gpu: bool = False,
    ) -> str:
        """Submit one job and return its id.

        Args:
            command: argv; a text is taken apart as a shell does it.
            parent_job_ids: ids of jobs that must succeed before; of more than 20, groups are
                put in between.
            array_size: number of children, which tell themselves apart by
                AWS_BATCH_JOB_ARRAY_INDEX.

        Raises:
            BatchError: AWS refuses it.
        """
        words = shlex.split(command) if isinstance(command, str) else list(command)
        sent: dict[str, str] = {}
        wanted = Submission("", (), tuple(parent_job_ids or ()))
        for submission in with_few_parents([wanted]):
            parents = [sent.get(name, name) for name in submission.parents]
            if submission.name:
                sent[submission.name] = self._send(self._requests.of(submission, parents))
                continue
            name = [command_type, str(experiment_id or ""), str(command_split_id)]
            request = self._requests.request(name, words, parents, gpu=utilizes_gpu)
            if array_size:
                request["arrayProperties"] = {"size": array_size}
            sent[""] = self._send(request)
        return sent[""]

    def _get_boto_client(self) -> Any:
        """Return the client of AWS Batch."""
        return self._client("batch")

    # Requests.

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = client(service)
        return self._clients[service]

    def _tell(self, event: RunEvent) -> None:
        self.options.sink(event)

    def _send(self, request: dict[str, Any]) -> str:
        wrong = problems(request)
        if wrong:
            raise BatchError(f"AWS Batch would refuse a job: {wrong[0]}")
        with calling(f"take the job {request['jobName']}"):
            answer = self._get_boto_client().submit_job(**request)
        job_id: str = answer["jobId"]
        return job_id

    def _terminate(self, batch_id: str) -> BatchError | None:
        try:
            with calling("cancel a job"):
                self._get_boto_client().terminate_job(jobId=batch_id, reason=CANCEL_REASON)
        except BatchError as e:
            return e
        return None

    def _wait_for_end(self, names: Sequence[str]) -> None:
        deadline = time.monotonic() + ENDING_S
        while True:
            self._watch.look()
            left = self._watch.unfinished(names)
            if not left:
                return
            if time.monotonic() > deadline:
                raise BatchError(
                    f"{len(left)} jobs are being cancelled and have not ended yet, such as"
                    f" {left[0]}"
                )
            time.sleep(min(_ENDING_POLL_S, self.settings.poll_s))

    def _find_all_of_run(self) -> list[str]:
        """List what of the run has not ended: also groups, and what was sent unnoticed."""
        queues = self._handles.queues
        if not queues:
            return []
        if self.settings.cpu.queue:
            queues.add(self.settings.cpu.queue)
        try:
            return list(self._ids_by_name(queues, unfinished=True).values())
        except BatchError as e:
            self._tell(RunEvent("warning", "AWS Batch", e.message))
            return []

    def _ids_by_name(self, queues: set[str], *, unfinished: bool = False) -> dict[str, str]:
        """Return the ids of the jobs of this run by their names."""
        prefix = self._requests.prefix
        found: dict[str, str] = {}
        for queue in sorted(queues):
            named = {"name": "JOB_NAME", "values": [f"{prefix}*"]}
            with calling("list the jobs of a queue"):
                pages = self._get_boto_client().get_paginator("list_jobs")
                for page in pages.paginate(jobQueue=queue, filters=[named]):
                    found.update(
                        (job["jobName"], job["jobId"])
                        for job in page["jobSummaryList"]
                        if job["jobName"].startswith(prefix)
                        and not (unfinished and job.get("status") in _ENDED)
                    )
        return found


_BATCH_SUBMIT = AwsBatchExperimentRunner.batch_submit
