"""Whether a name of `rastervision` is there today, where, and whether it can be used as it was."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rvcli.compat.interface import Item
from rvcli.compat.names import ABSENT, DIFFERENT
from rvcli.compat.older import find_absent, home_of
from rvcli.config import Declared

_MISSING = object()


@dataclass(frozen=True)
class Presence:
    """What became of a name.

    Attributes:
        home: the module of `rvcli` that has it; "" if it is absent.
        differences: how it cannot be used as it was; none, if all is well.
        note: why it is absent, or differs on purpose.
    """

    home: str
    differences: tuple[str, ...] = ()
    note: str = ""


def presence(item: Item) -> Presence:
    """Find a name, and compare how it can be used."""
    absent = find_absent(item.path)
    note = DIFFERENT.get(item.path, "") if absent is None else ABSENT[absent]
    try:
        home = home_of(f"rastervision.{item.module}")
        module = importlib.import_module(home)
    except ImportError as e:
        return Presence("", (str(e),), note)
    owner = getattr(module, item.owner, _MISSING) if item.owner else module
    found = getattr(owner, item.name, _MISSING)
    if _MISSING in (owner, found):
        return Presence("", ("is not there",), note)
    return Presence(home, tuple(_differences(item, owner, found)), note)


def _differences(item: Item, owner: Any, found: Any) -> Iterator[str]:
    if item.kind == "constant":
        value = ast.literal_eval(item.text)
        if value != found:
            yield f"is {found!r}, was {value!r}"
    elif item.kind == "class":
        yield from _lost_bases(item, found)
    elif item.kind != "property":
        called = owner if item.name == "__init__" else found
        static = inspect.isclass(owner) and _is_static(owner, item.name)
        yield from lost_calls(item.text, called, bound=not item.owner or static)


def _lost_bases(item: Item, found: type) -> Iterator[str]:
    names = {base.__name__ for base in inspect.getmro(found)}
    for base in item.text.split(", "):
        name = base.rpartition(".")[2]
        if name and name not in ("ABC", *names):
            yield f"is no {name}"


def _is_static(owner: type, name: str) -> bool:
    """True if what the class gives takes no self: also for the constructor, called as class."""
    kind = inspect.getattr_static(owner, name)
    return name == "__init__" or isinstance(kind, (staticmethod, classmethod))


def lost_calls(old_parameters: str, found: Any, *, bound: bool = True) -> Iterator[str]:
    """Yield the ways of calling that do not fit any more.

    Args:
        old_parameters: as they stand between the parentheses, without self.
        found: what is called today.
        bound: whether it takes no self.
    """
    old = ast.parse(f"def f({old_parameters}): ...").body[0]
    assert isinstance(old, ast.FunctionDef)
    names = [a.arg for a in old.args.args]
    defaults = dict(zip(reversed(names), reversed(old.args.defaults), strict=False))
    signature = inspect.signature(found)
    given: list[Any] = [] if bound else ["self"]
    needed = [name for name in names if name not in defaults]
    for words, args, kwargs in (
        ("by position", names, {}),
        ("by keyword", [], {name: name for name in names}),
        ("with what is required", needed, {}),
    ):
        try:
            bind = signature.bind(*given, *args, **kwargs)
        except TypeError as e:
            yield f"cannot be called {words}: {e}"
            continue
        mixed = [n for n, value in bind.arguments.items() if value in names and value != n]
        if mixed:
            yield f"takes other parameters {words}: {', '.join(mixed)}"
    for name, node in defaults.items():
        parameter = signature.parameters.get(name)
        if parameter is None or parameter.default is parameter.empty:
            continue
        try:
            value = ast.literal_eval(node)
        except ValueError:
            continue
        if not _is_same(value, parameter.default):
            yield f"{name} is {parameter.default!r} by default, was {value!r}"


def _is_same(old: Any, new: Any) -> bool:
    """True if two defaults mean the same; None may stand for one that is made anew."""
    if repr(new) == "<factory>":  # of a dataclass
        return old in ([], None)
    return bool(_plain(old) == _plain(new)) or (old is None and isinstance(new, (list, Declared)))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value
