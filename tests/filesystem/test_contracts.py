"""Every file system that can be written to passes the public contract."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from rvcli.filesystem.fsspec_filesystem import FsspecFileSystem
from rvcli.filesystem.local_filesystem import LocalFileSystem
from rvcli.filesystem.s3_filesystem import S3FileSystem
from rvcli.testing import FileSystemContract


class TestLocal(FileSystemContract):
    """Files of this machine."""

    file_system = LocalFileSystem

    @pytest.fixture(autouse=True)
    def _root(self, tmp_path: Path) -> None:
        self.root_uri = str(tmp_path)


class TestS3(FileSystemContract):
    """Objects on an S3 server."""

    file_system = S3FileSystem

    @pytest.fixture(autouse=True)
    def _root(self, s3_root: str) -> None:
        self.root_uri = s3_root


class TestMemory(FileSystemContract):
    """The memory of fsspec."""

    file_system = FsspecFileSystem
    root_uri = f"memory://{uuid.uuid4().hex}/a b/ü"


class TestFtp(FileSystemContract):
    """A real FTP server in a process of its own, by fsspec."""

    file_system = FsspecFileSystem

    @pytest.fixture(autouse=True)
    def _root(self, ftp_url: str) -> None:
        self.root_uri = f"{ftp_url}/{uuid.uuid4().hex}/a b/ü"
