"""What an item says of the command that made it."""

from __future__ import annotations

from typing import Any

from rvcli import keys
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.records import message_uri, read_draft, record_uri
from rvcli.stac.vocabulary import JSON_TYPE, derived_from, href

EXPERIMENT, TASK = "rv:experiment", "rv:task"


def described(command_config: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return links and properties of what a predict command makes.

    Args:
        command_config: of a command that runs, by a plan or without one.
    """
    root_uri, split_id = command_config.root_uri, int(command_config.split_id or 0)
    draft = read_draft(root_uri, split_id) if root_uri else None
    links = [derived_from(uri, "model") for uri in _model_uris(command_config.backend)]
    if root_uri:
        # Without a plan a command leaves no record; its message says what it did.
        name = message_uri if draft is None else record_uri
        kind = {"rel": "describedby", "type": JSON_TYPE, "title": "the command that made it"}
        links.append({**kind, "href": href(name(root_uri, split_id))})
    experiment_id = (draft or {}).get("experiment_id")
    task_type = str(command_config.task.task_type)
    by = f"the command PREDICT of the experiment {experiment_id}" if experiment_id else "PREDICT"
    return links, {
        "processing:lineage": f"{task_type}, by {by}",
        TASK: task_type,
        **({EXPERIMENT: experiment_id} if experiment_id else {}),
    }


def _model_uris(backend: Any) -> list[str]:
    io_def = CommandIODefinition()
    backend.report_io(keys.PREDICT, io_def)
    return sorted(io_def.input_uris)
