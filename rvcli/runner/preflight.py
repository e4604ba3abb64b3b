"""Preflight: refuse what would fail on other machines, before anything is written or started."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rvcli.config import uris_of
from rvcli.dag import Step
from rvcli.dag.checks import refuse
from rvcli.errors import FileSystemError
from rvcli.filesystem import is_local, join_uri, resolve, shown
from rvcli.runner.experiment_runner import ExperimentRunner

_PROBE = ".rv-write-probe"


def refuse_unfit(runner: ExperimentRunner, steps: Sequence[Step]) -> None:
    """Raise PlanError, naming every reason, if steps cannot succeed on a runner."""
    if not steps:
        return
    if runner.traits.remote:
        if not runner.traits.shares_files:
            option = runner.traits.shared_option
            refuse(
                sorted(set(_local_uris(steps))),
                hint="copy them to where all machines reach them, such as s3://..., and name them"
                " there" + (f"; or set {option} if all see the same files" if option else ""),
            )
        refuse(
            [*_without_writer(steps), *_unwritable(steps)],
            hint="choose another URI, or permit what runs rv to write there",
        )
    refuse(runner.check(steps), hint="mend it, or choose another runner")


def _local_uris(steps: Iterable[Step]) -> Iterator[str]:
    """Say of each path on this machine what names it."""
    for step in steps:
        definition = step.definition
        io_def = definition.io_def
        fields = uris_of(definition.command_config)
        uris = {definition.root_uri, *io_def.input_uris, *io_def.output_uris, *fields}
        local = sorted(uri for uri in uris if uri and is_local(uri))
        places = dict(_places(step.draft["config"])) if local else {}
        for uri in local:
            where = f" ({places[uri]})" if uri in places else ""
            yield f"{step.id} needs {uri}{where}, which other machines do not see"


def _places(value: Any, path: str = "$") -> Iterator[tuple[str, str]]:
    """Yield each text in plain values with its path, such as `$.scenes[0].id`."""
    if isinstance(value, str):
        yield value, path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _places(item, f"{path}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places(item, f"{path}[{number}]")


def _without_writer(steps: Iterable[Step]) -> Iterator[str]:
    """Say of each output for which there is no file system that writes it."""
    for step in steps:
        for uri in step.definition.io_def.output_uris:
            try:
                resolve(uri, "w")
            except FileSystemError as e:
                yield f"{step.id} cannot write {shown(uri)}: {e.message}"


def _unwritable(steps: Iterable[Step]) -> Iterator[str]:
    """Try to write to each root: permissions are known to nobody but the store itself."""
    roots = {
        s.definition.experiment.root_uri if s.definition.experiment else s.definition.root_uri
        for s in steps
    }
    for root in sorted(roots):
        uri = join_uri(root, _PROBE)
        try:
            file_system = resolve(uri, "w")
            file_system.write_str(uri, "")
            file_system.delete(uri)
        except FileSystemError as e:
            yield f"the root {shown(root)} cannot be written: {e.message}"
