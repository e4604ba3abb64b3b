"""`rv ls`: list the experiments of a file."""

from __future__ import annotations

from typing import Any

import click

from rvcli.cli.experiments import select, selection_options
from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.state import State
from rvcli.errors import UsageError


@click.command("ls", cls=Program)
@selection_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def command(state: State, /, as_json: bool, **selected: Any) -> None:
    """List the experiments of a file, and their commands; no imagery is looked at."""
    from rvcli.cli.render.progress import work_view
    from rvcli.cli.render.table import print_json, print_table

    selection = select(**selected)
    if selection.commands:
        raise UsageError(
            f"rv ls takes one experiment file, not {' '.join(selection.commands)!r}",
            hint="use -m and -f to list some of the experiments",
        )
    with state.session(), work_view(quiet=state.is_quiet):
        experiments, commands = selection.load()
        rows = [_experiment(e) for e in experiments] + [_command(c) for c in commands]
    if as_json:
        print_json(rows)
    else:
        headings = ["id", "task", "backend", "scenes", "root_uri", "commands"]
        print_table(headings, [_cells(row, headings) for row in rows])


def _experiment(experiment: Any) -> dict[str, Any]:
    from rvcli import keys, registry

    dataset = experiment.dataset
    current = registry.current()
    of_plugins = [key for key in current.keys(keys.COMMAND) if key not in keys.COMMANDS]
    auxiliary = [
        key
        for key in current.keys(keys.AUX_COMMAND)
        if experiment.custom_config_of(key) is not None
    ]
    return {
        "id": experiment.id,
        "task": experiment.task.task_type,
        "backend": experiment.backend.backend_type,
        "scenes": {
            "train": len(dataset.train_scenes),
            "validation": len(dataset.validation_scenes),
            "test": len(dataset.test_scenes),
        },
        "root_uri": experiment.root_uri,
        "commands": [*keys.COMMANDS, *of_plugins, *auxiliary],
    }


def _command(config: Any) -> dict[str, Any]:
    return {
        "id": None,
        "task": None,
        "backend": None,
        "scenes": None,
        "root_uri": config.root_uri,
        "commands": [config.command_type],
    }


def _cells(row: dict[str, Any], headings: list[str]) -> list[str]:
    shown = dict(row)
    if row["scenes"] is not None:
        shown["scenes"] = ", ".join(f"{n} {name}" for name, n in row["scenes"].items() if n)
    shown["commands"] = ", ".join(name.lower() for name in row["commands"])
    return ["" if shown[heading] is None else str(shown[heading]) for heading in headings]
