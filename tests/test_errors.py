"""Errors whose message says enough."""

from __future__ import annotations

import errno

from rvcli.errors import FileSystemError, known_error


def test_a_full_disk_is_no_fault_of_code() -> None:
    """The error of an open file lacks its name; what to do is said."""
    known = known_error(OSError(errno.ENOSPC, "No space left on device"))
    assert isinstance(known, FileSystemError)
    assert "a file cannot be written: No space left on device" == known.message
    assert "make room" in str(known.hint)
