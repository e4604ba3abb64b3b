"""Options that every command and the group have: which settings count, and how much is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from rvcli.cli import completion
from rvcli.cli.state import State

F = TypeVar("F", bound=Callable[..., Any])


def _state(ctx: click.Context) -> State:
    return ctx.ensure_object(State)


def _choose_profile(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        _state(ctx).profile = value


def _choose_file(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        _state(ctx).config_file = value


def _override(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> None:
    _state(ctx).overrides += value


def _choose_format(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        _state(ctx).overrides += (f"RV.log_format={value}",)
        _state(ctx).is_json = value == "json"


def _say_more(ctx: click.Context, param: click.Parameter, value: int) -> None:
    _state(ctx).verbosity += value


def _say_less(ctx: click.Context, param: click.Parameter, value: int) -> None:
    _state(ctx).verbosity -= value


def shared_options(*, short_profile: bool = False) -> Callable[[F], F]:
    """Add what each command takes before or after its name: settings, and how much is said.

    Args:
        short_profile: also take -p for --profile: on the group alone, since commands give -p
            another meaning.
    """
    names = ["-p", "--profile"] if short_profile else ["--profile"]
    options = [
        click.option(
            *names,
            metavar="NAME",
            expose_value=False,
            callback=_choose_profile,
            shell_complete=completion.profiles,
            help="The profile to use: [profile.NAME] in a TOML file, or a profile of your own.",
        ),
        click.option(
            "--config",
            metavar="FILE",
            expose_value=False,
            callback=_choose_file,
            shell_complete=completion.files,
            help="A profile file, stronger than those found.",
        ),
        click.option(
            "--set",
            metavar="SECTION.KEY=VALUE",
            multiple=True,
            expose_value=False,
            callback=_override,
            help="Set one option, stronger than all else. Repeatable.",
        ),
        click.option(
            "-v",
            "--verbose",
            count=True,
            expose_value=False,
            callback=_say_more,
            help="Say more; errors come with their traceback. -vv says still more.",
        ),
        click.option(
            "-q",
            "--quiet",
            count=True,
            expose_value=False,
            callback=_say_less,
            help="Say only what goes wrong.",
        ),
        click.option(
            "--log-format",
            type=click.Choice(["text", "json"]),
            expose_value=False,
            callback=_choose_format,
            help="Write logs and progress as lines of text, or of JSON on the standard error.",
        ),
    ]

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
