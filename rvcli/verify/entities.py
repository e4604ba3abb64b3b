"""Prove that a config makes the entity that it describes, where that needs no data."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rvcli import keys
from rvcli.errors import FileSystemError, MissingDependencyError
from rvcli.registry import Entry
from rvcli.verify.builders import is_incomplete, sample_task
from rvcli.verify.faults import Stage
from rvcli.verify.imports import EXTRAS, missing_module
from rvcli.verify.place import place_of_class, place_of_method
from rvcli.verify.report import ERROR, WARNING, Finding, Notes


@dataclass(frozen=True)
class Creation:
    """How the configs of a group make their entities.

    Attributes:
        method: its name.
        base: `"module:Class"` that every entity of the group has as a base.
        arguments: makes the arguments.
    """

    method: str
    base: str
    arguments: Callable[[], tuple[Any, ...]] = tuple


CREATIONS: Mapping[str, Creation] = {
    keys.RASTER_TRANSFORMER: Creation(
        "create_transformer",
        "rvcli.data.raster_transformer.raster_transformer:RasterTransformer",
    ),
    keys.AUGMENTOR: Creation("create_augmentor", "rvcli.augmentor.augmentor:Augmentor"),
    keys.ANALYZER: Creation("create_analyzer", "rvcli.analyzer.analyzer:Analyzer"),
    keys.EVALUATOR: Creation("create_evaluator", "rvcli.evaluation.evaluator:Evaluator"),
    keys.BACKEND: Creation(
        "create_backend", "rvcli.backend.backend:Backend", lambda: (sample_task(),)
    ),
}


def check_entity(entry: Entry, built: Mapping[str, Any], notes: Notes, stage: Stage) -> None:
    """Create the entity of the first config that was built, from defaults if possible."""
    component = f"{entry.group} {entry.key}"
    creation = CREATIONS.get(entry.group)
    if creation is None:
        notes.skipped("create", "needs data", component)
        return
    source, config = next(iter(built.items()))
    doing = "creating the entity"
    where = place_of_method(config, creation.method)
    try:
        entity = getattr(config, creation.method)(*creation.arguments())
    except MissingDependencyError as e:
        notes.skipped("create", e.message, component)
        return
    except ImportError as e:
        missing = missing_module(e)
        if missing in EXTRAS:
            note = f"needs {missing}, which rvcli[{EXTRAS[missing]}] brings"
            notes.skipped("create", note, component)
            return
        found = [stage.finding(e, doing, code="import-missing", component=component, where=where)]
        notes.concluded("create", found, component)
        return
    except FileSystemError as e:
        notes.skipped("create", f"needs data: {e.message}", component)
        return
    except Exception as e:
        if is_incomplete(config, e):
            notes.skipped("create", f"its defaults do not do: {e}", component)
            return
        finding = stage.finding(
            e,
            doing,
            code="create-fails",
            component=component,
            where=where,
            severity=ERROR if source == "defaults" else WARNING,
        )
        notes.concluded("create", [finding], component)
        return
    notes.concluded("create", _check_kind(entity, config, creation, where, component), component)


def _check_kind(
    entity: Any, config: Any, creation: Creation, where: str | None, component: str
) -> list[Finding]:
    module_name, _, name = creation.base.partition(":")
    base = getattr(importlib.import_module(module_name), name)
    if isinstance(entity, base):
        return []
    return [
        Finding(
            "wrong-entity",
            f"{creation.method} returns {entity!r}, which is no {name}",
            f"return an object whose class has {name} as a base",
            where or place_of_class(config),
            component,
        )
    ]
