"""The code of a file as a tree, with the places of its nodes and what its names mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, cast

import libcst as cst
from libcst import metadata as meta

from rvcli.compat.alias import NEW, OLD
from rvcli.compat.migrate.findings import Edit, Finding, Findings
from rvcli.compat.migrate.successors import names_of

ROOTS = (OLD, NEW)
Node = TypeVar("Node", bound=cst.CSTNode)
_NEWLINE = re.compile(r"\r\n?|\n")


@dataclass(frozen=True)
class Importing:
    """An import statement and a name that it binds."""

    statement: cst.Import | cst.ImportFrom
    name: str

    @property
    def module(self) -> cst.CSTNode | None:
        """The module of `from module import ...`."""
        return self.statement.module if isinstance(self.statement, cst.ImportFrom) else None

    @property
    def is_star(self) -> bool:
        """Whether it is `from module import *`."""
        statement = self.statement
        return isinstance(statement, cst.ImportFrom) and isinstance(statement.names, cst.ImportStar)


class Code:
    """A parsed file.

    Attributes:
        text: the content, without a byte order mark.
        results: what was found so far.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.results = Findings()
        self.wrapper = meta.MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        resolved = self.wrapper.resolve_many(
            [meta.PositionProvider, meta.ScopeProvider, meta.ParentNodeProvider]
        )
        self._positions = cast(
            "Mapping[cst.CSTNode, meta.CodeRange]", resolved[meta.PositionProvider]
        )
        self._scopes = resolved[meta.ScopeProvider]
        self._parents = resolved[meta.ParentNodeProvider]
        self._lines = [0, *(found.end() for found in _NEWLINE.finditer(text))]

    @cached_property
    def nodes(self) -> list[cst.CSTNode]:
        """All nodes, from the top of the file to its end."""
        found: list[cst.CSTNode] = []
        waiting: list[cst.CSTNode] = [self.wrapper.module]
        while waiting:
            node = waiting.pop()
            found.append(node)
            waiting.extend(reversed(node.children))
        return found

    def of_type(self, kind: type[Node]) -> Iterator[Node]:
        """Yield the nodes of a type."""
        return (node for node in self.nodes if isinstance(node, kind))

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return what a node is part of; None for the module."""
        return cast("cst.CSTNode | None", self._parents.get(node))

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield what a node is part of, from the inside out."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Return the offsets of a node's first character and of that after its last."""
        place = self._positions[node]
        start = self._lines[place.start.line - 1] + place.start.column
        return start, self._lines[place.end.line - 1] + place.end.column

    def source(self, node: cst.CSTNode) -> str:
        """Return a node as it is written."""
        start, stop = self.span(node)
        return self.text[start:stop]

    def say(
        self, node: cst.CSTNode, kind: str, old: str = "", new: str = "", why: str = ""
    ) -> None:
        """Note a finding at a node."""
        place = self._positions[node].start
        shown = old or self.source(node)
        finding = Finding(place.line, place.column + 1, kind, shown, new, why)
        self.results.found.append(finding)

    def replace(self, node: cst.CSTNode, text: str) -> None:
        """Note that a node is to be replaced."""
        self.edit(*self.span(node), text)

    def edit(self, start: int, stop: int, text: str) -> None:
        """Note that a part of the text is to be replaced."""
        self.results.edits.add(Edit(start, stop, text))

    def insert_statement(self, before: cst.CSTNode, statement: str) -> None:
        """Note that a small statement is to be put before another one.

        It gets a line of its own where the other one has.
        """
        start, _ = self.span(before)
        line_start = max(n for n in self._lines if n <= start)
        indent = self.text[line_start:start]
        if indent.strip():
            self.edit(start, start, f"{statement}; ")
        else:
            self.edit(start, start, f"{statement}{self._newline}{indent}")

    @cached_property
    def _newline(self) -> str:
        found = _NEWLINE.search(self.text)
        return found.group() if found else "\n"

    # Names.

    def chain(self, node: cst.CSTNode) -> list[cst.Name]:
        """Return the names of `a.b.c`; none if it is no such chain."""
        names: list[cst.Name] = []
        while isinstance(node, cst.Attribute):
            names.append(node.attr)
            node = node.value
        return [node, *reversed(names)] if isinstance(node, cst.Name) else []

    def chains(self) -> Iterator[cst.Name | cst.Attribute]:
        """Yield the chains of names, each as long as it gets, and names alone."""
        for node in self.nodes:
            if isinstance(node, (cst.Name, cst.Attribute)) and self._is_whole(node):
                yield node

    def _is_whole(self, node: cst.Name | cst.Attribute) -> bool:
        above = self.parent(node)
        if isinstance(above, cst.Attribute):
            return False
        if isinstance(node, cst.Name) and isinstance(
            above, (cst.ImportAlias, cst.ImportFrom, cst.NameItem, cst.AsName, cst.Param)
        ):
            return False
        if isinstance(above, cst.Arg) and above.keyword is node:
            return False
        return not isinstance(above, (cst.ImportAlias, cst.ImportFrom))

    def imports_of(self, name: cst.Name) -> list[Importing]:
        """List the imports that a name may come from; none if it is something of the file's."""
        scope = self._scopes.get(name)
        if not isinstance(scope, meta.Scope):
            return []
        found = scope[name.value]
        if not found and name.value in self.stars:
            return [self.stars[name.value]]
        imports = [one for one in found if isinstance(one, meta.ImportAssignment)]
        return [
            Importing(one.node, name.value)
            for one in imports
            if isinstance(one.node, (cst.Import, cst.ImportFrom))
        ]

    def path(self, node: cst.CSTNode) -> tuple[str, ...] | None:
        """Return what a chain means below the package; None if it means something else.

        `rv.TASK` after `import rastervision as rv` gives ("TASK",).
        """
        names = self.chain(node)
        if not names or not (imports := self.imports_of(names[0])):
            return None
        if imports[0].is_star:
            return (*dotted(imports[0].module), *(name.value for name in names))[1:]
        scope = self._scopes[names[0]]
        assert isinstance(scope, meta.Scope)
        for found in scope.get_qualified_names_for(node):
            root, *below = found.name.split(".")
            if found.source is meta.QualifiedNameSource.IMPORT and root in ROOTS:
                return tuple(below)
        return None

    @cached_property
    def stars(self) -> dict[str, Importing]:
        """The names that star imports of the package may bring."""
        found: dict[str, Importing] = {}
        for node in self.of_type(cst.ImportFrom):
            root, *below = dotted(node.module) or ("",)
            if isinstance(node.names, cst.ImportStar) and root in ROOTS and not node.relative:
                found |= {name: Importing(node, name) for name in names_of(".".join(below))}
        return found

    @cached_property
    def binds_new(self) -> bool:
        """Whether the file uses the name `rvcli` for something of its own."""
        scopes = {scope for scope in self._scopes.values() if isinstance(scope, meta.Scope)}
        return any(
            isinstance(assignment, meta.Assignment)
            for scope in scopes
            for assignment in scope.assignments[NEW]
        )


def dotted(node: cst.CSTNode | None) -> tuple[str, ...]:
    """Return the names of the module in an import statement."""
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.append(node.attr.value)
        node = node.value
    return tuple([*names, node.value][::-1]) if isinstance(node, cst.Name) else ()
