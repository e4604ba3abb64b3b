"""RecordStore: what a plan may ask about the world, and nothing that would change it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timezone
from pathlib import Path

from rvcli.errors import NotWritableError
from rvcli.filesystem import resolve
from rvcli.filesystem.threads import in_threads
from rvcli.records.digests import default_cache
from rvcli.records.identity import REMOTE_THREADS, Identities, Identity, local_path
from rvcli.records.names import record_uri
from rvcli.records.record import Found, Record, iso_text, output_problem, read_record


class RecordStore:
    """A read-only view of records, inputs and outputs, as they are while it lives.

    Attributes:
        opened: when it was made, ISO 8601 in UTC; what is later in a record is not in here.
        token: tells the plan that is made from it from all others, whatever clocks say.
    """

    def __init__(self, identities: Identities | None = None) -> None:
        self.opened = iso_text(datetime.now(timezone.utc))
        self.token = secrets.token_hex(8)
        self.identities = identities or Identities(default_cache())
        self._found: dict[str, Found] = {}

    def record(self, root_uri: str, split_id: int = 0) -> Found:
        """Return the record of a command, or why there is none."""
        return self.record_at(record_uri(root_uri, split_id))

    def record_at(self, uri: str) -> Found:
        """Return the record at a URI, or why there is none."""
        if uri not in self._found:
            self._found[uri] = read_record(uri)
        return self._found[uri]

    def identity(self, uri: str, without: Collection[str] = ()) -> Identity:
        """Return the identity of an input; see `Identities.of`."""
        return self.identities.of(uri, without)

    def glimpse(self, uri: str) -> tuple[Identity | None, bool]:
        """Return what is known of an input without opening it; see `Identities.glimpse`."""
        return self.identities.glimpse(uri)

    def output_problem(self, record: Record) -> str | None:
        """Say what is wrong with the outputs that a record names, or return None."""
        return output_problem(record.outputs, self.identities)

    def prefetch(self, commands: Iterable[tuple[str, int]], inputs: Iterable[str] = ()) -> None:
        """Look at many records (root URI and split) and inputs at once where that is faster."""
        wanted = [record_uri(*command) for command in commands]
        remote = [uri for uri in wanted if local_path(uri) is None and uri not in self._found]

        def read(uri: str) -> None:
            self._found[uri] = read_record(uri)

        in_threads(read, remote, REMOTE_THREADS)
        records = [self._found[uri].record for uri in remote]
        outputs = [output.uri for record in records if record for output in record.outputs]
        self.identities.prefetch([*inputs, *(u for u in outputs if local_path(u) is None)])

    def flush(self) -> None:
        """Keep the digests of what was read for the next plan."""
        self.identities.digests.flush()

    def writing_problem(self, root_uri: str) -> str | None:
        """Say why nothing can be written below a root, or return None.

        Local: the nearest folder that exists must be one and be writable. Elsewhere: a file
        system must say that it writes such URIs; nothing is tried.
        """
        path = local_path(root_uri)
        if path is not None:
            return _local_problem(path)
        try:
            resolve(root_uri, "w")
        except NotWritableError as e:
            return e.message
        return None


def _local_problem(root: str) -> str | None:
    folder = Path(root)
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        return f"{folder} is no folder"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} is not writable"
    return None
