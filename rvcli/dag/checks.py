"""What must not be run, and what is suspicious: found before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rvcli import keys, registry
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.dag.definition import CommandDefinition
from rvcli.dag.graph import Outputs, normal
from rvcli.errors import PlanError
from rvcli.filesystem import absolute_uri, base_name, parent_uri
from rvcli.records import fingerprint

_MOST_SHOWN = 10


@dataclass(frozen=True)
class Overlap:
    """Something in both train and validation.

    Attributes:
        text: what it is, in words.
        experiment_ids: the experiments in which it is.
    """

    text: str
    experiment_ids: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.text} ({listed(self.experiment_ids, most=3)})"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"text": self.text, "experiment_ids": list(self.experiment_ids)}


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
        f"{len(found)} experiments have the id {experiment_id!r}, with different content"
        for experiment_id, found in by_id.items()
        if len(found) > 1 and len({_mark(experiment) for experiment in found}) > 1
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
        definitions: those that are not selected do not count.
        outputs: of the definitions, by number.
        same: tells whether two definitions, by number, do the same.
        exists: tells whether there is anything at a URI.
    """
    problems = []
    for place, writers in outputs.writers():
        for first, second in pairwise(n for n in writers if definitions[n].selected):
            one, other = definitions[first], definitions[second]
            if same(first, second) or _splits_of_one(one, other):
                continue
            if not (_phony(one, other, place) and not exists(place)):
                problems.append(f"{one.id} and {other.id} would both write {place}")
                break
    return [*problems, *_message_clashes(definitions, same)]


def scene_clashes(definitions: Iterable[CommandDefinition]) -> list[str]:
    """Name the outputs that two different scenes of one command would write."""
    problems: dict[str, None] = {}
    writers: dict[tuple[str, ...], Any] = {}
    for definition in definitions:
        if not definition.selected:
            continue
        owner = (str(definition.experiment_id), definition.command_type, definition.root_uri)
        for scene, uri in _scene_outputs(definition):
            earlier = writers.setdefault((*owner, normal(uri)), scene)
            if earlier is not scene and _mark(earlier) != _mark(scene):
                problems[
                    f"scenes {earlier.id!r} and {scene.id!r} of"
                    f" {owner[0]}/{definition.command_type} are different and would both"
                    f" write {uri}"
                ] = None
    return list(problems)


def overlaps(experiments: Iterable[Any]) -> list[Overlap]:
    """Find what is in both train and validation."""
    found: dict[str, list[str]] = {}
    for experiment in experiments:
        for text in experiment.dataset.overlaps():
            found.setdefault(text, []).append(experiment.id)
    return [Overlap(text, tuple(dict.fromkeys(ids))) for text, ids in found.items()]


def _message_clashes(
    definitions: Sequence[CommandDefinition], same: Callable[[int, int], bool]
) -> list[str]:
    first_at: dict[str, int] = {}
    problems = []
    for number, definition in enumerate(definitions):
        if not definition.selected:
            continue
        first = first_at.setdefault(normal(definition.message_uri), number)
        if not same(first, number):
            problems.append(
                f"{definitions[first].id} and {definition.id} would both write"
                f" {definition.message_uri}"
            )
    return problems


def _scene_outputs(definition: CommandDefinition) -> Iterator[tuple[Any, str]]:
    """Give each scene of a command with the outputs that are its own."""
    config = definition.command_config
    if definition.command_type == keys.PREDICT:
        for scene in getattr(config, "scenes", None) or ():
            for uri in _outputs_of(getattr(scene, "label_store", None), keys.PREDICT):
                yield scene, uri
    elif definition.command_type == keys.CHIP:
        backend = getattr(config, "backend", None)
        scenes = getattr(config, "train_scenes", None) or ()
        counts = Counter(scene.id for scene in scenes)
        for scene in scenes:
            # Chips are named by scene; a backend that names them otherwise is left alone.
            own = backend.for_scenes([scene.id], []) if backend and counts[scene.id] > 1 else None
            if own is not None and own is not backend:
                for uri in _outputs_of(own, keys.CHIP):
                    yield scene, uri


def _outputs_of(config: Any, command_type: str) -> list[str]:
    io_def = CommandIODefinition()
    if config is not None:
        config.report_io(command_type, io_def)
    return sorted(io_def.output_uris)


def _mark(config: Any) -> str:
    return fingerprint(config.to_plain())


def _splits_of_one(one: CommandDefinition, other: CommandDefinition) -> bool:
    return (
        one.splits > 1
        and one.split_id != other.split_id
        and (one.command_type, normal(one.root_uri), one.experiment_id)
        == (other.command_type, normal(other.root_uri), other.experiment_id)
    )


def _phony(one: CommandDefinition, other: CommandDefinition, place: str) -> bool:
    """Tell whether a place may be a mere name: bare names come to lie in the working directory."""
    auxiliary = registry.current().keys(keys.AUX_COMMAND)
    bare = base_name(place).startswith(".") or parent_uri(place) == absolute_uri(".")
    return bare and one.command_type in auxiliary and other.command_type in auxiliary
