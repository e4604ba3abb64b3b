"""CommandDAG: a plan as runners written for older releases see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rvcli.dag.definition import CommandDefinition
from rvcli.dag.plan import Plan, plan
from rvcli.dag.step import RUN, Step
from rvcli.errors import PlanError
from rvcli.records import RecordStore


class CommandDAG:
    """The commands that run, in order, and what each depends on."""

    def __init__(
        self,
        command_definitions: Iterable[CommandDefinition],
        rerun_commands: bool = False,
        skip_file_check: bool = False,
    ) -> None:
        from rvcli.dag.pins import pins_of

        made = plan(
            command_definitions,
            RecordStore(),
            rerun=rerun_commands,
            skip_file_check=skip_file_check,
            pins=pins_of,
        )
        made.refuse_blocked()
        self._set(made)

    @classmethod
    def of(cls, made: Plan) -> CommandDAG:
        """Return the commands of a plan that run."""
        new = cls.__new__(cls)
        new._set(made)
        return new

    def _set(self, made: Plan) -> None:
        self.plan = made
        self._steps = {step.id: step for step in made.to_run}

    def get_sorted_commands(self) -> list[Any]:
        """List the command configs in an order in which they can run."""
        return [step.definition.command_config for step in self._steps.values()]

    def get_sorted_command_ids(self) -> list[str]:
        """List the ids of the commands in an order in which they can run."""
        return list(self._steps)

    def get_command(self, command_id: str) -> Any:
        """Return the config of a command."""
        return self._step(command_id).definition.command_config

    def get_command_definition(self, command_id: str) -> CommandDefinition:
        """Return the definition of a command."""
        return self._step(command_id).definition

    def get_upstream_command_ids(self, command_id: str) -> list[str]:
        """List the ids of the commands that run and that a command depends on."""
        return [i for i in self._step(command_id).depends_on if i in self._steps]

    def get_command_definitions(self) -> list[CommandDefinition]:
        """List the definitions of the commands in an order in which they can run."""
        return [step.definition for step in self._steps.values()]

    def _step(self, command_id: str) -> Step:
        if command_id not in self._steps:
            raise PlanError(
                f"no command with the id {command_id!r} runs",
                hint=f"{len(self._steps)} commands have status {RUN!r} in this plan",
            )
        return self._steps[command_id]
