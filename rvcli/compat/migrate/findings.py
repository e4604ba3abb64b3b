"""What is found in a file, and the edits that follow from it: values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

RENAME = "rename"
DEPRECATED = "deprecated"
MANUAL = "manual"
ABSENT = "absent"
NOTE = "note"

KINDS = (RENAME, DEPRECATED, MANUAL, ABSENT, NOTE)
REWRITTEN = (RENAME, DEPRECATED)
LEFT_TO_DO = (MANUAL, ABSENT)


@dataclass(frozen=True, order=True)
class Finding:
    """One place of a file where something is to be said.

    Attributes:
        line: from 1.
        column: from 1.
        kind: one of KINDS.
        old: what stands there.
        new: what takes its place; "" where nothing does.
        why: what else is to be known, or done.
    """

    line: int
    column: int
    kind: str
    old: str
    new: str = ""
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, order=True)
class Edit:
    """A part of a text that another one replaces.

    Attributes:
        start: offset of its first character.
        stop: offset after its last character.
        text: what takes its place.
    """

    start: int
    stop: int
    text: str


@dataclass
class Findings:
    """What was found so far in one file, and what is to be edited."""

    found: list[Finding] = field(default_factory=list)
    edits: set[Edit] = field(default_factory=set)

    def ordered(self) -> list[Finding]:
        """Return each finding once, from the top of the file to its end."""
        return sorted(set(self.found))


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with its edits applied; where two insert at one place, in their order."""
    parts: list[str] = []
    done = 0
    for edit in sorted(edits):
        if edit.start < done:
            raise AssertionError(f"edits overlap at {edit.start}: {edit.text!r}")
        parts += (text[done : edit.start], edit.text)
        done = edit.stop
    return "".join([*parts, text[done:]])
