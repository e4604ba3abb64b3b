"""Prove that a config says what its commands read and write."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from rvcli import keys
from rvcli.config import update
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.verify.builders import is_incomplete
from rvcli.verify.faults import Stage
from rvcli.verify.place import is_inherited_from_rv, place_of_class, place_of_method
from rvcli.verify.report import WARNING, Finding

_URI_ENDINGS = ("_uri", "_uris", "_path", "_paths")


def check_io(config: Any, component: str, stage: Stage) -> list[Finding]:
    """Find what keeps the planner from knowing the files of a config."""
    if not config.is_declared():
        return list(_check_classic(config, component, stage))
    return list(_check_declared(config, component))


def _check_declared(config: Any, component: str) -> Iterator[Finding]:
    if not is_inherited_from_rv(type(config), "report_io"):
        return
    for spec in config.fields():
        if spec.name.endswith(_URI_ENDINGS) and not spec.uri:
            yield Finding(
                "uri-undeclared",
                f"the field {spec.name} seems to name files, but does not say so: relative paths"
                " will not be made absolute, and no command waits for the files",
                "declare it with uri=True, or with input_of and output_of",
                place_of_class(spec.owner),
                component,
                WARNING,
            )


def _check_classic(config: Any, component: str, stage: Stage) -> Iterator[Finding]:
    if not is_inherited_from_rv(type(config), "report_io"):
        yield from _check_own_report(config, component, stage)
        return
    names = [name for name in vars(config) if name.endswith(_URI_ENDINGS)]
    if names and not _reports_by_update(config):
        yield Finding(
            "report-io-missing",
            f"{type(config).__name__} has no report_io, yet holds {', '.join(names)}: commands"
            " will not wait for these files, nor run again when they change",
            "define report_io(self, command_type, io_def) and call io_def.add_input and"
            " io_def.add_output in it",
            place_of_class(config),
            component,
        )


def _check_own_report(config: Any, component: str, stage: Stage) -> Iterator[Finding]:
    where = place_of_method(config, "report_io")
    try:
        inspect.signature(config.report_io).bind("TRAIN", CommandIODefinition())
    except TypeError as e:
        yield Finding(
            "report-io-fails",
            f"report_io cannot be called: {e}",
            "define it as report_io(self, command_type, io_def)",
            where,
            component,
        )
        return
    for command_type in keys.COMMANDS:
        try:
            ready = update(config.clone(), command_type, _sample_experiment(), [])
            ready.report_io(command_type, CommandIODefinition())
        except Exception as e:
            if is_incomplete(config, e):
                return
            # The experiment is made up, so this need not happen with a real one.
            yield stage.finding(
                e,
                f"reporting the files of {command_type}",
                code="report-io-fails",
                component=component,
                where=where,
                severity=WARNING,
            )
            return


def _reports_by_update(config: Any) -> bool:
    """Tell whether update_for_command reports files, as old plugins have it."""
    for command_type in keys.COMMANDS:
        io_def = CommandIODefinition()
        try:
            ready = update(config.clone(), command_type, _sample_experiment(), [])
            ready.report_io(command_type, io_def)
        except Exception:
            return True  # there is no telling without a real experiment
        if io_def.input_uris or io_def.output_uris:
            return True
    return False


def _sample_experiment() -> Any:
    root = "s3://bucket/root"
    commands = {f"{name.lower()}_uri": f"{root}/{name.lower()}/sample" for name in keys.COMMANDS}
    dataset = SimpleNamespace(
        train_scenes=[], validation_scenes=[], test_scenes=[], augmentors=[], all_scenes=list
    )
    return SimpleNamespace(
        id="sample",
        root_uri=root,
        task=SimpleNamespace(task_type=keys.SEMANTIC_SEGMENTATION),
        backend=None,
        dataset=dataset,
        analyzers=[],
        evaluators=[],
        custom_config={},
        **commands,
    )
