"""How two values differ: what was lost, what changed type, what changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LOST = "lost"
TYPE = "type"
VALUE = "value"

# Messages of built-in components hold 32-bit floats.
_FLOAT32_PRECISION = 1e-6
_MAX_DEPTH = 12


@dataclass(frozen=True)
class Difference:
    """One place where two values differ.

    Attributes:
        path: `noise`, `sizes[1]`, `options.depth`.
        kind: "lost", "type" or "value".
    """

    path: str
    kind: str
    before: Any
    after: Any

    @property
    def name(self) -> str:
        """The attribute of the config that holds the place."""
        return self.path.partition(".")[0].partition("[")[0]


def differences(before: Any, after: Any, path: str = "", depth: int = 0) -> list[Difference]:
    """List how `after` differs from `before`, depth first."""
    if depth > _MAX_DEPTH:
        return []
    return list(_differences(before, after, path, depth))


def _differences(before: Any, after: Any, path: str, depth: int) -> Iterator[Difference]:
    if before is after or (_is_nothing(before) and _is_nothing(after)):
        return
    if after is None:
        yield Difference(path, LOST, before, after)
    elif type(before) is not type(after):
        yield Difference(path, VALUE if before is None else TYPE, before, after)
    elif isinstance(before, float):
        same = math.isclose(before, after, rel_tol=_FLOAT32_PRECISION)
        if not same and not (math.isnan(before) and math.isnan(after)):
            yield Difference(path, VALUE, before, after)
    elif isinstance(before, Mapping):
        yield from _of_mappings(before, after, path, depth)
    elif isinstance(before, (list, tuple)):
        if len(before) != len(after):
            yield Difference(path, VALUE if after else LOST, before, after)
            return
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{path}[{index}]", depth + 1)
    elif _attributes(before) is not None:
        yield from _of_mappings(_attributes(before) or {}, _attributes(after) or {}, path, depth)
    elif not _equal(before, after):
        yield Difference(path, VALUE, before, after)


def _of_mappings(
    before: Mapping[Any, Any], after: Mapping[Any, Any], path: str, depth: int
) -> Iterator[Difference]:
    for key, value in before.items():
        inner = f"{path}.{key}" if path else str(key)
        if key in after:
            yield from differences(value, after[key], inner, depth + 1)
        else:
            yield Difference(inner, LOST, value, None)
    for key in after:
        if key not in before:
            yield Difference(f"{path}.{key}" if path else str(key), VALUE, None, after[key])


def _is_nothing(value: Any) -> bool:
    """Tell whether a message leaves a value out: it cannot tell no list from an empty one."""
    return value is None or (isinstance(value, (list, tuple, Mapping)) and not value)


def _attributes(value: Any) -> dict[str, Any] | None:
    """Return the public attributes of an object whose class says nothing about equality."""
    kind: Any = type(value)
    if isinstance(value, type) or callable(value) or kind.__eq__ is not object.__eq__:
        return None
    if not hasattr(value, "__dict__"):
        return None
    return {name: v for name, v in vars(value).items() if not name.startswith("_")}


def _equal(before: Any, after: Any) -> bool:
    try:
        return bool(before == after)
    except Exception:
        # Arrays answer with an array.
        return repr(before) == repr(after)
