"""A lineage as plain values: traced by files, printed by the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AS_RECORDED = "as recorded"
CHANGED = "changed"
MISSING = "missing"
UNREADABLE = "cannot be read"
UNKNOWN = "not known"
NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class State:
    """What a file is now, beside what a record says of it.

    Attributes:
        status: one of the words above.
        words: more about it; empty where the status says all.
    """

    status: str = NOT_CHECKED
    words: str = ""

    @property
    def is_sound(self) -> bool:
        """False if the file is surely not what the record says."""
        return self.status not in (CHANGED, MISSING, UNREADABLE)

    @property
    def text(self) -> str:
        """The state as a phrase."""
        return f"{self.status}: {self.words}" if self.words else self.status


@dataclass(frozen=True)
class Input:
    """One thing that was read.

    Attributes:
        identity: what it was when it was read: of its content, or the fingerprint of the command
            that made it.
        state: what it is now.
        made_by: keys of the makers that made it; none for a file from outside.
        by: name of the command that made it, also where its record is gone.
        run: whether its maker's record is still of the run that was read from, in words.
        same_run: False if it surely is not.
    """

    uri: str
    identity: str
    state: State = State()
    made_by: tuple[str, ...] = ()
    by: str = ""
    run: str = ""
    same_run: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "uri": self.uri,
            "identity": self.identity,
            "status": self.state.status,
            "status_text": self.state.text,
            "made_by": list(self.made_by),
            "by": self.by or None,
            "run": self.run or None,
            "same_run": self.same_run,
        }


@dataclass(frozen=True)
class Maker:
    """A command that ran, or a call of `rv predict`.

    Attributes:
        key: URI of what tells of it: its record, a STAC item or a package.
        title: names it: "tiny-town/TRAIN".
        note: what a reader must know of it; empty mostly.
        plugins: names, each with a digest or a version.
        followed: False where `depth` ended the search: its inputs are left out.
    """

    key: str
    title: str
    started: str = ""
    finished: str = ""
    host: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    plugins: tuple[tuple[str, str], ...] = ()
    components: Mapping[str, int] = field(default_factory=dict)
    fingerprint: str = ""
    inputs: tuple[Input, ...] = ()
    outputs: int = 0
    note: str = ""
    followed: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "key": self.key,
            "title": self.title,
            "started": self.started or None,
            "finished": self.finished or None,
            "host": self.host or None,
            "versions": dict(self.versions),
            "plugins": [{"name": name, "digest": digest} for name, digest in self.plugins],
            "components": dict(self.components),
            "fingerprint": self.fingerprint or None,
            "outputs": self.outputs,
            "note": self.note or None,
            "followed": self.followed,
            "inputs": [item.to_dict() for item in self.inputs] if self.followed else None,
        }


@dataclass(frozen=True)
class Lineage:
    """All that is known of how an artifact came to be.

    Attributes:
        uri: of the artifact.
        state: what it is now.
        note: how it belongs to what its makers wrote; empty where it is an output.
        made_by: keys of its makers; several for the parts of a command that was split.
        makers: each once, those of the artifact first.
    """

    uri: str
    state: State
    made_by: tuple[str, ...]
    makers: Mapping[str, Maker]
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "schema": 1,
            "uri": self.uri,
            "status": self.state.status,
            "status_text": self.state.text,
            "note": self.note or None,
            "made_by": list(self.made_by),
            "makers": [maker.to_dict() for maker in self.makers.values()],
        }
