"""What AWS Batch says about a job, as the contract of runners says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rvcli.runner.job import CANCELLED, DONE, FAILED, NOT_RUN, RUNNING, WAITING, JobState

CANCEL_REASON = "cancelled by rv"

_STATES = {
    "SUBMITTED": WAITING,
    "PENDING": WAITING,
    "RUNNABLE": WAITING,
    "STARTING": RUNNING,
    "RUNNING": RUNNING,
    "SUCCEEDED": DONE,
}
_DEPENDENCY = re.compile(r"dependent job failed|dependency", re.IGNORECASE)
# What the reasons of AWS look like -> what they mean.
_WORDS = (
    (r"OutOfMemory", "it ran out of memory: ask for more with RV.memory_mb, or in the definition"),
    (r"CannotPullContainer|CannotPullImage", "its image cannot be pulled"),
    (r"Host EC2 .*terminated|Spot|spot", "its machine was taken away, as spot machines are"),
    (r"timeout|timed? ?out", "it took longer than its job definition allows"),
    (r"CannotStartContainer|CannotCreateContainer", "its container cannot be started"),
    (r"ResourceInitialization", "its machine could not get secrets, image or logs ready"),
)
# Says nothing that the exit code does not say.
_EMPTY_REASONS = frozenset({"Essential container in task exited"})


def state_of(described: Mapping[str, Any]) -> JobState:
    """Return the state of a job from what `describe_jobs` gave."""
    status, seconds = described.get("status", ""), _seconds(described)
    if status != "FAILED":
        return JobState(_STATES.get(status, WAITING), seconds=seconds)
    reason = described.get("statusReason", "")
    if CANCEL_REASON in reason:
        return JobState(CANCELLED, reason)
    container = last_container(described)
    code = container.get("exitCode")
    if code is None and _DEPENDENCY.search(reason):
        return JobState(NOT_RUN)
    return JobState(FAILED, why(reason, container), code, seconds)


def _seconds(described: Mapping[str, Any]) -> float | None:
    """Return how long the last attempt ran; times are in milliseconds since 1970."""
    started, stopped = described.get("startedAt"), described.get("stoppedAt")
    return (stopped - started) / 1000 if started and stopped else None


def why(status_reason: str, container: Mapping[str, Any]) -> str:
    """Say in words why a container has failed."""
    code = container.get("exitCode")
    said = [container.get("reason", ""), status_reason]
    reasons = list(dict.fromkeys(text for text in said if text and text not in _EMPTY_REASONS))
    words = [next((words for p, words in _WORDS if re.search(p, text)), "") for text in reasons]
    parts = [*dict.fromkeys(filter(None, words))]
    if code is not None:
        parts.append(f"exit code {code}")
    text = ", ".join(parts)
    quoted = "; ".join(reasons)
    if text and quoted:
        return f"{text} ({quoted})"
    return text or quoted or "AWS Batch gives no reason"


def last_container(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is known of the container of the last attempt."""
    container: Mapping[str, Any] = described.get("container") or {}
    if "exitCode" in container or "reason" in container:
        return container
    attempts = described.get("attempts") or [{}]
    return {**container, **(attempts[-1].get("container") or {})}


def log_streams(described: Mapping[str, Any]) -> list[str]:
    """List the log streams of the attempts of a job, in order."""
    attempts = described.get("attempts") or ()
    containers = [*(a.get("container") or {} for a in attempts), described.get("container") or {}]
    return list(dict.fromkeys(c["logStreamName"] for c in containers if c.get("logStreamName")))


def log_group(described: Mapping[str, Any]) -> str | None:
    """Return the log group of a job; None where its logs do not go to CloudWatch."""
    configuration = (described.get("container") or {}).get("logConfiguration") or {}
    if configuration.get("logDriver", "awslogs") != "awslogs":
        return None
    group = (configuration.get("options") or {}).get("awslogs-group", "/aws/batch/job")
    return str(group)
