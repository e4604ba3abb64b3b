"""What runs on a Dask worker: one command as a process, watched until it ends.

A task gets nothing but text: the argv that names a message and the fingerprint of its plan.
"""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rvcli.runner.dask.order import CommandFailed, Order
from rvcli.runner.job import DONE, FAILED, JobState
from rvcli.runner.local_experiment_runner import GRACE_S, describe_exit, end_group, find_gpus
from rvcli.runner.log_tail import LogTail
from rvcli.version import __version__

LONGEST_BREAK_S = 60.0
WATCH_EVERY_S = 0.2
# The scheduler keeps the last thousand events of a run: together they stay small.
MOST_CHARACTERS = 1 << 15
_CLOSED = frozenset({"closing", "closed", "failed"})
_HASH_SEED = {"PYTHONHASHSEED": "6640"}


def run_command(order: str, *dependencies: None) -> None:
    """Run a command to its end, as a task.

    Args:
        order: an `Order` as text.
        dependencies: results of the tasks that come before; they hold nothing.

    Raises:
        CommandFailed: every attempt has failed, or the command was cancelled.
    """
    from distributed import get_worker

    told = Order.from_text(order)
    if told.version != __version__:
        raise CommandFailed(
            f"rvcli is {__version__} on {socket.gethostname()}, and {told.version} where the"
            " command was planned"
        )
    command = _Command(told, get_worker())
    with _known(command):
        command.run()


def dask_setup(worker: Any) -> None:
    """Get a worker ready that was started by `rv`, as Dask's preload.

    Ctrl-C reaches all processes of a terminal; it is for `rv` to say what ends.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        # It was blocked while this process started, which commands need not inherit.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


async def end_commands(run: str, jobs: Sequence[str]) -> None:
    """End commands of a run on this worker; return when they have ended.

    Those that have not begun will not.
    """
    commands = []
    with _lock:
        _not_to_begin.extend((run, job) for job in jobs)
        commands = [_commands[run, job] for job in jobs if (run, job) in _commands]
    await asyncio.gather(*(asyncio.to_thread(command.end) for command in commands))


def forget_events(run: str, dask_scheduler: Any = None) -> None:
    """Forget, in the scheduler, what commands of a run have told."""
    dask_scheduler._broker.truncate(run)


def describe_host() -> dict[str, str]:
    """Return the name of this machine and the versions that clusters must agree on."""
    from importlib.metadata import version

    return {
        "host": socket.gethostname(),
        "rvcli": __version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
        "distributed": version("distributed"),
    }


_lock = threading.Lock()
_commands: dict[tuple[str, str], _Command] = {}
_not_to_begin: deque[tuple[str, str]] = deque(maxlen=10_000)


@contextmanager
def _known(command: _Command) -> Iterator[None]:
    """Let a command be found by `end_commands`."""
    name = (command.order.run, command.order.job)
    with _lock:
        if name in _not_to_begin:
            raise CommandFailed("cancelled")
        _commands[name] = command
    try:
        yield
    finally:
        with _lock:
            _commands.pop(name, None)


class _Command:
    """One command on this worker.

    Its process leads a group of its own, and its standard input is a pipe from here: when the
    worker dies, whatever the reason, the pipe closes and the process ends itself.
    """

    def __init__(self, order: Order, worker: Any) -> None:
        self.order = order
        self._worker = worker
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._ended = threading.Event()

    def run(self) -> None:
        """Try until it is done.

        Raises:
            CommandFailed: it is not.
        """
        state = JobState(FAILED)
        for attempt in range(1, self.order.attempts + 1):
            if attempt > 1:
                self._pause(state, attempt)
            state = self._attempt(attempt)
            if self._ended.is_set():
                raise CommandFailed("cancelled")
            if state.status == DONE:
                return
            if not state.may_pass:
                break
        raise CommandFailed(state.detail, state.exit_code)

    def end(self) -> None:
        """End the process, gently first; return when it has ended."""
        with self._starting:
            self._ended.set()
            process = self._process
        if process is None or process.poll() is not None:
            return
        end_group(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
        end_group(process, signal.SIGKILL)
        process.wait()

    def _pause(self, state: JobState, attempt: int) -> None:
        wait_s = min(self.order.backoff_s * 2 ** (attempt - 2), LONGEST_BREAK_S)
        text = f"{state.detail}; attempt {attempt} of {self.order.attempts} in {wait_s:g} s"
        self._tell(retry=text)
        left_s = wait_s
        while left_s > 0 and not self._ended.wait(min(left_s, WATCH_EVERY_S)):
            left_s -= WATCH_EVERY_S
            if not self._is_wanted():
                self._ended.set()

    def _attempt(self, attempt: int) -> JobState:
        number, log = tempfile.mkstemp(suffix=".log", dir=self._worker.local_directory)
        try:
            with _device(self.order.gpu) as device, open(number, "wb") as stream:  # noqa: PTH123
                process = self._start(stream, device)
                if process is None:
                    return JobState(FAILED, "cancelled")
                self._tell(attempt=attempt)
                code = self._wait(process, LogTail(log))
        except OSError as e:
            return JobState(FAILED, f"it cannot be started on {socket.gethostname()}: {e}")
        finally:
            Path(log).unlink(missing_ok=True)
        return JobState(DONE) if code == 0 else JobState(FAILED, describe_exit(code), code)

    def _start(self, stream: Any, device: str | None) -> subprocess.Popen[bytes] | None:
        """Start the process, unless the command was cancelled."""
        environment = _environment()
        if device is not None:
            environment["CUDA_VISIBLE_DEVICES"] = device
        with self._starting:
            if self._ended.is_set():
                return None
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rvcli", *self.order.argv],
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=self.order.directory,
                env=environment,
                start_new_session=True,
            )
        return self._process

    def _wait(self, process: subprocess.Popen[bytes], tail: LogTail) -> int:
        """Wait for the end of the process; meanwhile pass on what it prints."""
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(tail, over), daemon=True)
        watcher.start()
        code = process.wait()
        over.set()
        watcher.join()
        end_group(process, signal.SIGKILL)
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        self._tell(lines=tail.new_lines(ended=True))
        return code

    def _watch(self, tail: LogTail, over: threading.Event) -> None:
        while not over.wait(WATCH_EVERY_S):
            self._tell(lines=tail.new_lines())
            if not self._is_wanted():
                self.end()

    def _is_wanted(self) -> bool:
        """Tell whether the scheduler still waits for the command.

        It does not when whoever asked for it has gone, or when this worker is lost to it.
        """
        if self._worker.status.name in _CLOSED:
            return False
        task = self._worker.state.tasks.get(self.order.key)
        return task is not None and task.state != "cancelled"

    def _tell(self, lines: Sequence[str] = (), retry: str = "", attempt: int = 0) -> None:
        """Tell the run of lines, of a failure that is tried again, or of an attempt's start."""
        messages: list[dict[str, Any]] = [{"lines": part} for part in _in_parts(lines)]
        if retry:
            messages.append({"retry": retry})
        if attempt:
            where = f"{socket.gethostname()}, worker {self._worker.address}"
            messages.append({"attempt": attempt, "where": where})
        for message in messages:
            self._worker.log_event(self.order.run, {"job": self.order.job, **message})


def _in_parts(lines: Sequence[str]) -> Iterator[list[str]]:
    """Divide lines into lists of not too many characters each."""
    part: list[str] = []
    size = 0
    for line in lines:
        if part and size + len(line) > MOST_CHARACTERS:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    if part:
        yield part


def _environment() -> dict[str, str]:
    """Return the environment of commands: this worker's, without what Dask has put into it.

    A nanny holds libraries to one thread each. A command is a process of its own, and may use
    as many as it would elsewhere.
    """
    import dask
    import distributed  # noqa: F401  (brings the configuration)

    put = {**dask.config.get("distributed.nanny.pre-spawn-environ", {}), **_HASH_SEED}
    kept = {name: value for name, value in os.environ.items() if value != str(put.get(name))}
    return {**kept, "PYTHONUNBUFFERED": "1"}


_devices: Counter[str] | None = None


@contextmanager
def _device(wanted: bool) -> Iterator[str | None]:
    """Hand out the GPU of this worker that the fewest commands use; None if it has none."""
    global _devices
    device = None
    if wanted:
        with _lock:
            if _devices is None:
                _devices = Counter(dict.fromkeys(find_gpus(), 0))
            if _devices:
                device = min(_devices, key=_devices.__getitem__)
                _devices[device] += 1
    try:
        yield device
    finally:
        if device is not None and _devices is not None:
            with _lock:
                _devices[device] -= 1
