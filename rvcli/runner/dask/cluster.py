"""A connection to a Dask cluster: one that is there, or one that is started for a run."""

from __future__ import annotations

import json
import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rvcli.runner.dask import task
from rvcli.runner.dask.faults import LOST, DaskError, close, worded
from rvcli.runner.dask.settings import DaskSettings
from rvcli.runner.dask.start import security_of, start_cluster
from rvcli.runner.experiment_runner import RunOptions

_ANSWER_S = 20.0
_LOGGERS = ("distributed", "asyncio", "tornado")


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
        except LOST as e:
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
        cluster = start_cluster(settings, options, held)
        client = _client(settings, cluster)
        held.callback(close, client)
        connection = Connection(client, settings, held)
        if not settings.is_local:
            _check_versions(connection, settings)
    except BaseException:
        held.close()
        raise
    return connection


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
                security=security_of(settings) if cluster is None else None,
                timeout=settings.start_timeout_s,
                set_as_default=False,
            )
    except BaseException as e:
        close(client)
        if not isinstance(e, (*LOST, RuntimeError, ValueError, TypeError)):
            raise
        raise DaskError(
            f"{settings.place} cannot be reached: {worded(e)}",
            hint="see whether it runs, whether this machine reaches its port, and whether"
            " addresses (tcp:// or tls://) and DASK.tls_* are those of its scheduler",
        ) from e
    return client


def _address_in(path: Path, timeout_s: float) -> str:
    """Return what a scheduler file says, once a scheduler that is being started has written it."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return str(json.loads(path.read_text("utf-8"))["address"])
        except FileNotFoundError:
            wrong = "is not there"
        except (OSError, ValueError, LookupError, TypeError) as e:
            wrong = f"does not say where a scheduler is: {type(e).__name__}: {worded(e)}"
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
    except LOST as e:
        raise connection.gone() from e
    except Exception as e:
        answers["the scheduler"] = e
    # A worker that has just gone is no fault, and others may come.
    answers = {name: a for name, a in answers.items() if not isinstance(a, LOST)}
    wrong = {}
    for name, answer in answers.items():
        if isinstance(answer, Exception):
            wrong[name] = f"none that can be used ({worded(answer)})"
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
