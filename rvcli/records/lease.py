"""Leases: one process at a time works on a command, and a killed one blocks nobody.

A lease is a file that names its owner. It is created exclusively, renewed while its owner
lives, and removed when the work is done. A lease whose owner is dead, or which was not
renewed in time, is succeeded by a file of its own: `<lease>.<token>`, where the token is
that of the lease before. Since this file, too, is created exclusively, of several takers
exactly one gets it. The last of such a chain is in force; whoever holds it removes the
chain, from its head, which makes all the rest void.
"""

from __future__ import annotations

import contextvars
import hashlib
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import Any

from rvcli.errors import FileSystemError
from rvcli.filesystem import FileSystem, is_local, resolve, shown
from rvcli.filesystem.process import ProcessId

_log = logging.getLogger(__name__)
_MOST_REFUSALS = 100
_FIRST_POLL_S = 0.05
_LAST_POLL_S = {True: 0.25, False: 2.0}  # local or not
# Clocks of two machines are trusted to differ by less: hours happen, where time zones are mistaken.
_CLOCK_SKEW_S = 86_400.0
_READS = 10
_NEVER = "1970-01-01T00:00:00+00:00"


class LeaseError(FileSystemError):
    """A lease is held by another process, or was lost to one."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lease, as its file says.

    Attributes:
        token: tells this claim from all others.
        host: name of the machine.
        pid: process id there.
        started: when that process was started, in its machine's own count.
        machine: tells machines, restarts of one and containers apart.
        created: when the lease was taken, ISO 8601 in UTC.
        renewed: when it was last renewed, ISO 8601 in UTC.
        renewed_monotonic_s: the same on the machine's monotonic clock.
        expiry_s: seconds without renewal after which it may be taken over.
    """

    token: str
    host: str
    pid: int
    started: str
    machine: str
    created: str
    renewed: str
    renewed_monotonic_s: float
    expiry_s: float

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} (since {self.created})"

    @staticmethod
    def new(expiry_s: float) -> Holder:
        """Return a claim of this process, made now."""
        me, now = ProcessId.current(), _now()
        return Holder(
            secrets.token_hex(8), me.host, me.pid, me.started, me.machine,
            now, now, time.monotonic(), expiry_s,
        )  # fmt: skip

    def renew(self) -> Holder:
        """Return the claim as of now."""
        return replace(self, renewed=_now(), renewed_monotonic_s=time.monotonic())

    def to_bytes(self) -> bytes:
        """Return the content of the lease's file."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False).encode()

    def process(self) -> ProcessId:
        """Return the identity of the process."""
        return ProcessId(self.host, self.pid, self.started, self.machine)

    def age_s(self) -> float | None:
        """Return seconds since the last renewal if this machine can tell for certain."""
        if self.process().is_here():
            age_s = time.monotonic() - self.renewed_monotonic_s
            return age_s if age_s >= 0 else None
        renewed = datetime.fromisoformat(self.renewed)
        return (datetime.now(timezone.utc) - renewed).total_seconds() - _CLOCK_SKEW_S


@dataclass
class Lease:
    """A lease that this process holds.

    Attributes:
        holder: this claim.
        taken_from: whose dead or expired lease was taken over; None if it was free.
    """

    holder: Holder
    taken_from: Holder | None
    _lost: threading.Event

    @property
    def lost(self) -> bool:
        """Whether another process has taken over since, as this one seemed dead."""
        return self._lost.is_set()

    def check(self) -> None:
        """Raise LeaseError if another process has taken over."""
        if self.lost:
            raise LeaseError(
                "another process has taken over this work",
                hint="this process was stopped or cut off for too long; see the other's result",
            )


@contextmanager
def claim(
    uri: str,
    *,
    timeout_s: float | None = None,
    on_wait: Callable[[Holder], object] | None = None,
    expiry_s: float = 60.0,
) -> Iterator[Lease]:
    """Hold a lease while the block runs; wait for it if a live process holds it.

    Args:
        uri: of the lease's file, local or remote.
        timeout_s: how long to wait; None for as long as it takes.
        on_wait: called with each holder that is waited for, once.
        expiry_s: seconds without a renewal after which others may take the lease over; it
            is renewed four times as often.

    Raises:
        LeaseError: the time is over, and a live process still holds it.
        NotWritableError: the lease's file cannot be written.
    """
    fs = resolve(uri, "w")
    mine, taken_from = _acquire(fs, uri, timeout_s, on_wait, expiry_s)
    place = _successor(uri, taken_from) if taken_from is not None else uri
    lease = Lease(mine, taken_from, threading.Event())
    stop = threading.Event()
    heart = threading.Thread(
        target=contextvars.copy_context().run,
        args=(_beat, fs, uri, place, lease, stop),
        name="rv-lease",
        daemon=True,
    )
    try:
        heart.start()
        yield lease
    finally:
        stop.set()
        if heart.ident is not None:
            heart.join()
        _release(fs, uri, mine)


def _acquire(
    fs: type[FileSystem],
    uri: str,
    timeout_s: float | None,
    on_wait: Callable[[Holder], object] | None,
    expiry_s: float,
) -> tuple[Holder, Holder | None]:
    """Return the new claim, and the one that it succeeds."""
    began_s, poll_s = time.monotonic(), _FIRST_POLL_S
    seen: dict[Holder, float] = {}
    told: set[str] = set()
    refusals = 0
    while True:
        chain = _chain(fs, uri)
        last = chain[-1] if chain else None
        if last is None or _may_take(last, seen):
            mine = Holder.new(expiry_s)
            place = uri if last is None else _successor(uri, last)
            try:
                if fs.write_exclusive(place, mine.to_bytes()):
                    if _in_force(fs, uri) == mine.token:
                        return mine, last
                    # The chain was removed while it was being continued.
                    fs.delete(place)
            except KeyboardInterrupt:
                _release(fs, uri, mine)
                raise
            refusals += 1
            if refusals > _MOST_REFUSALS:
                raise LeaseError(
                    f"{shown(uri)!r} cannot be taken: what lies there is no lease",
                    hint="remove it, and run again",
                )
            time.sleep(_FIRST_POLL_S)
            continue
        if on_wait is not None and last.token not in told:
            told.add(last.token)
            on_wait(last)
        waited_s = time.monotonic() - began_s
        if timeout_s is not None and waited_s >= timeout_s:
            raise LeaseError(
                f"{shown(uri)!r} is held by {last}; waited {waited_s:.0f} s",
                hint="wait for that process, or end it",
            )
        left_s = poll_s if timeout_s is None else timeout_s - waited_s
        time.sleep(min(poll_s, left_s))
        poll_s = min(poll_s * 1.5, _LAST_POLL_S[is_local(uri)])


def _may_take(holder: Holder, seen: dict[Holder, float]) -> bool:
    """Tell whether a lease's owner is dead, or has not renewed it in time.

    Args:
        holder: of the lease in force.
        seen: when each state of the lease was first seen here; added to.
    """
    if holder.process().is_dead():
        return True
    age_s = holder.age_s()
    if age_s is not None and age_s > holder.expiry_s:
        return True
    # Whatever the clocks say: it has stood still for this long before our eyes.
    return time.monotonic() - seen.setdefault(holder, time.monotonic()) > holder.expiry_s


def _beat(fs: type[FileSystem], uri: str, place: str, lease: Lease, stop: threading.Event) -> None:
    """Renew a lease until told to stop, or until it is another's."""
    while not stop.wait(lease.holder.expiry_s / 4):
        try:
            if _in_force(fs, uri) != lease.holder.token:
                lease._lost.set()
                return
            fs.write_bytes(place, lease.holder.renew().to_bytes())
        except FileSystemError as e:
            # The next beat may succeed; if none does, another process takes over.
            _log.warning("could not renew the lease %s: %s", shown(uri), e)


def _release(fs: type[FileSystem], uri: str, mine: Holder) -> None:
    """Remove a lease with all that it succeeded, unless it is another's by now."""
    try:
        chain = _chain(fs, uri)
        if not chain or chain[-1].token != mine.token:
            return
        # The head first: without it the others mean nothing.
        fs.delete(uri)
        for holder in chain[:-1]:
            fs.delete(_successor(uri, holder))
    except FileSystemError as e:
        # The work is done; a lease that stays behind is dead with this process.
        _log.warning("could not remove the lease %s: %s", shown(uri), e)


def _successor(uri: str, holder: Holder) -> str:
    return f"{uri}.{holder.token}"


def _in_force(fs: type[FileSystem], uri: str) -> str | None:
    chain = _chain(fs, uri)
    return chain[-1].token if chain else None


def _chain(fs: type[FileSystem], uri: str) -> list[Holder]:
    """List the lease and those that succeeded it, each after the one before."""
    chain: list[Holder] = []
    place = uri
    while (data := _read(fs, place)) is not None:
        if not data and not _deletes(fs):
            break
        chain.append(_parsed(data, place))
        place = _successor(uri, chain[-1])
    return chain


def _deletes(fs: type[FileSystem]) -> bool:
    """Tell whether a file system removes files; one that does not empties them instead."""
    return getattr(fs.delete, "__func__", None) is not getattr(FileSystem.delete, "__func__", None)


def _read(fs: type[FileSystem], uri: str) -> bytes | None:
    """Return what a file holds; None if there is none."""
    for attempt in range(_READS):
        if not fs.file_exists(uri, include_dir=False):
            break
        try:
            return fs.read_bytes(uri)
        except FileSystemError:
            # It may have been removed since, and perhaps made anew.
            if attempt == _READS - 1:
                raise
    return None


def _parsed(data: bytes, place: str) -> Holder:
    """Return what a lease's file says; for a damaged one, a holder whom nobody has seen."""
    try:
        content: Any = json.loads(data)
        holder = Holder(**content)
        holder.process().is_dead()
        holder.age_s()
        float(holder.expiry_s)
    except (ValueError, TypeError):
        token = hashlib.sha256(place.encode() + data).hexdigest()[:16]
        return Holder(token, "a host that is not known", 0, "", "", _NEVER, _NEVER, 0.0, 0.0)
    return holder


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
