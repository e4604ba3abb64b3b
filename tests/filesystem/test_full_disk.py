"""A disk without space: one error that names the path, and nothing is left behind."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rvcli.errors import NotWritableError
from rvcli.filesystem.fsspec_filesystem import FsspecFileSystem
from rvcli.filesystem.s3_filesystem import S3FileSystem
from rvcli.utils import files

DATA = os.urandom(2 << 20)

# boto3 leaves the connection to the garbage collector when it cannot write what arrives.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collect garbage within the test, not within one that comes later."""
    yield
    gc.collect()


@pytest.fixture(params=["limit", "tmpfs"])
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Give a directory that takes less than the data: by a limit, or on a disk that is full."""
    folder = tmp_path / "full"
    folder.mkdir()
    if request.param == "limit":
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        yield folder
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a disk, and not everywhere")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(params=["local", "http", "http resumed", "s3", "memory", "ftp"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URI of the data on each file system."""
    kind = request.param
    if kind == "local":
        (tmp_path / "a").write_bytes(DATA)
        return str(tmp_path / "a")
    if kind.startswith("http"):
        web = request.getfixturevalue("web_server")
        web.files["/a"] = DATA
        web.is_able = True
        web.headers = {"ETag": '"1"'} if "resumed" in kind else {}
        return f"{web.url}/a"
    if kind == "s3":
        target = f"{request.getfixturevalue('s3_root')}/a"
        S3FileSystem.write_bytes(target, DATA)
        return target
    root = "memory:/" if kind == "memory" else request.getfixturevalue("ftp_url")
    target = f"{root}/{uuid.uuid4().hex}/a"
    FsspecFileSystem.write_bytes(target, DATA)
    return target


def test_download_onto_a_full_disk(uri: str, full: Path, request: Any) -> None:
    """The error names the file that could not be written, and says what to do."""
    with pytest.raises(NotWritableError) as caught:
        files.download_or_copy(uri, str(full))
    assert str(full / "a") in str(caught.value)
    assert "free some space" in (caught.value.hint or "")
    assert [] == list(full.iterdir())


def test_writing_onto_a_full_disk(full: Path) -> None:
    """What was there before stays as it was."""
    (full / "a").write_text("old")
    with pytest.raises(NotWritableError, match=str(full / "a")):
        files.str_to_file("x" * len(DATA), str(full / "a"))
    assert [("a", "old")] == [(path.name, path.read_text()) for path in full.iterdir()]


def test_synchronizing_onto_a_full_disk(s3_root: str, full: Path) -> None:
    """A directory of which not all fits is one error; the files that are there are whole."""
    for name, data in (("a", b"x" * 1000), ("b", DATA)):
        S3FileSystem.write_bytes(f"{s3_root}/d/{name}", data)
    with pytest.raises(NotWritableError, match=r"/full/[ab]'"):
        files.sync_from_dir(f"{s3_root}/d", str(full))
    assert {path.name for path in full.iterdir()} <= {"a"}


def test_a_full_cache_stops_no_download(web_server: Any, full: Path, tmp_path: Path) -> None:
    """Where the copy for other processes finds no space the download is there all the same."""
    from rvcli import profile

    web_server.files["/a"] = b"x" * 250_000
    web_server.headers = {"ETag": '"1"'}
    (full / "taken").write_bytes(b"x" * 200_000)
    settings = profile.load_settings(overrides=[f"RV.cache_dir={full}/cache"], environ={})
    with profile.use(settings):
        path = files.download_if_needed(f"{web_server.url}/a", str(tmp_path / "d"))
    assert Path(path).stat().st_size == 250_000
