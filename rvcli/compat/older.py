"""Where what old code imports is to be found."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

from rvcli import keys, names
from rvcli.compat.alias import NEW, OLD
from rvcli.compat.interface import homes, items, modules
from rvcli.compat.names import ABSENT, MODULES
from rvcli.errors import nearest


def home_of(module: str) -> str:
    """Return the module of `rvcli` that one of `rastervision` is.

    Raises:
        ModuleNotFoundError: it has none.
    """
    below = module.removeprefix(OLD).lstrip(".")
    home = f"{NEW}.{MODULES.get(below, below)}".rstrip(".")
    if not _exists(home):
        raise ModuleNotFoundError(_absence(module, below), name=module)
    return home


def give_older_names() -> None:
    """Let the packages of `rvcli` give the names that those of `rastervision` gave."""
    names.find_older, names.list_older = _find, _starred
    for package in _plain_packages():
        package.__dict__.setdefault("__getattr__", partial(_find, package.__name__))


def take_older_names() -> None:
    """Let them give their own names alone again."""
    names.find_older, names.list_older = names.nowhere, names.none_older
    for package in _plain_packages():
        if isinstance(package.__dict__.get("__getattr__"), partial):
            del package.__dict__["__getattr__"]


def _plain_packages() -> Iterator[ModuleType]:
    """Yield the packages that are no tables of names, see `names.lazy`."""
    for name in ("cli", "core", "data.label.tfod_utils", "filesystem", "registry", "utils"):
        yield importlib.import_module(f"{NEW}.{name}")


def _starred(package: str) -> list[str]:
    """List what star imports of one of its packages gave: classes, and the constants of `api`."""
    below = package.removeprefix(NEW).lstrip(".") + "."
    return [
        item.name
        for item in items()
        if item.module.startswith(below)
        and not item.owner
        and (item.kind == "class" or item.module.endswith("api"))
    ]


def _find(package: str, name: str) -> Any:
    """Return what `rastervision` gave by a name in one of its packages."""
    below = package.removeprefix(NEW).lstrip(".")
    inner = f"{below}.{name}".lstrip(".")
    if f"{below}.{name}" in _GIVEN:
        home, _, attribute = _GIVEN[f"{below}.{name}"].partition(":")
        return getattr(importlib.import_module(f"{NEW}.{home}"), attribute)()
    if inner in MODULES or _exists(f"{NEW}.{inner}"):
        return importlib.import_module(home_of(f"{OLD}.{inner}"))
    if name in keys.__dict__ and name.isupper():
        return keys.__dict__[name]
    for module in homes().get(name, ()):
        if not below or module.startswith(f"{below}."):
            return getattr(importlib.import_module(home_of(f"{OLD}.{module}")), name)
    raise AttributeError(f"module {package!r} has no attribute {name!r}")


# What is made anew for each who asks: package and name, and the function that makes it.
_GIVEN = {"._registry": "registry:current"}


def _exists(module: str) -> bool:
    try:
        return module in sys.modules or importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def find_absent(path: str) -> str | None:
    """Return the name in ABSENT that a name below `rastervision` is, or is below of, or None."""
    return next((name for name in ABSENT if f"{path}.".startswith(f"{name}.")), None)


def _absence(module: str, below: str) -> str:
    text = f"No module named {module!r}: {OLD} is served by {NEW}"
    absent = find_absent(below)
    if absent is not None:
        return f"{text}, which has no {absent}: {ABSENT[absent]}"
    near = nearest(below, modules())
    if near:
        text += f"; did you mean {OLD}.{near}?"
    try:
        installed = importlib.metadata.version(OLD)
    except importlib.metadata.PackageNotFoundError:
        return text
    return f"{text}, not by the installed {OLD} {installed}"
