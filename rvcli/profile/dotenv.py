"""`.env` files: one NAME=VALUE a line, as shells and other tools read them."""

from __future__ import annotations

import re
from pathlib import Path

from rvcli.errors import ProfileError
from rvcli.profile.layers import EnvironLayer

_NAME = re.compile(r"^(?:export\s+)?([A-Za-z_][\w.]*)\s*=[ \t]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "$": "$"}


def read_dotenv(path: Path) -> EnvironLayer:
    """Read a `.env` file: comments, `export`, single and double quotes over several lines.

    Nothing is substituted in values: `$HOME` stays `$HOME`.

    Raises:
        ProfileError: it cannot be read, or a line is no assignment; names file and line.
    """
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise ProfileError(f"{path} cannot be read: {e}") from e
    variables: dict[str, str] = {}
    numbers: dict[str, int] = {}
    position = 0
    while position < len(lines):
        number, line = position + 1, lines[position].strip()
        position += 1
        if not line or line.startswith("#"):
            continue
        match = _NAME.match(line)
        if match is None:
            if re.fullmatch(r"export\s+[A-Za-z_]\w*", line):
                continue
            # The line itself may be part of a secret, so it is not quoted here.
            raise ProfileError(
                f"{path}:{number}: this line is no assignment", hint="write NAME=VALUE"
            )
        rest = line[match.end() :]
        if rest[:1] in ("'", '"'):
            while not _closed(rest) and position < len(lines):
                rest += "\n" + lines[position]
                position += 1
            if not _closed(rest):
                raise ProfileError(f"{path}:{number}: the quote of {match[1]} is never closed")
            value = _unquoted(rest)
        else:
            value = re.split(r"(?:^|\s)#", rest, maxsplit=1)[0].strip()
        variables[match[1]] = value
        numbers[match[1]] = number
    return EnvironLayer(str(path), variables, str(path.parent), lines=numbers)


def _end(text: str) -> int:
    """Return the position of the quote that closes the one `text` starts with, or -1."""
    quote, position = text[0], 1
    while position < len(text):
        if text[position] == "\\" and quote == '"':
            position += 1
        elif text[position] == quote:
            return position
        position += 1
    return -1


def _closed(text: str) -> bool:
    return _end(text) > 0


def _unquoted(text: str) -> str:
    inner = text[1 : _end(text)]
    if text[0] == "'":
        return inner
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), inner, flags=re.DOTALL)
