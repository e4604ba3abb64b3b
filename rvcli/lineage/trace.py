"""trace: from an artifact to all that it was made from, each maker once."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rvcli.dag.content import pin_digest, pin_name
from rvcli.dag.graph import normal
from rvcli.filesystem import absolute_uri
from rvcli.lineage.content import MISSING, Input, Lineage, Maker, State
from rvcli.lineage.find import Finder, Found, matching, title_of
from rvcli.lineage.items import maker_of_item, maker_of_package, read_item
from rvcli.lineage.states import Checker
from rvcli.progress import track
from rvcli.records import Record
from rvcli.records.record import Output

# Of a fingerprint or digest, as many characters as tell them apart for people.
SHORT = 12


def trace(
    uri: str, finder: Finder, *, depth: int | None = None, checker: Checker | None = None
) -> Lineage:
    """Return the lineage of an artifact.

    Args:
        uri: of a file or a directory.
        depth: how many makers deep; all the way to what came from outside if None.
        checker: tells whether files are still what records say.

    Raises:
        DataError: no record tells what made it.
    """
    return _Tracer(finder, checker or Checker()).trace(absolute_uri(uri), depth)


class _Tracer:
    def __init__(self, finder: Finder, checker: Checker) -> None:
        self.finder = finder
        self.checker = checker
        checker.moved = finder.moved
        self.records: dict[str, Record] = {}
        self.makers: dict[str, Maker] = {}

    def trace(self, uri: str, depth: int | None) -> Lineage:
        made_by, state, note = self._start(uri)
        pending = deque((key, 1) for key in made_by)
        done: dict[str, Maker] = {}
        with track("looking at commands and their inputs", None, "commands") as progress:
            while pending:
                key, level = pending.popleft()
                if key in done:
                    continue
                maker = self._maker(key, followed=depth is None or level <= depth)
                done[key] = maker
                pending.extend((k, level + 1) for i in maker.inputs for k in i.made_by)
                progress.advance()
        self.checker.flush()
        return Lineage(uri, state, made_by, done, note)

    def _start(self, uri: str) -> tuple[tuple[str, ...], State, str]:
        """Return the keys of the artifact's makers, what it is now, and how it belongs to them."""
        found = self.finder.find(uri)
        if found is not None and found.outputs:
            return self._keep(found), self.checker.of_outputs(found.outputs), found.note
        item = read_item(uri)
        if item is not None:
            note = "it is the STAC item of predictions" if item.uri == uri else ""
            if item.record_uri is not None:
                record_uri, record = self.finder.record(item.record_uri, "")
                if record is not None:
                    self.records[record_uri] = record
                    return (record_uri,), State(), note
            else:
                self.makers[item.uri] = maker_of_item(item)
                known = item.identities.get(uri)
                state = self.checker.of_input(uri, known) if known else State()
                return (item.uri,), state, note
        if found is not None:
            return self._keep(found), State(), found.note
        package = maker_of_package(uri)
        if package is not None:
            self.makers[uri] = package
            return (uri,), State(), ""
        raise self.finder.explain_nothing(uri)

    def _keep(self, found: Found) -> tuple[str, ...]:
        self.records.update(found.records)
        return tuple(found.records)

    def _maker(self, key: str, followed: bool) -> Maker:
        if key in self.makers:
            maker = self.makers[key]
            if not followed:
                return replace(maker, inputs=(), followed=False)
            self.checker.prefetch(i.uri for i in maker.inputs if i.identity.partition(":")[1])
            return replace(maker, inputs=tuple(self._outside(item) for item in maker.inputs))
        record = self.records[key]
        inputs = self._inputs(record) if followed else ()
        return replace(_maker_of(key, record), inputs=inputs, followed=followed)

    def _inputs(self, record: Record) -> tuple[Input, ...]:
        items = record.draft["inputs"]
        self.checker.prefetch(str(i["uri"]) for i in items if not i.get("record"))
        known: dict[str, tuple[str, Record | None]] = {}
        matched: dict[str, dict[str, tuple[Output, ...]]] = {}
        made: list[Input] = []
        for item in items:
            if not item.get("record"):
                made.append(self._outside(Input(str(item["uri"]), str(item["identity"]))))
                continue
            uri = str(item["record"])
            if uri not in known:
                known[uri] = self.finder.record(uri, str(item["identity"]))
                found = known[uri][1]
                if found is not None:
                    self.records[known[uri][0]] = found
                    self.checker.prefetch(o.uri for o in found.outputs if o.files is None)
            made.append(self._inside(item, *known[uri], matched))
        return _merged(made)

    def _inside(
        self,
        item: Mapping[str, Any],
        record_uri: str,
        record: Record | None,
        matched: dict[str, dict[str, tuple[Output, ...]]],
    ) -> Input:
        """Return an input that a command made."""
        uri, by = str(item["uri"]), str(item.get("by") or "a command")
        read = Input(uri, str(item["identity"]), by=by)
        if record is None:
            state = State(MISSING) if self._is_gone(uri) else State()
            return replace(read, run=f"the record of {by} is gone", state=state, same_run=False)
        outputs = matched.setdefault(f"{record_uri} {uri}", matching({record_uri: record}, uri))
        state = self.checker.of_outputs(outputs.get(record_uri, ()))
        read = replace(read, made_by=(record_uri,), state=state)
        if record.fingerprint != item["identity"]:
            words = f"{by} has run by another plan since: what was read then is not what is there"
            return replace(read, run=words, same_run=False)
        if item.get("made") and record.made != item["made"]:
            return replace(read, run=f"{by} has run again since, and made it anew", same_run=False)
        return replace(read, run="of the same run")

    def _is_gone(self, uri: str) -> bool:
        return self.checker.enabled and self.checker.identity(uri) is None

    def _outside(self, read: Input) -> Input:
        """Return an input from outside the run, which another one may have made."""
        if read.state != State():
            return read
        known = ":" in read.identity or read.identity == "absent"
        inner = self._made_inside(read.uri)
        state = self.checker.of_input(read.uri, read.identity, inner) if known else State()
        read = replace(read, state=state)
        found = self.finder.near_outside(read.uri)
        if found is not None:
            self.records.update(found.records)
            by = ", ".join(title_of(record) for record in found.records.values())
            read = replace(read, made_by=tuple(found.records), by=by)
            return replace(read, **_run_of_outside(read, found, by))
        if read.by:
            package = maker_of_package(read.uri)
            if package is not None:
                self.makers[read.uri] = package
                return replace(read, made_by=(read.uri,))
        return read

    def _made_inside(self, uri: str) -> frozenset[str]:
        """Return what commands wrote into a directory that another one read as it was before."""
        prefix = normal(uri) + "/"
        return frozenset(
            output.uri
            for record in self.records.values()
            for output in record.outputs
            if normal(output.uri).startswith(prefix)
        )


def _run_of_outside(read: Input, found: Found, by: str) -> dict[str, Any]:
    same = [o for o in found.outputs if o.uri == read.uri and o.files is None]
    if not same or ":" not in read.identity:
        return {}
    if same[0].identity == read.identity:
        return {"run": "of the same run"}
    return {"run": f"{by} has run since, and made it anew", "same_run": False}


def _merged(inputs: list[Input]) -> tuple[Input, ...]:
    """Make one of inputs of the same URI: a directory that several parts of a command made."""
    merged: dict[str, Input] = {}
    for item in inputs:
        before = merged.get(item.uri)
        if before is None:
            merged[item.uri] = item
            continue
        worse = before if not before.state.is_sound else item
        merged[item.uri] = replace(
            before,
            state=worse.state,
            made_by=tuple(dict.fromkeys([*before.made_by, *item.made_by])),
            by=", ".join(dict.fromkeys(filter(None, [before.by, item.by]))),
            run=before.run if not before.same_run else item.run,
            same_run=before.same_run and item.same_run,
        )
    return tuple(merged.values())


def _maker_of(key: str, record: Record) -> Maker:
    draft = record.draft
    return Maker(
        key=key,
        title=title_of(record),
        started=record.started,
        finished=record.finished,
        host=record.host,
        versions=dict(record.versions),
        plugins=tuple((pin_name(pin), pin_digest(pin)) for pin in draft["plugins"]),
        components=dict(draft["components"]),
        fingerprint=record.fingerprint,
        outputs=len(record.outputs),
    )
