"""Whether files are still what records say of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from rvcli.errors import FileSystemError
from rvcli.lineage.content import (
    AS_RECORDED,
    CHANGED,
    MISSING,
    NOT_CHECKED,
    UNKNOWN,
    UNREADABLE,
    State,
)
from rvcli.records import Identities, default_cache
from rvcli.records.record import Output

_ABSENT = "absent"


def comparable(one: str, other: str) -> bool:
    """Tell whether two identities are of one kind: a digest and an ETag are not."""
    return one.partition(":")[0] == other.partition(":")[0]


class Checker:
    """Looks at files, each once.

    Attributes:
        enabled: False to look at none: everything is "not checked".
        moved: gives another place where a file that is missing may be.
    """

    def __init__(self, enabled: bool = True) -> None:
        self.enabled = enabled
        self.moved: Callable[[str], str | None] = lambda uri: None
        self._identities = Identities(default_cache())

    def prefetch(self, uris: Iterable[str]) -> None:
        """Look at many files at once, where that saves time."""
        if self.enabled:
            self._identities.prefetch(uris)

    def flush(self) -> None:
        """Keep the digests of what was read."""
        self._identities.digests.flush()

    def identity(self, uri: str) -> str | None:
        """Return what a file is now; None if it is not there or cannot be read."""
        if not self.enabled:
            return None
        try:
            found = self._identities.of(uri)
        except FileSystemError:
            return None
        return found.text if found.present else None

    def of_input(self, uri: str, identity: str, without: Collection[str] = ()) -> State:
        """Return the state of what a command read.

        Args:
            identity: what it was then.
            without: what lies below it, if it is a directory, and was not a part of it.
        """
        if not self.enabled:
            return State(NOT_CHECKED)
        words = ""
        try:
            found = self._identities.of(uri, without)
            now, missing = found.text, State(MISSING)
        except FileSystemError as e:
            # The last part says why: what comes before names the file.
            now, missing = _ABSENT, State(UNREADABLE, e.message.rpartition(" cannot be read: ")[2])
        if now == identity:
            return State(AS_RECORDED, "there was none" if now == _ABSENT else "")
        if now == _ABSENT:
            place = self.moved(uri)
            elsewhere = self.identity(place) if place is not None else None
            if elsewhere is None:
                return missing
            now, words = elsewhere, "moved with its record"
        if not comparable(now, identity):
            return State(UNKNOWN, words or "contents were told otherwise then")
        return State(AS_RECORDED if now == identity else CHANGED, words)

    def of_outputs(self, outputs: Iterable[Output]) -> State:
        """Return the state of outputs together: of the first that is not as it was."""
        if not self.enabled:
            return State(NOT_CHECKED)
        states = [self._of_output(output) for output in outputs]
        return next((s for s in states if not s.is_sound), (states or [State(NOT_CHECKED)])[0])

    def _of_output(self, output: Output) -> State:
        if output.identity == _ABSENT:
            return State(AS_RECORDED, "a name that no file backs")
        try:
            if output.files is None:
                return self.of_input(output.uri, output.identity)
            names = self._identities.names(output.uri)
        except FileSystemError as e:
            return State(UNREADABLE, e.message)
        if names is None:
            return State(MISSING)
        lost = sorted(set(output.files) - names)
        if not lost:
            count = len(output.files)
            return State(AS_RECORDED, f"{count} file{'s' if count != 1 else ''}, by their names")
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        return State(CHANGED, f"it lacks {lost[0]}{more}")
