"""Runs: what is kept below their roots, so that any machine finds their jobs again."""

from __future__ import annotations

import getpass
import json
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from rvcli.errors import NotReadableError, RvError, UsageError, nearest
from rvcli.filesystem import join_uri, shown
from rvcli.filesystem.threads import in_threads
from rvcli.runner.job import Job, Resources
from rvcli.utils.files import file_to_str, names_in, str_to_file
from rvcli.version import __version__

if TYPE_CHECKING:
    from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions

FOLDER = "runs"


@dataclass(frozen=True)
class Run:
    """Jobs that were submitted together.

    Attributes:
        id: sorts by time.
        runner: the key of the runner that has the jobs.
        started: when they were submitted, in UTC, ISO 8601.
        started_by: USER@HOST.
        command_line: of `rv`, without secrets.
        version: of `rv`.
        roots: the roots below which parts of the run are kept: each keeps the jobs of its own.
        jobs: each after those that it depends on.
        handles: by what the runner finds each job, by its id.
    """

    id: str
    runner: str
    started: str = ""
    started_by: str = ""
    command_line: tuple[str, ...] = ()
    version: str = __version__
    roots: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    handles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, runner: ExperimentRunner, jobs: Sequence[Job], options: RunOptions) -> Run:
        """Return the run of jobs that a runner has, or is about to get."""
        return cls(
            id=options.run_id,
            runner=runner.key,
            started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            started_by=_whoever(),
            command_line=options.command_line,
            roots=tuple(dict.fromkeys(job.root_uri for job in jobs)),
            jobs=tuple(jobs),
            handles={job.id: runner.handle(job) for job in jobs},
        )


def new_run_id() -> str:
    """Return an id for a run, different from all others."""
    return f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def run_uri(root_uri: str, run_id: str) -> str:
    """Return where a root keeps its part of a run."""
    return join_uri(root_uri, FOLDER, f"{run_id}.json")


def write_run(run: Run) -> None:
    """Keep a run below each of its roots.

    Raises:
        NotWritableError: a root cannot be written.
    """

    def write(root: str) -> None:
        own = tuple(job for job in run.jobs if job.root_uri == root)
        handles = {job.id: run.handles[job.id] for job in own}
        part = replace(run, jobs=own, handles=handles)
        str_to_file(json.dumps(asdict(part), indent=1), run_uri(root, run.id))

    in_threads(write, run.roots)


def list_runs(root_uri: str) -> list[str]:
    """List the ids of the runs below a root, the newest first.

    Raises:
        NotReadableError: it cannot be listed.
    """
    return names_in(join_uri(root_uri, FOLDER), ".json")[::-1]


def read_run(root_uri: str, run_id: str | None = None) -> Run:
    """Read a run, with what other roots keep of it.

    Args:
        run_id: its id; the newest by default.

    Raises:
        UsageError: there is no such run; names those that there are.
        NotReadableError: what is kept of it cannot be read.
    """
    found = list_runs(root_uri)
    if not found:
        raise UsageError(
            f"no run is kept below {shown(root_uri)!r}",
            hint="give the root URI of an experiment that a runner such as aws_batch has run",
        )
    if run_id is not None and run_id not in found:
        near = nearest(run_id, found)
        ask = f"did you mean {near}? " if near else ""
        more = f" and {len(found) - 10} more" if len(found) > 10 else ""
        raise UsageError(
            f"there is no run {run_id!r} below {shown(root_uri)!r}",
            hint=f"{ask}there are: {', '.join(found[:10])}{more}",
        )
    chosen = run_id or found[0]
    first = _read(run_uri(root_uri, chosen))
    own = root_uri.rstrip("/")
    others = [root for root in first.roots if root.rstrip("/") != own]
    parts = [first, *in_threads(lambda root: _read_other(root, chosen), others)]
    present = [part for part in parts if part is not None]
    return replace(
        first,
        jobs=_in_order([job for part in present for job in part.jobs]),
        handles={name: text for part in present for name, text in part.handles.items()},
    )


def _read_other(root_uri: str, run_id: str) -> Run | None:
    try:
        return _read(run_uri(root_uri, run_id))
    except NotReadableError:
        return None  # a root that was removed since takes its jobs with it


def _read(uri: str) -> Run:
    text = file_to_str(uri)
    try:
        return _from_dict(json.loads(text))
    except (ValueError, KeyError, TypeError) as e:
        raise NotReadableError(
            f"{shown(uri)!r} is not what rv keeps of a run",
            hint=f"it may be of another version of rv than this one, {__version__}",
        ) from e


def _from_dict(values: Mapping[str, Any]) -> Run:
    jobs = []
    for item in values["jobs"]:
        plain = {**item, "argv": tuple(item["argv"]), "depends_on": tuple(item["depends_on"])}
        jobs.append(Job(**{**plain, "resources": Resources(**item["resources"])}))
    lists = {name: tuple(values[name]) for name in ("command_line", "roots")}
    return Run(**{**values, **lists, "jobs": tuple(jobs)})


def _in_order(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Sort jobs such that each comes after those that it depends on."""
    from graphlib import CycleError, TopologicalSorter

    by_id = {job.id: job for job in jobs}
    graph = {job.id: [name for name in job.depends_on if name in by_id] for job in jobs}
    try:
        return tuple(by_id[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as e:
        raise RvError("what is kept of the run holds a circle of dependencies") from e


def _whoever() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without a name, as in containers
        user = "?"
    return f"{user}@{socket.gethostname()}"
