"""`rv`: the group of commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from rvcli import errors, notices
from rvcli.cli.group import LazyGroup
from rvcli.cli.options import shared_options
from rvcli.cli.state import State
from rvcli.compat import serving
from rvcli.version import __version__


class Rv(LazyGroup):
    """The group; called, it ends the process with the exit code, and explains errors."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run `rv`; see `call`."""
        code = call(args)
        if standalone_mode:
            sys.exit(code)
        return code


@click.group("rv", cls=Rv, context_settings={"help_option_names": ["-h", "--help"]})
@shared_options(short_profile=True)
@click.version_option(__version__, prog_name="rv", message="%(prog)s %(version)s")
def main() -> None:
    """Drive machine-learning experiments on satellite and aerial imagery.

    Settings come from rv.toml in this directory or above; see rv.toml.example.
    """


def call(argv: Sequence[str] | None = None) -> int:
    """Run `rv` and return its exit code.

    Args:
        argv: the arguments after the program's name, those of the process by default.
    """
    state = State()
    _prepare_output()
    try:
        state.arguments = tuple(sys.argv[1:] if argv is None else argv)
        code = _invoke(list(state.arguments), state)
        sys.stdout.flush()
    except BrokenPipeError as e:
        return _pipe_broken(e, state)
    except BaseException as e:  # the boundary
        from rvcli.cli.boundary import report

        return report(e, state)
    return code


def _prepare_output() -> None:
    """See to it that everything can be printed, in whatever encoding, or to nobody at all."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _invoke(arguments: list[str], state: State) -> int:
    if "_RV_COMPLETE" in os.environ:
        super(Rv, main).main(arguments, "rv", complete_var="_RV_COMPLETE")
    # Experiment files and plugins, here and in workers, may be written for rastervision.
    with (
        serving(),
        notices.shown_by(_warn),
        main.make_context("rv", arguments, obj=state) as ctx,
    ):
        code = main.invoke(ctx)
    return code if isinstance(code, int) else errors.EXIT_DONE


def _warn(text: str) -> None:
    if "://" in text:
        from rvcli.profile.secrets import mask_uris

        text = mask_uris(text)
    click.echo(click.style("warning: ", fg="yellow", bold=True) + text, err=True)


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
