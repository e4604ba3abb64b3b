"""On which line of a TOML or INI file an option stands."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(?:[#;].*)?$")
_ASSIGNMENT = re.compile(r"""^\s*((?:[\w.\- ]|"[^"]*"|'[^']*')+?)\s*[=:]""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([^.\s"']+)""")


def option_lines(text: str) -> dict[tuple[str, ...], int]:
    """Map each option's path, lower case (`("profile", "gpu", "rv", "jobs")`), to its line.

    A reading aid for messages: neither multi-line strings nor inline tables are understood.
    """
    found: dict[tuple[str, ...], int] = {}
    header: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _HEADER.match(line):
            header = _path(match[1])
            found.setdefault(header, number)
        elif match := _ASSIGNMENT.match(line):
            found.setdefault((*header, *_path(match[1])), number)
    return found


def _path(dotted: str) -> tuple[str, ...]:
    return tuple("".join(parts).lower() for parts in _PART.findall(dotted))
