"""Job: one command as a runner gets it, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rvcli.errors import EXIT_CONFIG, EXIT_PLUGIN, EXIT_USAGE
from rvcli.filesystem import parent_uri

WAITING = "waiting"
RUNNING = "running"
DONE = "done"
FAILED = "failed"
CANCELLED = "cancelled"
NOT_RUN = "not_run"

FINAL = frozenset({DONE, FAILED, CANCELLED, NOT_RUN})

# What a command ends with when it would fail in the same way again.
LASTING = frozenset({EXIT_USAGE, EXIT_CONFIG, EXIT_PLUGIN})

RUN_COMMAND = "run-command"


@dataclass(frozen=True)
class Resources:
    """What a command needs.

    Attributes:
        gpu: True if it should run where a GPU is.
        memory_mb: main memory that it is taken to need, in MB; None if nothing is said.
    """

    gpu: bool = False
    memory_mb: int | None = None


@dataclass(frozen=True)
class Job:
    """One command to run.

    Attributes:
        id: unique in the run, such as `exp1/CHIP/2`.
        fingerprint: of the plan that the message is written for; a worker is to refuse another.
        root_uri: directory of the experiment, or of a command that belongs to none.
        argv: the command line that does the work, without the interpreter's own.
        depends_on: ids of jobs that must be done before.
        log_path: local file for what this attempt prints.
        attempt: how often it has been started, this time included.
        attempts: how often it may be started.
    """

    id: str
    command_type: str
    experiment_id: str | None
    split_id: int
    message_uri: str
    fingerprint: str
    root_uri: str
    argv: tuple[str, ...]
    log_path: str
    depends_on: tuple[str, ...] = ()
    resources: Resources = field(default_factory=Resources)
    attempt: int = 1
    attempts: int = 1

    @property
    def command_root_uri(self) -> str:
        """Directory of the command's message and record."""
        return parent_uri(self.message_uri)

    def worker_argv(self, *options: str) -> list[str]:
        """Return the command line that keeps a worker to the plan.

        Args:
            options: more options of `run-command`.
        """
        at = self.argv.index(RUN_COMMAND) + 1
        return [*self.argv[:at], *options, "--fingerprint", self.fingerprint, *self.argv[at:]]

    def next_attempt(self, log_path: str) -> Job:
        """Return the job as it is started once more."""
        return replace(self, attempt=self.attempt + 1, log_path=log_path)


@dataclass(frozen=True)
class JobState:
    """What a runner knows of a job.

    Attributes:
        status: "waiting", "running", "done", "failed", "cancelled" or "not_run".
        detail: why it failed, in words: an exit code, a signal, an error message.
        exit_code: of the process that failed, if it is known.
        seconds: how long the last attempt has run, if the runner knows better than by looking.
    """

    status: str
    detail: str = ""
    exit_code: int | None = None
    seconds: float | None = None

    @property
    def final(self) -> bool:
        """True if nothing more will happen to the job."""
        return self.status in FINAL

    @property
    def may_pass(self) -> bool:
        """True if it failed in a way that another attempt may mend."""
        return self.status == FAILED and self.exit_code not in LASTING
