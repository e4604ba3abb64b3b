"""The contract of file systems finds who breaks it; those that ship keep it in tests/filesystem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rvcli.filesystem.local_filesystem import LocalFileSystem
from rvcli.testing import FileSystemContract


class Forgiving(LocalFileSystem):
    """Invents what is not there."""

    @staticmethod
    def read_bytes(uri: str) -> bytes:
        """Return nothing instead of raising."""
        return b""


def test_breach_is_found(tmp_path: Path) -> None:
    """A file system that breaks the contract fails it."""
    contract: Any = FileSystemContract()
    contract.file_system, contract.root_uri = Forgiving, str(tmp_path)
    with pytest.raises(AssertionError, match="raises no NotReadableError"):
        contract.test_missing_file_is_not_readable()
