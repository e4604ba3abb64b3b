"""Checks that a declared field can name: each says in words what a value must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Check:
    """A condition on a value.

    Attributes:
        text: what the value must be, as in "must be positive".
        test: True if the value is fine.
        schema: the same as JSON schema keywords, where it can be said so.
    """

    text: str
    test: Callable[[Any], bool]
    schema: Mapping[str, Any] = field(default_factory=dict)


positive = Check("must be positive", lambda v: v > 0, {"exclusiveMinimum": 0})
not_negative = Check("must not be negative", lambda v: v >= 0, {"minimum": 0})
names_place = Check(
    "must name a place below the root, without empty parts and without '..'",
    lambda v: not {"", ".", ".."} & set(v.strip().split("/")),
    {"minLength": 1},
)
names_place_if_any = Check(names_place.text, lambda v: v == "" or names_place.test(v))
not_empty = Check("must not be empty", lambda v: len(v) > 0, {"minItems": 1})


def between(low: float, high: float) -> Check:
    """Require low <= value <= high."""
    return Check(
        f"must be between {low} and {high}",
        lambda v: low <= v <= high,
        {"minimum": low, "maximum": high},
    )


def one_of(*values: Any) -> Check:
    """Require one of the values."""
    names = ", ".join(repr(v) for v in values)
    return Check(f"must be one of {names}", lambda v: v in values, {"enum": list(values)})
