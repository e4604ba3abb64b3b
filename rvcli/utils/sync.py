"""Directories kept alike while work goes on."""

from __future__ import annotations

import contextvars
import logging
import threading
from types import TracebackType

from rvcli.errors import FileSystemError
from rvcli.filesystem import FileSystem, resolve
from rvcli.progress import use_sink

_log = logging.getLogger(__name__)


def sync_to_dir(
    src_dir_uri: str, dest_dir_uri: str, delete: bool = False, fs: type[FileSystem] | None = None
) -> None:
    """Copy what is new in a local directory to a directory anywhere.

    Args:
        src_dir_uri: local.
        dest_dir_uri: anywhere; made if it is not there.
        delete: remove from the destination what the source does not have.
        fs: the file system, if it is not to be chosen by the destination.
    """
    (fs or resolve(dest_dir_uri, "w")).sync_to_dir(src_dir_uri, dest_dir_uri, delete=delete)


def sync_from_dir(
    src_dir_uri: str, dest_dir_uri: str, delete: bool = False, fs: type[FileSystem] | None = None
) -> None:
    """Copy what is new in a directory anywhere to a local directory.

    Args:
        src_dir_uri: anywhere.
        dest_dir_uri: local; made if it is not there.
        delete: remove from the destination what the source does not have.
        fs: the file system, if it is not to be chosen by the source.
    """
    (fs or resolve(src_dir_uri)).sync_from_dir(src_dir_uri, dest_dir_uri, delete=delete)


class Sync:
    """A thread that copies a directory again and again, and a last time at the end."""

    def __init__(
        self, src_dir_uri: str, dest_dir_uri: str, interval_s: float, fs: type[FileSystem] | None
    ) -> None:
        self._arguments = (src_dir_uri, dest_dir_uri, False, fs)
        self._interval_s = interval_s
        self._stop = threading.Event()
        context = contextvars.copy_context()
        self.thread = threading.Thread(
            target=context.run, args=(self._run,), name="rv-sync", daemon=True
        )
        self.thread.start()

    def _run(self) -> None:
        with use_sink(None):  # what is shown is the work that goes on meanwhile
            self._copy_again_and_again()

    def _copy_again_and_again(self) -> None:
        while not self._stop.wait(self._interval_s):
            try:
                sync_to_dir(*self._arguments)
            except FileSystemError as e:
                # The next round, or the last one, may succeed.
                _log.warning("could not copy %s to %s: %s", *self._arguments[:2], e)

    def stop(self) -> None:
        """Wait for the copy in progress, then copy once more.

        Raises:
            FileSystemError: this last copy fails.
        """
        self._stop.set()
        self.thread.join()
        sync_to_dir(*self._arguments)

    def __enter__(self) -> Sync:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def start_sync(
    src_dir_uri: str,
    dest_dir_uri: str,
    sync_interval: float = 600,
    fs: type[FileSystem] | None = None,
) -> Sync:
    """Copy a local directory to another place from time to time while a `with` block runs.

    Args:
        src_dir_uri: local.
        dest_dir_uri: anywhere.
        sync_interval: seconds between copies.
        fs: the file system, if it is not to be chosen by the destination.
    """
    return Sync(src_dir_uri, dest_dir_uri, sync_interval, fs)
