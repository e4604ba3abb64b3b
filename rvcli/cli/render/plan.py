"""A plan on the standard output: what runs, what does not, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rvcli.cli.render.table import print_json, print_table
from rvcli.profile.secrets import mask_uris

if TYPE_CHECKING:
    from rvcli.dag import Plan, Step

MOST_STEPS = 30
MOST_CHANGES = 20

STATUS = {"run": "run", "up_to_date": "up to date", "duplicate": "duplicate", "blocked": "blocked"}


def print_plan(plan: Plan, *, as_json: bool = False, only_to_run: bool = False) -> None:
    """Print one line for each command, then how many of each kind there are.

    Args:
        plan: what to print.
        as_json: print everything, as JSON.
        only_to_run: leave out what does not run, and after thirty the rest.
    """
    if as_json:
        print_json(plan.to_dict())
        return
    steps = plan.to_run if only_to_run else plan.steps
    shown = steps[:MOST_STEPS] if only_to_run else steps
    if shown:
        rows = [[step.id, STATUS[step.status], step.reason] for step in shown]
        print_table(["command", "status", "reason"], rows)
    if len(shown) < len(steps):
        print(f"and {len(steps) - len(shown)} more")
    print(summary(plan))


def summary(plan: Plan) -> str:
    """Say how many commands run and how many do not."""
    counts = plan.counts()
    total = len(plan.steps)
    if counts["up_to_date"] + counts["duplicate"] == total and total:
        return f"nothing to run: {_commands(total)} up to date"
    words = [f"{counts[status]} {text}" for status, text in STATUS.items() if counts[status]]
    if counts["run"]:
        words[0] = f"{counts['run']} to run"
    return f"{_commands(total)}: {', '.join(words) or 'nothing to run'}"


def _commands(count: int) -> str:
    return "1 command" if count == 1 else f"{count} commands"


def print_explanation(steps: Iterable[Step], *, everything: bool) -> None:
    """Print for each command its status, its reason, and all that changed.

    Args:
        steps: the commands to explain.
        everything: do not leave out changes where there are many.
    """
    for number, step in enumerate(steps):
        if number:
            print()
        print(f"{step.id}: {STATUS[step.status]}")
        print(f"  {mask_uris(step.reason)}")
        texts = list(dict.fromkeys(change.text for change in step.changes))
        shown = texts if everything else texts[:MOST_CHANGES]
        if texts != [step.reason]:
            for text in shown:
                print(f"  - {mask_uris(text)}")
        if len(shown) < len(texts):
            print(f"  - and {len(texts) - len(shown)} more; -v shows all")
        for missing in step.missing:
            if missing not in step.reason:
                print(f"  - {missing}")
        if step.depends_on:
            print(f"  after: {', '.join(step.depends_on)}")
