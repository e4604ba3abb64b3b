"""A connection to a Dask cluster: one that is there, or one that is started for a run."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from rvcli import profile
from rvcli.errors import RvError
from rvcli.runner.dask import task
from rvcli.runner.dask.settings import JOBQUEUES, DaskSettings
from rvcli.runner.experiment_runner import RunOptions
from rvcli.runner.local_experiment_runner import find_gpus

GPU = "GPU"
MEMORY = "MEMORY"
_CLOSE_S = 15.0
_ANSWER_S = 20.0
# What remains of its server listens where only this machine reaches it, on any free port.
_NO_DASHBOARD = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
# In Python 3.10 these were different errors.
_LOST = (OSError, TimeoutError, asyncio.TimeoutError)
_LOGGERS = ("distributed", "asyncio", "tornado")


class DaskError(RvError):
    """A Dask cluster cannot be used."""


class Connection:
    """A client of a cluster, with what was started for it.

    Attributes:
        client: a `distributed.Client`.
    """

    def __init__(self, client: Any, settings: DaskSettings, held: ExitStack) -> None:
        self.client = client
        self._settings = settings
        self._held = held

    @property
    def is_open(self) -> bool:
        """True unless the scheduler has gone."""
        return bool(self.client.status == "running")

    def resources(self) -> list[Mapping[str, float]]:
        """Return what each worker offers, as resource tags."""
        info = self.call(self.client.scheduler_info)
        return [worker.get("resources") or {} for worker in info["workers"].values()]

    def ask_workers(self, ask: Callable[..., Any], *args: Any) -> dict[str, Any]:
        """Call a function on each worker; return values, or errors, by worker.

        Raises:
            DaskError: one of them does not answer in time.
        """
        answers: dict[str, Any] = self.call(
            self.client.run, ask, *args, on_error="return", callback_timeout=_ANSWER_S
        )
        return answers

    def call(self, ask: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Ask the cluster something.

        Raises:
            DaskError: it does not answer.
        """
        if not self.is_open:
            raise self.gone()
        try:
            return ask(*args, **options)
        except _LOST as e:
            raise self.gone() from e

    def gone(self) -> DaskError:
        """Return the error that says that the scheduler has gone."""
        return DaskError(
            f"the connection to {self._settings.place} was lost",
            hint="see whether it runs and its logs; the next run goes on from what is done",
        )

    def close(self) -> None:
        """Release the cluster, and end it if it was started for this."""
        self._held.close()


def connect(settings: DaskSettings, options: RunOptions) -> Connection:
    """Connect to a cluster, and see to it that it can run commands.

    Raises:
        DaskError: it cannot be reached or started, or has other versions.
        MissingDependencyError: dask-jobqueue is not installed.
    """
    held = ExitStack()
    try:
        held.enter_context(_quiet("-v" in " ".join(options.verbosity_options)))
        held.enter_context(_environment_kept())
        cluster = _start_cluster(settings, options, held)
        client = _client(settings, cluster)
        held.callback(_close, client)
        connection = Connection(client, settings, held)
        if not settings.is_local:
            _check_versions(connection, settings)
    except BaseException:
        held.close()
        raise
    return connection


def _start_cluster(settings: DaskSettings, options: RunOptions, held: ExitStack) -> Any:
    if settings.is_given:
        return None
    start = _local_cluster if settings.is_local else jobqueue_cluster
    try:
        with _half_started_closed():
            cluster = start(settings, options, held)
        held.callback(_close_cluster, cluster)
        if not settings.is_local:
            _submit_workers(cluster, settings.workers)
    except (*_LOST, RuntimeError, ValueError, TypeError, LookupError) as e:
        raise DaskError(
            f"{settings.place} cannot be started: {_worded(e)}",
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
        wanted["security"] = _security(settings)
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


def _client(settings: DaskSettings, cluster: Any) -> Any:
    from distributed import Client

    address = cluster if cluster is not None else settings.scheduler
    if settings.scheduler_file:
        address = _address_in(Path(settings.scheduler_file), settings.start_timeout_s)
    # Made in two steps: one that cannot connect must be closed, or it complains for long.
    client = Client.__new__(Client)
    try:
        # What differs between versions, and matters, is said in our own words.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"distributed\.client")
            Client.__init__(  # type: ignore[no-untyped-call]
                client,
                address,
                security=_security(settings) if cluster is None else None,
                timeout=settings.start_timeout_s,
                set_as_default=False,
            )
    except BaseException as e:
        _close(client)
        if not isinstance(e, (*_LOST, RuntimeError, ValueError, TypeError)):
            raise
        raise DaskError(
            f"{settings.place} cannot be reached: {_worded(e)}",
            hint="see whether it runs, whether this machine reaches its port, and whether"
            " addresses (tcp:// or tls://) and DASK.tls_* are those of its scheduler",
        ) from e
    return client


def _security(settings: DaskSettings) -> Any:
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


def _address_in(path: Path, timeout_s: float) -> str:
    """Return what a scheduler file says, once a scheduler that is being started has written it."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return str(json.loads(path.read_text("utf-8"))["address"])
        except FileNotFoundError:
            wrong = "is not there"
        except (OSError, ValueError, LookupError, TypeError) as e:
            wrong = f"does not say where a scheduler is: {type(e).__name__}: {_worded(e)}"
        if time.monotonic() > deadline:
            raise DaskError(
                f"the scheduler file {path} {wrong}",
                hint="start `dask scheduler --scheduler-file`, or mend DASK.scheduler_file",
            )
        time.sleep(0.1)


def _check_versions(connection: Connection, settings: DaskSettings) -> None:
    """Refuse hosts where rvcli is missing or another one; warn of other differences.

    Workers that come later check this for themselves.
    """
    client, here = connection.client, task.describe_host()
    answers = connection.ask_workers(task.describe_host)
    try:
        answers["the scheduler"] = client.run_on_scheduler(task.describe_host)
    except _LOST as e:
        raise connection.gone() from e
    except Exception as e:
        answers["the scheduler"] = e
    # A worker that has just gone is no fault, and others may come.
    answers = {name: a for name, a in answers.items() if not isinstance(a, _LOST)}
    wrong = {}
    for name, answer in answers.items():
        if isinstance(answer, Exception):
            wrong[name] = f"none that can be used ({_worded(answer)})"
        elif answer["rvcli"] != here["rvcli"]:
            wrong[f"{name} on {answer['host']}"] = answer["rvcli"]
    if wrong:
        listed = [f"{name} has {version}" for name, version in wrong.items()][:10]
        raise DaskError(
            f"this machine has rvcli {here['rvcli']}, but of {settings.place} {', '.join(listed)}",
            hint=f"install rvcli=={here['rvcli']}, with the extras that commands need, on all",
        )
    for name in ("python", "distributed"):
        others = sorted({a[name] for a in answers.values()} - {here[name]})
        if others:
            logging.getLogger(__name__).warning(
                "%s is %s here and %s on %s", name, here[name], ", ".join(others), settings.place
            )


def _directory(options: RunOptions, held: ExitStack) -> str:
    """Make a directory for what workers write, outside the working directory."""
    parent = options.tmp_dir or profile.current().get("RV", "tmp_dir")
    if parent:
        Path(parent).mkdir(parents=True, exist_ok=True)
    path = tempfile.mkdtemp(prefix="rv-dask-", dir=parent or None)
    held.callback(shutil.rmtree, path, ignore_errors=True)
    return path


@contextmanager
def _quiet(talkative: bool) -> Iterator[None]:
    """Keep Dask's own logs from the terminal: what goes wrong is one clear error."""
    loggers = [] if talkative else [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Undo what a scheduler and a nanny in this process do to the environment."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update({n: v for n, v in before.items() if os.environ.get(n) != v})


def _close(part: Any) -> None:
    """Close a client or a cluster, which may have gone already, or never come to be."""
    with suppress(*_LOST, RuntimeError, AttributeError):
        part.close(timeout=_CLOSE_S)


def _close_cluster(cluster: Any) -> None:
    """Close a cluster, also one of which parts have never started.

    Dask asserts, half-way, that all which it has created has started and ended; jobs of batch
    systems never say so. What must end is in `cluster.workers`.
    """
    cluster._created.clear()
    _close(cluster)


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


def _worded(error: BaseException) -> str:
    """Say an error in one line."""
    return " ".join(str(error).split()) or type(error).__name__
