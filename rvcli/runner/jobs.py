"""Jobs: what a plan says must run, as runners get it."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path

from rvcli import profile
from rvcli.dag import Plan, Step
from rvcli.filesystem import is_local, to_path
from rvcli.runner.experiment_runner import RunOptions
from rvcli.runner.job import RUN_COMMAND, Job, Resources


def jobs_of(plan: Plan, options: RunOptions, *, remote: bool = False) -> list[Job]:
    """List the jobs of a plan, each after those that it depends on.

    Args:
        remote: they run on other machines, whose settings come with the message.
    """
    steps = plan.to_run
    ids = {step.id for step in steps}
    stamp = stamp_now()
    return [_job(step, ids, options, stamp, remote) for step in steps]


def stamp_now() -> str:
    """Return what tells the logs of one run from those of another."""
    return datetime.now().strftime("%Y%m%d-%H%M%S-%f")


def _job(step: Step, ids: set[str], options: RunOptions, stamp: str, remote: bool) -> Job:
    definition = step.definition
    experiment = definition.experiment
    argv = [] if remote else [*options.settings_options]
    argv += [*options.verbosity_options, RUN_COMMAND]
    if options.tmp_dir:
        argv += ["--tempdir", options.tmp_dir]
    return Job(
        id=step.id,
        command_type=definition.command_type,
        experiment_id=definition.experiment_id,
        split_id=definition.split_id,
        message_uri=definition.message_uri,
        fingerprint=step.fingerprint,
        root_uri=definition.root_uri if experiment is None else experiment.root_uri,
        argv=(*argv, definition.message_uri),
        log_path=log_path(definition.root_uri, definition.split_id, stamp),
        depends_on=tuple(name for name in step.depends_on if name in ids),
        resources=Resources(
            gpu=bool(definition.command_config.utilizes_gpu()), memory_mb=options.memory_mb
        ),
        attempts=max(1, options.attempts),
    )


def log_path(root_uri: str, split_id: int, stamp: str) -> str:
    """Return the local path of the log of one attempt: `logs/` below a local command root."""
    name = f"command-log-{split_id}-{stamp}.txt"
    if is_local(root_uri):
        return str(Path(to_path(root_uri)) / "logs" / name)
    digest = hashlib.sha256(root_uri.encode()).hexdigest()[:16]
    return str(Path(profile.cache_dir()) / "logs" / digest / name)


def log_path_of(job: Job, attempt: int) -> str:
    """Return the local path of the log of a later attempt."""
    path = Path(job.log_path)
    stem = re.sub(r"-attempt-\d+$", "", path.stem)
    return str(path.with_name(f"{stem}-attempt-{attempt}{path.suffix}"))
