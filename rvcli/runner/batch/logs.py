"""What jobs print, from CloudWatch Logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rvcli.runner.batch.client import MISSING, BatchError, calling
from rvcli.runner.batch.states import log_group, log_streams
from rvcli.runner.events import EventSink, RunEvent
from rvcli.runner.progress_lines import attempt_line

# CloudWatch Logs answers 10 calls a second in the smallest regions, for all of an account.
READS_PER_S = 6.0
_MOST_SAVED_READS = 6.0
# What a container printed last may arrive a moment after it has ended.
LATE_S = (0.5, 1.0, 2.0)
# More failures than this are not told in full.
_MOST_WAITS = 10


class BatchLogs:
    """Reads each line of each job once.

    Args:
        client: returns the client of CloudWatch Logs.
        poll_s: seconds between two looks at one job.
        tell: what a person should know.
    """

    def __init__(self, client: Callable[[], Any], poll_s: float, tell: EventSink) -> None:
        self._client = client
        self._poll_s = poll_s
        self._tell = tell
        self._tokens: dict[tuple[str, str], str] = {}
        self._begun: set[tuple[str, str]] = set()
        self._next_look: dict[str, float] = {}
        self._reads = _MOST_SAVED_READS
        self._refilled = time.monotonic()
        self._refused = False
        self._waits = _MOST_WAITS

    def new_lines(
        self, name: str, described: Mapping[str, Any], *, ended: bool = False, failed: bool = False
    ) -> list[str]:
        """Return what a job has printed since the last call; nothing where it is too early to ask.

        Args:
            name: of the job.
            described: what `describe_jobs` gave.
            ended: the job prints nothing more.
            failed: its last lines matter, so it is waited for them a little.
        """
        group, streams = log_group(described), log_streams(described)
        if self._refused or group is None or not streams:
            return []
        if not ended and not self._is_time(name):
            return []
        lines: list[str] = []
        try:
            lines += self._read_all(group, streams, ended)
            if failed and self._waits > 0:
                self._waits -= 1
                lines += self._read_late(group, streams)
        except BatchError as e:
            self._note(e)
        return lines

    def _read_all(self, group: str, streams: Sequence[str], to_the_end: bool) -> list[str]:
        lines = []
        for number, stream in enumerate(streams, start=1):
            found = self._read(group, stream, to_the_end=to_the_end)
            if found and (group, stream) not in self._begun:
                self._begun.add((group, stream))
                lines.append(attempt_line(number))
            lines += found
        return lines

    def _read_late(self, group: str, streams: Sequence[str]) -> list[str]:
        """Read until nothing more comes."""
        lines: list[str] = []
        for pause_s in LATE_S:
            time.sleep(pause_s)
            more = self._read_all(group, streams, True)
            lines += more
            if not more and any((group, stream) in self._tokens for stream in streams):
                break
        return lines

    def _is_time(self, name: str) -> bool:
        """Tell whether a job may be looked at now, among all others."""
        now = time.monotonic()
        saved = self._reads + (now - self._refilled) * READS_PER_S
        self._reads, self._refilled = min(saved, _MOST_SAVED_READS), now
        if self._reads < 1 or now < self._next_look.get(name, 0.0):
            return False
        self._reads -= 1
        self._next_look[name] = now + self._poll_s
        return True

    def _read(self, group: str, stream: str, *, to_the_end: bool) -> list[str]:
        lines: list[str] = []
        while True:
            token = self._tokens.get((group, stream))
            request = {"nextToken": token} if token else {}
            try:
                with calling(f"be read from {group}", "CloudWatch Logs"):
                    page = self._client().get_log_events(
                        logGroupName=group, logStreamName=stream, startFromHead=True, **request
                    )
            except BatchError as e:
                if e.code in MISSING:
                    return lines  # nothing was printed yet
                raise
            for event in page["events"]:
                lines += event["message"].splitlines() or [""]
            following = page.get("nextForwardToken")
            if following:
                self._tokens[group, stream] = following
            # A page may be empty before the end; the end gives its own token again.
            if following in (token, None) or not (page["events"] or to_the_end):
                return lines

    def _note(self, error: BatchError) -> None:
        if error.may_pass:
            return
        self._refused = True
        self._tell(RunEvent("warning", "CloudWatch Logs", f"{error.message}; no logs are shown"))
