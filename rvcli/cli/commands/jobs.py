"""`rv jobs`: runs whose commands go on without `rv`, from any machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from rvcli.cli import completion
from rvcli.cli.commands.run import ask
from rvcli.cli.options import shared_options
from rvcli.cli.state import State, warn
from rvcli.errors import EXIT_DONE, NotReadableError, UsageError, nearest

if TYPE_CHECKING:
    from rvcli.runner.execution import Execution
    from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
    from rvcli.runner.job import Job
    from rvcli.runner.runs import Run

_FOLLOW_S = 0.5

_root = click.argument("root_uri", metavar="ROOT_URI", shell_complete=completion.files)
_run = click.argument("run_id", metavar="[RUN]", required=False)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_yes = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


@click.group("jobs")
@shared_options()
def command() -> None:
    """List, follow and cancel runs that go on without rv.

    ROOT_URI is the root of an experiment, below which its runs are kept; RUN is the id of one
    of them, the newest by default.
    """


@command.command("list")
@_root
@click.option(
    "-n",
    "--most",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many runs to list, the newest first: asking for each takes a while.",
)
@_json
@shared_options()
@click.pass_obj
def list_runs(state: State, root_uri: str, most: int, as_json: bool) -> None:
    """List the newest runs below a root, and how many of their commands are proven to be done."""
    from rvcli.cli.render.table import print_json, print_table
    from rvcli.filesystem.threads import in_threads
    from rvcli.runner import runs

    with _session(state):
        root = _absolute(root_uri)
        names = runs.list_runs(root)
        found = in_threads(lambda name: _read_or_warn(root, name), names[:most])
        rows = [_summary(run) for run in found if run is not None]
    if as_json:
        print_json(rows)
        return
    headings = ["run", "runner", "started", "by", "commands", "done"]
    print_table(headings, [[str(row[heading]) for heading in headings] for row in rows])
    if len(names) > most:
        print(f"and {len(names) - most} older ones: --most lists more")


@command.command("show")
@_root
@_run
@_json
@shared_options()
@click.pass_obj
def show(state: State, root_uri: str, run_id: str | None, as_json: bool) -> None:
    """Show the state of each command of a run."""
    from rvcli.cli.render.table import print_json, print_table

    with _session(state):
        run = _read(root_uri, run_id)
        with _attached(run) as (runner, execution):
            rows = [_row(job, runner, execution) for job in run.jobs]
    if as_json:
        print_json({**_summary(run), "command_line": list(run.command_line), "jobs": rows})
        return
    print(f"run {run.id} of {run.started_by}: {' '.join(run.command_line)}")
    print_table(["job", "status", "detail"], [[r["id"], r["status"], r["detail"]] for r in rows])


@command.command("follow")
@_root
@_run
@shared_options()
@click.pass_obj
def follow(state: State, root_uri: str, run_id: str | None) -> None:
    """Follow a run to its end, as rv run does; Ctrl-C ends the following alone."""
    from rvcli.cli.interrupts import terminations_interrupt
    from rvcli.cli.render.outcome import raise_failures
    from rvcli.cli.render.progress import progress_view
    from rvcli.runner.execution import Execution
    from rvcli.runner.history import finish_history

    with _session(state):
        run = _read(root_uri, run_id)
        runner = _runner(run)
        with (
            terminations_interrupt(),
            progress_view(quiet=state.is_quiet, total=len(run.jobs)) as view,
        ):
            options = replace(_options(run), sink=view)
            outcome = Execution.attached(runner, run, options).run()
        warn(finish_history(run.roots, run.id, outcome.results))
    raise_failures(outcome)
    if not state.is_quiet:
        print(f"done: {len(run.jobs)} commands of the run {run.id}")


@command.command("logs")
@_root
@click.argument("job_id", metavar="JOB")
@click.option("--run", "run_id", metavar="RUN", help="The id of the run, the newest by default.")
@click.option("-f", "--follow", "goes_on", is_flag=True, help="Go on until the command has ended.")
@shared_options()
@click.pass_obj
def logs(state: State, root_uri: str, job_id: str, run_id: str | None, goes_on: bool) -> None:
    """Print what a command has printed.

    JOB is the id of a command as rv jobs show prints it, such as exp/CHIP/2.
    """
    from rvcli.profile.secrets import mask_uris

    with _session(state):
        run = _read(root_uri, run_id)
        job = _find(run, job_id)
        runner = _runner(run)
        runner.start(_options(run))
        try:
            runner.attach({job: run.handles[job.id]})
            while True:
                ended = runner.poll(job).final
                for line in runner.logs(job):
                    click.echo(mask_uris(line))
                if ended or not goes_on:
                    return
                time.sleep(_FOLLOW_S)
        finally:
            runner.finish()


@command.command("cancel")
@_root
@_run
@_yes
@shared_options()
@click.pass_obj
def cancel(state: State, root_uri: str, run_id: str | None, yes: bool) -> int:
    """Cancel what has not ended of a run; what is done stays done."""
    with _session(state):
        run = _read(root_uri, run_id)
        with _attached(run) as (runner, execution):
            left = [job for job in execution.active.values() if not runner.poll(job).final]
            if not left:
                print(f"nothing of the run {run.id} is left to cancel")
                return EXIT_DONE
            if not yes:
                ask(f"Cancel {len(left)} commands of the run {run.id}?")
            runner.cancel(left)
    print(f"cancelled: {len(left)} commands of the run {run.id}")
    return EXIT_DONE


@contextmanager
def _session(state: State) -> Iterator[None]:
    with state.session():
        yield


def _absolute(root_uri: str) -> str:
    from rvcli.filesystem import absolute_uri

    return absolute_uri(root_uri)


def _read(root_uri: str, run_id: str | None) -> Run:
    """Read a run, with logs of its own on this machine."""
    from rvcli.runner.jobs import log_path, stamp_now
    from rvcli.runner.runs import read_run

    run = read_run(_absolute(root_uri), run_id)
    stamp = stamp_now()
    jobs = [
        replace(job, log_path=log_path(job.command_root_uri, job.split_id, stamp))
        for job in run.jobs
    ]
    return replace(run, jobs=tuple(jobs))


def _read_or_warn(root_uri: str, run_id: str) -> Run | None:
    """Read a run; one that another version of rv has kept hides no others."""
    from rvcli.runner.runs import read_run

    try:
        return read_run(root_uri, run_id)
    except NotReadableError as e:
        warn([f"{e.message}: {e.hint}" if e.hint else e.message])
        return None


def _runner(run: Run) -> ExperimentRunner:
    """Create the runner of a run.

    Raises:
        RegistryError: there is none any more; the hint names those that there are.
    """
    from rvcli.runner.experiment_runner import ExperimentRunner

    return ExperimentRunner.get_runner(run.runner)


def _options(run: Run) -> RunOptions:
    from rvcli.runner.experiment_runner import RunOptions

    return RunOptions(run_id=run.id)


@contextmanager
def _attached(run: Run) -> Iterator[tuple[ExperimentRunner, Execution]]:
    """Give the runner, and what records prove of the run, while they are asked for its jobs."""
    from rvcli.runner.execution import Execution

    runner = _runner(run)
    execution = Execution.attached(runner, run, _options(run))
    runner.start(_options(run))
    try:
        runner.attach({job: run.handles[job.id] for job in execution.active.values()})
        yield runner, execution
    finally:
        runner.finish()


def _find(run: Run, job_id: str) -> Job:
    """Return the job of an id, in any case.

    Raises:
        UsageError: there is none; names the nearest, or some.
    """
    for job in run.jobs:
        if job.id.lower() == job_id.lower():
            return job
    names = [job.id for job in run.jobs]
    near = nearest(job_id, names)
    few = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    raise UsageError(
        f"there is no job {job_id!r} in the run {run.id}",
        hint=f"did you mean {near}?" if near else f"there are: {few}",
    )


def _summary(run: Run) -> dict[str, Any]:
    from rvcli.runner.execution import prove

    return {
        "run": run.id,
        "runner": run.runner.lower(),
        "started": run.started,
        "by": run.started_by,
        "commands": len(run.jobs),
        "done": len(prove(run.jobs)),
    }


def _row(job: Job, runner: ExperimentRunner, execution: Execution) -> dict[str, Any]:
    result = execution.results.get(job.id)
    state = runner.poll(job) if result is None else result.state
    return {
        "id": job.id,
        "status": state.status,
        "detail": state.detail,
        "exit_code": state.exit_code,
        "depends_on": list(job.depends_on),
    }
