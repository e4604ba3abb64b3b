"""Links of the guide and the README lead somewhere, on a plain git host as well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.guide import DOCS, REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_links(path: Path) -> None:
    """Links to files and headings of the repository lead somewhere."""
    broken = []
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for found in _LINK.finditer(text):
        target, _, heading = found["target"].partition("#")
        if "://" in target:
            continue
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (heading and heading not in _headings(file)):
            broken.append(found["target"])
    assert [] == broken


def _headings(path: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_reached() -> None:
    """The first page of the guide links to all others."""
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"index.md"}
    assert set() == {page for page in pages if f"({page})" not in text}
