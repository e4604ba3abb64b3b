"""In what the configs of experiments differ: plain values by their path, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rvcli.profile.secrets import mask_uris
from rvcli.report.provenance import masked
from rvcli.report.sources import Source

MOST_CHARACTERS = 200
# What tells the items of a list apart: scenes, classes.
_NAMES = ("id", "name")


@dataclass(frozen=True)
class Difference:
    """One path at which configs differ.

    Attributes:
        values: of each experiment; None where its config has nothing there.
    """

    path: str
    values: tuple[str | None, ...]


def collect_settings(source: Source) -> dict[str, str]:
    """Return the plain values of a config by their path; places below its root are left out.

    Where an experiment is written follows from its id and its root, so it is no difference.
    """
    content = {
        name: value
        for name, value in source.message.items()
        if name != "id" and not name.endswith("Uri")
    }
    places = [str(v) for k, v in source.message.items() if k.endswith("Uri")]
    roots = [source.root_uri, *places]
    return {
        path: _text(value)
        for path, value in _flat(masked(content), "")
        if not _is_below(value, roots)
    }


def list_differences(settings: Sequence[Mapping[str, str]]) -> list[Difference]:
    """List where configs differ; of what one lacks as a whole, its path alone."""
    paths = list(dict.fromkeys(path for one in settings for path in one))
    found: dict[str, Difference] = {}
    for path in paths:
        values = tuple(one.get(path) for one in settings)
        if len(set(values)) == 1:
            continue
        whole = _lacking(path, settings)
        if whole is None:
            found[path] = Difference(path, values)
        elif whole not in found:
            there = [any(p.startswith(whole) for p in one) for one in settings]
            found[whole] = Difference(whole, tuple("is there" if t else None for t in there))
    return list(found.values())


def _lacking(path: str, settings: Sequence[Mapping[str, str]]) -> str | None:
    """Return the shortest path of a named item around a value that one of the configs lacks."""
    start = 0
    while (end := path.find("]", start)) >= 0:
        item = path[: end + 1]
        if any(not any(p.startswith(item) for p in one) for one in settings):
            return item
        start = end + 1
    return None


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for i, item in enumerate(value):
            yield from _flat(item, f"{path}[{_name(item, i)}]")
    else:
        yield path, value


def _name(item: Any, position: int) -> str:
    if isinstance(item, dict):
        for name in _NAMES:
            if isinstance(item.get(name), str):
                return str(item[name])
    return str(position)


def _is_below(value: Any, roots: Sequence[str]) -> bool:
    """Tell whether a value is a place below a root, or some of them."""
    items = value if isinstance(value, list) else [value]
    texts = [mask_uris(root) for root in roots if root]
    return bool(items) and all(
        isinstance(item, str) and any(item.startswith(root) for root in texts) for item in items
    )


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # messages hold all numbers of plugins as floats
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
