"""What happens to configs when a command is derived from an experiment."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from rvcli import keys
from rvcli.config.declared import Declared
from rvcli.core.command_io_definition import CommandIODefinition

REPORTED = "_reported_io"


class Updated(CommandIODefinition):
    """What update_for_command returns: an io definition that unpacks as `(config, io_def)`.

    Old subclasses take what super() returns for the one or the other. What is added to it is
    added to the io definition that was given as well.
    """

    def __init__(self, config: Any, io_def: CommandIODefinition | None = None) -> None:
        super().__init__()
        self.config = config
        if io_def is not None:
            self.input_uris = io_def.input_uris
            self.output_uris = io_def.output_uris
            self.missing_input_messages = io_def.missing_input_messages

    def __iter__(self) -> Iterator[Any]:
        return iter((self.config, self))

    def __getitem__(self, index: int) -> Any:
        return (self.config, self)[index]


def update(config: Any, command_type: str, experiment: Any, context: list[Any]) -> Any:
    """Let a config fill in what a command of an experiment needs; return the updated config.

    What is written the classic way takes for granted, in one command, what it has filled in for
    another: it is asked for all of them, the one that is meant last.
    """
    if not config.is_declared():
        for other in keys.COMMANDS:
            if other != command_type:
                config = _updated(config, other, experiment, context)
    return _updated(config, command_type, experiment, context)


def _updated(config: Any, command_type: str, experiment: Any, context: list[Any]) -> Any:
    """Call update_for_command in whichever form it is written; return the updated config.

    Known forms return None, the io definition, or a pair whose first part replaces the
    config. Anything else, as a mock gives, counts as None. What the io definition says is a part
    of what the config reports.
    """
    io_def = CommandIODefinition()
    given = taken(config.update_for_command, io_def=io_def, context=context)
    result = config.update_for_command(command_type, experiment, **given)
    updated = config
    if isinstance(result, tuple):
        updated = result[0] if result and hasattr(result[0], "update_for_command") else config
        result = result[1] if len(result) > 1 else None
    if isinstance(result, CommandIODefinition) and result is not io_def:
        io_def.merge(result)
    if io_def != CommandIODefinition():
        updated.__dict__.setdefault(REPORTED, {})[command_type] = io_def
    return updated


def make_uris_absolute(config: Declared) -> None:
    """Make every relative URI in a config, and in all that it holds, absolute."""
    from rvcli.filesystem import absolute_uri

    for part in config.walk():
        for spec in part.fields():
            if not spec.uri:
                continue
            value = part.__dict__.get(spec.name)
            if isinstance(value, str) and value:
                part.__dict__[spec.name] = absolute_uri(value)
            elif isinstance(value, list):
                part.__dict__[spec.name] = [absolute_uri(v) for v in value]


def uris_of(config: Declared, group: str | None = None) -> list[str]:
    """List the URIs in a config and in all that it holds, or in the configs of one group."""
    return [
        uri
        for part in config.walk()
        if group is None or getattr(part, "group", None) == group
        for spec in part.fields()
        if spec.uri
        for uri in uris_in(part.__dict__.get(spec.name))
    ]


def uris_in(value: Any) -> Iterator[str]:
    """Yield the URIs in a field: one, or those in a list."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from uris_in(item)


def taken(method: Any, **arguments: Any) -> dict[str, Any]:
    """Return those arguments that a method takes: older ones know fewer."""
    code = getattr(getattr(method, "__func__", method), "__code__", None)
    if code is None:
        return {}
    if code.co_flags & inspect.CO_VARKEYWORDS:
        return arguments
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return {name: value for name, value in arguments.items() if name in names}
