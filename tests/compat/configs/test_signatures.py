"""Every constructor and method of configs and builders takes what it took in release 0.11."""

from __future__ import annotations

import ast
import importlib
import inspect
from typing import Any

import pytest

from rvcli.compat import serving
from rvcli.compat.interface import Item, items
from rvcli.config.declared import Declared

MODULES = ("command.", "core.config", "core.command_io", "experiment.", "runner.command_d")
KINDS = ("method", "staticmethod", "classmethod", "function")


def is_ours(item: Item) -> bool:
    """True for configs, builders, commands and experiments."""
    config = item.module.endswith("_config") and item.module != "rv_config"
    return item.kind in KINDS and (config or item.module.startswith(MODULES))


ITEMS = [item for item in items() if is_ours(item)]


def named(item: Item) -> list[tuple[str, str | None]]:
    """Return the parameters of release 0.11, each with its default as it was written."""
    arguments = ast.parse(f"def f({item.text}): ...").body[0].args  # type: ignore[attr-defined]
    names = [a.arg for a in arguments.args]
    defaults = [ast.unparse(d) for d in arguments.defaults]
    padding: list[str | None] = [None] * (len(names) - len(defaults))
    return [p for p in zip(names, [*padding, *defaults], strict=True) if p[0] != "self"]


def component(item: Item) -> Any:
    """Return what bears the name today."""
    with serving():
        found: Any = importlib.import_module(f"rastervision.{item.module}")
    for name in (item.owner, item.name):
        found = getattr(found, name) if name else found
    return found


def is_same(now: Any, old: str, module: str) -> bool:
    """True if a default is what it was; one that is made anew may have been None."""
    if old.startswith("lambda"):
        return now({}) is None
    with serving():
        names = vars(importlib.import_module(f"rastervision.{module}"))
    if repr(now) == "<factory>":  # a dataclass makes it anew
        return old == "[]"
    value = eval(old, dict(names))
    if isinstance(value, Declared):
        return bool(value.to_plain() == now.to_plain())
    return bool(value == now) or (value is None and (now == [] or isinstance(now, Declared)))


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.path)
def test_parameters(item: Item) -> None:
    """The same names in the same order, and the same defaults; what is new comes after them."""
    found = component(item)
    if isinstance(found, property) or not callable(found):
        pytest.skip("read, not called")
    old = named(item)
    parameters = [p for p in inspect.signature(found).parameters.values() if p.name != "self"]
    assert [name for name, _ in old] == [p.name for p in parameters][: len(old)]
    empty = inspect.Parameter.empty
    for (_, default), parameter in zip(old, parameters, strict=False):
        if default is not None:
            assert is_same(parameter.default, default, item.module), parameter
    flexible = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    assert [] == [
        p for p in parameters[len(old) :] if p.default is empty and p.kind not in flexible
    ]
