"""A fence around a process: what lies on this machine alone is as if it were not there."""

from __future__ import annotations

import errno
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

# What any machine has, in its own way.
_SYSTEM: tuple[str, ...] = (
    "/bin",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/opt",
    "/proc",
    "/run",
    "/sbin",
)
_SYSTEM += ("/sys", "/usr", "/var", "/Library", "/System", "/Applications")
_EVENTS = frozenset({"open", "os.listdir", "os.scandir", "sqlite3.connect"})
_OPEN, _CLOSED, _WATCHED = "open", "closed", "watched"


class Hit(NamedTuple):
    """Something that a plugin opened and that other machines do not have.

    Attributes:
        path: absolute.
        where: `path:line` in the plugin.
        is_beside: it would lie beside the plugin's own files, where it is not.
    """

    path: str
    where: str
    is_beside: bool


class Fence:
    """Refuses to open or list what does not belong to the system, to Python or to rv.

    It works by an audit hook (PEP 578), which sees what Python opens, also through libraries.
    It does not see whether a file is only asked for (`Path.exists`), what compiled code opens
    by itself (GDAL), and what child processes do.

    Args:
        closed: directories that are closed even if they lie in an open one.
        opened: directories that are open even if they lie in a closed one.
        copies: directory of the plugins' copies: open, and what is missing there is noted.
    """

    def __init__(self, closed: Iterable[str], opened: Iterable[str], copies: str) -> None:
        python = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()]
        self._verdicts = dict.fromkeys(_real(_SYSTEM), _OPEN)
        self._verdicts |= dict.fromkeys(_real(closed), _CLOSED)
        self._verdicts |= dict.fromkeys(_real((*python, *opened)), _OPEN)
        self._verdicts |= dict.fromkeys(_real([copies]), _WATCHED)
        # The import system lists these again whenever a file appears in them.
        self._searched = frozenset(_real(sys.path))
        self._is_own: Callable[[str], bool] | None = None
        self._hits: list[Hit] = []

    def install(self) -> None:
        """Put the fence up, for as long as the process lives."""
        sys.addaudithook(self._hook)

    @contextmanager
    def watching(self, is_own: Callable[[str], bool]) -> Iterator[list[Hit]]:
        """Note what a plugin opens and other machines do not have.

        Args:
            is_own: tells the plugin's own files by their path.
        """
        self._is_own, self._hits = is_own, []
        try:
            yield self._hits
        finally:
            self._is_own = None

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in _EVENTS or not args:
            return
        path = args[0]
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        absolute = os.path.realpath(os.fsdecode(path))
        if event == "os.listdir" and absolute in self._searched:
            return
        verdict = self._verdict(absolute)
        if verdict == _OPEN:
            return
        if verdict == _WATCHED:
            if not os.path.lexists(absolute):
                self._note(absolute, is_beside=True)
            return
        self._note(absolute, is_beside=False)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fsdecode(path))

    def _verdict(self, path: str) -> str:
        """Return the verdict on the nearest directory that has one."""
        while True:
            found = self._verdicts.get(path)
            if found is not None:
                return found
            above = os.path.dirname(path)  # noqa: PTH120 - the hook is called for every file
            if above == path:
                return _CLOSED
            path = above

    def _note(self, path: str, *, is_beside: bool) -> None:
        frame = sys._getframe() if self._is_own is not None else None
        while frame is not None and self._is_own is not None:
            if self._is_own(frame.f_code.co_filename):
                where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                self._hits.append(Hit(path, where, is_beside))
                return
            frame = frame.f_back


def _real(paths: Iterable[str]) -> list[str]:
    return [str(Path(path).resolve()) for path in paths if path]
