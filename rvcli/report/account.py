"""What commands did, as plain values: an account of their work, for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CommandRun:
    """One command, or one split of it.

    Attributes:
        id: as "TRAIN", or "CHIP/2" for a split.
        started, finished: ISO 8601, UTC; empty if it never finished.
        wall_s, cpu_s: seconds; None where nobody measured.
        gpu_peak_memory_bytes: None where it used no GPU.
        versions: of the packages that did the work.
    """

    id: str
    command_type: str
    started: str = ""
    finished: str = ""
    host: str = ""
    wall_s: float | None = None
    cpu_s: float | None = None
    peak_memory_bytes: float | None = None
    gpu_peak_memory_bytes: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlanStep:
    """A step of a plan, with what became of it.

    Attributes:
        id: unique in the plan, as "tiny-town/CHIP/2".
        status: "done", "failed", "cancelled", "not_run", "up_to_date", "duplicate", "blocked"
            or "unknown".
        reason: why it ran or was skipped, in words.
        detail: how it ended, where that says more than its status.
    """

    id: str
    command_type: str
    experiment_id: str
    status: str
    reason: str = ""
    detail: str = ""
    depends_on: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True)
class LastRun:
    """The newest run that concerned an experiment.

    Attributes:
        run_id: empty where the steps are known from records alone.
        command_line: as it was typed, secrets masked.
    """

    steps: tuple[PlanStep, ...] = ()
    run_id: str = ""
    runner: str = ""
    started: str = ""
    finished: str = ""
    host: str = ""
    command_line: str = ""
    version: str = ""


@dataclass(frozen=True)
class Plugin:
    """A plugin that commands were run with.

    Attributes:
        place: its URI, module or distribution.
        pin: the digest of its content, or its version.
    """

    name: str
    place: str
    pin: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class File:
    """A file that a command read or wrote.

    Attributes:
        identity: of its content, or of the command that made it.
        by: the id of the command that made it; empty if it came from elsewhere.
        commands: those that read or wrote it.
    """

    uri: str
    identity: str
    by: str = ""
    size_bytes: int | None = None
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """A command message, as JSON for people, secrets masked.

    Attributes:
        cut_characters: how many of its end were left out.
    """

    name: str
    text: str
    cut_characters: int = 0


@dataclass(frozen=True)
class Provenance:
    """What the results were made from, and by what.

    Attributes:
        versions: of packages, by name: those that all commands had in common, or all that
            there were, the newest last.
        omitted: how many inputs, outputs and messages were left out, by what they are.
    """

    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plugins: tuple[Plugin, ...] = ()
    inputs: tuple[File, ...] = ()
    outputs: tuple[File, ...] = ()
    messages: tuple[Message, ...] = ()
    omitted: Mapping[str, int] = field(default_factory=dict)
