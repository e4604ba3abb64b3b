"""Say what the fields of a config are: as rows of a table, and as a JSON schema."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union

from rvcli import registry
from rvcli.config.config import Config
from rvcli.config.convert import accepts_none
from rvcli.config.declared import Declared, plain
from rvcli.config.families import TYPE_FIELDS
from rvcli.config.field import Field

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class FieldRow:
    """One field as a table shows it, all in words.

    Attributes:
        name: of the field; `with_<name>` sets it.
        type: as it is declared, such as `list[int] | None`.
        default: as Python writes it; empty where the field is required.
        unit: "pixels", "metres", ...; empty without.
        doc: what it means.
        check: what a value must be, "must be positive"; empty without.
        used_by: the commands that need it; all of them if empty.
    """

    name: str
    type: str
    default: str
    unit: str
    doc: str
    check: str
    used_by: tuple[str, ...]


def describe(config_class: type[Declared]) -> list[FieldRow]:
    """Return a row for each declared field, the class's own first."""
    return [_row(spec, config_class.field_types()[spec.name]) for spec in config_class.fields()]


def json_schema(config_class: type[Declared]) -> dict[str, Any]:
    """Return the JSON schema of what `to_plain` gives.

    A field that holds configs admits every member of their family that is in the present
    registry, those of plugins included.
    """
    definitions: dict[str, Any] = {}
    schema = _of_class(config_class, definitions)
    if definitions:
        schema["$defs"] = dict(sorted(definitions.items()))
    return {"$schema": DIALECT, **schema}


def _row(spec: Field, annotation: Any) -> FieldRow:
    return FieldRow(
        name=spec.name,
        type=spec.annotation if isinstance(spec.annotation, str) else _name(annotation),
        default="" if spec.required else repr_default(spec.make_default()),
        unit=spec.unit or "",
        doc=spec.doc,
        check=spec.check.text if spec.check else "",
        used_by=spec.used_by,
    )


def repr_default(value: Any) -> str:
    """Return a default as Python writes it; of a declared value, only what is not its default."""
    if not isinstance(value, Declared):
        return repr(value)
    changed = (
        f"{spec.name}={getattr(value, spec.name)!r}"
        for spec in value.fields()
        if getattr(value, spec.name) != spec.make_default()
    )
    return f"{type(value).__name__}({', '.join(changed)})"


def _name(annotation: Any) -> str:
    # On Python 3.10, list[int] counts as a class.
    is_class = isinstance(annotation, type) and not typing.get_args(annotation)
    return annotation.__name__ if is_class else str(annotation)


def _of_class(declared: type[Declared], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one class, and define those that it refers to."""
    types_by_name = declared.field_types()
    specs = [spec for spec in declared.fields() if spec.semantic]
    properties = {s.name: _of_field(s, types_by_name[s.name], definitions) for s in specs}
    required = [spec.name for spec in specs if spec.required]
    if issubclass(declared, Config) and (type_field := declared.type_field()):
        kind = {"const": declared.key} if declared.key else {"type": "string"}
        properties = {type_field: kind, **properties}
        required.insert(0, type_field)
    return {
        "title": declared.__name__,
        "description": _first_line(declared),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _first_line(owner: type) -> str:
    return (owner.__doc__ or "").strip().partition("\n")[0]


def _of_field(spec: Field, annotation: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    inner = _without_none(annotation)
    if spec.group is not None:
        schema = _of_group(spec.group, inner, definitions)
    else:
        schema = _of_type(inner, definitions)
    if spec.check is not None:
        schema.update(_check_keywords(spec.check.schema, schema))
    if accepts_none(annotation) and schema:
        schema = {"anyOf": [schema, {"type": "null"}]}
    unit = f" In {spec.unit}." if spec.unit else ""
    schema["description"] = spec.doc + unit
    if not spec.required:
        schema["default"] = plain(spec.make_default())
    return schema


def _without_none(annotation: Any) -> Any:
    if typing.get_origin(annotation) not in (Union, types.UnionType):
        return annotation
    options = tuple(o for o in typing.get_args(annotation) if o is not type(None))
    return Union[options]  # noqa: UP007  # of one type, this is the type


def _check_keywords(keywords: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords of a check; one on the number of items says text or object otherwise."""
    names = {"string": "minLength", "object": "minProperties"}
    kind = names.get(str(schema.get("type")), "minItems")
    return {kind if name == "minItems" else name: value for name, value in keywords.items()}


def _of_group(group: str, annotation: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field that holds one or more configs of a family."""
    if group not in definitions:
        definitions[group] = {}  # a family may hold itself
        options = [_of_member(group, key, definitions) for key in registry.current().keys(group)]
        definitions[group] = {"anyOf": _unique(options)} if options else {}
    one = {"$ref": f"#/$defs/{group}"}
    if typing.get_origin(annotation) in (list, tuple):
        return {"type": "array", "items": one}
    return one


def _of_member(group: str, key: str, definitions: dict[str, Any]) -> dict[str, Any]:
    builder = registry.current().get_config_builder(group, key)
    config_class = getattr(builder, "config_class", None)
    if isinstance(config_class, type) and issubclass(config_class, Config) and config_class.key:
        return _reference(config_class, definitions)
    # Written the classic way: nothing is known but its key.
    name = TYPE_FIELDS[group]
    return {"type": "object", "properties": {name: {"const": key}}, "required": [name]}


def _unique(options: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [option for i, option in enumerate(options) if option not in options[:i]]


def _reference(declared: type[Declared], definitions: dict[str, Any]) -> dict[str, Any]:
    name = _definition_name(declared)
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _of_class(declared, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _definition_name(declared: type[Declared]) -> str:
    if not issubclass(declared, Config):
        # Options of two configs may bear one name, as ChipOptions.
        return f"{declared.__module__.rpartition('.')[2]}.{declared.__name__}"
    return f"{declared.group}.{declared.key}" if declared.key else declared.__name__


_SIMPLE = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def _of_type(annotation: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _SIMPLE:
        return {"type": _SIMPLE[annotation]}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of_type(option, definitions) for option in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    kind = origin or annotation
    if isinstance(kind, type) and issubclass(kind, Declared):
        return _reference(kind, definitions)
    if kind in (list, set, frozenset):
        items = _of_type(arguments[0], definitions) if arguments else {}
        return {"type": "array", "items": items} if items else {"type": "array"}
    if kind is tuple:
        return _of_tuple(arguments, definitions)
    if kind is dict:
        return _of_dict(arguments, definitions)
    return {}


def _of_tuple(arguments: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if not arguments:
        return {"type": "array"}
    if arguments[-1] is Ellipsis:
        return {"type": "array", "items": _of_type(arguments[0], definitions)}
    return {
        "type": "array",
        "prefixItems": [_of_type(argument, definitions) for argument in arguments],
        "minItems": len(arguments),
        "maxItems": len(arguments),
    }


def _of_dict(arguments: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    if arguments and (values := _of_type(arguments[1], definitions)):
        schema["additionalProperties"] = values
    if arguments and arguments[0] is int:
        schema["propertyNames"] = {"pattern": "^-?[0-9]+$"}
    return schema
