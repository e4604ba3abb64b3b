"""What the modules of `rvcli` hold today, read from their code: nothing is imported for it.

Modules below rvcli are named as "core.box"; "" is the package itself.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from rvcli.compat.alias import NEW
from rvcli.names import HOMES

PACKAGE = Path(__file__).resolve().parents[2]


@functools.cache
def is_module(module: str) -> bool:
    """Whether there is such a module or package."""
    return bool(_files(module))


@functools.cache
def is_package(module: str) -> bool:
    """Whether it is a package."""
    return (PACKAGE / Path(*module.split(".")) / "__init__.py").is_file()


@functools.cache
def members(module: str) -> frozenset[str]:
    """List the names that `module.name` gives once the module is imported, modules among them.

    A module below a package is one of them if the package imports or gives it.
    """
    names: set[str] = set()
    for tree in _trees(module):
        for node in _statements(tree.body):
            names |= set(_bound(node, module))
    return frozenset(names)


def reaches(
    parts: tuple[str, ...], imported: frozenset[str] = frozenset(), *, start: str = ""
) -> bool:
    """Whether `rvcli.a.b.c` is there after `import rvcli`, up to a name that a module gives.

    Args:
        parts: such as ("core", "box", "Box").
        imported: further modules that are imported.
        start: the module that the parts are below, which is imported.
    """
    module = start
    for part in parts:
        inner = f"{module}.{part}".lstrip(".")
        known = any(name == inner or name.startswith(f"{inner}.") for name in imported)
        if not known and part not in members(module) and not is_dunder(part):
            return False
        if not is_module(inner):
            return True
        module = inner
    return True


def is_dunder(name: str) -> bool:
    """Whether it is a name that every module has, such as `__file__`."""
    return name.startswith("__") and name.endswith("__")


@functools.cache
def methods(module: str, name: str) -> frozenset[str]:
    """List what a class and its bases define; empty if there is no such class."""
    for tree in _trees(module):
        for node in _statements(tree.body):
            if isinstance(node, ast.ClassDef) and node.name == name:
                own = {child for item in _statements(node.body) for child in _bound(item, module)}
                bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
                return frozenset(own).union(*(methods(module, base) for base in bases))
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        return methods(_below(node.module), alias.name)
    return frozenset()


def _files(module: str) -> list[Path]:
    path = PACKAGE / Path(*module.split("."))
    places = (path / "__init__", path) if module else (PACKAGE / "__init__",)
    found = [place.with_name(place.name + suffix) for place in places for suffix in (".py", ".pyi")]
    return [file for file in found if file.is_file()]


@functools.cache
def _trees(module: str) -> tuple[ast.Module, ...]:
    return tuple(ast.parse(file.read_text(encoding="utf-8")) for file in _files(module))


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, those inside `if` and `try` as well."""
    for node in body:
        yield node
        for name in ("body", "orelse", "finalbody"):
            if isinstance(node, (ast.If, ast.Try)):
                yield from _statements(getattr(node, name, []))


def _bound(node: ast.stmt, module: str) -> Iterator[str]:
    """Yield the names that a statement of a module gives it."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
    elif isinstance(node, ast.Import):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from _imported(node, module)


def _imported(node: ast.ImportFrom, module: str) -> Iterator[str]:
    home = node.module or ""
    for alias in node.names:
        if alias.name == "*":
            yield from members(_below(home))
        elif home == f"{NEW}.names" and alias.name == "lazy":
            yield from _given_lazily(module)
        else:
            yield alias.asname or alias.name
    below = f"{NEW}.{module}.".replace("..", ".")
    if home.startswith(below):
        yield home.removeprefix(below).partition(".")[0]


def _given_lazily(module: str) -> Iterator[str]:
    """Yield what `names.lazy` gives a package."""
    below = f"{NEW}.{module}."
    for name, home in HOMES.items():
        if home.startswith(below):
            yield name
            yield home.removeprefix(below).partition(".")[0]


def _below(module: str) -> str:
    return module.removeprefix(NEW).lstrip(".")
