"""Fingerprints: one hash for one meaning, whatever the order of keys or the Python version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from rvcli.errors import ConfigError

NOT_SEMANTIC = frozenset({"fingerprint", "plugins", "root_uri", "schema_version"})
"""What a command's config says about where and with what it runs, not about what it does."""

TEMPORARY = frozenset({"tmp_dir", "temp_dir", "tmp_dir_uri"})
"""Paths that differ from run to run, at any depth."""

_LEAVES = frozenset({int, float, str, bool, type(None)})
_first = itemgetter(0)


def fingerprint(value: Any) -> str:
    """Hash plain values: None, bool, int, float, str, bytes, lists and mappings of them.

    Kinds are told apart: 1, 1.0, "1" and True have four fingerprints. The order of keys in a
    mapping does not count. NaN equals NaN.

    Returns:
        lower-case hex, 64 characters.

    Raises:
        ConfigError: a value is of another kind.
    """
    # ascii() of these kinds is the same in every Python, unlike repr(), whose idea of what can
    # be printed follows the Unicode tables.
    return hashlib.sha256(ascii(_ordered(value)).encode("ascii")).hexdigest()


def semantic(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a command's plain config without what does not change its results."""
    return {k: _lasting(v) for k, v in config.items() if k not in NOT_SEMANTIC | TEMPORARY}


def _ordered(value: Any) -> Any:
    """Return the value with mappings as tuples of sorted pairs and sequences as lists."""
    kind = type(value)
    if kind in _LEAVES:
        return value
    if kind is dict or isinstance(value, Mapping):
        _check_keys(value)
        return tuple(
            [
                (k, v if type(v) in _LEAVES else _ordered(v))
                for k, v in sorted(value.items(), key=_first)
            ]
        )
    if isinstance(value, (list, tuple)):
        return [v if type(v) in _LEAVES else _ordered(v) for v in value]
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, str):
        return str.__str__(value)
    for base in (int, float):
        if isinstance(value, base):
            return base(value)
    raise ConfigError(
        f"{value!r} cannot be part of a fingerprint: it is a {kind.__name__}",
        hint="configs hold None, bool, int, float, str, lists and dicts",
    )


def _check_keys(value: Mapping[Any, Any]) -> None:
    for key in value:
        if type(key) is not str:
            raise ConfigError(
                f"{key!r} cannot be a key in a fingerprint: it is a {type(key).__name__}",
                hint="use strings as keys",
            )


def _lasting(value: Any) -> Any:
    if type(value) in _LEAVES:
        return value
    if isinstance(value, Mapping):
        return {
            k: v if type(v) in _LEAVES else _lasting(v)
            for k, v in value.items()
            if k not in TEMPORARY
        }
    if isinstance(value, (list, tuple)):
        return [v if type(v) in _LEAVES else _lasting(v) for v in value]
    return value
