"""`rv run`: plan the commands of experiments and have a runner run them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from rvcli import keys
from rvcli.cli import completion
from rvcli.cli.experiments import Planning, planning_options, select, selection_options
from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.state import State, foreign_prints_aside, warn
from rvcli.errors import UsageError

if TYPE_CHECKING:
    from rvcli.dag import Plan
    from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
    from rvcli.runner.history import History
    from rvcli.runner.outcome import Outcome


@click.command("run", cls=Program)
@click.argument("runner", shell_complete=completion.runners)
@selection_options
@planning_options
@click.option("-n", "--dry-run", is_flag=True, help="Print the plan and run nothing.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="How many commands run side by side; RV.jobs, or one a processor, by default.",
)
@click.option(
    "--attempts",
    type=click.IntRange(min=1),
    help="How often a command is started at most until it is done; RV.attempts by default.",
)
@click.option("--fail-fast", is_flag=True, help="After a failure, start nothing more.")
@click.option("--tempdir", metavar="DIR", help="Where temporary files go.")
@click.option(
    "--detach",
    is_flag=True,
    help="End when all is submitted, where commands go on without rv; see rv jobs.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before much is submitted.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan and its outcome as JSON.")
@click.option(
    "--report/--no-report",
    "reports",
    default=None,
    help="Write a report after an evaluation, or do not; RV.report by default.",
)
@shared_options()
@click.pass_obj
def command(
    state: State,
    /,
    runner: str,
    dry_run: bool,
    jobs: int | None,
    attempts: int | None,
    fail_fast: bool,
    tempdir: str | None,
    detach: bool,
    yes: bool,
    as_json: bool,
    reports: bool | None,
    rerun: bool,
    splits: int,
    skip_file_check: bool,
    **selected: Any,
) -> None:
    """Run the commands of experiments that are not proven to be up to date.

    RUNNER is inprocess, local, aws_batch, dask, or one that a plugin brings. COMMAND is any of
    analyze, chip, train, predict, eval and bundle, or an auxiliary command; without any, all are
    run.
    """
    if runner.endswith(".py"):
        raise UsageError(
            f"{runner} stands where the runner is to be named, which says where commands run",
            hint=f"on this machine: rv run local {runner}",
        )
    selection = select(**selected)
    with state.session() as session:
        found = _runner(runner)
        if detach and not found.traits.detachable:
            raise UsageError(
                f"commands of the runner {runner!r} end with rv, so --detach cannot be",
                hint="leave it out, or choose a runner such as aws_batch",
            )
        from rvcli.cli.render.progress import work_view

        with work_view(quiet=state.is_quiet):
            loaded = selection.load()
        from rvcli.dag.definition import default_commands
        from rvcli.profile.paths import absolute
        from rvcli.runner.experiment_runner import RunOptions, ignore_question
        from rvcli.runner.runs import new_run_id

        options = RunOptions(
            jobs=jobs or session.settings.get("RV", "jobs"),
            gpus=session.settings.get("RV", "gpus"),
            memory_mb=session.settings.get("RV", "memory_mb"),
            attempts=attempts or session.settings.get("RV", "attempts"),
            fail_fast=fail_fast,
            tmp_dir=None if tempdir is None else str(absolute(tempdir)),
            settings_options=state.settings_options(),
            verbosity_options=state.verbosity_options(),
            command_line=state.command_line(),
            detach=detach,
            confirm=ignore_question if yes else ask,
            run_id=new_run_id(),
        )
        if _has_its_own_way(found):
            named = [word.upper() for word in selection.commands]
            found.options = options
            found.run(
                *loaded,
                commands_to_run=named or default_commands(),
                rerun_commands=rerun,
                skip_file_check=skip_file_check,
                dry_run=dry_run,
                splits=splits,
            )
            return
        with work_view(quiet=state.is_quiet):
            plan = selection.plan(loaded, Planning(rerun, splits, skip_file_check))
        if not state.is_quiet:
            warn(list(plan.warnings))
        if dry_run:
            from rvcli.cli.render.plan import print_plan
            from rvcli.dag import CommandDAG

            print_plan(plan, as_json=as_json)
            plan.refuse_blocked()
            if not as_json:
                found.options = options
                found._dry_run(CommandDAG.of(plan))
            return
        plan.refuse_blocked()
        if options.tmp_dir is not None:
            from rvcli.profile.rv_config import use_tmp_dir

            use_tmp_dir(options.tmp_dir)
        if plan.to_run:
            from rvcli.cli.preflight import refuse_plugins

            refuse_plugins(found, plan, session)
        if reports is None:
            reports = session.settings.get("RV", "report")
        _run(state, found, plan, options, as_json=as_json, reports=reports)


def _runner(name: str) -> ExperimentRunner:
    """Create the runner that the command line names.

    Raises:
        UsageError: there is none of that name.
    """
    from rvcli import keys, registry
    from rvcli.runner.experiment_runner import ExperimentRunner

    if registry.current().find(keys.EXPERIMENT_RUNNER, name.upper()) is None:
        raise UsageError(
            f"there is no runner {name!r}",
            hint=f"there are: {', '.join(ExperimentRunner.list_runners()).lower()}",
        )
    return ExperimentRunner.get_runner(name)


def _has_its_own_way(runner: Any) -> bool:
    """True if a plugin, or a mock, has its own way from experiments to jobs."""
    from rvcli.runner.experiment_runner import ExperimentRunner

    return getattr(type(runner), "run", None) is not ExperimentRunner.run


def ask(question: str) -> None:
    """Ask a person whether to go on.

    Raises:
        UsageError: nobody is there to be asked.
        click.Abort: the answer is no.
    """
    import sys

    if not sys.stdin.isatty():
        raise UsageError(
            f"nobody is there to be asked: {question}", hint="give --yes if that is what you want"
        )
    click.confirm(question, abort=True, err=True)


def _run(
    state: State,
    runner: ExperimentRunner,
    plan: Plan,
    options: RunOptions,
    *,
    as_json: bool,
    reports: bool,
) -> None:
    """Run a plan and tell of it.

    Args:
        reports: write a report for each root with an evaluation that has run.

    Raises:
        CommandError: one or more commands failed.
    """
    from dataclasses import replace

    from rvcli.cli.interrupts import terminations_interrupt
    from rvcli.cli.render import outcome as render
    from rvcli.cli.render.plan import print_plan
    from rvcli.cli.render.progress import progress_view
    from rvcli.runner.history import History
    from rvcli.runner.outcome import LeftRunning

    quiet = state.is_quiet or as_json
    if not quiet:
        print_plan(plan, only_to_run=True)
    outcome: Outcome | None = None
    if plan.to_run:
        with ExitStack() as stack:
            stack.enter_context(state.exported_secrets())
            stack.enter_context(terminations_interrupt())
            view = stack.enter_context(progress_view(quiet=quiet, total=len(plan.to_run)))
            if as_json:
                stack.enter_context(foreign_prints_aside())
            begun = History.begin(options.run_id, runner.key, options.command_line)
            outcomes = stack.enter_context(_history(begun, plan, goes_on=options.detach))
            options = replace(options, sink=view, ended=outcomes.append)
            try:
                outcome = runner.run_plan(plan, options)
            except LeftRunning:
                _tell_how_to_follow(plan, options)
                raise
    written: list[str] = []
    if outcome is not None and reports and not options.detach:
        from rvcli.cli.run_report import write_reports

        written = write_reports(plan, outcome, quiet=quiet)
    if as_json:
        kept = runner.traits.detachable and plan.to_run
        render.print_outcome_json(plan, outcome, options.run_id if kept else None, written)
    if outcome is not None and not outcome.ok and not quiet:
        render.print_reports(written)
    render.raise_failures(outcome)
    if options.detach and plan.to_run:
        _tell_how_to_follow(plan, options)
    elif not quiet:
        render.print_results(plan)
        render.print_reports(written)


@contextmanager
def _history(begun: History, plan: Plan, *, goes_on: bool) -> Iterator[list[Outcome]]:
    """Keep the history of the run inside the block, however it ends.

    Yields:
        a list to which what became of the jobs is added; nothing is, if none has begun.
    """
    from rvcli.errors import PlanError
    from rvcli.runner.history import write_history
    from rvcli.runner.outcome import LeftRunning

    outcomes: list[Outcome] = []
    ran = True
    try:
        yield outcomes
    except LeftRunning:
        goes_on = True
        raise
    except (PlanError, UsageError, click.Abort):
        ran = bool(outcomes)  # refused before anything was started
        raise
    finally:
        if ran:
            results = [result for outcome in outcomes for result in outcome.results]
            problems = write_history(begun, plan, results, goes_on=goes_on)
            with suppress(OSError):  # of a terminal that is gone
                warn(problems)


def _tell_how_to_follow(plan: Plan, options: RunOptions) -> None:
    """Say on the standard error, if anybody reads it still, that the run goes on."""
    import shlex

    experiment = plan.to_run[0].definition.experiment
    root = experiment.root_uri if experiment else plan.to_run[0].definition.root_uri
    words = shlex.join(["rv", "jobs", "follow", root, options.run_id])
    with suppress(OSError):
        click.echo(f"the run {options.run_id} goes on; to follow it: {words}", err=True)
        if any(step.definition.command_type == keys.EVAL for step in plan.to_run):
            click.echo(f"when it is done: {shlex.join(['rv', 'report', root])}", err=True)
