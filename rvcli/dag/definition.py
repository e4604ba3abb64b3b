"""CommandDefinition: one command, or one split of it, with what it reads and writes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rvcli import keys, registry
from rvcli.config import make_uris_absolute
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.errors import UsageError, nearest
from rvcli.records import draft_uri, message_uri, record_uri

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class CommandDefinition:
    """A command of an experiment as it can be planned, written and run.

    Attributes:
        experiment_id: None for a command that belongs to no experiment.
        command_config: a CommandConfig, split if the command is.
        io_def: what it reads and writes.
        experiment: the resolved ExperimentConfig that it was made from, if any.
        selected: False for one that is only known as the producer of what others read; it is
            then unsplit, and never runs.
        splits: into how many parts the command was split.
    """

    experiment_id: str | None
    command_config: Any
    io_def: CommandIODefinition
    experiment: Any = None
    selected: bool = True
    splits: int = 1

    @property
    def command_type(self) -> str:
        """The key of the command, such as "TRAIN"."""
        return str(self.command_config.command_type)

    @property
    def root_uri(self) -> str:
        """The URI below which the command's own files lie."""
        return str(self.command_config.root_uri)

    @property
    def split_id(self) -> int:
        """Which split this is, from 0."""
        return int(self.command_config.split_id or 0)

    @property
    def id(self) -> str:
        """Name it: "exp1/TRAIN", or "exp1/CHIP/2" for a split."""
        owner = self.experiment_id or self.root_uri.rstrip("/").rpartition("/")[2]
        base = f"{owner}/{self.command_type}"
        return f"{base}/{self.split_id}" if self.splits > 1 else base

    @property
    def message_uri(self) -> str:
        """Where its message is written."""
        return message_uri(self.root_uri, self.split_id)

    @property
    def draft_uri(self) -> str:
        """Where the draft of its record is written."""
        return draft_uri(self.root_uri, self.split_id)

    @property
    def record_uri(self) -> str:
        """Where its record is written."""
        return record_uri(self.root_uri, self.split_id)

    def split(self, num_parts: int) -> list[CommandDefinition]:
        """Return the definitions of the parts."""
        parts = self.command_config.split(num_parts) if num_parts > 1 else [self.command_config]
        return [
            CommandDefinition(
                self.experiment_id,
                part,
                self.io_def if part is self.command_config else part.report_io(),
                self.experiment,
                self.selected,
                len(parts),
            )
            for part in parts
        ]

    @classmethod
    def from_experiments(
        cls, experiments: Iterable[Any], commands_to_run: Iterable[str], splits: int = 1
    ) -> list[CommandDefinition]:
        """Define the named commands of every experiment that has them, in pipeline order."""
        wanted = list(commands_to_run)
        return [
            part
            for experiment in experiments
            for command_type in wanted
            for part in _of_experiment(experiment, command_type, splits)
        ]

    @classmethod
    def from_command_configs(
        cls, command_configs: Iterable[Any], commands_to_run: Iterable[str], splits: int = 1
    ) -> list[CommandDefinition]:
        """Define commands that belong to no experiment, those of the named types."""
        wanted = set(commands_to_run)
        return [
            part
            for config in command_configs
            if config.command_type in wanted
            for part in cls._alone(config).split(splits)
        ]

    @classmethod
    def _alone(cls, config: Any, selected: bool = True) -> CommandDefinition:
        # A worker may run elsewhere: messages hold absolute URIs.
        make_uris_absolute(config)
        return cls(None, config, config.report_io(), selected=selected)

    @staticmethod
    def filter_no_output(
        command_definitions: Iterable[CommandDefinition],
    ) -> tuple[list[CommandDefinition], list[CommandDefinition]]:
        """Return the definitions with outputs, and those without."""
        with_output: list[CommandDefinition] = []
        without: list[CommandDefinition] = []
        for definition in command_definitions:
            (with_output if definition.io_def.output_uris else without).append(definition)
        return with_output, without

    @staticmethod
    def remove_duplicates(
        command_definitions: Iterable[CommandDefinition],
    ) -> tuple[list[CommandDefinition], list[CommandDefinition]]:
        """Return the first of each command (type, split, inputs, outputs), and the others."""
        seen: set[Any] = set()
        unique: list[CommandDefinition] = []
        duplicates: list[CommandDefinition] = []
        for definition in command_definitions:
            io_def = definition.io_def
            key = (
                definition.command_type,
                definition.split_id,
                frozenset(io_def.input_uris),
                frozenset(io_def.output_uris),
            )
            (duplicates if key in seen else unique).append(definition)
            seen.add(key)
        return unique, duplicates

    @staticmethod
    def get_missing_inputs(
        command_definitions: Iterable[CommandDefinition],
    ) -> dict[str | None, list[str]]:
        """Return the messages about inputs that have no URI, by the id of the experiment."""
        missing: dict[str | None, list[str]] = {}
        for definition in command_definitions:
            messages = sorted(definition.io_def.missing_input_messages)
            if messages:
                missing.setdefault(definition.experiment_id, []).extend(messages)
        return missing

    @staticmethod
    def get_clashing_commands(
        command_definitions: Iterable[CommandDefinition],
    ) -> list[tuple[str, list[CommandDefinition]]]:
        """Return each URI that several definitions of one type write, with those definitions.

        The parts of a command that is split may share one, as a directory.
        """
        writers: dict[tuple[str, str, int], list[CommandDefinition]] = {}
        for definition in command_definitions:
            for uri in sorted(definition.io_def.output_uris):
                key = (uri, definition.command_type, definition.split_id)
                writers.setdefault(key, []).append(definition)
        return [(key[0], found) for key, found in writers.items() if len(found) > 1]


def derive(
    experiments: Iterable[Any],
    command_configs: Iterable[Any] = (),
    commands: Sequence[str] = (),
    splits: int = 1,
    *,
    absent_ok: bool = False,
) -> list[CommandDefinition]:
    """Define the commands to run and those that may produce what they read.

    Args:
        experiments: ExperimentConfigs.
        command_configs: CommandConfigs that belong to no experiment.
        commands: names of commands in any case; none means all, and with them the auxiliary
            commands that are included by default.
        splits: into how many parts to split what can be split.
        absent_ok: a command that no experiment has is none to run, and no error.

    Returns:
        the selected definitions, split, and the others of the experiments, unsplit. One that
        is not selected and cannot be defined is left out.

    Raises:
        UsageError: a command is unknown, or no experiment has it.
    """
    experiments, command_configs = list(experiments), list(command_configs)
    known = registry.current().get_commands()
    named = [_known_name(name, known) for name in commands]
    wanted = named or default_commands()
    found = [
        *CommandDefinition.from_experiments(experiments, [k for k in known if k in wanted], splits),
        *CommandDefinition.from_command_configs(command_configs, named or known, splits),
    ]
    absent = [name for name in named if all(d.command_type != name for d in found)]
    if absent and not absent_ok:
        raise UsageError(
            f"no experiment has the command {absent[0]}",
            hint=f"configure it with with_custom_config({{{absent[0]!r}: ...}})"
            if absent[0] in registry.current().keys(keys.AUX_COMMAND)
            else "see `rv ls` for the experiments and their commands",
        )
    others = [key for key in known if key not in wanted]
    for experiment in experiments:
        for key in others:
            try:
                found.extend(_of_experiment(experiment, key, 1, selected=False))
            except Exception as e:
                # What is not asked for may be half configured, and plugins raise anything.
                log.debug("%s/%s is not known as a producer: %s", experiment.id, key, e)
    if named:
        found.extend(
            CommandDefinition._alone(c, selected=False)
            for c in command_configs
            if c.command_type not in named
        )
    return found


def _of_experiment(
    experiment: Any, command_type: str, splits: int, selected: bool = True
) -> list[CommandDefinition]:
    auxiliary = registry.current().find(keys.AUX_COMMAND, command_type) is not None
    if auxiliary and experiment.custom_config_of(command_type) is None:
        return []
    config = experiment.make_command_config(command_type)
    whole = CommandDefinition(experiment.id, config, config.report_io(), experiment, selected)
    return whole.split(splits) if selected else [whole]


def _known_name(name: str, known: list[str]) -> str:
    key = name.upper()
    if key in known:
        return key
    near = nearest(key, known)
    raise UsageError(
        f"no command is named {name!r}",
        hint=f"did you mean {near.lower()}?"
        if near
        else f"the commands are {', '.join(known[:20]).lower()}",
    )


def default_commands() -> list[str]:
    """List the keys of the commands that are run where none is named."""
    auxiliary = registry.current().keys(keys.AUX_COMMAND)
    every = registry.current().get_commands()
    return [key for key in every if key not in auxiliary or _included_by_default(key)]


def _included_by_default(key: str) -> bool:
    entry = registry.current().find(keys.AUX_COMMAND, key)
    return entry is not None and bool(entry.load().command_options.include_by_default)
