"""Where the modules of `rastervision` are now, if not under their own names. Holds no code."""

from __future__ import annotations

# Module below rastervision: module below rvcli.
MODULES = {
    "analyzer.api": "keys",
    "augmentor.api": "keys",
    "backend.api": "keys",
    "command.api": "keys",
    "data.label_source.api": "keys",
    "data.label_store.api": "keys",
    "data.raster_source.api": "keys",
    "data.raster_transformer.api": "keys",
    "data.vector_source.api": "keys",
    "evaluation.api": "keys",
    "runner.api": "keys",
    "task.api": "keys",
    "cli.verbosity": "profile.verbosity",
    "command.utils": "compat.command_utils",
    "core.config": "config",
    "plugin": "compat.plugin",
    "runner.command_dag": "dag.command_dag",
    "runner.command_definition": "dag.definition",
    "rv_config": "profile.rv_config",
}

# Names that have no successor, and why.
ABSENT: dict[str, str] = {}

# Names that differ on purpose, and why.
DIFFERENT: dict[str, str] = {}
