"""Job: one command as a runner gets it, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

WAITING = "waiting"
RUNNING = "running"
DONE = "done"
FAILED = "failed"
CANCELLED = "cancelled"
NOT_RUN = "not_run"

FINAL = frozenset({DONE, FAILED, CANCELLED, NOT_RUN})


@dataclass(frozen=True)
class Resources:
    """What a command needs.

    Attributes:
        gpu: True if it should run where a GPU is.
        cpus: number of processors that it can use.
    """

    gpu: bool = False
    cpus: int = 1


@dataclass(frozen=True)
class Job:
    """One command to run.

    Attributes:
        id: unique in the run, such as `exp1/CHIP/2`.
        fingerprint: of the plan that the message is written for; a worker is to refuse another.
        argv: the command line that does the work, without the interpreter's own.
        depends_on: ids of jobs that must be done before.
        log_path: local file for what the command prints.
    """

    id: str
    command_type: str
    experiment_id: str | None
    split_id: int
    message_uri: str
    fingerprint: str
    argv: tuple[str, ...]
    log_path: str
    depends_on: tuple[str, ...] = ()
    resources: Resources = field(default_factory=Resources)


@dataclass(frozen=True)
class JobState:
    """What a runner knows of a job.

    Attributes:
        status: "waiting", "running", "done", "failed" or "cancelled".
        detail: why it failed, in words: an exit code, a signal, an error message.
    """

    status: str
    detail: str = ""

    @property
    def final(self) -> bool:
        """True if nothing more will happen to the job."""
        return self.status in FINAL
