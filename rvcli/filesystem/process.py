"""Which process is this, and is that one still alive?"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class ProcessId:
    """One process on one machine, told apart from a later one with the same pid.

    Attributes:
        host: name of the machine, for people.
        pid: process id.
        started: when it was started, in the machine's own count; "" where that is not known.
        machine: tells machines, restarts of one and containers apart.
    """

    host: str
    pid: int
    started: str
    machine: str

    @staticmethod
    def current() -> ProcessId:
        """Return the identity of this process."""
        pid = os.getpid()
        return ProcessId(socket.gethostname(), pid, start_time(pid), machine())

    def is_here(self) -> bool:
        """Tell whether it belongs to this machine, so that `is_dead` can judge it."""
        return self.machine == machine()

    def is_dead(self) -> bool:
        """Tell whether it certainly runs no more; a process elsewhere is never certain."""
        if not self.is_here():
            return False
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return True
        except PermissionError:
            pass  # another user's, so alive
        now = start_time(self.pid)
        return bool(now and self.started) and now != self.started


@cache
def machine() -> str:
    """Return a text that names this machine since its start, and this container on it."""
    boot_id = Path("/proc/sys/kernel/random/boot_id")
    try:
        # Process ids mean something only within one name space.
        return f"{boot_id.read_text().strip()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def start_time(pid: int) -> str:
    """Return when a process was started, in clock ticks since the machine was.

    Returns:
        "" where there is no /proc; "dead" for a process that has ended and was not reaped.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    # The command's name, in parentheses, may itself hold blanks and parentheses: proc(5).
    fields = stat.rpartition(b")")[2].split()
    return "dead" if fields[0] in (b"Z", b"X") else fields[19].decode()
