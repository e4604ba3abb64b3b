"""Write what a worker needs to know of a step: its message and the draft of its record."""

from __future__ import annotations

from rvcli import registry
from rvcli.dag import Step
from rvcli.plugins import loaded_in, ship, to_message
from rvcli.plugins.plugin import PluginPin
from rvcli.records import write_draft
from rvcli.utils.files import save_json_config


def stamp_and_write(step: Step, remote: bool = False) -> str:
    """Write the draft and the message of a step.

    Args:
        step: one that runs.
        remote: also copy local plugin files to where other machines find them.

    Returns:
        the URI of the message.
    """
    definition = step.definition
    pins = [PluginPin.from_dict(values) for values in step.draft["plugins"]]
    if remote and pins:
        experiment = definition.experiment
        root_uri = definition.root_uri if experiment is None else experiment.root_uri
        pins = ship(pins, loaded_in(registry.current()), root_uri)
    config = definition.command_config
    config.set_stamp(step.fingerprint, to_message(pins) if pins else None)
    write_draft(definition.root_uri, definition.split_id, step.draft)
    save_json_config(config.to_proto(), definition.message_uri)
    return definition.message_uri
