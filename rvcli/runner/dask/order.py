"""What a Dask worker is told of a command, and how it says that one has failed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from rvcli.version import __version__


@dataclass(frozen=True)
class Order:
    """What a worker is told of a command.

    Attributes:
        run: the run that it belongs to, also the topic of what is told of it.
        job: id of the job.
        key: of the task.
        argv: the command line, without the interpreter's own.
        attempts: how often it may be started.
        backoff_s: seconds before the second attempt; twice as long before each later one.
        gpu: it has a GPU to itself.
        directory: where to start it; None for where the worker is.
        version: of rvcli where the command was planned.
    """

    run: str
    job: str
    key: str
    argv: tuple[str, ...]
    attempts: int = 1
    backoff_s: float = 2.0
    gpu: bool = False
    directory: str | None = None
    version: str = __version__

    def to_text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> Order:
        """Return what `to_text` has written."""
        values = json.loads(text)
        return Order(**{**values, "argv": tuple(values["argv"])})


class CommandFailed(Exception):
    """A command has failed; `args` are a text and an exit code, which may be None."""

    def __init__(self, detail: str, exit_code: int | None = None) -> None:
        super().__init__(detail, exit_code)
        self.detail = detail
        self.exit_code = exit_code
