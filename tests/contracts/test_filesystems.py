"""The contract of file systems, kept by those that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rvcli.filesystem.local_filesystem import LocalFileSystem
from rvcli.filesystem.s3_filesystem import S3FileSystem
from rvcli.testing import FileSystemContract


class TestLocal(FileSystemContract):
    """Local files keep the contract."""

    file_system = LocalFileSystem

    @pytest.fixture(autouse=True)
    def _root(self, tmp_path: Path) -> None:
        self.root_uri = str(tmp_path)


class TestS3(FileSystemContract):
    """S3 keeps the contract."""

    file_system = S3FileSystem

    @pytest.fixture(autouse=True)
    def _root(self, s3_root: str) -> None:
        self.root_uri = s3_root


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
