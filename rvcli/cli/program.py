"""Commands that are programs: called, they end the process with the exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click


class Program(click.Command):
    """A command that can be called without the group around it, and explains errors."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command.

        Args:
            args: the arguments after the program's name, those of the process by default.
            standalone_mode: end the process with the exit code, errors explained; else return
                what the command returns, and raise its errors.
        """
        from rvcli.cli.main import call, invoke
        from rvcli.cli.state import State

        if standalone_mode:
            sys.exit(call(args, self))
        return invoke(self, list(sys.argv[1:] if args is None else args), State())
