"""Start a Dask cluster for a run: on this machine, or by a batch system."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rvcli import profile
from rvcli.runner.dask import task
from rvcli.runner.dask.faults import LOST, DaskError, close, worded
from rvcli.runner.dask.settings import GPU, JOBQUEUES, MEMORY, DaskSettings
from rvcli.runner.experiment_runner import RunOptions
from rvcli.runner.local_experiment_runner import find_gpus

# What remains of its server listens where only this machine reaches it, on any free port.
_NO_DASHBOARD = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}


def start_cluster(settings: DaskSettings, options: RunOptions, held: ExitStack) -> Any:
    """Start the cluster of the settings; None if they name one that is there.

    Args:
        held: ends it.

    Raises:
        DaskError: it cannot be started.
        MissingDependencyError: dask-jobqueue is not installed.
    """
    if settings.is_given:
        return None
    start = _local_cluster if settings.is_local else jobqueue_cluster
    try:
        with _half_started_closed():
            cluster = start(settings, options, held)
        held.callback(_close_cluster, cluster)
        if not settings.is_local:
            _submit_workers(cluster, settings.workers)
    except (*LOST, RuntimeError, ValueError, TypeError, LookupError) as e:
        raise DaskError(
            f"{settings.place} cannot be started: {worded(e)}",
            hint="see the options of DASK_JOBQUEUE, and what `rv -v` says"
            if not settings.is_local
            else "see what `rv -v` says; a script of your own must start runs below"
            " `if __name__ == '__main__':`, as everything that starts processes",
        ) from e
    return cluster


def _submit_workers(cluster: Any, count: int) -> None:
    """Submit the jobs of a batch system, and see to it that so many stay.

    What the system says to a job that it refuses is an error of the first submission alone.
    """

    async def submit() -> None:
        cluster.scale(count)
        # It would come by itself, and keep what goes wrong to itself.
        await cluster._correct_state()

    cluster.sync(submit)
    # Unlike `scale`, this replaces jobs that end early, as at their walltime.
    cluster.adapt(minimum=count, maximum=count)


def _local_cluster(settings: DaskSettings, options: RunOptions, held: ExitStack) -> Any:
    """Start a scheduler here, and one worker process with a thread a command.

    Commands are processes of their own, so that more worker processes would isolate nothing.
    """
    from distributed import LocalCluster, Security
    from distributed.system import MEMORY_LIMIT

    gpus = find_gpus(options.gpus)
    # A worker that ends while this process does is reaped by whoever comes first, which it tells.
    logging.getLogger("distributed.process").setLevel(logging.ERROR)
    return LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=1,
        threads_per_worker=options.jobs or os.cpu_count() or 1,
        processes=True,
        memory_limit=0,
        dashboard_address=None,
        scheduler_kwargs=_NO_DASHBOARD,
        local_directory=_directory(options, held),
        silence_logs=logging.CRITICAL,
        preload=[task.__name__],
        security=Security.temporary(),  # type: ignore[no-untyped-call]
        loop=_loop_without_ctrl_c(held),
        resources={GPU: len(gpus), MEMORY: MEMORY_LIMIT // 10**6},
        env={"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {},
    )


def _loop_without_ctrl_c(held: ExitStack) -> Any:
    """Start an event loop whose child processes are born with SIGINT blocked.

    Ctrl-C reaches all processes of a terminal. Only once it is up can a worker say that it is
    none of its concern (see `task.dask_setup`); an interpreter that starts would complain.
    """
    from multiprocessing import resource_tracker

    from distributed.utils import LoopRunner

    if not hasattr(signal, "pthread_sigmask"):
        return None
    # Its start, with that of the first child, would unblock the signal.
    resource_tracker.ensure_running()
    runner = LoopRunner(asynchronous=False)
    # Its thread inherits the mask of this one, and children that of the thread.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        runner.start()  # type: ignore[no-untyped-call]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    held.callback(runner.stop)
    return runner.loop


def jobqueue_cluster(settings: DaskSettings, options: RunOptions, held: ExitStack) -> Any:
    """Return a cluster whose workers are jobs of a batch system; none is submitted yet."""
    wanted = {"scheduler_options": {}, "worker_extra_args": [], **settings.jobqueue}
    extra = ["--no-dashboard", *wanted["worker_extra_args"]]
    if "--resources" not in extra:
        tags = {GPU: settings.gpus, MEMORY: _megabytes(wanted.get("memory"))}
        given = ",".join(f"{name}={amount}" for name, amount in tags.items() if amount)
        extra += ["--resources", given] if given else []
    if settings.tls and "security" not in wanted:
        wanted["security"] = security_of(settings)
    return getattr(import_jobqueue(), JOBQUEUES[settings.cluster])(
        **{
            **wanted,
            "scheduler_options": {**_NO_DASHBOARD, **wanted["scheduler_options"]},
            "worker_extra_args": extra,
            "silence_logs": logging.CRITICAL,
        }
    )


def import_jobqueue() -> Any:
    """Return the module dask_jobqueue, whose import would make Ctrl-C an exit with code 0."""
    before = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    if signal.getsignal(signal.SIGINT) is not before:
        signal.signal(signal.SIGINT, before)
    return dask_jobqueue


def _megabytes(memory: Any) -> int:
    """Return what an amount such as "16GB" is in MB; 0 if nothing is said."""
    from dask.utils import parse_bytes

    return int(parse_bytes(memory)) // 10**6 if memory else 0


def security_of(settings: DaskSettings) -> Any:
    """Return the TLS settings; None leaves it to Dask's own configuration."""
    from distributed import Security

    if not settings.tls:
        return None
    roles = {
        f"tls_{role}_{name.removeprefix('tls_')}": path
        for name, path in settings.tls.items()
        if name != "tls_ca_file"
        for role in ("client", "scheduler", "worker")
    }
    return Security(  # type: ignore[no-untyped-call]
        tls_ca_file=settings.tls.get("tls_ca_file"), require_encryption=True, **roles
    )


def _directory(options: RunOptions, held: ExitStack) -> str:
    """Make a directory for what workers write, outside the working directory."""
    parent = options.tmp_dir or profile.current().get("RV", "tmp_dir")
    if parent:
        Path(parent).mkdir(parents=True, exist_ok=True)
    path = tempfile.mkdtemp(prefix="rv-dask-", dir=parent or None)
    held.callback(shutil.rmtree, path, ignore_errors=True)
    return path


def _close_cluster(cluster: Any) -> None:
    """Close a cluster, also one of which parts have never started.

    Dask asserts, half-way, that all which it has created has started and ended; jobs of batch
    systems never say so. What must end is in `cluster.workers`.
    """
    cluster._created.clear()
    close(cluster)


@contextmanager
def _half_started_closed() -> Iterator[None]:
    """Close what an interrupt in the constructor of a cluster leaves, which nobody else holds."""
    from distributed import SpecCluster

    before = set(SpecCluster._instances)
    try:
        yield
    except BaseException:
        for cluster in set(SpecCluster._instances) - before:
            _close_cluster(cluster)
        raise
