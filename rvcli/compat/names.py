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

_TENSORFLOW = "it is what TensorFlow 1 was driven with; {} runs on {}"
_SCRIPTS = "it is a part of the Keras backend that is written anew; the builder has all of it"
_NETWORKS = "networks, data sets and training are in rvcli.backend.pytorch"

# Names that have no successor, with all below them, and why.
ABSENT: dict[str, str] = {
    "backend.tf_deeplab": _TENSORFLOW.format("TF_DEEPLAB", "PYTORCH_SEMANTIC_SEGMENTATION"),
    "backend.tf_object_detection": _TENSORFLOW.format(
        "TF_OBJECT_DETECTION", "PYTORCH_OBJECT_DETECTION"
    ),
    "backend.keras_classification.builders": _SCRIPTS,
    "backend.keras_classification.commands": _SCRIPTS,
    "backend.keras_classification.core": _SCRIPTS,
    "backend.keras_classification.models": _SCRIPTS,
    "backend.keras_classification.utils": _SCRIPTS,
    "backend.torch_utils": _NETWORKS,
    "protos.deeplab": "messages of TensorFlow's libraries are dicts: with_template takes them",
    "protos.keras_classification": "it is a dict: with_template takes it",
}

# Names that differ on purpose, and why.
DIFFERENT: dict[str, str] = {}
