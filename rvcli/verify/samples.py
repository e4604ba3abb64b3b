"""Values to try the methods of a builder with."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

_COUNT = re.compile(
    r"(^|_)(num|nb|n|count|size|steps?|epochs?|batch|id|width|height|seed|channels?|stride)(_|$)"
)
_SHARE = re.compile(r"(^|_)(prob|probability|rate|ratio|thresh|threshold|weight|lr)(_|$)")
_SWITCH = re.compile(r"^(is|do|use|with|has|enable|debug)(_|$)")
_MANY = re.compile(r"(uris|paths|names|ids|items|list)$")

BY_TYPE: dict[Any, Any] = {
    bool: True,
    int: 7,
    float: 0.25,
    str: "sample",
    list: ["sample"],
    tuple: (3, 4),
    dict: {"sample": 1},
}


class NoSampleError(Exception):
    """There is no telling what a parameter wants."""


def sample_for(
    name: str, annotation: Any = None, present: Any = None, *, guess: bool = False
) -> Any:
    """Return a value that a parameter may take.

    Args:
        name: of the parameter or field.
        annotation: its type, if it has one.
        present: the value that it has now; one of the same kind is returned.
        guess: return a text where nothing shows what is wanted.

    Raises:
        NoSampleError: it wants an object that cannot be made up, or nothing shows what.
    """
    if annotation not in (None, Any, inspect.Parameter.empty):
        return _of_annotation(name, annotation)
    if present is not None:
        return _like(present)
    found = _by_name(name)
    if found is not None:
        return found
    if guess:
        return BY_TYPE[str]
    raise NoSampleError(name)


def arguments_for(
    method: Callable[..., Any], present: Mapping[str, Any], *, guess: bool = False
) -> dict[str, Any] | None:
    """Return arguments for a `with_` method: one for each parameter, by name.

    Args:
        method: a bound method.
        present: values that the builder holds, by name.
        guess: see `sample_for`.

    Returns:
        None if there is no telling what it takes.
    """
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return None
    arguments = {}
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        now = present.get(parameter.name)
        if now is None and parameter.default is not parameter.empty:
            now = parameter.default
        try:
            annotation = _resolved(parameter.annotation, method)
            arguments[parameter.name] = sample_for(parameter.name, annotation, now, guess=guess)
        except NoSampleError:
            if parameter.default is parameter.empty:
                return None
    return arguments


def _resolved(annotation: Any, method: Callable[..., Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    function = inspect.unwrap(getattr(method, "__func__", method))
    try:
        return eval(annotation, getattr(function, "__globals__", {}))
    except Exception:
        return None


def _of_annotation(name: str, annotation: Any) -> Any:
    origin = typing.get_origin(annotation)
    options = typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        for option in options:
            if option is not type(None):
                return _of_annotation(name, option)
    if origin is typing.Literal:
        return options[-1]
    if origin is tuple:
        return tuple(_of_annotation(name, option) for option in options if option is not Ellipsis)
    if origin in (list, set, frozenset) and options:
        return origin([_of_annotation(name, options[0])])
    if origin is dict and options:
        return {_of_annotation("", options[0]): _of_annotation(name, options[1])}
    if annotation is str:
        return _by_name(name) if _is_uri(name) else BY_TYPE[str]
    if annotation in BY_TYPE:
        return BY_TYPE[annotation]
    raise NoSampleError(f"{name}: {annotation}")


def _like(present: Any) -> Any:
    if isinstance(present, bool):
        return not present
    if isinstance(present, (int, float)):
        return present + 1 if isinstance(present, int) else present / 2
    if isinstance(present, str):
        return present + "-sample"
    if isinstance(present, (list, tuple, dict, set)):
        return present
    raise NoSampleError(f"like {type(present).__name__}")


def _is_uri(name: str) -> bool:
    return name.endswith(("uri", "path", "url", "dir"))


def _by_name(name: str) -> Any:
    if _MANY.search(name):
        return ["s3://bucket/sample"]
    if _is_uri(name):
        return "s3://bucket/sample"
    for pattern, value in ((_SHARE, 0.25), (_COUNT, 7), (_SWITCH, True)):
        if pattern.search(name):
            return value
    return None
