"""Protobuf messages as JSON files, with errors that name the place."""

from __future__ import annotations

import json
import re
from typing import Any

from rvcli.errors import nearest
from rvcli.filesystem import FileSystem, ProtobufParseException, resolve, shown

_UNKNOWN = re.compile(r'has no field named "(?P<name>[^"]*)" at "(?P<path>[^"]*)"')
_AVAILABLE = re.compile(r"Available Fields[^\[]*\[(?P<names>[^\]]*)\]")
_FAILED = re.compile(r"Failed to parse (?P<name>\w+) field: ")


def load_json_config(uri: str, message: Any, fs: type[FileSystem] | None = None) -> Any:
    """Read a message from its JSON form.

    Args:
        uri: of a file written by `save_json_config`, or by an older release.
        message: a message of the right type; what is read is merged into it.
        fs: the file system, if it is not to be chosen by the URI.

    Returns:
        The message given.

    Raises:
        ProtobufParseException: the text is no JSON, or has a field or value that the message
            has not; names the URI, the line and the nearest field.
        NotReadableError: the file cannot be read.
    """
    from google.protobuf import json_format

    text = (fs or resolve(uri)).read_str(uri)
    try:
        return json_format.Parse(text, message)
    except json_format.ParseError as e:
        problem, line, hint = _diagnose(text, str(e))
        place = f"{shown(uri)}:{line}" if line else shown(uri)
        raise ProtobufParseException(
            f"{place} is no {message.DESCRIPTOR.name} message: {problem}", hint=hint
        ) from e


def save_json_config(message: Any, uri: str, fs: type[FileSystem] | None = None) -> None:
    """Write a message in its JSON form; equal messages give equal texts.

    Raises:
        NotWritableError: the file cannot be written.
    """
    from google.protobuf import json_format

    # A Struct keeps its fields in no order.
    text = json_format.MessageToJson(message, sort_keys=True, ensure_ascii=False)
    (fs or resolve(uri, "w")).write_str(uri, text + "\n")


def _diagnose(text: str, error: str) -> tuple[str, int | None, str | None]:
    """Return what is wrong, on which line if that is known, and what to do."""
    try:
        json.loads(text)
    except json.JSONDecodeError as e:
        return f"{e.msg}, column {e.colno}", e.lineno, "the file is no valid JSON"
    unknown = _UNKNOWN.search(error)
    if unknown:
        name = unknown["name"]
        path = [re.sub(r"\[\d+\]", "", part) for part in unknown["path"].split(".")[1:]]
        return f"there is no field {name!r}", _line(text, [*path, name]), _near(name, error)
    path = _FAILED.findall(error)
    problem = _FAILED.split(error)[-1].strip(" .")
    where = f"{path[-1]}: " if path else ""
    return f"{where}{problem}", _line(text, path), None


def _near(name: str, error: str) -> str | None:
    available = _AVAILABLE.search(error)
    names = re.findall(r"\w+", available["names"]) if available else []
    near = nearest(name, names)
    if near:
        return f"did you mean {near!r}?"
    return f"the fields are: {', '.join(names[:10])}" if names else None


def _line(text: str, path: list[str]) -> int | None:
    """Return the line of the key at the end of a path, found by way of those before it."""
    position = 0
    for name in path:
        match = re.compile(rf'"{re.escape(name)}"\s*:').search(text, position)
        if match is None:
            return None
        position = match.start()
    return text.count("\n", 0, position) + 1 if path else None
