"""Pieces of Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator


def table(headings: list[str], rows: list[list[str]]) -> str:
    """Return a table; pipes within cells are escaped."""

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = "| " + " | ".join("---" for _ in headings) + " |"
    return "\n".join([line(headings), rule, *(line(row) for row in rows)])


def code(text: str, language: str = "text") -> str:
    """Return a block of code."""
    return f"```{language}\n{text}\n```"


def paragraphs(text: str | None) -> Iterator[str]:
    """Yield the paragraphs of a docstring, each in one line, up to its sections."""
    for paragraph in inspect.cleandoc(text or "").split("\n\n"):
        if re.match(r"(Attributes|Args|Returns|Raises|Yields):", paragraph):
            return
        yield " ".join(paragraph.split())


def first_paragraph(text: str | None) -> str:
    """Return the first paragraph of a docstring, in one line."""
    return next(paragraphs(text), "")
