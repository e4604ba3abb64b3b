"""What differs between a plan and a record, field by field, in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rvcli.dag.content import Content, Input, pin_digest, pin_name

_MOST_CHARACTERS = 60


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        path: where, such as `config.task.chip_size` or `inputs./x/labels.geojson`.
        old: plain value in the record; None if it had none.
        new: plain value in the plan; None if it has none.
        words: a sentence about it where "path: old -> new" says too little.
    """

    path: str
    old: Any
    new: Any
    words: str = ""

    @property
    def text(self) -> str:
        """The change in words."""
        return self.words or f"{self.path}: {shown(self.old)} -> {shown(self.new)}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"path": self.path, "old": self.old, "new": self.new, "text": self.text}


def content_changes(before: Mapping[str, Any], now: Content) -> list[Change]:
    """List what a command does otherwise than its record says."""
    return [
        *_value_changes("command_type", before.get("command_type"), now.command_type),
        *_value_changes("config", before["config"], now.config),
        *_plugin_changes(before["plugins"], now.plugins),
        *_component_changes(before["components"], now.components),
    ]


def input_changes(
    before: Sequence[Mapping[str, Any]], now: Sequence[Input], running: Iterable[str] = ()
) -> list[Change]:
    """List inputs that are not what they were.

    Args:
        before: the inputs in the record.
        now: the inputs in the plan.
        running: ids of the commands that will run.
    """
    runs = frozenset(running)
    old = _by_uri((item["uri"], str(item["identity"])) for item in before)
    new = _by_uri((item.uri, item.identity) for item in now)
    makers = _by_uri((item.uri, item.by) for item in now if item.by)
    changes = []
    for uri in dict.fromkeys([*new, *old]):
        was, is_now = old.get(uri), new.get(uri)
        if was == is_now:
            continue
        anew = [by for by in makers.get(uri, ()) if by in runs]
        if was is None:
            words = f"input {uri} is new"
        elif is_now is None:
            words = f"input {uri} is no longer read"
        elif anew:
            words = consumes(anew)
        elif uri in makers:
            words = f"input {uri}: {_listed(makers[uri])} made it anew"
        else:
            words = f"input {uri}: its content changed"
        changes.append(Change(f"inputs.{uri}", _one(was), _one(is_now), words))
    return changes


def consumes(commands: Sequence[str]) -> str:
    """Say that a command reads what others will make."""
    runs = "which runs" if len(commands) == 1 else "which run"
    return f"consumes outputs of {_listed(commands)}, {runs}"


def in_words(changes: Sequence[Change]) -> str:
    """Say what changed: the first change, and how many more."""
    texts = list(dict.fromkeys(change.text for change in changes))
    return texts[0] + (f" and {len(texts) - 1} more" if len(texts) > 1 else "")


def shown(value: Any) -> str:
    """Show a plain value, cut where it is long."""
    if value is None:
        return "not set"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 3]}..."


def _value_changes(path: str, old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _value_changes(f"{path}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _value_changes(f"{path}[{index}]", _at(old, index), _at(new, index))
    elif not _same(old, new):
        yield Change(path, old, new)


def _plugin_changes(
    before: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]
) -> Iterator[Change]:
    old = {pin_name(pin): pin for pin in before}
    new = {pin_name(pin): pin for pin in now}
    if sorted(map(pin_digest, old.values())) == sorted(map(pin_digest, new.values())):
        return
    for name in dict.fromkeys([*old, *new]):
        was = pin_digest(old[name]) if name in old else None
        is_now = pin_digest(new[name]) if name in new else None
        if was == is_now:
            continue
        if was is None:
            words = f"plugin {name} is new"
        elif is_now is None:
            words = f"plugin {name} is no longer used"
        elif was.startswith("sha256:"):
            words = f"plugin {name}: its content changed"
        else:
            words = f"plugin {name}: {was} -> {is_now}"
        yield Change(f"plugins.{name}", was, is_now, words)


def _component_changes(old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        was, is_now = old.get(name), new.get(name)
        if was == is_now:
            continue
        if was is None:
            words = f"{name} takes part"
        elif is_now is None:
            words = f"{name} no longer takes part"
        else:
            words = f"{name} version {was} -> {is_now}"
        yield Change(f"components.{name}", was, is_now, words)


def _by_uri(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for uri, value in pairs:
        found.setdefault(uri, []).append(value)
    return {uri: sorted(set(values)) for uri, values in found.items()}


def _one(values: list[str] | None) -> Any:
    return values[0] if values and len(values) == 1 else values


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None


def _same(old: Any, new: Any) -> bool:
    if type(old) is not type(new):
        return False
    return bool(old == new) or (old != old and new != new)
