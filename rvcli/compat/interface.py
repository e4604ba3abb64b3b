"""The interface of `rastervision` 0.11, as interface.txt lists it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

KINDS = ("@staticmethod ", "@classmethod ", "@property ")


@dataclass(frozen=True)
class Item:
    """One public name.

    Attributes:
        module: the module below `rastervision`, such as "core.box".
        owner: the class that it belongs to; "" for a name of the module itself.
        name: the name.
        kind: "class", "function", "constant", "method", "staticmethod", "classmethod" or
            "property".
        text: parameters of what can be called, bases of a class, the value of a constant.
    """

    module: str
    owner: str
    name: str
    kind: str
    text: str

    @property
    def path(self) -> str:
        """Name it below `rastervision`: "core.box.Box.get_area"."""
        return ".".join(part for part in (self.module, self.owner, self.name) if part)


@functools.cache
def items() -> tuple[Item, ...]:
    """List every public name, in the order of the modules."""
    lines = Path(__file__).with_name("interface.txt").read_text(encoding="utf-8").splitlines()
    return tuple(_read(lines))


@functools.cache
def modules() -> tuple[str, ...]:
    """List the modules below `rastervision`."""
    return tuple(dict.fromkeys(item.module for item in items()))


@functools.cache
def homes() -> dict[str, tuple[str, ...]]:
    """Return, for every name of a module, the modules that define it."""
    found: dict[str, tuple[str, ...]] = {}
    for item in items():
        if not item.owner:
            found[item.name] = (*found.get(item.name, ()), item.module)
    return found


def _read(lines: list[str]) -> Iterator[Item]:
    module = owner = ""
    for line in lines:
        if not line:
            continue
        if line.startswith("["):
            module, owner = line.strip("[]"), ""
        elif line.startswith("    "):
            prefix = next((kind for kind in KINDS if line[4:].startswith(kind)), "")
            name, _, text = line[4:].removeprefix(prefix).partition("(")
            yield Item(module, owner, name, prefix.strip("@ ") or "method", text[:-1])
        elif line.startswith("class "):
            owner, _, text = line.removeprefix("class ").partition("(")
            yield Item(module, "", owner, "class", text[:-1])
        elif " = " in line.partition("(")[0]:
            name, _, text = line.partition(" = ")
            yield Item(module, "", name, "constant", text)
        else:
            name, _, text = line.partition("(")
            yield Item(module, "", name, "function", text[:-1])
