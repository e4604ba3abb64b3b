"""When and where the commands of an experiment ran, and what they took, from their records."""

from __future__ import annotations

from datetime import datetime

from rvcli.report.account import CommandRun
from rvcli.report.sources import CommandFiles, Source


def collect_commands(source: Source) -> tuple[CommandRun, ...]:
    """Return the commands of an experiment that were ever given to a worker, in their order."""
    return tuple(_command_run(command) for command in source.commands)


def seconds_between(started: str, finished: str) -> float | None:
    """Return the seconds between two moments as records write them; None if one is none."""
    try:
        return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    except ValueError:
        return None


def _command_run(command: CommandFiles) -> CommandRun:
    record = command.record
    if record is None:
        return CommandRun(command.id, command.command_type)
    usage = record.usage
    wall_s = usage.get("wall_s")
    return CommandRun(
        id=command.id,
        command_type=command.command_type,
        started=record.started,
        finished=record.finished,
        host=record.host,
        wall_s=seconds_between(record.started, record.finished) if wall_s is None else wall_s,
        cpu_s=usage.get("cpu_s"),
        peak_memory_bytes=usage.get("peak_memory_bytes"),
        gpu_peak_memory_bytes=usage.get("gpu_peak_memory_bytes"),
        versions=record.versions,
    )
