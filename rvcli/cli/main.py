"""`rv`: the group of commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import click

from rvcli import errors, notices
from rvcli.cli.group import LazyGroup
from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.say import say, style
from rvcli.cli.state import State
from rvcli.compat import serving
from rvcli.version import __version__


class Rv(LazyGroup, Program):
    """The group."""


@click.group("rv", cls=Rv, context_settings={"help_option_names": ["-h", "--help"]})
@shared_options(short_profile=True)
@click.version_option(__version__, prog_name="rv", message="%(prog)s %(version)s")
def main() -> None:
    """Drive machine-learning experiments on satellite and aerial imagery.

    New here? `rv init DIR` makes a project of your imagery and labels, or a demo. Settings come
    from rv.toml in this directory or above; see rv.toml.example.
    """


def call(argv: Sequence[str] | None = None, command: click.Command = main) -> int:
    """Run `rv`, or one of its commands alone, and return the exit code.

    Args:
        argv: the arguments after the program's name, those of the process by default.
        command: what to run.
    """
    state = State()
    _prepare_output()
    try:
        state.arguments = tuple(sys.argv[1:] if argv is None else argv)
        # Arguments that cannot be understood are an error as well.
        state.is_json = _asks_for_json(state.arguments)
        if "_RV_COMPLETE" in os.environ:
            click.Command.main(command, list(state.arguments), "rv", complete_var="_RV_COMPLETE")
        code = invoke(command, list(state.arguments), state)
        sys.stdout.flush()
    except BrokenPipeError as e:
        return _pipe_broken(e, state)
    except BaseException as e:  # the boundary
        from rvcli.cli.boundary import report

        return report(e, state)
    return code if isinstance(code, int) else errors.EXIT_DONE


def invoke(command: click.Command, arguments: list[str], state: State) -> Any:
    """Run a command and return what it returns.

    Raises:
        RvError, click.ClickException, ...: it fails.
    """
    # What is called alone, by a program, finds there what that has put in force.
    state.inherits = command is not main
    # Experiment files and plugins, here and in workers, may be written for rastervision.
    with (
        serving(),
        notices.shown_by(_warn),
        command.make_context(command.name, arguments, obj=state) as ctx,
    ):
        return command.invoke(ctx)


def print_error(msg: str) -> None:
    """Print a message to the standard error, in red where colours are."""
    click.echo(style(str(msg), fg="red"), err=True)


# What is imported only when somebody asks for it: commands, to be called alone, and so on.
_PLACES = {
    "run": "commands.run:command",
    "ls": "commands.ls:command",
    "predict": "commands.predict:command",
    "run_command": "commands.run_command:command",
    "OptionEatAll": "eat_all:OptionEatAll",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _PLACES[name].partition(":")
    return getattr(importlib.import_module(f"rvcli.cli.{module}"), attribute)


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Tell whether messages are to be JSON before options and settings have been read."""
    text = "json" if "--log-format=json" in arguments else ""
    for word, value in pairwise(arguments):
        text = value if word == "--log-format" else text
    return (text or os.environ.get("RV_LOG_FORMAT", "")) == "json"


def _prepare_output() -> None:
    """See to it that everything can be printed, in whatever encoding, or to nobody at all."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _warn(text: str) -> None:
    if "://" in text:
        from rvcli.profile.secrets import mask_uris

        text = mask_uris(text)
    say("WARNING", text)


def _pipe_broken(error: BrokenPipeError, state: State) -> int:
    """End in silence if whoever read our output has gone; any other pipe is a failure."""
    if _reader_is_gone():
        # What is left in the buffer must not be tried again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.EXIT_FAILURE
    from rvcli.cli.boundary import report

    return report(error, state)


def _reader_is_gone() -> bool:
    import select

    try:
        sys.stdout.flush()
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLOUT)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except BrokenPipeError:
        return True
    except OSError:  # a standard output without a file, as in tests
        return False
