"""Step: what the plan says about one command."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rvcli.dag.changes import Change
from rvcli.dag.definition import CommandDefinition
from rvcli.records import Draft

RUN = "run"
UP_TO_DATE = "up_to_date"
DUPLICATE = "duplicate"
BLOCKED = "blocked"


@dataclass(frozen=True)
class Step:
    """One command of a plan.

    Attributes:
        id: unique in the plan.
        status: "run", "up_to_date", "duplicate" or "blocked".
        reason: why, in words.
        changes: what differs from the record, field by field.
        depends_on: ids of the steps whose outputs it reads.
        fingerprint: of the command with its inputs; "" if it is blocked or a duplicate.
        draft: what its record will say; empty if it is blocked or a duplicate.
        duplicate_of: id of the step that does the same, or None.
        missing: inputs that are not there.
    """

    id: str
    definition: CommandDefinition
    status: str
    reason: str
    changes: tuple[Change, ...] = ()
    depends_on: tuple[str, ...] = ()
    fingerprint: str = ""
    draft: Draft = field(default_factory=dict)
    duplicate_of: str | None = None
    missing: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        definition = self.definition
        return {
            "id": self.id,
            "command_type": definition.command_type,
            "experiment_id": definition.experiment_id,
            "split_id": definition.split_id,
            "splits": definition.splits,
            "status": self.status,
            "reason": self.reason,
            "changes": [change.to_dict() for change in self.changes],
            "depends_on": list(self.depends_on),
            "duplicate_of": self.duplicate_of,
            "missing": list(self.missing),
            "fingerprint": self.fingerprint,
            "message_uri": definition.message_uri,
            "record_uri": definition.record_uri,
            "inputs": sorted(definition.io_def.input_uris),
            "outputs": sorted(definition.io_def.output_uris),
        }
