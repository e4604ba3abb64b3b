"""Write what a worker needs to know of a step: its message and the draft of its record."""

from __future__ import annotations

import threading
from typing import Any

from rvcli import profile, registry
from rvcli.dag import Step
from rvcli.plugins import loaded_in, ship, to_message
from rvcli.plugins.plugin import PluginPin
from rvcli.records import write_draft
from rvcli.utils.files import save_json_config


class MessageWriter:
    """Writes the messages of one run.

    Args:
        remote: the commands run on other machines: messages carry the settings, and plugins
            are copied to where those machines find them.
    """

    def __init__(self, *, remote: bool = False) -> None:
        self._remote = remote
        self._settings = profile.current().portable() if remote else {}
        self._shipped: dict[tuple[PluginPin, str], PluginPin] = {}
        self._shipping = threading.Lock()

    def write(self, step: Step) -> str:
        """Write the draft and the message of a step that runs; return the message's URI."""
        definition = step.definition
        pins = [PluginPin.from_dict(values) for values in step.draft["plugins"]]
        if self._remote:
            experiment = definition.experiment
            root_uri = definition.root_uri if experiment is None else experiment.root_uri
            pins = self._ship(pins, root_uri)
        config: Any = definition.command_config
        config.set_stamp(step.fingerprint, to_message(pins) if pins else None, self._settings)
        write_draft(definition.root_uri, definition.split_id, step.draft)
        save_json_config(config.to_proto(), definition.message_uri)
        return definition.message_uri

    def _ship(self, pins: list[PluginPin], root_uri: str) -> list[PluginPin]:
        """Copy each plugin once below each root, whoever asks for it at the same time."""
        with self._shipping:
            new = [pin for pin in pins if (pin, root_uri) not in self._shipped]
            if new:
                copies = ship(new, loaded_in(registry.current()), root_uri)
                self._shipped.update(
                    ((pin, root_uri), copy) for pin, copy in zip(new, copies, strict=True)
                )
            return [self._shipped[pin, root_uri] for pin in pins]


def stamp_and_write(step: Step, remote: bool = False) -> str:
    """Write the draft and the message of one step; see `MessageWriter`."""
    return MessageWriter(remote=remote).write(step)
