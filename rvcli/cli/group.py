"""The group `rv`: its commands are named here and imported only when one is called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

import click

from rvcli.errors import nearest

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Place(NamedTuple):
    """Where a command is: a module of this package and its help line."""

    module: str
    help: str
    hidden: bool = False


COMMANDS = {
    "init": Place("init", "Make a project of imagery and labels."),
    "run": Place("run", "Run the commands of experiments."),
    "explain": Place("explain", "Say why each command will run or not, field by field."),
    "ls": Place("ls", "List the experiments of a file and their commands."),
    "jobs": Place("jobs", "List, follow and cancel runs that go on without rv."),
    "report": Place("report", "Show what experiments did, and how well, as one HTML file."),
    "predict": Place("predict", "Apply a predict package to images."),
    "bundle": Place("bundle", "Check a predict package by its self-test."),
    "lineage": Place("lineage", "Say what an artifact was made from, by which commands."),
    "plugins": Place("plugins", "List plugins, or prove that they work."),
    "config": Place("config", "Show the settings and where they come from."),
    "keys": Place("keys", "List every key that experiments can name."),
    "describe": Place("describe", "Say what a key takes, with an example."),
    "doctor": Place("doctor", "Say what is installed, what works, and what does not."),
    "completion": Place("completion", "Print what makes a shell complete rv after TAB."),
    "migrate": Place("migrate", "Say what old files use that is written otherwise today."),
    "run-command": Place("run_command", "Run one command message; runners call this."),
    "run_command": Place("run_command", "The old name of run-command.", hidden=True),
}


class LazyGroup(click.Group):
    """A group that lists its commands from a table and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands that help shows."""
        return [name for name, place in COMMANDS.items() if not place.hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module = importlib.import_module(f"rvcli.cli.commands.{place.module}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; a wrong one gets the nearest named."""
        name = args[0]
        if ctx.resilient_parsing and name not in COMMANDS:
            return None, None, []
        if name not in COMMANDS and not name.startswith("-"):
            near = nearest(name, self.list_commands(ctx))
            hint = f" Did you mean {near!r}?" if near else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer commands without importing any, and options."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=place.help)
            for name, place in COMMANDS.items()
            if name.startswith(incomplete) and not place.hidden
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        rows = [(name, place.help) for name, place in COMMANDS.items() if not place.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
