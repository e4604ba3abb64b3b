"""What must not be run, and what is suspicious: found before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rvcli import keys, registry
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.dag.definition import CommandDefinition
from rvcli.dag.graph import Outputs, normal
from rvcli.errors import PlanError
from rvcli.records import fingerprint

_MOST_SHOWN = 10


@dataclass(frozen=True)
class Overlap:
    """Something in both train and validation.

    Attributes:
        kind: "scene" or "file".
        what: the scene's id, or the file's URI.
        experiment_ids: the experiments in which it is.
    """

    kind: str
    what: str
    experiment_ids: tuple[str, ...]

    @property
    def text(self) -> str:
        """The overlap in words."""
        return f"{self.kind} {self.what} ({listed(self.experiment_ids, most=3)})"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "kind": self.kind,
            "what": self.what,
            "experiment_ids": list(self.experiment_ids),
        }


def refuse(problems: Sequence[str], hint: str | None = None) -> None:
    """Raise PlanError if there are problems, naming all up to ten."""
    if not problems:
        return
    if len(problems) == 1:
        raise PlanError(problems[0], hint=hint)
    lines = [f"  - {problem}" for problem in problems[:_MOST_SHOWN]]
    if len(problems) > _MOST_SHOWN:
        lines.append(f"  and {len(problems) - _MOST_SHOWN} more")
    raise PlanError("\n".join([f"{len(problems)} problems:", *lines]), hint=hint)


def listed(names: Sequence[str], most: int = _MOST_SHOWN) -> str:
    """List names, the first few of many."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def experiments_of(definitions: Iterable[CommandDefinition]) -> list[Any]:
    """List the experiments that definitions were made from, each once."""
    found = {id(d.experiment): d.experiment for d in definitions if d.experiment is not None}
    return list(found.values())


def duplicate_ids(experiments: Iterable[Any]) -> list[str]:
    """Name the experiment ids that two different experiments bear."""
    by_id: dict[str, list[Any]] = {}
    for experiment in experiments:
        by_id.setdefault(experiment.id, []).append(experiment)
    return [
        f"{len(found)} experiments have the id {id!r}, with different content"
        for id, found in by_id.items()
        if len(found) > 1 and len({fingerprint(e.to_plain()) for e in found}) > 1
    ]


def clashes(
    definitions: Sequence[CommandDefinition],
    outputs: Outputs,
    same: Callable[[int, int], bool],
    exists: Callable[[str], bool],
) -> list[str]:
    """Name the places that two different commands would write.

    Splits of one command may share an output directory. A name that an auxiliary command
    declares and that no file backs is no place.

    Args:
        same: tells whether two definitions, by number, do the same.
        exists: tells whether there is anything at a URI.
    """
    messages: dict[str, list[int]] = {}
    for number, definition in enumerate(definitions):
        if definition.selected:
            messages.setdefault(normal(definition.message_uri), []).append(number)
    problems = []
    for place, writers in [*outputs.writers(), *messages.items()]:
        numbers = [n for n in writers if definitions[n].selected]
        for first, second in zip(numbers, numbers[1:], strict=False):
            one, other = definitions[first], definitions[second]
            if place not in messages and _splits_of_one(one, other):
                continue
            if same(first, second) or (_phony(one, other) and not exists(place)):
                continue
            problems.append(f"{one.id} and {other.id} would both write {place}")
            break
    return problems


def scene_clashes(definitions: Iterable[CommandDefinition]) -> list[str]:
    """Name the outputs that two different scenes of one command would write."""
    problems = []
    writers: dict[tuple[str, str, str], dict[str, tuple[str, Any]]] = {}
    for definition in definitions:
        if not definition.selected or definition.command_type != keys.PREDICT:
            continue
        owner = (definition.root_uri, definition.experiment_id or "", definition.command_type)
        seen = writers.setdefault(owner, {})
        for scene in getattr(definition.command_config, "scenes", None) or ():
            for uri in _reported(getattr(scene, "label_store", None), keys.PREDICT).output_uris:
                earlier = seen.setdefault(normal(uri), (definition.id, scene))
                if earlier[1] is not scene and fingerprint(_plain(earlier[1])) != fingerprint(
                    _plain(scene)
                ):
                    problems.append(
                        f"scenes {earlier[1].id!r} and {scene.id!r} of {definition.id} are"
                        f" different and would both write {uri}"
                    )
    return problems


def overlaps(experiments: Iterable[Any], made: Callable[[str], bool]) -> list[Overlap]:
    """Find scenes, images and label files in both train and validation.

    Args:
        made: tells whether a URI is made by a command, such as statistics that all share.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for experiment in experiments:
        dataset = getattr(experiment, "dataset", None)
        train = getattr(dataset, "train_scenes", None) or []
        validation = getattr(dataset, "validation_scenes", None) or []
        files = {normal(u): u for scene in train for u in scene_files(scene) if not made(u)}
        shared = dict.fromkeys(
            normal(u) for scene in validation for u in scene_files(scene) if normal(u) in files
        )
        ids = {scene.id: _plain(scene) for scene in train}
        scenes = dict.fromkeys(s.id for s in validation if _plain(s) == ids.get(s.id))
        in_scenes = {normal(u) for s in validation if s.id in scenes for u in scene_files(s)}
        for id in scenes:
            found.setdefault(("scene", str(id)), []).append(experiment.id)
        for place in shared:
            if place not in in_scenes:
                found.setdefault(("file", files[place]), []).append(experiment.id)
    return [Overlap(kind, what, tuple(ids)) for (kind, what), ids in found.items()]


def scene_files(scene: Any) -> list[str]:
    """List the URIs of a scene's imagery and labels."""
    files: set[str] = set()
    for part, command_type in (
        (getattr(scene, "raster_source", None), keys.CHIP),
        (getattr(scene, "label_source", None), keys.CHIP),
    ):
        files |= _reported(part, command_type).input_uris
    return sorted(files)


def _reported(config: Any, command_type: str) -> CommandIODefinition:
    io_def = CommandIODefinition()
    if config is not None:
        config.report_io(command_type, io_def)
    return io_def


def _plain(scene: Any) -> Any:
    return scene.to_plain()


def _splits_of_one(one: CommandDefinition, other: CommandDefinition) -> bool:
    return (
        one.splits > 1
        and one.split_id != other.split_id
        and (one.command_type, normal(one.root_uri), one.experiment_id)
        == (other.command_type, normal(other.root_uri), other.experiment_id)
    )


def _phony(one: CommandDefinition, other: CommandDefinition) -> bool:
    auxiliary = registry.current().keys(keys.AUX_COMMAND)
    return one.command_type in auxiliary and other.command_type in auxiliary
