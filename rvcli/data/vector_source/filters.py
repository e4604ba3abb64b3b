"""Filter expressions over GeoJSON features, as map styles write them.

Both forms of the Mapbox style specification are taken: `["==", "building", "yes"]` and
`["==", ["get", "building"], "yes"]`. See
https://docs.mapbox.com/style-spec/reference/other/#other-filter
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from rvcli.errors import ConfigError

Feature: TypeAlias = Mapping[str, Any]
Filter: TypeAlias = Callable[[Feature], bool]
_Value: TypeAlias = Callable[[Feature], Any]

_MISSING = object()

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_filter(expression: Any) -> Filter:
    """Make a function that tells whether a GeoJSON feature passes a filter.

    Args:
        expression: `["==", key, value]`, `!=`, `<`, `<=`, `>`, `>=`; `["in", key, *values]`,
            `!in`; `["has", key]`, `!has`; `["all", *filters]`, `any`, `none`, `!`. A key is the
            name of a property, `$type` (Point, LineString or Polygon), `$id` or
            `["get", name]`. An empty list, None and True pass all features.

    Raises:
        ConfigError: it is not such an expression; the message shows the part that is wrong.
    """
    if expression is None or expression is True or expression == []:
        return _always
    if expression is False:
        return _never
    if not isinstance(expression, (list, tuple)) or not isinstance(expression[0], str):
        raise _wrong(expression, "it is not a list that begins with an operator")
    name, *arguments = expression
    if name not in _COMPILERS:
        raise _wrong(expression, f"{name!r} is no operator")
    return _COMPILERS[name](name, arguments, expression)


def property_names(expression: Any) -> set[str]:
    """Return the properties that a filter asks for.

    Args:
        expression: see compile_filter, which must have taken it.
    """
    if not isinstance(expression, (list, tuple)) or not expression:
        return set()
    name, *arguments = expression
    if name in _COMBINATIONS:
        return set().union(*map(property_names, arguments))
    key = arguments[0]
    if isinstance(key, str):
        return set() if key in _NO_PROPERTIES else {key}
    return {key[1]} if key[0] == "get" else set()


def _always(feature: Feature) -> bool:
    return True


def _never(feature: Feature) -> bool:
    return False


def _wrong(expression: Any, why: str) -> ConfigError:
    text = repr(expression)
    shown = text if len(text) <= 200 else text[:200] + "..."
    return ConfigError(
        f"the filter {shown} cannot be used: {why}",
        hint='write it like ["==", "building", "yes"] or ["in", "highway", "primary", "trunk"]; '
        f"the operators are {', '.join(_COMPILERS)}",
    )


def _value_of(key: Any, expression: Any) -> _Value:
    """Make a function that gives a feature's value for a key, or _MISSING."""
    if isinstance(key, (list, tuple)):
        operator_name = key[0] if key else None
        if operator_name == "get" and len(key) == 2 and isinstance(key[1], str):
            return _property(key[1])
        if operator_name in ("geometry-type", "id") and len(key) == 1:
            return _geometry_type if operator_name == "geometry-type" else _id
        raise _wrong(expression, f"{key!r} is no key")
    if not isinstance(key, str):
        raise _wrong(expression, f"{key!r} is no key")
    return _NO_PROPERTIES.get(key) or _property(key)


def _property(name: str) -> _Value:
    def value(feature: Feature) -> Any:
        return (feature.get("properties") or {}).get(name, _MISSING)

    return value


def _geometry_type(feature: Feature) -> Any:
    name = (feature.get("geometry") or {}).get("type", _MISSING)
    return name.removeprefix("Multi") if isinstance(name, str) else name


def _id(feature: Feature) -> Any:
    return feature.get("id", _MISSING)


def _same(left: Any, right: Any) -> bool:
    # True == 1 in Python; a style knows booleans from numbers.
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _equality(name: str, arguments: Sequence[Any], expression: Any) -> Filter:
    if len(arguments) != 2:
        raise _wrong(expression, f"{name} takes a key and a value")
    value, wanted = _value_of(arguments[0], expression), arguments[1]
    if name == "==":
        return lambda feature: _same(value(feature), wanted)
    return lambda feature: not _same(value(feature), wanted)


def _ordering(name: str, arguments: Sequence[Any], expression: Any) -> Filter:
    if len(arguments) != 2:
        raise _wrong(expression, f"{name} takes a key and a value")
    value, bound, compare = _value_of(arguments[0], expression), arguments[1], _ORDERINGS[name]
    kinds: Any = str if isinstance(bound, str) else (int, float)
    if not isinstance(bound, (str, int, float)) or isinstance(bound, bool):
        raise _wrong(expression, f"{name} takes a number or a text")

    def passes(feature: Feature) -> bool:
        found = value(feature)
        return isinstance(found, kinds) and not isinstance(found, bool) and compare(found, bound)

    return passes


def _membership(name: str, arguments: Sequence[Any], expression: Any) -> Filter:
    if not arguments:
        raise _wrong(expression, f"{name} takes a key and values")
    value, wanted = _value_of(arguments[0], expression), list(arguments[1:])
    if len(wanted) == 1 and isinstance(wanted[0], (list, tuple)):
        inner = list(wanted[0])
        wanted = inner[1] if inner[:1] == ["literal"] and len(inner) == 2 else inner

    def contains(feature: Feature) -> bool:
        found = value(feature)
        return any(_same(found, one) for one in wanted)

    return contains if name == "in" else lambda feature: not contains(feature)


def _presence(name: str, arguments: Sequence[Any], expression: Any) -> Filter:
    if len(arguments) != 1:
        raise _wrong(expression, f"{name} takes a key")
    value = _value_of(arguments[0], expression)
    if name == "has":
        return lambda feature: value(feature) is not _MISSING
    return lambda feature: value(feature) is _MISSING


def _combination(name: str, arguments: Sequence[Any], expression: Any) -> Filter:
    parts = [compile_filter(part) for part in arguments]
    if name == "all":
        return lambda feature: all(part(feature) for part in parts)
    if name == "any":
        return lambda feature: any(part(feature) for part in parts)
    return lambda feature: not any(part(feature) for part in parts)


def _negation(name: str, arguments: Sequence[Any], expression: Any) -> Filter:
    if len(arguments) != 1:
        raise _wrong(expression, f"{name} takes one filter")
    part = compile_filter(arguments[0])
    return lambda feature: not part(feature)


_NO_PROPERTIES: dict[str, _Value] = {"$type": _geometry_type, "$id": _id}
_COMBINATIONS = ("all", "any", "none", "!")

_COMPILERS: dict[str, Callable[[str, Sequence[Any], Any], Filter]] = {
    "==": _equality,
    "!=": _equality,
    **dict.fromkeys(_ORDERINGS, _ordering),
    "in": _membership,
    "!in": _membership,
    "has": _presence,
    "!has": _presence,
    "all": _combination,
    "any": _combination,
    "none": _combination,
    "!": _negation,
}
