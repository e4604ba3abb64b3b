"""Convert a value to the type that a field declares, or say why that cannot be."""

from __future__ import annotations

import math
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Union

from rvcli.config.problems import Problem


class ConversionError(Exception):
    """A value, or parts of it, do not fit; carries the problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__()
        self.problems = list(problems)


def convert(value: Any, annotation: Any, path: str = "$") -> Any:
    """Return `value` as the annotated type.

    Numbers that arrive as floats or strings from a Struct become what the annotation says;
    any iterable becomes a list where a list is declared; paths become strings.

    Raises:
        ConversionError: the value does not fit; one problem for each part that does not.
    """
    origin = typing.get_origin(annotation)
    if annotation is Any or annotation is object:
        return value
    if origin in (Union, types.UnionType):
        return _convert_union(value, typing.get_args(annotation), path)
    if origin is Literal:
        return _literal(value, annotation, path)
    if annotation is None or annotation is type(None):
        if value is None:
            return None
        raise _wrong(path, value, "nothing")
    kind = origin or annotation
    converter = _CONVERTERS.get(kind)
    if converter is not None:
        return converter(value, typing.get_args(annotation), path)
    return _convert_instance(value, kind, path)


def accepts_none(annotation: Any) -> bool:
    """True if None is a value of the annotated type."""
    if annotation is Any or annotation is None:
        return True
    return type(None) in typing.get_args(annotation)


def _wrong(path: str, value: Any, expected: str) -> ConversionError:
    text = repr(value)
    shown = text if len(text) <= 60 else text[:57] + "..."
    return ConversionError(
        [Problem(path, f"must be {expected}, not {shown} ({type(value).__name__})")]
    )


def _convert_union(value: Any, options: tuple[Any, ...], path: str) -> Any:
    if value is None and type(None) in options:
        return None
    rest = [o for o in options if o is not type(None)]
    for option in rest:
        if isinstance(option, type) and type(value) is option:
            return value
    first: ConversionError | None = None
    for option in rest:
        try:
            return convert(value, option, path)
        except ConversionError as e:
            first = first or e
    raise first or _wrong(path, value, "nothing")


def _literal(value: Any, annotation: Any, path: str) -> Any:
    options = typing.get_args(annotation)
    if value in options:
        return value
    raise _wrong(path, value, "one of " + ", ".join(repr(o) for o in options))


def _bool(value: Any, _: tuple[Any, ...], path: str) -> bool:
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return bool(value)
    raise _wrong(path, value, "true or false")


def _int(value: Any, _: tuple[Any, ...], path: str) -> int:
    if isinstance(value, bool):
        raise _wrong(path, value, "a whole number")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    if hasattr(value, "__index__"):
        return int(value.__index__())
    raise _wrong(path, value, "a whole number")


_SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _float(value: Any, _: tuple[Any, ...], path: str) -> float:
    if isinstance(value, str):
        if value in _SPECIAL_FLOATS:
            return _SPECIAL_FLOATS[value]
        if value.lstrip("-").isdigit():
            return float(value)
    elif not isinstance(value, bool) and hasattr(value, "__float__"):
        return float(value)
    raise _wrong(path, value, "a number")


def _str(value: Any, _: tuple[Any, ...], path: str) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    raise _wrong(path, value, "text")


def _is_many(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))


def _all(parts: list[tuple[Any, Any, str]]) -> list[Any]:
    done, problems = [], []
    for value, annotation, path in parts:
        try:
            done.append(convert(value, annotation, path))
        except ConversionError as e:
            problems.extend(e.problems)
    if problems:
        raise ConversionError(problems)
    return done


def _list(value: Any, args: tuple[Any, ...], path: str) -> list[Any]:
    if value == "":  # what old code says for nothing
        return []
    if not _is_many(value):
        raise _wrong(path, value, "a list")
    item = args[0] if args else Any
    return _all([(v, item, f"{path}[{i}]") for i, v in enumerate(value)])


def _tuple(value: Any, args: tuple[Any, ...], path: str) -> tuple[Any, ...]:
    if not _is_many(value):
        raise _wrong(path, value, "a tuple")
    values = list(value)
    if not args or (len(args) == 2 and args[1] is Ellipsis):
        items: list[Any] = [args[0] if args else Any] * len(values)
    elif len(args) != len(values):
        raise _wrong(path, value, f"a tuple of {len(args)} values")
    else:
        items = list(args)
    return tuple(
        _all([(v, t, f"{path}[{i}]") for i, (v, t) in enumerate(zip(values, items, strict=True))])
    )


def _set(value: Any, args: tuple[Any, ...], path: str) -> set[Any]:
    return set(_list(value, args, path))


def _dict(value: Any, args: tuple[Any, ...], path: str) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(path, value, "a mapping")
    key_type, item_type = args if args else (Any, Any)
    names = _all([(k, key_type, f"{path} key {k!r}") for k in value])
    items = _all([(v, item_type, f"{path}.{k}") for k, v in value.items()])
    return dict(zip(names, items, strict=True))


def _convert_instance(value: Any, kind: Any, path: str) -> Any:
    if not isinstance(kind, type):
        return value
    if isinstance(value, kind):
        # Options are made without a builder that would have checked them.
        is_options = hasattr(kind, "convert_values") and not hasattr(kind, "to_proto")
        return _convert_declared(vars(value), type(value), path) if is_options else value
    if hasattr(value, "build") and hasattr(value, "config"):
        raise ConversionError(
            [Problem(path, f"must be built: call .build() on the {type(value).__name__}")]
        )
    if hasattr(kind, "convert_values") and isinstance(value, Mapping):
        return _convert_declared(value, kind, path)
    coerce = getattr(kind, "construct_from", None)
    if coerce is not None:
        try:
            return coerce(value)
        except Exception as e:
            raise ConversionError([Problem(path, f"cannot be read: {e}")]) from e
    raise _wrong(path, value, f"a {kind.__name__}")


def _convert_declared(value: Mapping[str, Any], kind: Any, path: str) -> Any:
    """Make a declared value, such as chip options, of plain ones."""
    known = {spec.name for spec in kind.fields()}
    problems = [
        Problem(f"{path}.{name}", "is no field of it") for name in value if name not in known
    ]
    converted, found = kind.convert_values(value)
    problems += [p.below(path) for p in found]
    if not problems:
        made = kind(**converted)
        problems = [p.below(path) for p in made.problems()]
    if problems:
        raise ConversionError(problems)
    return made


_CONVERTERS: dict[Any, Callable[[Any, tuple[Any, ...], str], Any]] = {
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    list: _list,
    tuple: _tuple,
    set: _set,
    dict: _dict,
}
