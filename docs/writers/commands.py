"""The page on commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator

import click

from rvcli.cli.main import main as rv
from rvcli.config.documented import first_paragraph
from writers.markdown import code, table


def commands_page() -> Iterator[str]:
    """Yield the paragraphs of the page on commands."""
    yield "# Commands"
    ctx = click.Context(rv, info_name="rv")
    shared = {option.name for option in rv.params if option.name != "version"}
    yield first_paragraph(rv.help)
    yield code("rv [OPTIONS] COMMAND [ARGS]...")
    yield "These options come before or after the command, with the same meaning."
    yield _options(rv.params)
    yield (
        "`-p` chooses a profile only before the command: after `run`, `explain` and `ls` it names"
        " the experiment file. `-h` is short for `--help`, and every command has it."
    )
    for words, command in _commands(rv, ctx, ()):
        own = [p for p in command.params if p.name not in shared]
        yield f"## rv {' '.join(words)}"
        inner = click.Context(command, info_name=words[-1], parent=ctx)
        pieces = [p for p in command.collect_usage_pieces(inner) if p != "[OPTIONS]"]
        yield code(" ".join(["rv", *words, "[OPTIONS]", *pieces]))
        yield from _help(command.help or "")
        visible = [p for p in own if isinstance(p, click.Option) and not p.hidden]
        if visible:
            yield _options(visible)


def _help(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text; lines that click leaves as they are become code."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b\n"):
            yield code(paragraph.removeprefix("\b\n"))
        else:
            yield " ".join(paragraph.split())


def _commands(
    parent: click.Group, ctx: click.Context, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command that is not hidden and has work of its own, in the order of help."""
    for name in parent.list_commands(ctx):
        command = parent.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from _commands(command, ctx, (*words, name))
        elif command is not None:
            yield (*words, name), command


def _options(params: Iterable[click.Parameter]) -> str:
    rows = []
    for option in params:
        if not isinstance(option, click.Option):
            continue
        names = ", ".join(f"`{name}`" for name in option.opts)
        value = "" if option.is_flag or option.count else f"`{_value(option)}`"
        text = option.help or ""
        if option.show_default:
            text += f" Default: `{option.default}`."
        rows.append([names, value, text])
    return table(["option", "value", "meaning"], rows)


def _value(option: click.Option) -> str:
    """Return what stands for the value of an option; click's own words for a number are long."""
    kind = "NUMBER" if isinstance(option.type, click.IntRange) else option.type.name.upper()
    return option.metavar or kind
