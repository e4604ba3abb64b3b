"""`rv explain`: say field by field why each command will run or not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from rvcli.cli.experiments import Planning, planning_options, select, selection_options
from rvcli.cli.options import shared_options
from rvcli.cli.state import State, warn
from rvcli.errors import UsageError


@click.command("explain")
@selection_options
@planning_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def command(
    state: State,
    /,
    as_json: bool,
    rerun: bool,
    splits: int,
    skip_file_check: bool,
    **selected: Any,
) -> None:
    """Say why each command of an experiment would run or not, field by field.

    COMMAND is a type, such as train, or one command, such as my_experiment/TRAIN; without
    any, all are explained. Nothing is run or written.
    """
    from rvcli.cli.render.plan import print_explanation
    from rvcli.cli.render.progress import work_view
    from rvcli.cli.render.table import print_json

    selection = select(**selected)
    wanted = [word.upper() for word in selection.commands]
    with state.session(), work_view(quiet=state.is_quiet):
        loaded = selection.load()
        # Each command is explained as part of the whole pipeline, which `rv run` would run.
        plan = replace(selection, commands=_commands(loaded, wanted)).plan(
            loaded, Planning(rerun, splits, skip_file_check)
        )
    if not state.is_quiet:
        warn(list(plan.warnings))
    steps = [step for step in plan.steps if not wanted or _is_meant(step, wanted)]
    if not steps:
        raise UsageError(
            f"there is no command {', '.join(selection.commands)}",
            hint=f"there are: {', '.join(step.id for step in plan.steps[:10])}",
        )
    if as_json:
        print_json([step.to_dict() for step in steps])
    else:
        print_explanation(steps, everything=state.verbosity > 0)


def _commands(loaded: tuple[list[Any], list[Any]], wanted: list[str]) -> tuple[str, ...]:
    """Name what is planned: what `rv run` runs by default, and what is wanted beyond that."""
    from rvcli import keys, registry
    from rvcli.dag import derive

    known = registry.current().keys(keys.AUX_COMMAND)
    auxiliary = {word.rpartition("/")[2] for word in wanted} & set(known)
    if not auxiliary:
        return ()
    default = {d.command_type for d in derive(*loaded) if d.selected}
    return (*sorted(default), *sorted(auxiliary - default))


def _is_meant(step: Any, wanted: list[str]) -> bool:
    return step.definition.command_type in wanted or step.id.upper() in wanted
