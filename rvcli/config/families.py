"""Families: how the group of a config, its key and its message belong together."""

from __future__ import annotations

import importlib
import typing
from typing import Any

from rvcli import keys, registry
from rvcli.config.declared import plain, plain_message
from rvcli.config.field import Field

TYPE_FIELDS = {
    keys.TASK: "task_type",
    keys.BACKEND: "backend_type",
    keys.RASTER_SOURCE: "source_type",
    keys.VECTOR_SOURCE: "source_type",
    keys.LABEL_SOURCE: "source_type",
    keys.LABEL_STORE: "store_type",
    keys.RASTER_TRANSFORMER: "transformer_type",
    keys.AUGMENTOR: "augmentor_type",
    keys.ANALYZER: "analyzer_type",
    keys.EVALUATOR: "evaluator_type",
    keys.COMMAND: "command_type",
}


def config_from_message(group: str, message: Any) -> Any:
    """Build the config of any family from its message, through the registry."""
    key = getattr(message, TYPE_FIELDS[group])
    builder = registry.current().get_config_builder(group, key)()
    return builder.from_proto(message).build()


def family_message_class(group: str) -> Any:
    """Return the protobuf class of a group, such as EvaluatorConfig for EVALUATOR."""
    name = group.lower()
    class_name = "".join(part.capitalize() for part in name.split("_")) + "Config"
    return getattr(importlib.import_module(f"rvcli.protos.{name}_pb2"), class_name)


def to_storable(value: Any) -> Any:
    """Return what a Struct can hold for a value; configs as their messages."""
    if hasattr(value, "to_proto") and hasattr(value, "group"):
        return plain_message(value.to_proto())
    if isinstance(value, (list, tuple)):
        return [to_storable(v) for v in value]
    return plain(value)


def from_storable(value: Any, spec: Field, annotation: Any) -> Any:
    """Read one value of a Struct; a config among them from the message it was stored as."""
    if isinstance(value, list):
        return [from_storable(v, spec, annotation) for v in value]
    if not isinstance(value, dict):
        return value
    from google.protobuf.json_format import ParseDict

    if spec.group is not None:
        message = ParseDict(value, family_message_class(spec.group)())
        return config_from_message(spec.group, message)
    lone = _config_class_in(annotation)
    if lone is not None:
        return lone.from_proto(ParseDict(value, lone.message_class()()))
    return value


def _config_class_in(annotation: Any) -> Any:
    """Return the config class without a family that a type names, such as SceneConfig."""
    arguments = typing.get_args(annotation)
    if not arguments:
        return annotation if getattr(annotation, "message", "") else None
    found = (_config_class_in(argument) for argument in arguments)
    return next((kind for kind in found if kind is not None), None)
