"""Which files a plugin file consists of: itself and the siblings that it imports."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rvcli.plugins.content import INIT, SUFFIX

# What registers a component that is imported on first use.
_LAZY = re.compile(r"[^\W\d]\w*(\.\w+)*:\w+")

# Never a sibling, even when the plugin lies in a checkout of one of them.
_OWN = frozenset({"rvcli", "rastervision"})


@dataclass(frozen=True)
class Import:
    """One import statement, or a call that does the same with a literal name.

    Such a call is `import_module("name")`, and `register_...(..., "name:Component")`.

    Attributes:
        level: number of leading dots; 0 is an absolute import.
        names: what `from module import ...` asks for; empty for `import module`.
        line: line of the file, from 1.
    """

    module: str
    names: tuple[str, ...]
    level: int
    line: int

    @property
    def top(self) -> str:
        """First part of the module's name; empty for `from . import x`."""
        return self.module.partition(".")[0]


def imports_of(source: bytes) -> list[Import]:
    """List the imports of a Python file, wherever in it they stand.

    A file that does not parse has none; importing it tells why.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    return [found for node in ast.walk(tree) for found in _imports_of_node(node)]


def _imports_of_node(node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, (), 0, node.lineno)
    elif isinstance(node, ast.ImportFrom):
        names = tuple(alias.name for alias in node.names)
        yield Import(node.module or "", names, node.level, node.lineno)
    elif isinstance(node, ast.Call):
        callee = node.func
        name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
        literal = node.args[0] if node.args else None
        if (
            name in ("import_module", "__import__")
            and isinstance(literal, ast.Constant)
            and isinstance(literal.value, str)
            and not literal.value.startswith(".")
        ):
            yield Import(literal.value, (), 0, node.lineno)
        elif name.startswith("register_"):
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                if isinstance(argument, ast.Constant) and _LAZY.fullmatch(str(argument.value)):
                    yield Import(str(argument.value).partition(":")[0], (), 0, argument.lineno)


def closure(
    entry: str,
    read: Callable[[str], bytes | None],
    is_foreign: Callable[[str], bool] = lambda top: False,
) -> dict[str, bytes]:
    """Collect a plugin file and, recursively, the siblings that it imports.

    The standard library, `rvcli` and `rastervision` are never siblings.

    Args:
        entry: path of the plugin file.
        read: returns the bytes at a path in the plugin's directory, or None.
        is_foreign: says of the first part of an absolute name that it is no sibling.

    Returns:
        Bytes by path, the entry first.
    """
    return _Closure(read, is_foreign).collect(entry)


class _Closure:
    def __init__(
        self, read: Callable[[str], bytes | None], is_foreign: Callable[[str], bool]
    ) -> None:
        self._read = read
        self._is_foreign = is_foreign
        self._files: dict[str, bytes] = {}
        self._absent: set[str] = set()
        self._unread: list[str] = []

    def collect(self, entry: str) -> dict[str, bytes]:
        if not self._add(entry):
            raise FileNotFoundError(entry)
        while self._unread:
            path = self._unread.pop()
            for found in imports_of(self._files[path]):
                self._follow(path, found)
        return self._files

    def _follow(self, path: str, found: Import) -> None:
        parts = found.module.split(".") if found.module else []
        if found.level == 0:
            if found.top in sys.stdlib_module_names or found.top in _OWN:
                return
            if self._is_foreign(found.top):
                return
        else:
            package = path.split("/")[:-1]
            climb = found.level - 1
            if climb > len(package):
                return
            parts = package[: len(package) - climb] + parts
        if self._add_package_chain(parts):
            for name in found.names:
                self._add_module([*parts, name])

    def _add_package_chain(self, parts: list[str]) -> bool:
        """Add the modules along a dotted name; return whether the last may hold submodules."""
        if not parts:
            return True
        kinds = (self._add_module(parts[:depth]) for depth in range(1, len(parts) + 1))
        return all(kind != SUFFIX for kind in kinds)

    def _add_module(self, parts: list[str]) -> str | None:
        stem = "/".join(parts)
        if self._add(f"{stem}/{INIT}"):
            return INIT
        if self._add(stem + SUFFIX):
            return SUFFIX
        return None

    def _add(self, path: str) -> bool:
        if path in self._files:
            return True
        if path in self._absent:
            return False
        content = self._read(path)
        if content is None:
            self._absent.add(path)
            return False
        self._files[path] = content
        self._unread.append(path)
        return True
