"""What is sent to AWS Batch: the arguments of `submit_job`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

from rvcli.filesystem import join_uri
from rvcli.runner.batch.limits import job_name, name_part
from rvcli.runner.batch.plan import Submission
from rvcli.runner.batch.settings import BatchSettings
from rvcli.runner.job import LASTING, RUN_COMMAND
from rvcli.runner.runs import FOLDER
from rvcli.utils.files import str_to_file

DEPENDENCY_GROUP_JOB = "DEPENDENCY_GROUP"
GROUP_COMMAND = "rv --version"
PROGRAM = "rv"
RUN_TAG = "rv-run"


class Requests:
    """Makes the requests of one run.

    Args:
        settings: of the profile.
        run_id: begins the names of all jobs, so that they are found by it.
        backoff_s: that a worker waits before its second attempt, and longer before later ones.
    """

    def __init__(self, settings: BatchSettings, run_id: str, backoff_s: float) -> None:
        self._settings = settings
        self._run_id = run_id
        self._backoff_s = backoff_s

    @property
    def prefix(self) -> str:
        """How the names of all jobs of the run begin."""
        return f"{name_part(self._run_id)}-"

    def of(self, submission: Submission, parents: Sequence[str] = ()) -> dict[str, Any]:
        """Return the request for a submission.

        Args:
            parents: ids of the jobs that it waits for.
        """
        if submission.is_group:
            name = [DEPENDENCY_GROUP_JOB, submission.name]
            return self.request(name, shlex.split(GROUP_COMMAND), parents)
        first = submission.jobs[0]
        name = first.id.split("/")
        if submission.is_array:
            name.append(f"and {len(submission.jobs) - 1} more")
        request = self.request(
            name,
            self._command_of(submission),
            parents,
            gpu=first.resources.gpu,
            memory_mb=first.resources.memory_mb,
            attempts=first.attempts,
        )
        if submission.is_array:
            request["arrayProperties"] = {"size": len(submission.jobs)}
        return request

    def request(
        self,
        name: Sequence[str],
        command: Sequence[str],
        parents: Sequence[str],
        *,
        gpu: bool = False,
        memory_mb: int | None = None,
        attempts: int = 1,
    ) -> dict[str, Any]:
        """Return the request for a command line.

        Args:
            name: parts that tell the job from all others of the run.
            memory_mb: memory that it needs, in MB; what the job definition says if None.
            attempts: how often it is started at most; AWS_BATCH.attempts if not more than 1.
        """
        target = self._settings.target(gpu=gpu)
        overrides: dict[str, Any] = {"command": list(command)}
        if self._settings.environment:
            overrides["environment"] = self._settings.variables()
        if memory_mb is not None:
            overrides["resourceRequirements"] = [{"type": "MEMORY", "value": str(memory_mb)}]
        return {
            "jobName": job_name(self._run_id, *name),
            "jobQueue": target.queue or "",
            "jobDefinition": target.definition or "",
            "dependsOn": [{"jobId": parent} for parent in parents],
            "containerOverrides": overrides,
            "retryStrategy": self._retries(attempts),
            "tags": {RUN_TAG: self._run_id},
        }

    def write_array(self, submission: Submission) -> None:
        """Write which child of an array does what.

        Raises:
            NotWritableError: the root cannot be written.
        """
        items = [
            {"message_uri": job.message_uri, "fingerprint": job.fingerprint}
            for job in submission.jobs
        ]
        str_to_file(json.dumps(items), self._array_uri(submission))

    def _array_uri(self, submission: Submission) -> str:
        first = submission.jobs[0]
        name = job_name(*first.id.split("/"))
        return join_uri(first.root_uri, FOLDER, self._run_id, f"{name}.json")

    def _command_of(self, submission: Submission) -> list[str]:
        first = submission.jobs[0]
        options = ["--backoff", f"{self._backoff_s:g}"]
        if not submission.is_array:
            return [PROGRAM, *first.worker_argv(*options)]
        at = first.argv.index(RUN_COMMAND) + 1
        before, after = first.argv[:at], first.argv[at:-1]
        return [PROGRAM, *before, *options, "--array", *after, self._array_uri(submission)]

    def _retries(self, attempts: int) -> dict[str, Any]:
        """Return how often to try, and after what exit codes trying again is of no use."""
        wanted = attempts if attempts > 1 else (self._settings.attempts or 1)
        if wanted == 1:
            return {"attempts": 1}
        # What matches no rule is tried again: also 130, with which a worker ends that is asked
        # to, as those on spot machines are before these are taken away.
        rules = [{"onExitCode": str(code), "action": "EXIT"} for code in sorted(LASTING)]
        return {"attempts": wanted, "evaluateOnExit": rules}
