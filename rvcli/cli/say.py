"""Single messages on the standard error: in colour on a terminal, or as JSON where asked for."""

from __future__ import annotations

import os
from typing import Any

import click


def style(text: str, **styles: Any) -> str:
    """Return a text in colour, unless NO_COLOR (https://no-color.org) is set.

    `click.echo` takes colours away where no terminal is.
    """
    return text if os.environ.get("NO_COLOR") else click.style(text, **styles)


def say(level: str, text: str, **more: Any) -> None:
    """Print a message and what is known beside it.

    Args:
        level: "WARNING" or "ERROR".
        text: without secrets.
        more: for JSON alone.
    """
    if is_json():
        from rvcli.utils.logs import json_line

        click.echo(json_line(level=level, message=text, **more), err=True)
        return
    colour = "red" if level == "ERROR" else "yellow"
    click.echo(style(f"{level.lower()}: ", fg=colour, bold=True) + text, err=True)


def is_json() -> bool:
    """Tell whether messages are to be JSON, by the settings in force."""
    import sys

    # Not to be imported for this alone: without it no settings are in force.
    if "rvcli.profile" not in sys.modules:
        return False
    from rvcli import profile

    settings = profile.in_force()
    return settings is not None and settings.get("RV", "log_format") == "json"
