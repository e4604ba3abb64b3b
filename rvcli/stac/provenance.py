"""What an item says of the command that made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rvcli import keys
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.records import message_uri, read_draft, record_uri
from rvcli.stac.prediction_item import place_of_item, write_item
from rvcli.stac.vocabulary import EXPERIMENT, JSON_TYPE, TASK, derived_from, href


def write_items(command_config: Any, scenes: Sequence[Any]) -> None:
    """Write an item beside the predictions of each scene of a predict command that is done.

    Args:
        command_config: of the command; by a plan or without one.
        scenes: what was made of its scene configs, in their order.

    Raises:
        NotWritableError: an item cannot be written.
    """
    pairs = [
        (config, scene)
        for config, scene in zip(command_config.scenes, scenes, strict=True)
        if place_of_item(getattr(config, "label_store", None)) is not None
    ]
    if not pairs:
        return
    links, properties = _described(command_config)

    for config, scene in pairs:
        write_item(
            config, scene, command_config.task, id=config.id, links=links, properties=properties
        )


def _described(command_config: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
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
