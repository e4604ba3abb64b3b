"""The report at the end of a run: never worth a failed run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.cli.state import warn
from rvcli.profile.secrets import mask_uris

if TYPE_CHECKING:
    from rvcli.dag import Plan
    from rvcli.runner.outcome import Outcome


def write_reports(plan: Plan, outcome: Outcome, *, quiet: bool) -> list[str]:
    """Write a report below each root with an evaluation that has run; return their URIs.

    Each has the experiments of the plan below its root. One that cannot be written is a warning.
    """
    written = []
    for root_uri, ids in _experiments_by_root(plan, outcome).items():
        try:
            written.append(_write(root_uri, ids, quiet))
        except Exception as e:  # the run is done, whatever is wrong with the report
            again = shlex.join(["rv", "report", root_uri])
            warn([mask_uris(f"no report was written: {_reason(e)}. To try again: {again}")])
    return written


def reports_there(plan: Plan) -> list[str]:
    """List the reports of earlier runs below the roots of the plan's evaluations."""
    from rvcli.errors import FileSystemError
    from rvcli.filesystem import absolute_uri, join_uri
    from rvcli.records.names import REPORT
    from rvcli.utils.files import file_exists

    evaluations = [s.definition for s in plan.steps if s.definition.command_type == keys.EVAL]
    roots = dict.fromkeys(d.experiment.root_uri for d in evaluations if d.experiment is not None)
    uris = [join_uri(absolute_uri(root), REPORT) for root in roots]
    try:
        return [uri for uri in uris if file_exists(uri, include_dir=False)]
    except FileSystemError:
        return []


def _experiments_by_root(plan: Plan, outcome: Outcome) -> dict[str, list[str]]:
    from rvcli.runner.job import DONE

    done = {result.job.id for result in outcome.results if result.state.status == DONE}
    evaluated = set()
    experiments: dict[str, dict[str, None]] = {}
    for step in plan.steps:
        experiment = step.definition.experiment
        if experiment is None:
            continue
        experiments.setdefault(experiment.root_uri, {})[experiment.id] = None
        if step.definition.command_type == keys.EVAL and step.id in done:
            evaluated.add(experiment.root_uri)
    return {root: list(ids) for root, ids in experiments.items() if root in evaluated}


def _write(root_uri: str, ids: list[str], quiet: bool) -> str:
    from rvcli.cli.interrupts import terminations_interrupt
    from rvcli.cli.render.progress import work_view
    from rvcli.filesystem import absolute_uri, join_uri
    from rvcli.profile.rv_config import RVConfig
    from rvcli.records.names import REPORT
    from rvcli.report.report import write_report

    with terminations_interrupt(), RVConfig.get_tmp_dir() as tmp_dir, work_view(quiet=quiet):
        root = absolute_uri(root_uri)
        return write_report(root, ids, join_uri(root, REPORT), tmp_dir)


def _reason(error: Exception) -> str:
    from rvcli.errors import known_error

    known = known_error(error)
    if known is None:
        return f"{type(error).__name__}: {error}"
    return f"{known.message} ({known.hint})" if known.hint else known.message
