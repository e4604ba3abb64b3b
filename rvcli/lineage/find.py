"""Finds what made an artifact: by records beside, above or elsewhere, by items, by packages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rvcli.dag.graph import Outputs, normal
from rvcli.errors import DataError, FileSystemError
from rvcli.filesystem import absolute_uri, base_name, join_uri, parent_uri, shown
from rvcli.lineage.index import RecordIndex, directories_above, records_in
from rvcli.lineage.states import comparable
from rvcli.records import Identities, Record, default_cache, is_own_name
from rvcli.records.record import Output
from rvcli.report.sources import EXPERIMENTS
from rvcli.utils.files import file_exists

_MOST_SHOWN = 10
# What lies outside may be anywhere, each place a request.
_MOST_PLACES = 200


@dataclass(frozen=True)
class Found:
    """What made an artifact.

    Attributes:
        records: of its makers, by URI.
        outputs: those of theirs that are the artifact, hold it, or are parts of it.
        note: how it belongs to them, where it is none of their outputs.
    """

    records: dict[str, Record] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    note: str = ""


class Finder:
    """Finds records.

    Args:
        roots: root URIs of experiments in which to look as well.
    """

    def __init__(self, roots: Iterable[str] = ()) -> None:
        self.roots = [absolute_uri(uri) for uri in roots]
        self._indexes: dict[str, RecordIndex] = {}
        self._directories: dict[str, dict[str, Record]] = {}
        self._moves: dict[str, str] = {}

    def find(self, uri: str) -> Found | None:
        """Return what made a place; None if no record tells.

        Args:
            uri: absolute, of a file or a directory.
        """
        if is_own_name(base_name(uri)):
            found = self._in(parent_uri(uri))
            if base_name(parent_uri(uri)) == "logs":
                found = found or self._in(parent_uri(parent_uri(uri)))
            return Found(found, note="it tells of the command itself") if found else None
        near = self.near(uri)
        if near is not None:
            return near
        for index in self.indexes(uri):
            uris = index.makers(uri)
            if uris:
                return _found({u: index.records[u] for u in uris}, uri)
        return self._below(uri)

    def near(self, uri: str) -> Found | None:
        """Return what made a place, by the records in it and in the directories above."""
        for directory in (uri, *directories_above(uri)):
            records = self._in(directory)
            if records:
                found = _found(records, uri) or self._copied(records, uri)
                if found is not None:
                    return found
        return None

    def near_outside(self, uri: str) -> Found | None:
        """Return what made an input from outside, without looking at ever more places."""
        if len(self._directories) > _MOST_PLACES and parent_uri(uri) not in self._directories:
            return None
        found = self.near(uri)
        return found if found is not None and found.outputs else None

    def record(self, record_uri: str, fingerprint: str) -> tuple[str, Record | None]:
        """Return the record at a URI, or one of the same fingerprint below a known root.

        The latter where all of a root was copied to another place.
        """
        for place in filter(None, (record_uri, self.moved(record_uri))):
            record = self._in(parent_uri(place)).get(place)
            if record is not None and (place == record_uri or record.fingerprint == fingerprint):
                return place, record
        for index in [*self._indexes.values(), *self.indexes("")]:
            uri = index.with_fingerprint(fingerprint)
            if uri is not None:
                self._note_move(record_uri, uri)
                return uri, index.records[uri]
        return record_uri, None

    def moved(self, uri: str) -> str | None:
        """Return where a file would lie now, if it was copied with what lay around it."""
        for old, new in self._moves.items():
            if uri.startswith(f"{old}/"):
                return new + uri.removeprefix(old)
        return None

    def _note_move(self, old: str, new: str) -> None:
        """Learn from the old and the new place of one file where its neighbours are."""
        olds, news = old.split("/"), new.split("/")
        while olds and news and olds[-1] == news[-1]:
            olds.pop()
            news.pop()
        self._moves.setdefault("/".join(olds), "/".join(news))

    def indexes(self, uri: str) -> list[RecordIndex]:
        """Return the records of the given roots, and of the roots above a place."""
        roots = list(self.roots)
        for directory in directories_above(uri) if uri else ():
            if directory not in roots and _exists(join_uri(directory, EXPERIMENTS)):
                roots.append(directory)
        return [self._indexes.setdefault(root, RecordIndex(root)) for root in roots]

    def _in(self, directory: str) -> dict[str, Record]:
        if directory not in self._directories:
            try:
                self._directories[directory] = records_in(directory)
            except FileSystemError:
                # Above a bucket, or of an owner that does not let everyone look.
                self._directories[directory] = {}
        return self._directories[directory]

    def _copied(self, records: dict[str, Record], uri: str) -> Found | None:
        """Return what made a place that is a copy: of a name and content that a record tells."""
        name = base_name(uri)
        alike = {
            key: output
            for key, record in records.items()
            for output in record.outputs
            if base_name(output.uri) == name and output.files is None
        }
        if not alike:
            return None
        try:
            now = Identities(default_cache()).of(uri)
        except FileSystemError:
            return None
        for key, output in alike.items():
            same_size = now.present and now.size_bytes == output.size_bytes
            if now.text == output.identity or (
                same_size and not comparable(now.text, output.identity)
            ):
                self._note_move(output.uri, uri)
                by = "" if now.text == output.identity else ", by its name and size"
                note = f"a copy{by}: it was written to {shown(output.uri)}"
                return Found({key: records[key]}, (Output(uri, output.identity),), note)
        return None

    def _below(self, uri: str) -> Found | None:
        """Return the command below whose root a place lies, though it is none of its outputs."""
        if not _exists(uri):
            return None
        for directory in (uri, *directories_above(uri)):
            records = self._in(directory)
            if records:
                what = "it lies below the root of this command, which did not name it as an output"
                if directory == uri:
                    what = "it is the root of this command"
                return Found(records, note=what)
        return None

    def explain_nothing(self, uri: str) -> DataError:
        """Return the error that says why nothing is known of a place, and what to do."""
        name = shown(uri)
        if _exists(join_uri(uri, EXPERIMENTS)):
            outputs = {o.uri for r in RecordIndex(uri).records.values() for o in r.outputs}
            what = ", ".join(sorted(map(shown, outputs))[:_MOST_SHOWN])
            return DataError(
                f"{name} is the root of experiments, and no artifact",
                hint=f"name one of: {what}" if what else "run them first",
            )
        readers = [r for index in self.indexes(uri) for r in index.readers(uri)]
        if readers:
            names = list(dict.fromkeys(title_of(r) for r in readers))
            makers = {
                str(item["by"])
                for r in readers
                for item in r.draft["inputs"]
                if item.get("by") and normal(str(item["uri"])) == normal(uri)
            }
            if makers:
                return DataError(
                    f"{name} was made by {', '.join(sorted(makers))}, whose record is gone",
                    hint="run it again",
                )
            more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
            return DataError(
                f"{name} comes from outside: no command made it",
                hint=f"it was read by {', '.join(names[:_MOST_SHOWN])}{more}",
            )
        there = _exists(uri)
        return DataError(
            f"no record tells what made {name}"
            if there
            else f"there is nothing at {name}, and no record names it",
            hint="nothing makes imagery and labels; if a command of rv made it, name the root_uri"
            " of its experiment with --root, where its record may lie",
        )


def title_of(record: Record) -> str:
    """Name the command of a record: "exp1/TRAIN", or "exp1/CHIP/2" for a part."""
    draft = record.draft
    name = str(draft.get("command_type") or "a command")
    if draft.get("experiment_id"):
        name = f"{draft['experiment_id']}/{name}"
    return f"{name}/{draft.get('split_id') or 0}" if record.splits > 1 else name


def matching(records: dict[str, Record], uri: str) -> dict[str, tuple[Output, ...]]:
    """Return the outputs, by the URI of their record, that are a place, hold it, or are in it."""
    pairs = [(key, output) for key, record in records.items() for output in record.outputs]
    outputs = Outputs([[output.uri] for _, output in pairs], [True] * len(pairs))
    found: dict[str, tuple[Output, ...]] = {}
    for number in outputs.producers(uri):
        key, output = pairs[number]
        if _holds(output, uri):
            found[key] = (*found.get(key, ()), output)
    return found


def _holds(output: Output, uri: str) -> bool:
    """Tell whether an output is a place, or has it: a directory holds what it listed, no more."""
    place, own = normal(uri), normal(output.uri)
    if not place.startswith(own + "/"):
        return True
    name = place.removeprefix(own + "/")
    return output.files is not None and any(
        file == name or file.startswith(name + "/") for file in output.files
    )


def _found(records: dict[str, Record], uri: str) -> Found | None:
    by_record = matching(records, uri)
    if not by_record:
        return None
    outputs = tuple(o for found in by_record.values() for o in found)
    return Found({key: records[key] for key in by_record}, outputs)


def _exists(uri: str) -> bool:
    try:
        return file_exists(uri)
    except FileSystemError:
        return False
