"""Errors as people see them: what is wrong, what to do, and the exit code."""

from __future__ import annotations

import click

from rvcli.cli.say import style
from rvcli.cli.state import State
from rvcli.errors import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    ExperimentError,
    RvError,
    known_error,
)


def report(error: BaseException, state: State) -> int:
    """Print an error to the standard error and return the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if state.is_json:
        return _report_json(error, state)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        _say("interrupted")
        return EXIT_INTERRUPTED
    if isinstance(error, SystemExit):
        return _exit_code(error)
    if isinstance(error, click.ClickException):
        return _report_click(error)
    known = known_error(error)
    shows_traceback = state.verbosity > 0 or (state.is_worker and known is None)
    if shows_traceback:
        import traceback

        click.echo(_masked("".join(traceback.format_exception(error))), err=True, nl=False)
    if known is not None:
        _report_known(known)
        return known.exit_code
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    _say(f"unexpected {text}")
    if not shows_traceback:
        _tip("run again with -v to see where it comes from")
    return EXIT_FAILURE


def _report_json(error: BaseException, state: State) -> int:
    """Print an error as a line of JSON; what click says of a wrong command line is in it, too."""
    from rvcli.utils.logs import json_line

    if isinstance(error, SystemExit) and not isinstance(error.code, str):
        return _exit_code(error)
    known = known_error(error)
    interrupted = isinstance(error, (KeyboardInterrupt, click.Abort))
    code = EXIT_INTERRUPTED if interrupted else EXIT_FAILURE
    text, more = f"unexpected {type(error).__name__}: {error}", {}
    if interrupted:
        text = "interrupted"
    elif isinstance(error, click.ClickException):
        text = error.format_message()
        code = EXIT_USAGE if isinstance(error, click.UsageError) else EXIT_FAILURE
    elif isinstance(error, SystemExit):
        text = str(error.code)
    elif known is not None:
        text, code = known.message, known.exit_code
        more = {"hint": known.hint} if known.hint else {}
    if state.verbosity > 0 or (known is None and state.is_worker):
        import traceback

        more["traceback"] = "".join(traceback.format_exception(error))
    click.echo(json_line(level="ERROR", message=text, **more, exit_code=code), err=True)
    return code


def _report_click(error: click.ClickException) -> int:
    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.message, err=True)
        return EXIT_USAGE
    if ctx is not None:
        click.echo(ctx.get_usage(), err=True)
    _say(error.format_message())
    if not isinstance(error, click.UsageError):
        return EXIT_FAILURE
    # Of an option that lacks its values click does not say to which command it belongs.
    _tip(f"see {ctx.command_path if ctx is not None else 'rv'} --help")
    return EXIT_USAGE


def _report_known(error: RvError) -> None:
    _say(error.message)
    if isinstance(error, ExperimentError):
        for frame in error.frames:
            for line in frame.splitlines():
                click.echo(f"  {line}", err=True)
    if error.hint:
        _tip(error.hint)


def _exit_code(error: SystemExit) -> int:
    if error.code is None or isinstance(error.code, int):
        return error.code or 0
    _say(str(error.code))
    return EXIT_FAILURE


def _say(message: str) -> None:
    click.echo(style("error: ", fg="red", bold=True) + _masked(message), err=True)


def _tip(hint: str) -> None:
    click.echo(style("TIP: ", fg="cyan") + _masked(hint), err=True)


def _masked(text: str) -> str:
    """Hide passwords and signatures in the URIs of a text."""
    if "://" not in text:
        return text
    from rvcli.profile.secrets import mask_uris

    return mask_uris(text)
