"""From what a file or variable says to a value of the declared type."""

from __future__ import annotations

import json
from typing import Any

from rvcli.profile.options import Option
from rvcli.profile.paths import resolve_uri

_TRUE = frozenset({"1", "true", "yes", "on", "y", "t"})
_FALSE = frozenset({"0", "false", "no", "off", "n", "f"})


def load_conf_list(s: Any) -> list[str]:
    """Read a list from a profile: `a,b`, `["a", "b"]`, `['a']`, one bare name, or a real list.

    Empty items are left out, so `a,` and an empty text are fine.

    Raises:
        ValueError: a bracket is not closed.
    """
    if s is None:
        return []
    if isinstance(s, (list, tuple, set, frozenset)):
        return [str(item) for item in s]
    text = str(s).strip()
    if text.startswith("["):
        if not text.endswith("]"):
            raise ValueError(f"the list {text!r} is not closed by ]")
        try:
            parsed = json.loads(text)
        except ValueError:
            text = text[1:-1]
        else:
            return [str(item) for item in parsed]
    return [unquote(item.strip()) for item in _split_outside_quotes(text) if item.strip()]


def _split_outside_quotes(text: str) -> list[str]:
    items, item, quote = [], "", ""
    for character in text:
        if character in ",\n" and not quote:
            items.append(item)
            item = ""
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'" and not item.strip():
            quote = character
        item += character
    return [*items, item]


def unquote(text: str) -> str:
    """Take off one pair of quotes around a text."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]:
        return text[1:-1]
    return text


def as_text(value: Any) -> str:
    """Write a value the way an INI file or a variable would hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value)
    return str(value)


def convert(option: Option, value: Any, base: str) -> Any:
    """Turn a raw value into the type of a declared option.

    Args:
        option: what it has to be.
        value: as read: text, or a TOML value.
        base: directory that relative paths are resolved against.

    Raises:
        ValueError: it is no such thing; the message completes "NAME is VALUE, which ...".
    """
    if value is None:
        return None
    result: Any = _CONVERTERS[option.type](option, value, base)
    if option.minimum is not None and result is not None and result < option.minimum:
        raise ValueError(f"is less than {option.minimum:g}")
    return result


def _text(option: Option, value: Any, base: str) -> str | None:
    if isinstance(value, (list, tuple, dict)):
        raise ValueError("is no text")
    return unquote(as_text(value).strip()) or None


def _path(option: Option, value: Any, base: str) -> str | None:
    text = _text(option, value, base)
    return None if text is None else resolve_uri(text, base)


def _int(option: Option, value: Any, base: str) -> int | None:
    text = _text(option, value, base)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise ValueError("is no whole number") from None


def _float(option: Option, value: Any, base: str) -> float | None:
    text = _text(option, value, base)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        raise ValueError("is no number") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError("is no finite number")
    return number


def parse_bool(text: str) -> bool:
    """Read a truth value.

    Raises:
        ValueError: it is none.
    """
    text = text.strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE or not text:
        return False
    raise ValueError("is neither true nor false")


def _bool(option: Option, value: Any, base: str) -> bool | None:
    return parse_bool(_text(option, value, base) or "")


def _choice(option: Option, value: Any, base: str) -> str | None:
    text = (_text(option, value, base) or "").lower()
    if not text:
        return str(option.default)
    if text not in option.choices:
        raise ValueError(f"is none of {', '.join(option.choices)}")
    return text


def _list(option: Option, value: Any, base: str) -> list[str]:
    if isinstance(value, dict):
        raise ValueError("is no list")
    return load_conf_list(value)


_CONVERTERS = {
    "text": _text,
    "path": _path,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "choice": _choice,
    "list": _list,
}
