"""Between declared fields and protobuf messages."""

from __future__ import annotations

import math
import struct
import typing
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from rvcli.config.convert import ConversionError, accepts_none, convert
from rvcli.config.declared import Declared, plain
from rvcli.config.field import Field
from rvcli.config.problems import InvalidConfigError, Problem

if TYPE_CHECKING:
    from google.protobuf.message import Message

_MAX_SAFE_INT = 2**53
_TYPE_FLOAT = 2  # google.protobuf.descriptor.FieldDescriptor.TYPE_FLOAT
_STRUCT = "google.protobuf.Struct"


def to_struct_value(value: Any) -> Any:
    """Prepare a plain value for a Struct, whose only numbers are doubles."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _MAX_SAFE_INT else str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value
    if isinstance(value, Mapping):
        return {str(k): to_struct_value(v) for k, v in value.items()}
    return [to_struct_value(v) for v in value]


def struct_to_plain(message: Any) -> dict[str, Any]:
    """Return the content of a Struct; all its numbers are floats."""
    from google.protobuf.json_format import MessageToDict

    content: dict[str, Any] = MessageToDict(message)
    return content


def write_field(message: Message, spec: Field, value: Any) -> None:
    """Set one field of a message; None leaves it unset."""
    if value is None:
        return
    *parents, name = (spec.proto or spec.name).split(".")
    for parent in parents:
        message = getattr(message, parent)
    descriptor = message.DESCRIPTOR.fields_by_name[name]
    if descriptor.message_type is None:
        if _is_repeated(descriptor):
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
    elif descriptor.message_type.full_name == _STRUCT:
        target = getattr(message, name)
        target.SetInParent()
        target.update(to_struct_value(plain(value)))
    elif _is_repeated(descriptor):
        for item in value.to_proto() if hasattr(value, "to_proto") else value:
            getattr(message, name).add().CopyFrom(_as_message(item, descriptor))
    else:
        getattr(message, name).CopyFrom(_as_message(value, descriptor))


def _is_repeated(descriptor: Any) -> bool:
    # `label` went away in protobuf 7, `is_repeated` came with 6.31.
    return bool(descriptor.is_repeated)


def _as_message(value: Any, descriptor: Any) -> Any:
    if hasattr(value, "DESCRIPTOR"):
        return value
    if hasattr(value, "to_proto"):
        return value.to_proto()
    from google.protobuf.message_factory import GetMessageClass

    message = GetMessageClass(descriptor.message_type)()
    message.SetInParent()
    for spec in value.used_fields(value.fields()):
        write_field(message, spec, getattr(value, spec.name))
    return message


def read_field(message: Message, spec: Field, annotation: Any, path: str) -> Any:
    """Read one field of a message as its declared type.

    An absent field is the message's own default where it has one, None where the type
    admits it, else the declared default.
    """
    *parents, name = (spec.proto or spec.name).split(".")
    for parent in parents:
        message = getattr(message, parent)
    descriptor = message.DESCRIPTOR.fields_by_name[name]
    value = getattr(message, name)
    if _is_repeated(descriptor):
        return _read_repeated(list(value), spec, annotation, path)
    if descriptor.type == _TYPE_FLOAT:
        value = shortest_float(value)
    if not message.HasField(name):  # type: ignore[arg-type, unused-ignore]
        if descriptor.has_default_value:
            return convert(value, annotation, path)
        return None if accepts_none(annotation) else spec.make_default()
    if value == "" and spec.uri and accepts_none(annotation):
        return None  # some older releases wrote a place that is not set so
    if descriptor.message_type is None:
        return convert(value, annotation, path)
    if descriptor.message_type.full_name == _STRUCT:
        return convert(struct_to_plain(value), annotation, path)
    return _read_message(value, spec, annotation, path)


def _read_repeated(values: list[Any], spec: Field, annotation: Any, path: str) -> Any:
    if not values and accepts_none(annotation):
        return None
    if values and hasattr(values[0], "DESCRIPTOR"):
        item = next((a for a in typing.get_args(annotation) if a is not type(None)), Any)
        if typing.get_origin(annotation) not in (list, tuple):
            arguments = typing.get_args(item)
            if typing.get_origin(item) is list and arguments:
                item = arguments[0]
            else:  # a type that reads the whole list, such as ClassMap
                return convert(values, annotation, path)
        return [_read_message(v, spec, item, f"{path}[{i}]") for i, v in enumerate(values)]
    return convert(values, annotation, path)


def _read_message(value: Any, spec: Field, annotation: Any, path: str) -> Any:
    if spec.group is not None:
        from rvcli.config.families import config_from_message

        return _below(path, partial(config_from_message, spec.group, value))
    for kind in (annotation, *typing.get_args(annotation)):
        if isinstance(kind, type) and hasattr(kind, "from_proto"):
            return _below(path, partial(kind.from_proto, value))
        if isinstance(kind, type) and issubclass(kind, Declared):
            return read_declared(kind, value, path)
    return convert(value, annotation, path)


def _below(path: str, read: typing.Callable[[], Any]) -> Any:
    try:
        return read()
    except InvalidConfigError as e:
        raise ConversionError([p.below(path) for p in e.problems]) from e


def read_declared(kind: type[Declared], message: Any, path: str) -> Declared:
    """Read a declared value, such as chip options, from its own message."""
    values = read_fields(kind.fields(), kind.field_types(), message, path)
    return kind(**values)


def read_fields(
    specs: list[Field], annotations: Mapping[str, Any], message: Any, path: str = "$"
) -> dict[str, Any]:
    """Read several fields of a message.

    Raises:
        ConversionError: with the problems of all of them.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for spec in specs:
        try:
            values[spec.name] = read_field(
                message, spec, annotations[spec.name], f"{path}.{spec.name}"
            )
        except ConversionError as e:
            problems.extend(e.problems)
    if problems:
        raise ConversionError(problems)
    return values


def shortest_float(value: float) -> float:
    """Return the shortest decimal that a 32-bit float stands for: 0.1, not 0.10000000149."""
    if not math.isfinite(value):
        return value
    for digits in range(6, 9):
        candidate = float(f"{value:.{digits}g}")
        if struct.pack("<f", candidate) == struct.pack("<f", value):
            return candidate
    return value
