"""The planner: decides about each command in turn, producers first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from rvcli.dag import checks
from rvcli.dag.changes import Change, consumes, content_changes, in_words, input_changes
from rvcli.dag.content import Content, Input, Pins, content_of, draft_of
from rvcli.dag.definition import CommandDefinition
from rvcli.dag.graph import Outputs, normal, topological
from rvcli.dag.producers import Part, Produced, Unselected
from rvcli.dag.step import BLOCKED, DUPLICATE, RUN, UP_TO_DATE, Step
from rvcli.errors import FileSystemError
from rvcli.progress import track
from rvcli.records import Record, RecordStore

_MOST_MISSING = 3


def make_plan(
    definitions: Sequence[CommandDefinition],
    store: RecordStore,
    *,
    rerun: bool,
    skip_file_check: bool,
    overlap: str,
    pins: Pins,
) -> tuple[list[Step], list[str], list[checks.Overlap]]:
    """Return the steps in order, warnings, and overlaps of train and validation; see `plan`."""
    planner = _Planner(definitions, store, rerun, skip_file_check, pins)
    experiments = checks.experiments_of(d for d in definitions if d.selected)
    checks.refuse(
        checks.duplicate_ids(experiments),
        hint="give each experiment its own id, or return it only once",
    )
    checks.refuse(
        [*planner.clashes(), *checks.scene_clashes(definitions)],
        hint="give them different ids, keys or URIs",
    )
    overlaps = checks.overlaps(experiments)
    warnings = []
    if overlaps:
        message = checks.listed([str(found) for found in overlaps])
        if overlap == "error":
            checks.refuse(
                [message], hint="keep them apart, or set RV.overlap to warn in the profile"
            )
        warnings.append(f"{message}; scores on it say nothing about new imagery")
    steps = planner.steps()
    planner.refuse_common_error(steps)
    store.flush()
    if not skip_file_check:
        checks.refuse(planner.unwritable(steps), hint="name another root URI, or make it writable")
    return steps, [*warnings, *planner.unselected.warnings], overlaps


class _Planner:
    """Definitions as numbers, what each reads from which, and what is decided so far."""

    def __init__(
        self,
        definitions: Sequence[CommandDefinition],
        store: RecordStore,
        rerun: bool,
        skip_file_check: bool,
        pins: Pins,
    ) -> None:
        self.definitions = definitions
        self.store = store
        self.rerun = rerun
        self.skip_file_check = skip_file_check
        self.pins = pins
        self.ids = _unique([definition.id for definition in definitions])
        self.outputs = Outputs(
            [d.io_def.output_uris for d in definitions], [d.selected for d in definitions]
        )
        self.unselected = Unselected(store, pins)
        self.common_error: FileSystemError | None = None
        self._common: set[str] = set()
        self._contents: dict[int, Content] = {}
        self._produced: dict[int, Produced] = {}
        self._runs: set[str] = set()
        self._leaders = self._merge()

    def content(self, number: int) -> Content:
        """Return what a command does."""
        found = self._contents.get(number)
        if found is None:
            config = self.definitions[number].command_config
            found = self._contents[number] = content_of(config, self.pins)
        return found

    def clashes(self) -> list[str]:
        """Name the places that two different commands would write."""
        return checks.clashes(
            self.definitions,
            self.outputs,
            lambda one, other: self._leaders[one] == self._leaders[other],
            lambda uri: self.store.identity(uri).present,
        )

    def unwritable(self, steps: Sequence[Step]) -> list[str]:
        """Name the roots of commands that run and cannot be written."""
        roots = dict.fromkeys(s.definition.root_uri for s in steps if s.status == RUN)
        by_reason: dict[str, list[str]] = {}
        for root in roots:
            if why := self.store.writing_problem(root):
                by_reason.setdefault(why, []).append(root)
        return [
            f"nothing can be written to {checks.listed(found, most=1)}: {why}"
            for why, found in by_reason.items()
        ]

    def steps(self) -> list[Step]:
        """Decide about every selected command."""
        upstream = self._upstream()
        needed = {n for c, d in enumerate(self.definitions) if d.selected for n in upstream[c]}
        wanted = self._wanted(upstream)
        self._prefetch(wanted)
        steps = []
        order = [number for number in topological(upstream, self.ids) if number in wanted]
        with track("planning", len(order), "commands") as progress:
            for number in order:
                step = self._visit(number, upstream, needed)
                steps += [step] if step is not None else []
                progress.advance()
        return steps

    def _visit(
        self, number: int, upstream: Sequence[set[int]], needed: Collection[int]
    ) -> Step | None:
        """Decide about a command; None of one that is not selected, which others build on."""
        definition = self.definitions[number]
        if not definition.selected:
            made = {
                uri: [self._produced[p] for p in self._producers(number, uri)]
                for uri in definition.io_def.input_uris
            }
            self._produced[number] = self.unselected.produced(definition, made, number in needed)
            return None
        step = self._step(number, sorted(upstream[number]))
        self._produced[number] = _produced_by(step)
        if step.status == RUN:
            self._runs.add(step.id)
        return step

    def _merge(self) -> list[int]:
        """Return for each definition the first one that does the same in the same place."""
        groups: dict[str, list[int]] = {}
        for place, writers in self.outputs.writers():
            groups.setdefault(place, []).extend(writers)
        for number, definition in enumerate(self.definitions):
            groups.setdefault(normal(definition.message_uri), []).append(number)
        leaders = list(range(len(self.definitions)))
        for group in groups.values():
            if len(group) < 2:
                continue
            first: dict[tuple[bool, str], int] = {}
            for number in sorted(group, key=self._lead):
                key = (self.definitions[number].selected, self.content(number).digest)
                leaders[number] = first.setdefault(key, leaders[number])
        for number, leader in enumerate(leaders):
            while leaders[leader] != leader:
                leader = leaders[leader]
            leaders[number] = leader
        return leaders

    def _lead(self, number: int) -> tuple[bool, int]:
        """Order what may lead: of commands that are not selected, one with a record."""
        definition = self.definitions[number]
        if definition.selected:
            return False, number
        return self.store.record(definition.root_uri, 0).record is None, number

    def _feeds_itself(self, number: int, uri: str) -> bool:
        """Tell whether a command reads what it writes itself."""
        return number in {self._leaders[p] for p in self.outputs.around(uri)}

    def _producers(self, number: int, uri: str) -> list[int]:
        """Return the other commands that make an input; none if a command feeds itself."""
        if self._feeds_itself(number, uri):
            return []
        found = dict.fromkeys(self._leaders[p] for p in self.outputs.producers(uri))
        return [producer for producer in found if producer != number]

    def _upstream(self) -> list[set[int]]:
        upstream: list[set[int]] = []
        for number, definition in enumerate(self.definitions):
            if self._leaders[number] != number:
                upstream.append({self._leaders[number]})
                continue
            uris = definition.io_def.input_uris
            upstream.append({p for uri in uris for p in self._producers(number, uri)})
        return upstream

    def _wanted(self, upstream: Sequence[set[int]]) -> set[int]:
        """Return the selected commands and all that they directly or indirectly read from."""
        pending = [n for n, d in enumerate(self.definitions) if d.selected]
        wanted: set[int] = set()
        while pending:
            number = pending.pop()
            if number not in wanted:
                wanted.add(number)
                pending.extend(upstream[number])
        return wanted

    def _prefetch(self, wanted: set[int]) -> None:
        commands, inputs = [], []
        for number in sorted(wanted):
            definition = self.definitions[number]
            commands.append((definition.root_uri, definition.split_id))
            if definition.selected and self._leaders[number] == number:
                uris = definition.io_def.input_uris
                inputs += [uri for uri in sorted(uris) if not self.outputs.producers(uri)]
        self.store.prefetch(commands, inputs)

    def _step(self, number: int, upstream: Sequence[int]) -> Step:
        definition, name = self.definitions[number], self.ids[number]
        depends_on = tuple(self.ids[n] for n in upstream if self.definitions[n].selected)
        leader = self._leaders[number]
        if leader != number:
            first = self.ids[leader]
            reason = f"does the same as {first}"
            return Step(name, definition, DUPLICATE, reason, (), depends_on, duplicate_of=first)
        inputs, missing, waits = self._inputs(number)
        missing = sorted(definition.io_def.missing_input_messages) + missing
        if missing or waits:
            reason = (
                checks.listed(missing, most=_MOST_MISSING)
                if missing
                else f"needs {checks.listed(waits, most=_MOST_MISSING)}, blocked as well"
            )
            return Step(name, definition, BLOCKED, reason, (), depends_on, missing=tuple(missing))
        before = self.store.record(definition.root_uri, definition.split_id).record
        draft = draft_of(
            definition,
            self.content(number),
            inputs,
            plan=self.store.token,
            planned=self.store.opened,
            replaces="" if before is None else before.plan,
        )
        status, reason, changes = self._decide(number, draft["fingerprint"], inputs)
        return Step(
            name,
            definition,
            status,
            reason,
            tuple(changes),
            depends_on,
            draft["fingerprint"],
            draft,
        )

    def _inputs(self, number: int) -> tuple[list[Input], list[str], list[str]]:
        """Return the inputs of a command.

        Returns:
            inputs, words about those that are missing, and the ids of blocked commands that
            would make them.
        """
        inputs: list[Input] = []
        missing: list[str] = []
        waits: list[str] = []
        for uri in sorted(self.definitions[number].io_def.input_uris):
            if self._feeds_itself(number, uri):
                continue
            producers = self._producers(number, uri)
            unmade = []
            for producer in producers:
                made = self._produced[producer]
                if made.blocked:
                    waits.append(self.ids[producer])
                elif made.missing:
                    unmade.append(f"input {uri} is missing: {made.missing}")
                inputs += [Input(uri, p.mark, p.id, p.record_uri) for p in made.makers(uri)]
            if not self.skip_file_check:
                missing += unmade
            if not producers or unmade or self.outputs.inside(uri):
                inputs += self._external(uri, missing, optional=bool(producers))
        return inputs, missing, list(dict.fromkeys(waits))

    def _external(self, uri: str, missing: list[str], optional: bool) -> list[Input]:
        """Return what of an input no command makes; say so if nothing is there but should be."""
        try:
            identity = self.store.identity(uri, self.outputs.inside(uri))
        except FileSystemError as e:
            if not self.skip_file_check:
                missing.append(self._unreadable(uri, e))
            return [Input(uri, "absent")]
        if optional and (not identity.present or identity.files == ()):
            return []
        if not identity.present and not self.skip_file_check:
            missing.append(f"input {uri} is missing")
        return [Input(uri, identity.text)]

    def _unreadable(self, uri: str, error: FileSystemError) -> str:
        """Say why an input cannot be read; what holds for all inputs alike is said in full once."""
        if not error.concerns_all:
            return f"input {error.message}"
        first = self.common_error is None
        self.common_error = self.common_error or error
        text = f"input {error.message}" if first else f"input {uri} cannot be read, as others"
        self._common.add(text)
        return text

    def refuse_common_error(self, steps: Sequence[Step]) -> None:
        """Raise the error that keeps all inputs from being read, if nothing else is missing."""
        missing = {text for step in steps for text in step.missing}
        if self.common_error is not None and missing <= self._common:
            raise self.common_error

    def _decide(
        self, number: int, mark: str, inputs: Sequence[Input]
    ) -> tuple[str, str, list[Change]]:
        """Return status, reason and changes of a command that can run."""
        definition = self.definitions[number]
        found = self.store.record(definition.root_uri, definition.split_id)
        running = self._running(inputs)
        record, changes = found.record, []
        if record is not None and record.fingerprint != mark:
            changes = [
                *content_changes(record.draft, self.content(number)),
                *input_changes(record.draft["inputs"], inputs, running),
            ]
        if self.rerun:
            return RUN, "asked to run again", changes
        if record is None:
            return RUN, found.reason, changes
        if changes:
            return RUN, in_words(changes), changes
        if record.fingerprint != mark:
            return RUN, "its record is of another version of rv", changes
        if running:
            return RUN, consumes(running), changes
        problem = self.store.output_problem(record) or self._made_anew(record, inputs)
        if problem:
            return RUN, problem, changes
        finished = f"{record.finished[:19].replace('T', ' ')} UTC"
        return UP_TO_DATE, f"nothing has changed since it finished, {finished}", changes

    def _running(self, inputs: Sequence[Input]) -> list[str]:
        """Return the ids of the commands that run and make one of the inputs."""
        makers = dict.fromkeys(item.by for item in inputs if item.by is not None)
        return [maker for maker in makers if maker in self._runs]

    def _made_anew(self, record: Record, inputs: Sequence[Input]) -> str | None:
        """Say which producer has made other things since a record was written, or None."""
        noted = record.noted
        for item in inputs:
            if item.record in noted:
                now = self.store.record_at(item.record).record
                if now is None or now.made != noted[item.record]:
                    return f"input {item.uri}: {item.by} made it anew"
        return None


def _produced_by(step: Step) -> Produced:
    if step.status == BLOCKED:
        return Produced(blocked=True)
    return Produced(
        (Part(step.id, step.fingerprint, step.definition.record_uri, step.status == RUN),)
    )


def _unique(ids: Sequence[str]) -> list[str]:
    """Number the ids that occur more than once."""
    seen: Counter[str] = Counter()
    unique = []
    for name in ids:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unique
