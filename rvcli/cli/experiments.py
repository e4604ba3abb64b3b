"""Options that say which experiments are meant, and what they load."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rvcli.cli import completion
from rvcli.cli.state import foreign_prints_aside
from rvcli.errors import UsageError

if TYPE_CHECKING:
    from rvcli.dag import Plan

MAIN = "__main__"

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Selection:
    """Which experiments, and which commands of them.

    Attributes:
        path: the experiment file, or None where a module is given.
        module: the experiment module, or None where a file is given.
        commands: names of commands in any case; none means all.
        arguments: of the experiment methods, by name.
        prefix: how the names of experiment methods begin.
        methods: patterns of the names of methods; none means all.
        filters: patterns of the ids of experiments; none means all.
    """

    path: str | None
    module: str | None
    commands: tuple[str, ...]
    arguments: dict[str, str]
    prefix: str
    methods: tuple[str, ...]
    filters: tuple[str, ...]

    def load(self) -> tuple[list[Any], list[Any]]:
        """Return the experiments and the commands that belong to no experiment.

        Raises:
            ExperimentError: the file or module cannot be used.
        """
        from rvcli.experiment.experiment_loader import ExperimentLoader
        from rvcli.progress import track

        loader = ExperimentLoader(
            self.arguments, self.prefix, self.methods, self.filters, strict=True
        )
        name = self.module if self.path is None else self.path
        with foreign_prints_aside(), track(f"reading {name}", None, ""):
            if self.path is not None:
                return loader.load_from_file(self.path)
            return loader.load_from_module(self.module or "")

    def plan(self, loaded: tuple[list[Any], list[Any]], planning: Planning) -> Plan:
        """Plan the commands of what was loaded.

        Raises:
            PlanError: they cannot be planned.
            UsageError: a command is unknown.
        """
        from rvcli import profile
        from rvcli.dag import derive, plan
        from rvcli.progress import track
        from rvcli.records import RecordStore
        from rvcli.runner.experiment_runner import pins_of

        with foreign_prints_aside():
            with track("looking at what commands read and write", None, ""):
                definitions = derive(*loaded, self.commands, planning.splits)
            return plan(
                definitions,
                RecordStore(),
                rerun=planning.rerun,
                skip_file_check=planning.skip_file_check,
                overlap=profile.current().get("RV", "overlap"),
                pins=pins_of,
            )


@dataclass(frozen=True)
class Planning:
    """How commands are planned."""

    rerun: bool = False
    splits: int = 1
    skip_file_check: bool = False


_SELECTION = [
    click.option(
        "-e", "--experiment-module", "--experiment_module", "module", metavar="MODULE",
        help="The experiments, as an importable module.",
    ),
    click.option(
        "-p", "--path", metavar="FILE", shell_complete=completion.experiment_files,
        help="The experiments, as a Python file.",
    ),
    click.option(
        "-a", "--arg", "arguments", nargs=2, multiple=True, metavar="KEY VALUE",
        help="An argument of the experiment methods. Repeatable.",
    ),
    click.option(
        "-m", "--method", "methods", multiple=True, metavar="PATTERN",
        help="Take only methods whose name matches, as test_*. Repeatable.",
    ),
    click.option(
        "-f", "--filter", "filters", multiple=True, metavar="PATTERN",
        help="Take only experiments whose id matches. Repeatable.",
    ),
    click.option(
        "--prefix", default="exp_", show_default=True,
        help="How the names of experiment methods begin.",
    ),
]  # fmt: skip

_PLANNING = [
    click.option("-r", "--rerun", is_flag=True, help="Run also what is up to date."),
    click.option(
        "-s", "--splits", type=click.IntRange(min=1), default=1, show_default=True,
        help="Into how many parts to split what can be split.",
    ),
    click.option(
        "-x", "--skip-file-check", is_flag=True,
        help="Do not ask whether inputs are there.",
    ),
]  # fmt: skip


def selection_options(function: F) -> F:
    """Add the words after the command and the options that select experiments."""
    for option in reversed(_SELECTION):
        function = option(function)
    words = click.argument(
        "words",
        nargs=-1,
        metavar="[EXPERIMENT.py] [COMMAND]...",
        shell_complete=completion.words,
    )
    decorated: F = words(function)
    return decorated


def planning_options(function: F) -> F:
    """Add the options that say how commands are planned."""
    for option in reversed(_PLANNING):
        function = option(function)
    return function


def select(
    words: Sequence[str],
    module: str | None,
    path: str | None,
    arguments: Sequence[tuple[str, str]],
    methods: Sequence[str],
    filters: Sequence[str],
    prefix: str,
) -> Selection:
    """Tell the experiment file from the commands.

    A first word that ends in .py or names an existing file is the experiment; otherwise all
    words are commands. Where none is given, the experiments of a script that calls `rv.main()`
    are meant.

    Raises:
        UsageError: there is no experiment, or more than one.
    """
    commands = list(words)
    given = {"-p": path, "-e": module}
    if commands and (commands[0].endswith(".py") or Path(commands[0]).is_file()):
        given["EXPERIMENT.py"] = commands.pop(0)
    named = {name: value for name, value in given.items() if value}
    if len(named) > 1:
        raise UsageError(
            "more than one experiment is given: "
            + ", ".join(f"{name} {value}" for name, value in named.items()),
            hint="give a file after the runner, or by -p, or a module by -e",
        )
    if not named and _has_main_experiments():
        module = MAIN
    elif not named:
        raise UsageError(
            "no experiment is given", hint="name a file, such as experiment.py, or use -p or -e"
        )
    return Selection(
        path=path or given.get("EXPERIMENT.py"),
        module=module,
        commands=tuple(commands),
        arguments=dict(arguments),
        prefix=prefix,
        methods=tuple(methods),
        filters=tuple(filters),
    )


def _has_main_experiments() -> bool:
    from rvcli.experiment.discover import sets_in

    return bool(sets_in(sys.modules[MAIN]))
