"""What a plugin's source shows that it needs of the machine on which it runs."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from rvcli.plugins import Content, Found
from rvcli.plugins.installed import distribution_of, is_editable
from rvcli.plugins.isolate import find_installed
from rvcli.plugins.siblings import imports_of
from rvcli.verify.report import WARNING, Finding

_OWN = ("rvcli", "rastervision")


def check_needs(found: Found, brought: Collection[str] = ()) -> list[Finding]:
    """Find what must be on another machine: distributions, variables, modules that do not travel.

    Args:
        found: the plugin; imports count wherever in its code they stand.
        brought: top-level modules that other plugins bring there under these names.
    """
    if found.content is None:
        return [_install(f"{found.distribution}=={found.version}", None)]
    findings = []
    for top, where in _imported(found.content).items():
        finding = _check_import(top, where) if top not in brought else None
        if finding is not None:
            findings.append(finding)
    for name, where in _variables(found.content):
        if name in os.environ:
            findings.append(
                Finding(
                    "environment-variable",
                    f"the plugin reads the variable {name}, which is set here",
                    "set it where commands run too, or take the value from the config",
                    where,
                    severity=WARNING,
                )
            )
    return findings


def _sources(content: Content) -> Iterator[tuple[str, bytes]]:
    for path in sorted(content.files):
        if path.endswith(".py"):
            yield str(Path(content.directory, *path.split("/"))), content.files[path]


def _imported(content: Content) -> dict[str, str]:
    """Return the packages that a plugin imports and does not bring, each with its first place."""
    found: dict[str, str] = {}
    for file, source in _sources(content):
        for item in imports_of(source):
            known = item.top in sys.stdlib_module_names or item.top in (*_OWN, *content.top_names)
            if item.level == 0 and not known:
                found.setdefault(item.top, f"{file}:{item.line}")
    return found


def _check_import(top: str, where: str) -> Finding | None:
    try:
        spec = find_installed(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return Finding(
            "not-installed",
            f"the plugin imports {top!r}, which is not installed here",
            "install it where commands run",
            where,
            severity=WARNING,
        )
    if spec.origin is None or not spec.has_location:
        places = list(spec.submodule_search_locations or ())  # of a namespace that several share
        return _loose(top, places[0], where) if places and top not in _distributions() else None
    distribution = distribution_of(top, Path(spec.origin))
    if distribution is None or is_editable(distribution):
        return _loose(top, spec.origin, where)
    name = distribution.metadata["Name"]
    if _plain(name) in _brought_by_rv():
        return None
    return _install(f"{name}=={distribution.version}", where)


def _loose(top: str, file: str, where: str) -> Finding:
    return Finding(
        "import-does-not-travel",
        f"the plugin imports {top!r} from {file}, which is neither installed as a distribution nor"
        " part of the plugin: other machines will not have it",
        "put it beside the plugin and import it from there, or install it as a package here and"
        " where commands run",
        where,
    )


def _install(requirement: str, where: str | None) -> Finding:
    return Finding(
        "install-there",
        f"other machines need {requirement.replace('==', ' ')}",
        f"pip install '{requirement}' where commands run, in the same version",
        where,
        severity=WARNING,
    )


def _variables(content: Content) -> Iterator[tuple[str, str]]:
    """Yield the names of variables that are read by a literal name, and where."""
    for file, source in _sources(content):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            name: ast.expr | None = None
            if isinstance(node, ast.Subscript) and _ends(node.value, "environ"):
                name = node.slice
            elif isinstance(node, ast.Call) and node.args:
                callee = node.func
                is_get = isinstance(callee, ast.Attribute) and callee.attr == "get"
                if _ends(callee, "getenv") or (
                    is_get and isinstance(callee, ast.Attribute) and _ends(callee.value, "environ")
                ):
                    name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value, f"{file}:{name.lineno}"


def _ends(node: ast.expr, name: str) -> bool:
    return name in (getattr(node, "attr", None), getattr(node, "id", None))


@cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


@cache
def _brought_by_rv() -> frozenset[str]:
    """Return the names of what rv itself needs, with any of its extras but that for developers."""
    try:
        requirements = metadata.requires("rvcli") or []
    except metadata.PackageNotFoundError:
        requirements = []
    for_users = [text for text in requirements if not re.search(r"extra == ['\"]dev['\"]", text)]
    names = (re.match(r"[\w.-]+", text) for text in for_users)
    return frozenset(_plain(name[0]) for name in names if name is not None)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
