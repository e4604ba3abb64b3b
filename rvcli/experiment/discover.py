"""Which experiment sets a module has, and which experiment methods a set."""

from __future__ import annotations

import fnmatch
import inspect
import types
from collections.abc import Callable, Iterable
from typing import Any

from rvcli.experiment.experiment_set import ExperimentSet


def sets_in(module: types.ModuleType) -> list[type[ExperimentSet]]:
    """List the sets of a module, without imported ones that others of them derive from."""
    found = {
        id(value): value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, ExperimentSet)
        and value is not ExperimentSet
        and not inspect.isabstract(value)
    }
    return [
        each
        for each in found.values()
        if each.__module__ == module.__name__
        or not any(other is not each and issubclass(other, each) for other in found.values())
    ]


def methods_of(experiment_set: ExperimentSet, prefix: str) -> list[Callable[..., Any]]:
    """List the methods whose names begin with a prefix, in the order of their definition."""
    names = dict.fromkeys(
        name
        for owner in reversed(type(experiment_set).__mro__)
        for name in vars(owner)
        if name.startswith(prefix) and not name.startswith("__")
    )
    values = (getattr(experiment_set, name) for name in names)
    return [value for value in values if inspect.isroutine(value)]


def full_name_of(method: Callable[..., Any]) -> str:
    """Return `Set.method`."""
    owner = getattr(method, "__self__", None)
    return f"{type(owner).__name__}.{method.__name__}" if owner is not None else method.__name__


def matches(names: Iterable[str], patterns: Iterable[str]) -> bool:
    """True if any name matches any pattern; `*` and `?` as in file names, case matters."""
    chosen = list(patterns)
    return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in chosen)
