"""Options in nested dicts, of which `batchSize` and `batch_size` are one key."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rvcli.utils.misc import set_nested_keys


def camel_key(name: Any) -> str:
    """Return a key as JSON of messages has it: `batchSize`."""
    return re.sub(r"_+([a-z0-9])", lambda found: found.group(1).upper(), str(name))


def camel(value: Any) -> Any:
    """Return nested dicts with all keys as JSON of messages has them."""
    if isinstance(value, Mapping):
        return {camel_key(name): camel(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [camel(item) for item in value]
    return value


def whole_numbers(value: Any) -> Any:
    """Turn whole numbers into integers, which come back from a message as floats."""
    if isinstance(value, Mapping):
        return {name: whole_numbers(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def changed(
    nested: Mapping[str, Any],
    mods: Mapping[str, Any],
    ignore_missing_keys: bool = False,
    set_missing_keys: bool = False,
) -> dict[str, Any]:
    """Return a copy with other values, wherever their keys stand in it, however they are spelled.

    Raises:
        ConfigError: it does not have a key, and nothing says what to do then.
    """
    new: dict[str, Any] = copy.deepcopy(dict(nested))
    spelled = _as_spelled(mods, {camel_key(name): name for name in _names(new)})
    set_nested_keys(new, spelled, ignore_missing_keys, set_missing_keys)
    return new


def put(nested: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy with one value at a place, `trainConfig.batchSize`, made where it lacks."""
    new: dict[str, Any] = copy.deepcopy(dict(nested))
    spellings = {camel_key(name): name for name in _names(new)}
    is_snake = any("_" in name for name in spellings.values())
    *parents, last = (
        spellings.get(name) or (_snake(name) if is_snake else name) for name in path.split(".")
    )
    target = new
    for name in parents:
        target = target.setdefault(name, {})
    target[last] = value
    return new


class Reader:
    """Reads options from a nested dict, and knows which were not read."""

    def __init__(self, nested: Mapping[str, Any]) -> None:
        self._left = dict(_leaves(camel(nested), ""))

    def take(self, path: str, default: Any = None) -> Any:
        """Return the value at a place, `trainConfig.batchSize`; a default where there is none."""
        return self._left.pop(path, default)

    def take_below(self, path: str) -> dict[str, Any]:
        """Return all values below a place, by the rest of their paths."""
        prefix = path + "."
        found = [name for name in self._left if name == path or name.startswith(prefix)]
        return {name.removeprefix(path).lstrip("."): self._left.pop(name) for name in found}

    def left(self) -> list[str]:
        """List what was not read and says something: `trainConfig.numClones=2`."""
        return [f"{name}={value}" for name, value in self._left.items() if value not in (None, "")]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping) or (path and not value):
        yield path, value
        return
    for name, item in value.items():
        yield from _leaves(item, f"{path}.{name}".lstrip("."))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from _names(item)


def _as_spelled(mods: Any, spellings: Mapping[str, str]) -> Any:
    if not isinstance(mods, Mapping):
        return mods
    return {
        spellings.get(camel_key(name), name): _as_spelled(item, spellings)
        for name, item in mods.items()
    }


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: "_" + found.group(1).lower(), name)
