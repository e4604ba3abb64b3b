"""The names of the interface of old."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from writers.markdown import table


def rastervision_page() -> Iterator[str]:
    """Yield the paragraphs of the page on the names of the interface of old."""
    from rvcli.compat.interface import items, modules
    from rvcli.compat.presence import presence

    found = {item: presence(item) for item in items()}
    absent = [item for item in items() if not found[item].home]
    yield "# Names of rastervision"
    yield (
        f"Every public name of `rastervision` 0.11, {len(found)} in {len(modules())} modules, and"
        " where it is when [old code is served](../how-to/rastervision.md)."
        f" {len(found) - len(absent)} are present, {len(absent)} absent."
        " What differs in use is said beside the name."
    )
    if absent:
        yield table(["absent", "why"], [[f"`{i.path}`", found[i].note] for i in absent])
    for module in modules():
        of_module = [item for item in items() if item.module == module]
        home = next((found[item].home for item in of_module if found[item].home), "")
        yield f"## {module}"
        yield f"Present: `{home}`." if home else "Absent."
        rows = []
        for item in of_module:
            if not item.owner:
                inner = [i for i in of_module if i.owner == item.name]
                members = ", ".join(_marked(i, found[i]) for i in inner)
                rows.append([_marked(item, found[item]), item.kind, members])
        yield table(["name", "kind", "members"], rows)


def _marked(item: Any, found: Any) -> str:
    if not found.home:
        return f"`{item.name}` (absent: {found.note})"
    return f"`{item.name}`" + (f" (differs: {found.note})" if found.differences else "")
