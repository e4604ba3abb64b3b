"""What commands that need labels say of scenes without any, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rvcli.core.command_io_definition import CommandIODefinition


def report_unlabelled(scenes: Iterable[Any], io_def: CommandIODefinition) -> None:
    """Report the scenes that have no label source as missing inputs."""
    for scene in scenes:
        if scene.label_source is None:
            io_def.add_missing(
                f"scene {scene.id!r} has no labels: give it with_label_source(...), or leave it out"
            )
