"""The page on configs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rvcli import keys, registry
from rvcli.config import Config, Declared
from rvcli.config.describe import describe
from rvcli.config.documented import (
    first_paragraph,
    inner_classes,
    paragraphs,
    written_methods,
)
from rvcli.data.dataset_config import DatasetConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.experiment.experiment_config import ExperimentConfig
from writers.markdown import table

_FAMILIES = {
    keys.TASK: "Tasks",
    keys.BACKEND: "Backends",
    keys.RASTER_SOURCE: "Raster sources",
    keys.RASTER_TRANSFORMER: "Raster transformers",
    keys.VECTOR_SOURCE: "Vector sources",
    keys.LABEL_SOURCE: "Label sources",
    keys.LABEL_STORE: "Label stores",
    keys.AUGMENTOR: "Augmentors",
    keys.ANALYZER: "Analyzers",
    keys.EVALUATOR: "Evaluators",
    keys.COMMAND: "Commands",
}
_OTHERS = {
    keys.EXPERIMENT_RUNNER: "Runners",
    keys.FILESYSTEM: "File systems",
    keys.DEFAULT_RASTER_SOURCE: "Providers of raster sources for URIs",
    keys.DEFAULT_VECTOR_SOURCE: "Providers of vector sources for URIs",
    keys.DEFAULT_LABEL_SOURCE: "Providers of label sources for URIs",
    keys.DEFAULT_LABEL_STORE: "Providers of label stores for tasks and URIs",
    keys.DEFAULT_EVALUATOR: "Providers of evaluators for tasks",
}


def configs_page() -> Iterator[str]:
    """Yield the paragraphs of the page on configs."""
    yield "# Configs"
    yield (
        "Every field of every config that ships with `rv`. A field `chip_size` is set by"
        " `with_chip_size(...)` on the builder and read as `config.chip_size`; `build()` checks"
        " all fields and names every problem at once. A field without a default must be set."
        " Where only some commands need a field, a change of it makes only those run"
        " again, and what consumes their outputs."
    )
    yield (
        "The same as data: `rvcli.config.describe.describe(config_class)` gives these rows,"
        " `json_schema(config_class)` the JSON schema of `config.to_plain()`."
    )
    shown: set[type] = set()
    yield "## Experiments, datasets and scenes"
    for config_class in (ExperimentConfig, DatasetConfig, SceneConfig):
        yield from _config(config_class, f"`rv.{config_class.__name__}.builder()`", shown)
    for group, title in _FAMILIES.items():
        yield f"## {title}"
        for config_class, members in _members(group):
            family = next(c for c in config_class.__mro__ if "group" in c.__dict__)
            calls = (f"`rv.{family.__name__}.builder({_key(key)})`" for key in members)
            yield from _config(config_class, ", ".join(calls), shown)
    yield "## What else is registered"
    for group, title in _OTHERS.items():
        yield f"### {title}"
        yield table(["name", "what it does"], list(_components(group)))


def _members(group: str) -> list[tuple[type[Config], list[str]]]:
    """Return the configs of a group with their keys, the main key first."""
    found: dict[type[Config], list[str]] = {}
    for key in registry.default().keys(group):
        builder: Any = registry.default().get_config_builder(group, key)
        found.setdefault(builder.config_class, []).append(key)
    for config_class, members in found.items():
        members.sort(key=lambda key: (key != config_class.key, key))
    if group == keys.COMMAND:
        return sorted(found.items(), key=lambda item: keys.COMMANDS.index(item[1][0]))
    return list(found.items())


def _key(key: str) -> str:
    return f"rv.{key}" if getattr(keys, key, None) == key else repr(key)


def _config(config_class: type[Config], calls: str, shown: set[type]) -> Iterator[str]:
    """Yield what there is to say of a config and of the values declared for it alone."""
    shown.add(config_class)
    yield f"### {config_class.__name__}"
    yield from paragraphs(config_class.__doc__)
    yield f"Builder: {calls}"
    yield _fields(config_class)
    methods = written_methods(config_class.builder_class())
    if methods:
        yield "The builder also has:"
        yield "\n".join(f"- `{signature}`: {doc}" for signature, doc in methods)
    for inner in inner_classes(config_class):
        if inner not in shown:
            shown.add(inner)
            yield f"### {inner.__name__}"
            yield from paragraphs(inner.__doc__)
            yield _fields(inner)


def _fields(declared: type[Declared]) -> str:
    rows = []
    for row in describe(declared):
        checks = f" It {row.check}." if row.check else ""
        unit = f" In {row.unit}." if row.unit else ""
        rows.append(
            [
                f"`{row.name}`",
                f"`{row.type}`",
                f"`{row.default}`" if row.default else "",
                row.doc + unit + checks,
                ", ".join(command.lower() for command in row.used_by) or "all",
            ]
        )
    return table(["field", "type", "default", "meaning", "needed by"], rows)


def _components(group: str) -> Iterator[list[str]]:
    for entry in sorted(registry.default().entries(group), key=lambda entry: entry.key):
        component = entry.load()
        is_runner = group == keys.EXPERIMENT_RUNNER
        name = entry.key.lower() if is_runner else component.__name__
        yield [f"`{name}`", first_paragraph(component.__doc__)]
