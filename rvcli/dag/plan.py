"""plan: what would run, what is done, what cannot run, and why; nothing runs here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rvcli.dag.checks import Overlap, refuse
from rvcli.dag.content import Pins, no_pins
from rvcli.dag.definition import CommandDefinition
from rvcli.dag.planner import make_plan
from rvcli.dag.step import BLOCKED, DUPLICATE, RUN, UP_TO_DATE, Step
from rvcli.records import RecordStore


@dataclass(frozen=True)
class Plan:
    """Commands in an order in which they can run, each with its status and the reason.

    Attributes:
        warnings: what the user should know, each said once.
        overlaps: what is in both train and validation.
    """

    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    overlaps: tuple[Overlap, ...] = ()

    @cached_property
    def _by_id(self) -> dict[str, Step]:
        return {step.id: step for step in self.steps}

    def step(self, id: str) -> Step:
        """Return the step with an id; KeyError if there is none."""
        return self._by_id[id]

    @property
    def to_run(self) -> tuple[Step, ...]:
        """The steps that run."""
        return self.with_status(RUN)

    @property
    def blocked(self) -> tuple[Step, ...]:
        """The steps that cannot run."""
        return self.with_status(BLOCKED)

    def with_status(self, status: str) -> tuple[Step, ...]:
        """Return the steps with one status."""
        return tuple(step for step in self.steps if step.status == status)

    def counts(self) -> dict[str, int]:
        """Return how many steps have each status."""
        return {s: len(self.with_status(s)) for s in (RUN, UP_TO_DATE, DUPLICATE, BLOCKED)}

    def refuse_blocked(self) -> None:
        """Raise PlanError if a step is blocked, naming what is missing."""
        first = [step for step in self.blocked if step.missing] or list(self.blocked)
        refuse(
            [f"{step.id} cannot run: {step.reason}" for step in first],
            hint="make or name what is missing, run the command that makes it, or skip this"
            " check with -x",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as `--dry-run --json` prints them."""
        return {
            "schema": 1,
            "counts": self.counts(),
            "steps": [step.to_dict() for step in self.steps],
            "warnings": list(self.warnings),
            "overlaps": [overlap.to_dict() for overlap in self.overlaps],
        }


def plan(
    definitions: Iterable[CommandDefinition],
    store: RecordStore,
    *,
    rerun: bool = False,
    skip_file_check: bool = False,
    overlap: str = "warn",
    pins: Pins = no_pins,
) -> Plan:
    """Decide about every selected command.

    Args:
        definitions: as `derive` returns them; those that are not selected only count as
            producers.
        store: where to look for records, inputs and outputs.
        rerun: run what is up to date, too.
        skip_file_check: do not block commands whose inputs are missing.
        overlap: "warn" of what is in both train and validation, or "error".
        pins: gives the plugin pins of a command config.

    Raises:
        PlanError: ids, outputs or messages clash, commands depend on each other in a circle,
            a root cannot be written, or train and validation overlap and must not.
    """
    steps, warnings, overlaps = make_plan(
        list(definitions),
        store,
        rerun=rerun,
        skip_file_check=skip_file_check,
        overlap=overlap,
        pins=pins,
    )
    return Plan(tuple(steps), tuple(dict.fromkeys(warnings)), tuple(overlaps))


__all__ = ["BLOCKED", "DUPLICATE", "RUN", "UP_TO_DATE", "Plan", "Step", "plan"]
