"""Tables and JSON on the standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from rvcli.profile.secrets import mask_uris


def is_styled(stream: TextIO) -> bool:
    """Whether bars and colours may be written: a person looks, and wants more than text."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def is_terminal() -> bool:
    """Whether a person looks at the standard output, and wants more than text."""
    return is_styled(sys.stdout)


def print_json(value: Any) -> None:
    """Print a value as indented JSON, text in its own characters."""
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows: a table on a terminal, columns of plain text elsewhere.

    Passwords and signatures in URIs are masked.
    """
    masked = [[mask_uris(cell) for cell in row] for row in rows]
    if is_terminal():
        _print_rich(headings, masked)
    else:
        print("\n".join(plain_table(headings, masked)))


def plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Format rows as lines of aligned columns, two spaces apart, headings first."""
    lines = [[heading.upper() for heading in headings], *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _print_rich(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*[Text(cell) for cell in row])
    Console().print(table)
