"""The records below a root, and what they say of outputs and inputs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from rvcli.dag.graph import Outputs, normal
from rvcli.errors import FileSystemError, UsageError
from rvcli.filesystem import base_name, parent_uri, resolve
from rvcli.filesystem.threads import in_threads
from rvcli.progress import track
from rvcli.records import Record, read_record, record_uri
from rvcli.records.identity import REMOTE_THREADS, local_path
from rvcli.report.sources import list_experiments, read_source

# A command's root lies two below that of the experiment; a plugin's may be nested further.
_LEVELS = 4
_NAME = "command-record-"


class RecordIndex:
    """The records below a root, and those of its experiments that lie elsewhere."""

    def __init__(self, root_uri: str) -> None:
        self.root_uri = root_uri

    @cached_property
    def records(self) -> dict[str, Record]:
        """Every whole record, by its URI."""
        uris = sorted({*_below(self.root_uri), *self._elsewhere()})
        with track("reading records", len(uris), "records") as progress:

            def read(uri: str) -> Record | None:
                record = read_record(uri).record
                progress.advance()
                return record

            found = in_threads(read, uris, REMOTE_THREADS)
        return {uri: record for uri, record in zip(uris, found, strict=True) if record is not None}

    @cached_property
    def _outputs(self) -> Outputs:
        outputs = [[o.uri for o in r.outputs] for r in self.records.values()]
        return Outputs(outputs, [True] * len(outputs))

    def makers(self, uri: str) -> list[str]:
        """Return the URIs of the records of what made a place, a directory around it, or parts."""
        uris = list(self.records)
        return [uris[number] for number in self._outputs.producers(uri)]

    def with_fingerprint(self, fingerprint: str) -> str | None:
        """Return the URI of the record that has a fingerprint."""
        return next((u for u, r in self.records.items() if r.fingerprint == fingerprint), None)

    def readers(self, uri: str) -> list[Record]:
        """Return the records of what read a place."""
        place = normal(uri)
        return [
            record
            for record in self.records.values()
            if any(normal(str(item["uri"])) == place for item in record.draft["inputs"])
        ]

    def _elsewhere(self) -> Iterator[str]:
        """Yield the records of commands whose roots are not below that of the experiment."""
        try:
            ids = list_experiments(self.root_uri)
            sources = [read_source(self.root_uri, experiment_id) for experiment_id in ids]
        except (FileSystemError, UsageError):
            return
        prefix = normal(self.root_uri) + "/"
        for source in sources:
            roots = [str(v) for k, v in source.message.items() if k.endswith("Uri") and v]
            for root in roots:
                if not normal(root).startswith(prefix) and normal(root) != normal(self.root_uri):
                    yield from _in_directory(root)


def _below(root_uri: str) -> list[str]:
    path = local_path(root_uri)
    if path is None:
        try:
            found = resolve(root_uri).list_paths(root_uri.rstrip("/") + "/", ".json")
        except FileSystemError:
            return []
        return [uri for uri in found if base_name(uri).startswith(_NAME)]
    return [
        str(found)
        for level in range(_LEVELS)
        for found in Path(path).glob("*/" * level + f"{_NAME}*.json")
    ]


def _in_directory(uri: str) -> list[str]:
    first = record_uri(uri, 0)
    record = read_record(first).record
    if record is None:
        return []
    return [record_uri(uri, number) for number in range(record.splits)]


def records_in(directory_uri: str) -> dict[str, Record]:
    """Return the records of the command whose root is a directory, by URI; of all its parts."""
    found = {uri: read_record(uri).record for uri in _in_directory(directory_uri)}
    return {uri: record for uri, record in found.items() if record is not None}


def directories_above(uri: str) -> Iterator[str]:
    """Yield the directories around a place, the nearest first."""
    directory = parent_uri(uri)
    while directory and directory != uri:
        yield directory
        uri, directory = directory, parent_uri(directory)
