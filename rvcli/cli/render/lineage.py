"""A lineage on the standard output, as a tree."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from rvcli.filesystem import is_local
from rvcli.lineage.content import NOT_CHECKED
from rvcli.profile.secrets import mask_uris

if TYPE_CHECKING:
    from rvcli.lineage import Input, Lineage, Maker
    from rvcli.lineage.content import State

MOST_FILES = 10
_SHORT = 12
# The rest is in the record, and printed with -v.
_FIRST_VERSIONS = ("rvcli", "python", "torch", "keras", "tensorflow", "sklearn", "onnxruntime")
_MORE_VERSIONS = ("timm", "segmentation_models_pytorch", "lightgbm", "numpy", "rasterio", "gdal")


def print_lineage(lineage: Lineage, *, everything: bool) -> None:
    """Print a lineage.

    Args:
        lineage: what to print.
        everything: leave out no file and no version.
    """
    print("\n".join(lines_of(lineage, everything=everything)))


def lines_of(lineage: Lineage, *, everything: bool) -> list[str]:
    """Return the lines of a lineage: each maker once, with what it read below it."""
    tree = _Tree(lineage, everything)
    words = _state(lineage.state)
    head = f"{_name(lineage.uri)}{': ' if words else ''}{words}"
    note = [f"  {mask_uris(lineage.note)}"] if lineage.note else []
    return [head, *note, *tree.makers(lineage.made_by, "")]


class _Tree:
    def __init__(self, lineage: Lineage, everything: bool) -> None:
        self.lineage = lineage
        self.everything = everything
        self.shown: set[str] = set()

    def makers(self, keys: Iterable[str], indent: str) -> Iterator[str]:
        found = [self.lineage.makers[key] for key in keys]
        for i, maker in enumerate(found):
            is_last = i == len(found) - 1
            yield from self._maker(
                maker, f"{indent}{'└─ ' if is_last else '├─ '}", indent + _below(is_last)
            )

    def _maker(self, maker: Maker, start: str, indent: str) -> Iterator[str]:
        if maker.key in self.shown:
            yield f"{start}made by {maker.title}, shown above"
            return
        self.shown.add(maker.key)
        yield f"{start}made by {_headline(maker)}"
        groups = _groups(maker.inputs)
        pad = f"{indent}{'│  ' if groups else '   '}"
        for text in self._facts(maker):
            yield f"{pad}{text}"
        for i, inputs in enumerate(groups):
            is_last = i == len(groups) - 1
            yield from self._inputs(
                inputs, f"{indent}{'└─ ' if is_last else '├─ '}", indent + _below(is_last)
            )

    def _facts(self, maker: Maker) -> Iterator[str]:
        if maker.note:
            yield maker.note
        if maker.versions:
            yield f"with {self._versions(maker)}"
        if maker.plugins:
            named = [f"{name} {_short(digest)}" for name, digest in maker.plugins]
            yield f"plugins: {_listed(named, None if self.everything else MOST_FILES)}"
        if self.everything and maker.fingerprint:
            yield f"record: {_name(maker.key)}"
            yield f"fingerprint: {maker.fingerprint}"
        if not maker.followed:
            yield "what it read is left out: --depth says so"
        elif not maker.inputs:
            yield "from nothing that it names"

    def _versions(self, maker: Maker) -> str:
        versions = dict(maker.versions)
        first = [n for n in (*_FIRST_VERSIONS, *_MORE_VERSIONS) if n in versions]
        rest = [n for n in sorted(versions) if n not in first]
        names = [*first, *(rest if self.everything else ())]
        return ", ".join(f"{name} {versions[name]}" for name in names)

    def _inputs(self, inputs: list[Input], start: str, indent: str) -> Iterator[str]:
        """Print inputs that are alike but for their names, and once what made them."""
        first = inputs[0]
        keys = first.made_by
        pad = f"{indent}{'│  ' if keys else '   '}"
        if len(inputs) == 1:
            yield f"{start}from {_name(first.uri)}{self._identity(first)}{_words(first)}"
        else:
            yield f"{start}from {len(inputs)} files{_words(first)}"
            most = len(inputs) if self.everything else MOST_FILES
            for item in inputs[:most]:
                yield f"{pad}{_name(item.uri)}{self._identity(item)}"
            if len(inputs) > most:
                yield f"{pad}and {len(inputs) - most} more"
        if keys:
            yield from self.makers(keys, indent)
        elif first.by and not first.same_run:
            yield f"{indent}└─ made by {first.by}"

    def _identity(self, item: Input) -> str:
        outside = not item.made_by and ":" in item.identity
        return f" ({_short(item.identity)})" if outside else ""


def _groups(inputs: Iterable[Input]) -> list[list[Input]]:
    """Bring together inputs of the same maker and state; what is wrong comes first."""
    groups: dict[tuple[object, ...], list[Input]] = {}
    for item in inputs:
        key = (item.made_by, item.by if not item.made_by else "", item.state, item.run)
        groups.setdefault(key, []).append(item)
    found = list(groups.values())
    outside = [group for group in found if not group[0].made_by]
    inside = [group for group in found if group[0].made_by]
    return [*sorted(outside, key=_is_fine), *sorted(inside, key=_is_fine)]


def _is_fine(group: list[Input]) -> bool:
    return group[0].state.is_sound and group[0].same_run


def _words(item: Input) -> str:
    # Of the same run, but changed since: the change is what counts.
    run = item.run if item.state.is_sound or not item.same_run else ""
    words = [text for text in (_state(item.state), mask_uris(run)) if text]
    return f": {', '.join(words)}" if words else ""


def _state(state: State) -> str:
    return "" if state.status == NOT_CHECKED else mask_uris(state.text)


def _headline(maker: Maker) -> str:
    parts = [maker.title]
    if maker.finished:
        parts.append(f"{maker.finished[:19].replace('T', ' ')} UTC")
    taken = _seconds(maker)
    if taken is not None:
        parts.append(f"in {taken:.1f} s" if taken < 100 else f"in {taken / 60:.0f} min")
    return ", ".join(parts) + (f", on {maker.host}" if maker.host else "")


def _seconds(maker: Maker) -> float | None:
    try:
        started, finished = map(datetime.fromisoformat, (maker.started, maker.finished))
    except ValueError:
        return None
    return (finished - started).total_seconds()


def _below(is_last: bool) -> str:
    return "   " if is_last else "│  "


def _short(digest: str) -> str:
    """Shorten a digest, and leave a version as it is."""
    kind, colon, rest = digest.partition(":")
    return f"{kind}:{rest[:_SHORT]}" if colon else digest


def _listed(names: list[str], most: int | None) -> str:
    shown = names if most is None else names[:most]
    more = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
    return ", ".join(shown) + more


def _name(uri: str) -> str:
    """Return a URI as people name it: relative to where they are if it lies below."""
    if is_local(uri):
        here = os.getcwd()  # noqa: PTH109 - a text
        return uri.removeprefix(f"{here}/")
    return mask_uris(uri)
