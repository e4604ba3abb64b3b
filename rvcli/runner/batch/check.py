"""Whether queues and job definitions are there and take jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rvcli.runner.batch.client import calling
from rvcli.runner.batch.settings import Target

_USABLE = ("VALID", "UPDATING")


def missing(kind: str, target: Target) -> Iterator[str]:
    """Say what the profile does not set for a kind of commands."""
    prefix = "" if kind == "GPU" else "cpu_"
    for what, value in (("queue", target.queue), ("definition", target.definition)):
        if not value:
            names = f"AWS_BATCH.{prefix}job_{what}"
            names += f" or AWS_BATCH.job_{what}" if prefix else ""
            yield f"{names} must be set: there are commands {_needing(kind)} a GPU"


def _needing(kind: str) -> str:
    return "that use" if kind == "GPU" else "without"


def bad_queues(client: Any, queues: list[str]) -> Iterator[str]:
    """Say which queues are not there or take no jobs.

    Raises:
        BatchError: AWS does not say.
    """
    if not queues:
        return
    with calling("say which job queues there are"):
        found = client.describe_job_queues(jobQueues=queues)["jobQueues"]
    for queue in queues:
        item = next((q for q in found if queue in (q["jobQueueName"], q["jobQueueArn"])), None)
        if item is None:
            yield f"there is no job queue {queue!r} in {_region(client)}"
        elif item.get("state") != "ENABLED":
            yield f"the job queue {queue!r} is not enabled"
        elif item.get("status", "VALID") not in _USABLE:
            yield f"the job queue {queue!r} is {item['status']}: {item.get('statusReason', '')}"


def bad_definitions(client: Any, definitions: list[str]) -> Iterator[str]:
    """Say which job definitions are not there or run no container.

    Raises:
        BatchError: AWS does not say.
    """
    for definition in definitions:
        with calling("say which job definitions there are"):
            if ":" in definition:
                answer = client.describe_job_definitions(jobDefinitions=[definition])
            else:
                answer = client.describe_job_definitions(
                    jobDefinitionName=definition, status="ACTIVE"
                )
        active = [d for d in answer["jobDefinitions"] if d.get("status", "ACTIVE") == "ACTIVE"]
        if not active:
            yield f"there is no active job definition {definition!r} in {_region(client)}"
            continue
        newest = max(active, key=lambda d: int(d.get("revision", 0)))
        if newest.get("type", "container") != "container":
            yield f"the job definition {definition!r} is of type {newest['type']}, not container"


def _region(client: Any) -> str:
    return str(client.meta.region_name)
