"""What a file uses of the package, and what it writes for it from now on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import libcst as cst

from rvcli import keys
from rvcli.compat.alias import NEW, OLD
from rvcli.compat.migrate import today
from rvcli.compat.migrate.code import Code, Importing, dotted
from rvcli.compat.migrate.findings import ABSENT, DEPRECATED, MANUAL, RENAME
from rvcli.compat.migrate.old_keys import SAME_THING, successor_of_key
from rvcli.compat.migrate.successors import (
    GIVEN,
    MODULE,
    NAME,
    NOWHERE,
    OLDER,
    Successor,
    find,
)
from rvcli.names import HOMES


@dataclass(frozen=True)
class Use:
    """A chain of names that begins with an imported one.

    Attributes:
        node: the chain.
        names: its names.
        path: what it means below the package.
        bound: how many parts of the path its first name stands for.
        successor: what the path is today.
        imports: where the first name may come from.
    """

    node: cst.CSTNode
    names: tuple[cst.Name, ...]
    path: tuple[str, ...]
    bound: int
    successor: Successor
    imports: tuple[Importing, ...]

    @property
    def base(self) -> tuple[str, ...]:
        """What the first name means below the package."""
        return self.path[: self.bound]

    @property
    def is_of_old_code(self) -> bool:
        """Whether it takes what old code alone has from what it imported."""
        return self.successor.kind in (OLDER, GIVEN) and self.successor.used > self.bound


class Uses:
    """All that a file uses.

    Attributes:
        replaced: for an imported name that is not used any more, the names used instead of it.
        stars: the names that are used of a star import.
        imported: modules that import statements name, as below rvcli.
    """

    def __init__(self, code: Code) -> None:
        self.code = code
        self.replaced: dict[Importing, set[str]] = defaultdict(set)
        self.stars: dict[cst.CSTNode, set[str]] = defaultdict(set)
        self._both = _statements_for_both(code)
        self._all = list(self._collect())
        self._left: set[Importing] = set()
        self.imported = self._imported_modules()

    def is_left(self, importing: Importing) -> bool:
        """Whether an import stays as it is: what it brings is used as old code alone has it."""
        return importing.statement in self._both or importing in self._left

    def is_for_both(self, statement: cst.CSTNode) -> bool:
        """Whether a statement belongs to one that takes whichever package there is."""
        return statement in self._both

    def rewrite(self) -> None:
        """Note what is to be said and edited of each use."""
        self._left = self._imports_for_old_code()
        kept: set[Importing] = set()
        for use in self._all:
            if not self._rewrite(use):
                kept.update(use.imports)
        for importing in kept:
            for name in sorted(self.replaced.pop(importing, ())):
                statement = f"from {NEW}.keys import {name}"
                self.code.insert_statement(importing.statement, statement)

    def _collect(self) -> list[Use]:
        found = []
        for node in self.code.chains():
            path = self.code.path(node)
            if path is None:
                continue
            names = tuple(self.code.chain(node))
            imports = tuple(one for one in self.code.imports_of(names[0]) if _is_of_package(one))
            bound = len(path) - len(names) + 1
            found.append(Use(node, names, path, bound, find(path), imports))
        return found

    def _imported_modules(self) -> frozenset[str]:
        found = set()
        for statement in self.code.of_type(cst.Import):
            for alias in statement.names:
                root, *below = dotted(alias.name)
                successor = find(tuple(below))
                if root in (OLD, NEW) and alias.asname is None and successor.kind == MODULE:
                    found.add(successor.module)
        return frozenset(found)

    def _imports_for_old_code(self) -> set[Importing]:
        """Find the imports that are used for what old code alone has.

        The package itself can be imported once more, by its new name, for other uses.
        """
        of_old_code: dict[Importing, list[bool]] = defaultdict(list)
        parts: set[Importing] = set()
        for use in self._all:
            for one in use.imports:
                of_old_code[one].append(use.is_of_old_code and self._is_left_to_do(use))
                if use.base:
                    parts.add(one)
        return {one for one, each in of_old_code.items() if (any if one in parts else all)(each)}

    def _is_left_to_do(self, use: Use) -> bool:
        return use.successor.kind == OLDER or self._given(use) is None

    # One use.

    def _rewrite(self, use: Use) -> bool:
        """Note what is to be said and edited of a use.

        Returns:
            Whether its first name is another one now.
        """
        code, successor = self.code, use.successor
        settled = not any(self.is_left(one) for one in use.imports)
        end = successor.used - use.bound  # the last name that the successor stands for
        if successor.kind == NAME and successor.name not in vars(keys):
            self._note_star(use, use.names[0].value)
        if end > 0 and successor.kind == NOWHERE:
            code.say(use.node, ABSENT, self._shown(use, end), "", successor.why)
        elif use.is_of_old_code and self._is_left_to_do(use):
            given = successor.kind == GIVEN
            new = ".".join((NEW, *successor.parts)) + "()" if given else ""
            why = _OF_REGISTRY if given else successor.why
            code.say(use.node, MANUAL, self._shown(use, end), new, why)
            if settled:
                self._keep_old(use, end)
            return False
        elif use.is_of_old_code:
            self._put(use, end, str(self._given(use)), RENAME)
            return False
        elif successor.kind == NAME and successor.name in vars(keys):
            return self._rewrite_key(use, settled)
        elif successor.kind in (MODULE, NAME) and end > 0 and settled:
            self._put(use, end, self._text(use, successor, self._old_names(use, end)), RENAME)
            return False
        if settled:
            self._rename_base(use)
        return False

    def _rewrite_key(self, use: Use, settled: bool) -> bool:
        successor, end = use.successor, use.successor.used - use.bound
        new = successor_of_key(self.code, use.node, successor.name)
        names = self._old_names(use, end)
        self._note_star(use, new or successor.name)
        if end == 0:
            if new is None:
                return False
            self.code.replace(use.node, new)
            self.code.say(use.node, DEPRECATED, "", new, SAME_THING)
            for one in use.imports:
                self.replaced[one].add(new)
            return True
        if new is not None:
            successor, names = replace(successor, name=new), (*names[:-1], new)
        if settled:
            kind = RENAME if new is None else DEPRECATED
            self._put(use, end, self._text(use, successor, names), kind)
        elif new is not None:
            self.code.replace(use.names[end], new)
            shown = ".".join((use.names[0].value, *names))
            self.code.say(use.node, DEPRECATED, "", shown, SAME_THING)
        return False

    def _old_names(self, use: Use, end: int) -> tuple[str, ...]:
        return tuple(name.value for name in use.names[1 : end + 1])

    def _note_star(self, use: Use, name: str) -> None:
        for one in use.imports:
            if one.is_star:
                self.stars[one.statement].add(name)

    def _text(self, use: Use, successor: Successor, names: tuple[str, ...]) -> str:
        """Write what gives a name or module today, as near to what was written as can be."""
        first, base = self._first(use), find(use.base)
        if today.reaches(names, self.imported, start=base.module):
            return ".".join((first, *names))
        name, parts = successor.name, successor.parts
        if not use.base and HOMES.get(name, f"{NEW}.keys") == f"{NEW}.{successor.module}":
            return f"{first}.{name}"
        rest = parts[len(base.parts) :]
        inner = parts == (*base.parts, *rest)
        if inner and today.reaches(rest, self.imported, start=base.module):
            return ".".join((first, *rest))
        text = ".".join((NEW, *parts))
        if text != ".".join((use.names[0].value, *names)):
            module = ".".join((NEW, successor.module)).rstrip(".")
            for one in use.imports:
                self.code.insert_statement(one.statement, f"import {module}")
        return text

    def _given(self, use: Use) -> str | None:
        """Write what stands for a call today; None if what is asked of it is not there."""
        successor = use.successor
        following = use.names[successor.used - use.bound + 1 :]
        known = today.methods("registry", "Registry")
        if use.base or not today.reaches(successor.parts):
            return None
        if following and following[0].value not in known:
            return None
        return f"{self._first(use)}.{'.'.join(successor.parts)}()"

    def _first(self, use: Use) -> str:
        """Write the first name of a use as it is from now on."""
        first = use.names[0].value
        return NEW if first == OLD and not use.base and not self.code.binds_new else first

    def _rename_base(self, use: Use) -> None:
        if self._first(use) != use.names[0].value:
            self.code.replace(use.names[0], self._first(use))

    def _put(self, use: Use, end: int, text: str, kind: str) -> None:
        """Replace the names up to one; what only follows the renamed package is not said."""
        start, stop = self.code.span(use.names[0])[0], self.code.span(use.names[end])[1]
        old = ".".join(name.value for name in use.names[: end + 1])
        if text == old:
            return
        if text == ".".join((self._first(use), *old.split(".")[1:])):
            self._rename_base(use)
            return
        self.code.edit(start, stop, text)
        why = SAME_THING if kind == DEPRECATED else ""
        self.code.say(use.node, kind, old, text, why)

    def _keep_old(self, use: Use, end: int) -> None:
        """Let one use go on as old code, in a file that is rewritten for others."""
        if use.base:
            return
        path = ".".join((OLD, *use.path[: use.successor.used]))
        start, stop = self.code.span(use.names[0])[0], self.code.span(use.names[end])[1]
        if self.code.text[start:stop] != path:
            self.code.edit(start, stop, path)
        for one in use.imports:
            self.code.insert_statement(one.statement, f"import {OLD}")

    def _shown(self, use: Use, end: int) -> str:
        return ".".join(name.value for name in use.names[: end + 1])


_OF_REGISTRY = "rv loads the profile and its plugins before it loads your file"


def _is_of_package(importing: Importing) -> bool:
    statement = importing.statement
    if isinstance(statement, cst.ImportFrom):
        return not statement.relative and dotted(statement.module)[:1] in ((OLD,), (NEW,))
    return any(dotted(alias.name)[0] in (OLD, NEW) for alias in statement.names)


def _statements_for_both(code: Code) -> set[cst.CSTNode]:
    """Find the imports of one package where a `try` falls back to the other one."""
    found: set[cst.CSTNode] = set()
    below: dict[cst.CSTNode, dict[str, set[cst.CSTNode]]] = defaultdict(lambda: defaultdict(set))
    for node in code.nodes:
        if isinstance(node, (cst.Import, cst.ImportFrom)):
            roots = (
                {dotted(node.module)[:1]}
                if isinstance(node, cst.ImportFrom)
                else {dotted(alias.name)[:1] for alias in node.names}
            )
            for above in code.ancestors(node):
                if isinstance(above, cst.Try):
                    for root in roots:
                        below[above]["".join(root)].add(node)
    for each in below.values():
        if each[OLD] and each[NEW]:
            found |= each[OLD]
    return found
