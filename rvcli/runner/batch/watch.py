"""Watch the jobs of a run: all of them with a few calls, and patiently where nothing answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rvcli.runner.batch.client import BatchError, calling
from rvcli.runner.batch.states import last_container, state_of, why
from rvcli.runner.events import EventSink, RunEvent
from rvcli.runner.job import DONE, NOT_RUN, WAITING, JobState

MOST_DESCRIBED = 100
LONGEST_WAIT_S = 60.0
# As often as this a job that was just submitted may not be known yet.
LOOKS_UNTIL_LOST = 3
# Of its time, this part at most is spent on asking.
_BUSY_SHARE = 0.25


class BatchWatch:
    """Knows the last state of each job.

    Args:
        client: returns the client of AWS Batch.
        poll_s: seconds between two looks.
        tell: what a person should know.
    """

    def __init__(self, client: Callable[[], Any], poll_s: float, tell: EventSink) -> None:
        self._client = client
        self._poll_s = poll_s
        self._tell = tell
        self._ids: dict[str, str] = {}
        self._states: dict[str, JobState] = {}
        self._described: dict[str, Mapping[str, Any]] = {}
        self._unknown: dict[str, int] = {}
        self._next_look = 0.0
        self._failures = 0

    def add(self, job_id: str, batch_id: str) -> None:
        """Watch a job from now on.

        Args:
            batch_id: by which AWS Batch knows it; `ARRAY:INDEX` for the child of an array.
        """
        self._ids[job_id] = batch_id
        self._states[job_id] = JobState(WAITING)

    def add_never_submitted(self, job_id: str) -> None:
        """Note that AWS Batch was never given a job."""
        self._states[job_id] = JobState(NOT_RUN, "it was never submitted")

    def batch_id(self, job_id: str) -> str | None:
        """Return by what AWS Batch knows a job."""
        return self._ids.get(job_id)

    @property
    def is_away(self) -> bool:
        """True while nothing answers."""
        return self._failures > 0

    def state(self, job_id: str) -> JobState:
        """Return the state of a job, as of the last look; look if it is time to."""
        if time.monotonic() >= self._next_look:
            self.look()
        return self.last_state(job_id)

    def last_state(self, job_id: str) -> JobState:
        """Return the state of a job, as of the last look."""
        return self._states.get(job_id, JobState(WAITING))

    def described(self, job_id: str) -> Mapping[str, Any]:
        """Return what AWS Batch said about a job last."""
        return self._described.get(job_id, {})

    def unfinished(self, job_ids: Iterable[str]) -> list[str]:
        """Name those of some jobs that AWS Batch has and that have not ended."""
        return [n for n in job_ids if n in self._ids and not self._states[n].final]

    def look(self) -> None:
        """Ask for the states of all jobs that have not ended.

        Raises:
            BatchError: AWS refuses for a reason that does not pass by itself.
        """
        began = time.monotonic()
        wanted = self.unfinished(self._ids)
        try:
            for at in range(0, len(wanted), MOST_DESCRIBED):
                self._describe(wanted[at : at + MOST_DESCRIBED])
        except BatchError as e:
            if not e.may_pass:
                raise
            self._failures += 1
            if self._failures == 1:
                self._tell(RunEvent("warning", "AWS Batch", f"{e.message}; the run goes on"))
            pause_s = min(self._poll_s * 2.0**self._failures, LONGEST_WAIT_S)
        else:
            self._failures = 0
            pause_s = max(self._poll_s, (time.monotonic() - began) / _BUSY_SHARE)
        self._next_look = time.monotonic() + pause_s

    def _describe(self, job_ids: list[str]) -> None:
        by_batch_id = {self._ids[name]: name for name in job_ids}
        with calling("say how the jobs are"):
            found = self._client().describe_jobs(jobs=list(by_batch_id))["jobs"]
        for described in found:
            name = by_batch_id.pop(described["jobId"], None)
            if name is not None:
                self._note(name, described)
        for name in by_batch_id.values():
            self._note_unknown(name)

    def _note(self, name: str, described: Mapping[str, Any]) -> None:
        state = state_of(described)
        ended = [a for a in described.get("attempts") or () if "stoppedAt" in a]
        before = self._described.get(name, {}).get("attempts") or ()
        known = len([a for a in before if "stoppedAt" in a])
        if len(ended) > known and not state.final:
            reason = why(ended[-1].get("statusReason", ""), last_container({"attempts": ended}))
            self._tell(RunEvent("retry", name, f"{reason}; attempt {len(ended) + 1} follows"))
        self._unknown.pop(name, None)
        self._described[name] = described
        self._states[name] = state

    def _note_unknown(self, name: str) -> None:
        self._unknown[name] = self._unknown.get(name, 0) + 1
        if self._unknown[name] >= LOOKS_UNTIL_LOST:
            # AWS Batch forgets jobs some days after they have ended; a record may prove this one.
            self._states[name] = JobState(DONE)
