"""Every function of the files facade, on every file system."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvcli.errors import NotReadableError, NotWritableError
from rvcli.filesystem import resolve
from rvcli.protos.command_pb2 import CommandConfig
from rvcli.utils import files

WRITABLE = ["local", "s3", "memory", "ftp"]


@pytest.fixture(params=WRITABLE)
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give a directory on each file system that can be written to."""
    kind = request.param
    if kind == "local":
        return str(tmp_path / "root ü")
    if kind == "s3":
        return f"{request.getfixturevalue('s3_root')}/root ü"
    start = "memory:/" if kind == "memory" else request.getfixturevalue("ftp_url")
    return f"{start}/{uuid.uuid4().hex}/root ü"


@pytest.fixture
def put(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Callable[[str, bytes], str]:
    """Give a function that puts content on a file system to read from; it returns the URI."""
    if kind == "http":
        web = request.getfixturevalue("web_server")
        web.headers = {"ETag": '"1"', "Last-Modified": "Sun, 09 Sep 2001 01:46:40 GMT"}

        def serve(name: str, data: bytes) -> str:
            web.files[f"/{name}"] = data
            return f"{web.url}/{name}"

        return serve
    start = {
        "local": lambda: str(tmp_path / "there"),
        "s3": lambda: request.getfixturevalue("s3_root"),
        "memory": lambda: f"memory://{uuid.uuid4().hex}",
        "ftp": lambda: f"{request.getfixturevalue('ftp_url')}/{uuid.uuid4().hex}",
    }[kind]()

    def write(name: str, data: bytes) -> str:
        resolve(start, "w").write_bytes(f"{start}/{name}", data)
        return f"{start}/{name}"

    return write


READABLE = pytest.mark.parametrize("kind", [*WRITABLE, "http"])


@READABLE
def test_reading(put: Callable[[str, bytes], str], kind: str, tmp_path: Path) -> None:
    """Files are found, read, downloaded and cached, whatever holds them."""
    uri = put("a b ü.json", '{"x": "ü"}'.encode())
    assert (True, False) == (files.file_exists(uri), files.file_exists(f"{uri}.none"))
    assert files.file_exists(uri, include_dir=False)
    assert files.file_to_str(uri) == '{"x": "ü"}'
    assert files.file_to_json(uri) == {"x": "ü"}
    assert resolve(uri).last_modified(uri) is not None
    for path in (
        files.download_if_needed(uri, str(tmp_path / "down")),
        files.download_if_needed(uri, str(tmp_path / "down")),
        files.download_or_copy(uri, str(tmp_path / "copy")),
        files.get_cached_file(str(tmp_path / "cache"), uri),
        files.get_local_path(uri, str(tmp_path / "down")),
    ):
        assert Path(path).name == "a b ü.json"
        assert Path(path).read_text() == '{"x": "ü"}'


@READABLE
def test_a_changed_file_is_downloaded_again(
    put: Callable[[str, bytes], str], kind: str, tmp_path: Path, request: Any
) -> None:
    """New content of the same length, written in the same moment, is seen."""
    for i, data in enumerate((b"one", b"two")):
        uri = put("a", data)
        if kind == "http":
            request.getfixturevalue("web_server").headers["ETag"] = f'"{i}"'
        assert data == Path(files.download_if_needed(uri, str(tmp_path / "d"))).read_bytes()


@READABLE
def test_what_is_not_there(put: Callable[[str, bytes], str], kind: str, tmp_path: Path) -> None:
    """A missing file is NotReadableError from each function that needs it."""
    uri = put("a", b"") + ".none"
    for read in (
        files.file_to_str,
        files.file_to_json,
        lambda uri: files.download_if_needed(uri, str(tmp_path / "d")),
        lambda uri: files.download_or_copy(uri, str(tmp_path / "d")),
        lambda uri: files.get_cached_file(str(tmp_path / "d"), uri),
        lambda uri: files.load_json_config(uri, CommandConfig()),
    ):
        with pytest.raises(NotReadableError):
            read(uri)


def test_writing(root: str, tmp_path: Path) -> None:
    """Texts, JSON, messages, files and directories are written and come back."""
    files.str_to_file("ü", f"{root}/t/ü.txt")
    assert files.file_to_str(f"{root}/t/ü.txt") == "ü"
    files.json_to_file({"x": [1]}, f"{root}/t/x.json")
    assert files.file_to_json(f"{root}/t/x.json") == {"x": [1]}
    message = CommandConfig(command_type="TRAIN", root_uri=root)
    files.save_json_config(message, f"{root}/m.json")
    assert message == files.load_json_config(f"{root}/m.json", CommandConfig())
    (tmp_path / "up" / "d").mkdir(parents=True)
    (tmp_path / "up" / "d" / "f").write_text("f")
    files.upload_or_copy(str(tmp_path / "up" / "d" / "f"), f"{root}/one")
    files.upload_or_copy(str(tmp_path / "up"), f"{root}/all")
    expected = [f"{root}/{name}" for name in ("all/d/f", "m.json", "one", "t/x.json", "t/ü.txt")]
    assert expected == resolve(root).list_paths(root)
    assert [f"{root}/t/x.json"] == files.list_paths(f"{root}/t", ".json")
    assert files.file_exists(f"{root}/t")
    assert not files.file_exists(f"{root}/t", include_dir=False)


def test_synchronizing(root: str, tmp_path: Path) -> None:
    """Directories are kept alike both ways, once or while work goes on."""
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "d").mkdir(parents=True)
    (source / "d" / "a").write_text("1")
    files.sync_to_dir(str(source), f"{root}/s")
    files.sync_from_dir(f"{root}/s", str(target))
    assert (target / "d" / "a").read_text() == "1"
    (source / "d" / "a").write_text("2")
    (source / "b").write_text("3")
    with files.start_sync(str(source), f"{root}/s", sync_interval=0.05):
        deadline_s = time.monotonic() + 20
        while not files.file_exists(f"{root}/s/b") and time.monotonic() < deadline_s:
            time.sleep(0.02)
        assert files.file_to_str(f"{root}/s/b") == "3"
    (source / "b").unlink()
    files.sync_to_dir(str(source), f"{root}/s", delete=True)
    files.sync_from_dir(f"{root}/s", str(target), delete=True)
    assert [f"{root}/s/d/a"] == resolve(root).list_paths(f"{root}/s")
    assert ["2"] == [path.read_text() for path in target.rglob("*") if path.is_file()]


def test_archives(root: str, tmp_path: Path) -> None:
    """A directory travels as a zip file."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_text("x")
    files.zipdir(str(tmp_path / "d"), str(tmp_path / "d.zip"))
    files.upload_or_copy(str(tmp_path / "d.zip"), f"{root}/d.zip")
    files.unzip(files.download_if_needed(f"{root}/d.zip", str(tmp_path)), str(tmp_path / "e"))
    assert ["x"] == [path.read_text() for path in (tmp_path / "e").rglob("a")]


def test_the_web_is_read_only(tmp_path: Path) -> None:
    """What would write to a web server is refused."""
    (tmp_path / "a").touch()
    for write in (
        lambda: files.str_to_file("", "http://h/a"),
        lambda: files.json_to_file({}, "http://h/a"),
        lambda: files.upload_or_copy(str(tmp_path / "a"), "http://h/a"),
        lambda: files.sync_to_dir(str(tmp_path), "http://h/a"),
    ):
        with pytest.raises(NotWritableError, match="read only"):
            write()
