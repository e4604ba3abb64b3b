"""Arguments of experiment methods: words of the command line as the annotated types."""

from __future__ import annotations

import inspect
import json
import linecache
import re
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Union

_BOOLS = {
    **dict.fromkeys(("true", "yes", "on", "1", "y", "t"), True),
    **dict.fromkeys(("false", "no", "off", "0", "n", "f"), False),
}

_OLDER = re.compile(r"\s*(import|from) rastervision\b")


class ArgumentValueError(Exception):
    """A word does not fit; the text says what it must be."""


def parameters_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the parameters that can be given by name, with their annotations resolved.

    Methods that are written for `rastervision` get words as they are, whatever they annotate.
    """
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    is_older = _is_older(function)
    return {
        name: parameter.replace(
            annotation=Any if is_older else _resolve(parameter.annotation, scope)
        )
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }


def takes_any(function: Callable[..., Any]) -> bool:
    """True if a function has `**kwargs`."""
    kinds = {p.kind for p in inspect.signature(function).parameters.values()}
    return inspect.Parameter.VAR_KEYWORD in kinds


def parse(word: Any, annotation: Any) -> Any:
    """Return a word of the command line as the annotated type; other values as they are.

    Lists are written `a,b` or as JSON. A type that is not known gets the word itself.

    Raises:
        ArgumentValueError: the word does not fit.
    """
    if not isinstance(word, str):
        return word
    origin = typing.get_origin(annotation)
    options = typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        return _union(word, options)
    if origin is Literal:
        return _literal(word, options)
    if origin is typing.Annotated:
        return parse(word, options[0])
    kind = origin or annotation
    parser = _PARSERS.get(kind)
    return parser(word, options) if parser is not None else word


def _is_older(function: Callable[..., Any]) -> bool:
    code = getattr(inspect.unwrap(function), "__code__", None)
    lines = linecache.getlines(code.co_filename) if code is not None else []
    return any(_OLDER.match(line) for line in lines)


def _resolve(annotation: Any, scope: Mapping[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, dict(scope))
    except Exception:  # a name that only type checkers import
        return Any


def _bool(word: str, _: tuple[Any, ...]) -> bool:
    if word.lower() not in _BOOLS:
        raise ArgumentValueError("true or false")
    return _BOOLS[word.lower()]


def _int(word: str, _: tuple[Any, ...]) -> int:
    try:
        return int(word)
    except ValueError:
        raise ArgumentValueError("a whole number") from None


def _float(word: str, _: tuple[Any, ...]) -> float:
    try:
        return float(word)
    except ValueError:
        raise ArgumentValueError("a number") from None


def _none(word: str, _: tuple[Any, ...]) -> None:
    if word.lower() not in ("none", "null"):
        raise ArgumentValueError("none")


def _list(word: str, options: tuple[Any, ...]) -> list[Any]:
    item = options[0] if options else Any
    if word.lstrip().startswith("["):
        values = _json(word, list, "a list")
    else:
        values = [part.strip() for part in word.split(",")] if word.strip() else []
    return [_checked_item(value, item) for value in values]


def _tuple(word: str, options: tuple[Any, ...]) -> tuple[Any, ...]:
    values = _list(word, ())
    if not options or options[-1] is Ellipsis:
        return tuple(_checked_item(v, options[0] if options else Any) for v in values)
    if len(values) != len(options):
        raise ArgumentValueError(f"{len(options)} values")
    return tuple(_checked_item(v, kind) for v, kind in zip(values, options, strict=True))


def _set(word: str, options: tuple[Any, ...]) -> set[Any]:
    return set(_list(word, options))


def _dict(word: str, options: tuple[Any, ...]) -> dict[str, Any]:
    kind = options[1] if options else Any
    return {k: _checked_item(v, kind) for k, v in _json(word, dict, "a JSON object").items()}


def _json(word: str, kind: type, expected: str) -> Any:
    try:
        value = json.loads(word)
    except ValueError:
        raise ArgumentValueError(expected) from None
    if not isinstance(value, kind):
        raise ArgumentValueError(expected)
    return value


def _checked_item(value: Any, annotation: Any) -> Any:
    """Read one value of a list or JSON object; a number among JSON is read as its text."""
    if annotation is Any or isinstance(value, (list, dict)) or value is None:
        return value
    word = json.dumps(value) if isinstance(value, (bool, int, float)) else value
    return parse(word, annotation)


def _union(word: str, options: tuple[Any, ...]) -> Any:
    expected = []
    for option in sorted(options, key=_generality):
        try:
            return parse(word, option)
        except ArgumentValueError as e:
            expected.append(str(e))
    raise ArgumentValueError(" or ".join(expected))


def _generality(option: Any) -> int:
    order = [type(None), bool, int, float]
    return order.index(option) if option in order else len(order) + (option is str)


def _literal(word: str, options: tuple[Any, ...]) -> Any:
    for option in options:
        if word == str(option):
            return option
    raise ArgumentValueError("one of " + ", ".join(str(option) for option in options))


_PARSERS: dict[Any, Callable[[str, tuple[Any, ...]], Any]] = {
    bool: _bool,
    int: _int,
    float: _float,
    type(None): _none,
    None: _none,
    list: _list,
    tuple: _tuple,
    set: _set,
    dict: _dict,
    Path: lambda word, _: Path(word),
}
