"""Text that names modules of the package: `mock.patch("rastervision...")` and its like."""

from __future__ import annotations

import re

import libcst as cst

from rvcli.compat.alias import NEW, OLD
from rvcli.compat.migrate import today
from rvcli.compat.migrate.code import Code
from rvcli.compat.migrate.findings import ABSENT, MANUAL, NOTE, RENAME
from rvcli.compat.migrate.successors import GIVEN, MODULE, NAME, NOWHERE, find

_PATH = re.compile(rf"{OLD}((?:\.[A-Za-z_]\w*)+)")
_PROGRAM = re.compile(rf"(^|[\s;&|])(-m\s+)?{OLD}\s+(-\S+\s+)*(run|ls|predict|run_command)\b")
_REQUIREMENT = re.compile(rf"{OLD}\s*(\[[^\]]*\])?\s*(===?|~=|[<>!]=?|;|@).*", re.DOTALL)
_PROFILES = re.compile(rf"(^|/)\.{OLD}(/|$)")

# Functions that take the name of a module, or of something in one.
_TAKE_MODULES = {
    *("import_module", "__import__", "find_spec", "importorskip", "reload", "find_loader"),
    *("getLogger", "patch", "setattr", "delattr", "run_module", "iter_modules", "stubs_for"),
}
_PROGRAM_IS_RV = "the program is `rv`; what it takes is in docs/reference/cli.md"


def rewrite_strings(code: Code) -> None:
    """Note what is to be said and edited of text; docstrings are left as they are."""
    for node in code.nodes:
        if isinstance(node, cst.SimpleString) and OLD in node.value:
            value = node.evaluated_value
            above = code.parent(node)
            if isinstance(above, cst.Expr) or not isinstance(value, str):
                continue
            if isinstance(above, cst.ConcatenatedString):
                _say_of_part(code, node, value)
            else:
                _rewrite(code, node, value)
        elif isinstance(node, cst.FormattedStringText) and OLD in node.value:
            _say_of_part(code, node, node.value)


def _rewrite(code: Code, node: cst.SimpleString, value: str) -> None:
    if value == OLD:
        _rewrite_name(code, node)
    elif (found := _PATH.fullmatch(value)) is not None:
        _rewrite_path(code, node, tuple(found.group(1)[1:].split(".")))
    elif _PROGRAM.search(value):
        code.say(node, MANUAL, "", "rv", _PROGRAM_IS_RV)
    elif _REQUIREMENT.fullmatch(value):
        code.say(node, MANUAL, "", NEW, "the package to depend on, with versions of its own")
    elif _PROFILES.search(value):
        why = "profiles there are read as they are; see docs/how-to/profiles.md for rv.toml"
        code.say(node, NOTE, "", "", why)
    elif value.startswith(f"{OLD}."):
        _say_of_part(code, node, value)


def _rewrite_name(code: Code, node: cst.SimpleString) -> None:
    """Treat the bare name: of the module where a function takes one, else of who knows what."""
    if _taken_by(code, node) in _TAKE_MODULES or _is_key_of_modules(code, node):
        _replace(code, node, OLD, NEW)
        return
    element = code.parent(node)
    if isinstance(element, cst.Element) and isinstance(code.parent(element), cst.List):
        why = f"{_PROGRAM_IS_RV}; as a module or package it is {NEW}"
        code.say(node, MANUAL, "", "rv", why)
        return
    code.say(node, MANUAL, "", NEW, f"if it is the module or the package; {_PROGRAM_IS_RV}")


def _rewrite_path(code: Code, node: cst.SimpleString, path: tuple[str, ...]) -> None:
    taker = _taken_by(code, node)
    successor = find(path)
    rest = path[successor.used :]
    old = ".".join((OLD, *path))
    if taker == "getLogger":
        parts = successor.parts if successor.kind == MODULE else path
        _replace(code, node, old, ".".join((NEW, *parts)))
    elif successor.kind in (MODULE, NAME):
        kept = successor.kind == NAME and today.reaches(path[: successor.used])
        parts = path[: successor.used] if kept else successor.parts
        _replace(code, node, old, ".".join((NEW, *parts, *rest)))
    elif successor.kind == GIVEN:
        call = ".".join((NEW, *successor.parts))
        code.say(node, MANUAL, "", f"{call}()", "it is another one wherever rv runs a command")
    elif successor.kind != NOWHERE:
        code.say(node, MANUAL, "", "", successor.why)
    elif taker in _TAKE_MODULES or len(path) > 1:
        code.say(node, ABSENT, "", "", successor.why)


def _replace(code: Code, node: cst.SimpleString, old: str, new: str) -> None:
    if old not in node.value:  # written with escapes
        code.say(node, MANUAL, "", f'"{new}"', "written in a way that is not rewritten")
        return
    text = node.value.replace(old, new)
    code.replace(node, text)
    code.say(node, RENAME, "", text)


def _say_of_part(code: Code, node: cst.CSTNode, value: str) -> None:
    """Say of text that is put together what it may be about."""
    if _PROGRAM.search(value):
        code.say(node, MANUAL, "", "rv", _PROGRAM_IS_RV)
    elif re.match(rf"{OLD}(\.|$)", value):
        why = "the name is put together: write that of today, as `rv migrate` says of others"
        code.say(node, MANUAL, "", "", why)


def _taken_by(code: Code, node: cst.CSTNode) -> str:
    """Return the name of the function or decorator that a text is an argument of."""
    argument = code.parent(node)
    call = code.parent(argument) if isinstance(argument, cst.Arg) else None
    if not isinstance(call, cst.Call):
        return ""
    names = code.chain(call.func)
    return names[-1].value if names else ""


def _is_key_of_modules(code: Code, node: cst.CSTNode) -> bool:
    """Whether it is in `sys.modules["..."]` or before `in sys.modules`."""
    for above in code.ancestors(node):
        if isinstance(above, (cst.Subscript, cst.Comparison)):
            return "sys.modules" in code.source(above)
        if isinstance(above, cst.BaseStatement):
            break
    return False
