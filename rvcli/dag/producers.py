"""Commands that are not selected, as producers of what others read: proven, or not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rvcli.dag.changes import Change, consumes, content_changes, in_words
from rvcli.dag.content import Pins, content_of
from rvcli.dag.definition import CommandDefinition
from rvcli.dag.graph import Outputs
from rvcli.records import Record, RecordStore


@dataclass(frozen=True)
class Part:
    """What one command, or one split of it, makes.

    Attributes:
        mark: its fingerprint, which is the identity of what it makes.
        runs: True if it will run.
        outputs: where it writes.
    """

    id: str
    mark: str
    record_uri: str
    runs: bool = False
    outputs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Produced:
    """What a command has made or will make, by split.

    Attributes:
        missing: why it counts as not made; "" if it is made, or will be.
        blocked: True if it is selected and cannot run.
    """

    parts: tuple[Part, ...] = ()
    missing: str = ""
    blocked: bool = False

    def makers(self, uri: str) -> tuple[Part, ...]:
        """Return the parts that make an input, of a command that makes it."""
        if len(self.parts) < 2:
            return self.parts
        return tuple(self.parts[number] for number in self._outputs.producers(uri))

    @cached_property
    def _outputs(self) -> Outputs:
        return Outputs([part.outputs for part in self.parts], [True] * len(self.parts))


Upstream = Mapping[str, Sequence[Produced]]
"""For each input that commands make: what they made."""


@dataclass
class Unselected:
    """Looks at commands that are not selected, by their records alone.

    What they read is not opened: it may be anywhere by now.

    Attributes:
        warnings: about those whose record is out of date.
    """

    store: RecordStore
    pins: Pins
    warnings: list[str] = field(default_factory=list)

    def produced(self, definition: CommandDefinition, upstream: Upstream, needed: bool) -> Produced:
        """Return what a command has made.

        Args:
            definition: unsplit; its records tell into how many parts it was split.
            upstream: what the commands have made that it reads from.
            needed: whether a selected command reads it; else only its record counts.
        """
        first = self.store.record(definition.root_uri, 0).record
        parts = []
        for part in definition.split(first.splits if first is not None else 1):
            found = self.store.record(part.root_uri, part.split_id)
            problem = found.reason
            if found.record is not None and needed:
                problem = self.store.output_problem(found.record) or ""
            if found.record is None or problem:
                return Produced(missing=f"{part.id} makes it and is not selected; {problem}")
            self._warn_if_out_of_date(part, found.record, upstream)
            outputs = frozenset(part.io_def.output_uris)
            parts.append(Part(part.id, found.record.fingerprint, part.record_uri, outputs=outputs))
        return Produced(tuple(parts))

    def _warn_if_out_of_date(
        self, part: CommandDefinition, record: Record, upstream: Upstream
    ) -> None:
        changes = content_changes(record.draft, content_of(part.command_config, self.pins))
        changes += self._input_changes(record, upstream)
        if changes:
            self.warnings.append(
                f"{part.id} is not selected, but out of date: {in_words(changes)};"
                " what it made is used as it is"
            )

    def _input_changes(self, record: Record, upstream: Upstream) -> list[Change]:
        changes = []
        for item in record.draft["inputs"]:
            uri, before = str(item["uri"]), str(item["identity"])
            makers = [part for made in upstream.get(uri, ()) for part in made.makers(uri)]
            running = [part.id for part in makers if part.runs]
            now: str | None = None
            if running:
                words = consumes(running)
            elif item.get("by"):
                if not makers or before in {part.mark for part in makers}:
                    continue
                words = f"input {uri}: {item['by']} made it anew"
            else:
                identity, written = self.store.glimpse(uri)
                now = identity.text if identity is not None else None
                if now == before or (now is None and not written):
                    continue
                words = (
                    f"input {uri}: its content changed"
                    if now
                    else f"input {uri} was written since it was read"
                )
            changes.append(Change(f"inputs.{uri}", before, now, words))
        return changes
