"""The files below a root that a report, or a lineage, is made from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rvcli import keys, profile, registry
from rvcli.errors import NotReadableError, UsageError, nearest
from rvcli.experiment.experiment_config import ExperimentConfig
from rvcli.filesystem import is_local, join_uri, resolve, shown, to_path
from rvcli.plugins import from_message, load_pins
from rvcli.records import Record, message_uri, read_record, record_uri
from rvcli.utils.files import file_exists, file_to_str, load_json_config

EXPERIMENTS = "experiments"


@dataclass(frozen=True)
class CommandFiles:
    """One command, or one split of it, as its files tell.

    Attributes:
        message: as JSON, as a worker was given it.
        record: None if it never finished, or runs now.
    """

    command_type: str
    split_id: int
    root_uri: str
    message: Mapping[str, Any]
    record: Record | None

    @property
    def id(self) -> str:
        """As "TRAIN", or "CHIP/2" for a split."""
        splits = self.record.splits if self.record else 1
        return f"{self.command_type}/{self.split_id}" if splits > 1 else self.command_type


@dataclass(frozen=True)
class Source:
    """One experiment below a root.

    Attributes:
        message: of the experiment, as JSON.
    """

    id: str
    root_uri: str
    message_uri: str
    message: Mapping[str, Any]

    @cached_property
    def commands(self) -> tuple[CommandFiles, ...]:
        """Its commands that were ever given to a worker, in the order of the pipeline."""
        return tuple(
            command for command_type in keys.COMMANDS for command in self._commands(command_type)
        )

    def of_type(self, command_type: str) -> tuple[CommandFiles, ...]:
        """Return its commands, or splits, of one type."""
        return tuple(c for c in self.commands if c.command_type == command_type)

    @contextmanager
    def config(self) -> Iterator[ExperimentConfig]:
        """Give the config, with a registry in force that has the plugins of its commands.

        Raises:
            PluginError: a plugin is not what it was, or does not load.
            ConfigError: the message cannot be understood.
        """
        from rvcli.protos.command_pb2 import CommandConfig as Command
        from rvcli.protos.experiment_pb2 import ExperimentConfig as Message

        own = registry.Registry(parent=registry.current())
        with registry.use(own):
            for command in self.commands:
                uri = message_uri(command.root_uri, command.split_id)
                pins = from_message(load_json_config(uri, Command()).plugins)
                load_pins(pins, profile.current(), own)
            message = load_json_config(self.message_uri, Message())
            config: ExperimentConfig = ExperimentConfig.from_proto(message)
            yield config

    def _commands(self, command_type: str) -> Iterator[CommandFiles]:
        name = f"{command_type.lower()}Uri"
        root_uri = str(self.message.get(name) or "")
        splits = 1
        split_id = 0
        while root_uri and split_id < splits:
            message = _read_json(message_uri(root_uri, split_id))
            record = read_record(record_uri(root_uri, split_id)).record
            if message is not None:
                yield CommandFiles(command_type, split_id, root_uri, message, record)
            splits = max(splits, record.splits if record else 1)
            split_id += 1


def list_experiments(root_uri: str) -> list[str]:
    """List the ids of the experiments that have run below a root.

    Raises:
        NotReadableError: it cannot be listed.
    """
    folder = join_uri(root_uri, EXPERIMENTS)
    if not file_exists(folder):
        return []
    start = folder.rstrip("/") + "/"
    uris = [uri for uri in resolve(folder).list_paths(folder, ".json") if uri.startswith(start)]
    # An id with a slash in it is a file in a folder.
    return sorted(uri.removeprefix(start).removesuffix(".json") for uri in uris)


def read_source(root_uri: str, experiment_id: str) -> Source:
    """Return the files of one experiment below a root.

    Raises:
        UsageError: there is none of that id, and names those that there are; or its file is
            damaged.
    """
    uri = join_uri(root_uri, EXPERIMENTS, f"{experiment_id}.json")
    message = _read_json(uri)
    if isinstance(message, dict):
        return Source(experiment_id, root_uri, uri, message)
    found = list_experiments(root_uri)
    if not found:
        there = "" if file_exists(root_uri) else ": it is not there"
        if is_local(root_uri) and to_path(root_uri).is_file():
            there = ": it is a file"
        raise UsageError(
            f"no experiment has run below {shown(root_uri)!r}{there}",
            hint="give the root_uri of an experiment, the directory that rv run wrote to",
        )
    if experiment_id in found:
        raise UsageError(
            f"{shown(uri)} is no whole message of an experiment",
            hint="run the experiment again: what is up to date is not done again",
        )
    near = nearest(experiment_id, found)
    raise UsageError(
        f"no experiment {experiment_id!r} has run below {shown(root_uri)!r}",
        hint=f"did you mean {near!r}?" if near else f"there are: {', '.join(found[:10])}",
    )


def _read_json(uri: str) -> Any:
    """Return what a file holds, or None if there is none, or no whole one."""
    try:
        if not file_exists(uri, include_dir=False):
            return None
        return json.loads(file_to_str(uri))
    except (NotReadableError, ValueError):
        return None
