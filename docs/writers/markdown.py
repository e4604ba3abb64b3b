"""Pieces of Markdown."""

from __future__ import annotations


def table(headings: list[str], rows: list[list[str]]) -> str:
    """Return a table; pipes within cells are escaped."""

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = "| " + " | ".join("---" for _ in headings) + " |"
    return "\n".join([line(headings), rule, *(line(row) for row in rows)])


def code(text: str, language: str = "text") -> str:
    """Return a block of code."""
    return f"```{language}\n{text}\n```"
