"""Import statements: which module and name take the place of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from rvcli.compat.alias import NEW, OLD
from rvcli.compat.interface import items
from rvcli.compat.migrate import today
from rvcli.compat.migrate.code import ROOTS, Code, Importing, dotted
from rvcli.compat.migrate.findings import ABSENT, MANUAL, RENAME
from rvcli.compat.migrate.successors import GIVEN, MODULE, NAME, NOWHERE, OLDER, find
from rvcli.compat.migrate.uses import Uses

_FOR_BOTH = (
    "this takes whichever of the two there is, and works as it is: keep the branch of rvcli alone"
)


@dataclass(frozen=True)
class Target:
    """What `name [as other]` of a from-import becomes.

    Attributes:
        alias: where it stands.
        module: the module to import it from, with its package; "" where it stays.
        text: what to write after `import`.
    """

    alias: cst.ImportAlias
    module: str
    text: str


def rewrite_imports(code: Code, uses: Uses) -> None:
    """Note what is to be said and edited of each import statement; uses are rewritten before."""
    for node in code.nodes:
        if isinstance(node, cst.Import):
            for alias in node.names:
                if dotted(alias.name)[0] == OLD:
                    _rewrite_import(code, uses, node, alias)
        elif isinstance(node, cst.ImportFrom) and not node.relative:
            root, *below = dotted(node.module) or ("",)
            if root not in ROOTS:
                continue
            if uses.is_for_both(node):
                code.say(node, MANUAL, "", "", _FOR_BOTH)
            elif isinstance(node.names, cst.ImportStar):
                _rewrite_star(code, uses, node, tuple(below))
            else:
                _rewrite_from(code, uses, node, (root, *below), node.names)
        elif isinstance(node, cst.NameItem) and node.name.value == OLD and not code.binds_new:
            # The names of `global` and `nonlocal`.
            code.replace(node.name, NEW)


def _rewrite_import(code: Code, uses: Uses, node: cst.Import, alias: cst.ImportAlias) -> None:
    path = dotted(alias.name)
    old = code.source(alias)
    successor = find(path[1:])
    name = alias.asname.name if alias.asname else None
    bound = name.value if isinstance(name, cst.Name) else OLD
    if uses.is_for_both(node):
        code.say(node, MANUAL, "", "", _FOR_BOTH)
    elif successor.kind in (NOWHERE, OLDER):
        kind = ABSENT if successor.kind == NOWHERE else MANUAL
        code.say(alias, kind, f"import {old}", "", successor.why)
    elif successor.kind == MODULE and not uses.is_left(Importing(node, bound)):
        new = ".".join((NEW, *successor.parts))
        shown = new if name is None else f"{new} as {bound}"
        if name is None and code.binds_new and path == (OLD,):
            new = shown = f"{NEW} as {OLD}"
        code.replace(alias.name, new)
        code.say(node, RENAME, f"import {old}", f"import {shown}")


# from module import name


def _rewrite_from(
    code: Code,
    uses: Uses,
    node: cst.ImportFrom,
    module: tuple[str, ...],
    aliases: Sequence[cst.ImportAlias],
) -> None:
    here = ".".join(module)
    targets = [t for alias in aliases for t in _targets(code, uses, node, module, alias)]
    groups: dict[str, list[Target]] = {}
    for target in targets:
        groups.setdefault(target.module or here, []).append(target)
    staying = here if here in groups else max(groups, key=lambda name: len(groups[name]))
    if staying != here and node.module is not None:
        code.replace(node.module, staying)
    stays = {target.alias for target in groups[staying]}
    for target in groups.pop(staying):
        if target.text != code.source(target.alias):
            code.replace(target.alias, target.text)
    moved = [alias for alias in aliases if alias not in stays]
    comments = _take_out(code, node, list(aliases), moved)
    for name, group in groups.items():
        text = ", ".join(dict.fromkeys(target.text for target in group))
        said = [comments[t.alias] for t in group if comments.get(t.alias)]
        comment = f"  {'  '.join(dict.fromkeys(said))}" if said else ""
        code.insert_statement(node, f"from {name} import {text}{comment}")
    _say_from(code, node, here, targets)


def _say_from(code: Code, node: cst.ImportFrom, here: str, targets: list[Target]) -> None:
    """Say it once where all names come from one other module, else of each name."""
    changed = [t for t in targets if t.module and t.module != here]
    kept_names = all(t.text == code.source(t.alias) for t in changed)
    if len(changed) == len(targets) and len({t.module for t in changed}) == 1 and kept_names:
        code.say(node, RENAME, f"from {here}", f"from {changed[0].module}")
        return
    for target in targets:
        if target in changed or (target.module and target.text != code.source(target.alias)):
            old = f"from {here} import {code.source(target.alias)}"
            code.say(target.alias, RENAME, old, f"from {target.module} import {target.text}")


def _targets(
    code: Code, uses: Uses, node: cst.ImportFrom, module: tuple[str, ...], alias: cst.ImportAlias
) -> Iterator[Target]:
    name = alias.name.value if isinstance(alias.name, cst.Name) else ""
    asname = alias.asname.name if alias.asname else None
    bound = asname.value if isinstance(asname, cst.Name) else name
    source = code.source(alias)
    importing = Importing(node, bound)
    if importing in uses.replaced:
        # The old key is used no more.
        for new in sorted(uses.replaced[importing]):
            yield Target(alias, f"{NEW}.keys", new)
        return
    successor = find((*module[1:], name))
    shown = f"from {'.'.join(module)} import {source}"
    if successor.kind in (MODULE, NAME):
        if uses.is_left(importing):
            yield Target(alias, "", source)
            return
        *above, new = successor.parts
        text = new if new == bound else f"{new} as {bound}"
        yield Target(alias, ".".join((NEW, *above)), source if text == source else text)
        return
    if successor.kind == GIVEN:
        call = ".".join((NEW, *successor.parts))
        code.say(alias, MANUAL, shown, f"{call}()", "it is another one wherever rv runs a command")
    else:
        kind = ABSENT if successor.kind == NOWHERE else MANUAL
        code.say(alias, kind, shown, "", successor.why)
    yield Target(alias, "", source)


def _take_out(
    code: Code, node: cst.ImportFrom, aliases: list[cst.ImportAlias], moved: list[cst.ImportAlias]
) -> dict[cst.ImportAlias, str]:
    """Take names out of a from-import, and return the comments that go with them."""
    comments: dict[cst.ImportAlias, str] = {}
    spans = [code.span(alias) for alias in aliases]
    for first, last in _side_by_side(code, aliases, moved):
        start, stop = spans[first][0], spans[last][1]
        if node.lpar is None:
            if any(later not in moved for later in aliases[last + 1 :]):
                stop = spans[last + 1][0]
            else:
                start = spans[first - 1][1]
            code.edit(start, stop, "")
            continue
        rest = re.match(r"[ \t]*,?[ \t]*(#[^\r\n]*)?", code.text[stop:])
        assert rest is not None
        comments[aliases[last]] = rest.group(1) or ""
        stop += rest.end()
        before = re.search(r"(?:\r\n|\r|\n)[ \t]*\Z", code.text[:start])
        if before is not None and re.match(r"\r|\n", code.text[stop:]):
            start = before.start()
        elif first and aliases[first - 1] not in moved and code.text[stop] == ")":
            start = spans[first - 1][1]
        code.edit(start, stop, "")
    return comments


def _side_by_side(
    code: Code, aliases: list[cst.ImportAlias], moved: list[cst.ImportAlias]
) -> Iterator[tuple[int, int]]:
    """Yield the first and last position of names that move and stand in one line together."""
    first: int | None = None
    for i, alias in enumerate(aliases):
        if alias not in moved:
            continue
        first = i if first is None else first
        is_followed = i + 1 < len(aliases) and aliases[i + 1] in moved
        if is_followed and not re.search(
            r"[\r\n]", code.text[code.span(alias)[1] : code.span(aliases[i + 1])[0]]
        ):
            continue
        yield first, i
        first = None


# from module import *


def _rewrite_star(code: Code, uses: Uses, node: cst.ImportFrom, module: tuple[str, ...]) -> None:
    """Name what is used of a module that gives its names late, or is in one with others now."""
    successor = find(module)
    shown = f"from {'.'.join(dotted(node.module))} import *"
    if successor.kind != MODULE:
        kind = ABSENT if successor.kind == NOWHERE else MANUAL
        code.say(node, kind, shown, "", successor.why)
        return
    home = ".".join((NEW, *successor.parts))
    names = sorted(uses.stars.get(node, ()))
    if successor.module != "keys" and not today.is_package(successor.module):
        if home != ".".join(dotted(node.module)) and node.module is not None:
            code.replace(node.module, home)
            code.say(node, RENAME, shown, f"from {home} import *")
        return
    if not names and not today.is_package(successor.module):
        names = sorted(item.name for item in items() if item.module == ".".join(module))
    if not names:
        why = "nothing of it is used here: leave it out, or name what other files take from here"
        code.say(node, MANUAL, shown, "", why)
        return
    groups: dict[str, list[str]] = {}
    for name in names:
        found = find((*module, name))
        groups.setdefault(".".join((NEW, *found.parts[:-1])), []).append(name)
    *first, last = (f"from {name} import {', '.join(group)}" for name, group in groups.items())
    for statement in first:
        code.insert_statement(node, statement)
    code.replace(node, last)
    code.say(node, RENAME, shown, "; ".join([*first, last]))
