"""The in-process runner: one command after the other, in this very process."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from rvcli.errors import EXIT_FAILURE, known_error
from rvcli.progress import ProgressEvent, use_sink
from rvcli.runner.command_runner import CommandRunner
from rvcli.runner.events import RunEvent, progress_of
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.job import DONE, FAILED, Job, JobState
from rvcli.utils.logs import LogFormatter, told_otherwise


class InProcessExperimentRunner(ExperimentRunner):
    """Runs commands in this process: easy to debug, and nothing runs side by side.

    Args:
        tmp_dir: directory below which temporary files go; where the settings say if None.
    """

    def __init__(self, tmp_dir: str | None = None) -> None:
        super().__init__()
        self.options = RunOptions(tmp_dir=tmp_dir)
        self._states: dict[str, JobState] = {}
        self._lines: dict[str, list[str]] = {}
        self._unseen: set[str] = set()

    def has_room(self, job: Job) -> bool:
        """True once the end of the job before has been seen."""
        return not self._unseen

    def submit(self, job: Job) -> None:
        """Run the command of a job to its end."""

        def show_progress(event: ProgressEvent) -> None:
            self.options.sink(progress_of(job.id, event))

        def show_wait(text: str) -> None:
            self.options.sink(RunEvent("waiting", job.id, text))

        Path(job.log_path).parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(job.log_path, "w", encoding="utf-8")
        handler.setFormatter(LogFormatter())
        warnings = _WarningHandler(
            lambda text: self.options.sink(RunEvent("warning", job.id, text))
        )
        logger = logging.getLogger()
        logger.addHandler(handler)
        logger.addHandler(warnings)
        self._lines[job.id] = []
        self._unseen.add(job.id)
        try:
            with use_sink(show_progress), told_otherwise():
                CommandRunner.run(
                    job.message_uri,
                    fingerprint=job.fingerprint,
                    tmp_dir=self.options.tmp_dir,
                    on_wait=show_wait,
                )
            self._states[job.id] = JobState(DONE)
        except Exception as e:
            with told_otherwise():
                logging.getLogger(__name__).error("%s failed", job.id, exc_info=True)
            known = known_error(e)
            code = known.exit_code if known is not None else EXIT_FAILURE
            self._states[job.id] = JobState(FAILED, _describe(e), code)
            self._lines[job.id] = _error_lines(e)
        finally:
            logger.removeHandler(handler)
            logger.removeHandler(warnings)
            handler.close()

    def poll(self, job: Job) -> JobState:
        """Return how the command ended."""
        self._unseen.discard(job.id)
        return self._states[job.id]

    def logs(self, job: Job) -> Iterable[str]:
        """Return the lines that explain a failure."""
        lines, self._lines[job.id] = self._lines[job.id], []
        return lines


class _WarningHandler(logging.Handler):
    """Tells of warnings, and of nothing worse: errors end the command and are told then."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of one warning."""
        if record.levelno == logging.WARNING:
            self._tell(record.getMessage())


def _describe(error: Exception) -> str:
    known = known_error(error)
    return known.message if known is not None else f"{type(error).__name__}: {error}"


def _error_lines(error: Exception) -> list[str]:
    known = known_error(error)
    if known is not None:
        return [f"error: {known.message}", *([f"TIP: {known.hint}"] if known.hint else [])]
    return traceback.format_exc().splitlines()
