"""The files facade: local, HTTP and S3 through the same functions."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.errors import DataError, FileSystemError, NotReadableError
from rvcli.filesystem import FileSystem
from rvcli.filesystem.local_filesystem import LocalFileSystem
from rvcli.utils import files, sync


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a directory whose name has blanks and letters beyond ASCII."""
    directory = tmp_path / "räume & mehr"
    directory.mkdir()
    return directory


def test_local_file_is_used_in_its_place(root: Path) -> None:
    """A local file is not downloaded: its own path comes back."""
    (root / "a").write_text("x")
    assert str(root / "a") == files.download_if_needed((root / "a").as_uri(), "/nowhere")
    assert str(root / "a") == files.get_local_path(str(root / "a"), "/nowhere")
    assert str(root / "a") == files.get_cached_file("/nowhere", str(root / "a"))


def test_no_uri_is_no_path() -> None:
    """None gives None, for optional inputs and outputs."""
    assert files.get_local_path(None, "/down") is None
    assert files.download_if_needed(None, "/down") is None
    files.upload_or_copy("/missing", None)


def test_missing_local_file(root: Path) -> None:
    """A local file that is not there is an error when it is needed."""
    with pytest.raises(NotReadableError, match="there is no file"):
        files.download_if_needed(str(root / "a"), str(root))


def test_remote_file_is_downloaded_once(web_server: Any, root: Path) -> None:
    """A second need asks only whether the file has changed; a change is downloaded."""
    uri = f"{web_server.url}/a.tif"
    web_server.files["/a.tif"] = b"1"
    web_server.headers = {"ETag": '"1"'}
    path = files.download_if_needed(uri, str(root))
    assert path == files.download_if_needed(uri, str(root))
    assert web_server.requests == ["GET /a.tif", "GET /a.tif"]
    assert '"1"' == web_server.received[1]["If-None-Match"]
    web_server.files["/a.tif"] = b"2"
    web_server.headers = {"ETag": '"2"'}
    assert Path(files.download_if_needed(uri, str(root))).read_bytes() == b"2"
    Path(path).write_bytes(b"spoilt")
    assert Path(files.download_if_needed(uri, str(root))).read_bytes() == b"2"


def test_file_without_tag_is_downloaded_each_time(web_server: Any, root: Path) -> None:
    """Where nothing tells whether a file has changed it is downloaded again."""
    web_server.files["/a"] = b"1"
    for _ in range(2):
        files.download_if_needed(f"{web_server.url}/a", str(root))
    assert web_server.requests.count("GET /a") == 2


def test_cached_file_is_never_asked_for_again(web_server: Any, root: Path) -> None:
    """A file that never changes is downloaded on first use only."""
    web_server.files["/a"] = b"1"
    paths = {files.get_cached_file(str(root), f"{web_server.url}/a") for _ in range(3)}
    assert [b"1"] == [Path(path).read_bytes() for path in paths]
    assert web_server.requests.count("GET /a") == 1


def test_file_system_with_a_costly_stat(root: Path) -> None:
    """A file system that must read a file to know it is not asked before the download."""

    class Plain(LocalFileSystem):
        stat = FileSystem.stat

        @staticmethod
        def local_path(uri: str, download_dir: str) -> str:
            return f"{download_dir}/copy"

    (root / "a").write_text("x")
    path = files.download_if_needed(str(root / "a"), str(root), fs=Plain)
    assert Path(path).read_text() == "x"


def test_copy_into_a_directory(web_server: Any, root: Path) -> None:
    """A file from anywhere is put into a directory under its base name."""
    web_server.files["/d/ü b"] = b"1"
    (root / "c").write_text("2")
    expected = [str(root / "new" / name) for name in ("ü b", "c")]
    uris = [f"{web_server.url}/d/ü b", str(root / "c")]
    assert expected == [files.download_or_copy(uri, str(root / "new")) for uri in uris]
    assert [b"1", b"2"] == [Path(path).read_bytes() for path in expected]


def test_upload_files_and_directories(s3_root: str, root: Path) -> None:
    """A file, or a directory with all in it, is copied to where the URI says."""
    (root / "d").mkdir()
    (root / "d" / "a").write_text("x")
    files.upload_or_copy(str(root / "d" / "a"), f"{s3_root}/a")
    files.upload_or_copy(str(root / "d"), f"{s3_root}/e")
    files.upload_or_copy(str(root / "d"), str(root / "e"))
    assert [f"{s3_root}/a", f"{s3_root}/e/a"] == files.list_paths(s3_root)
    assert [str(root / "e" / "a")] == files.list_paths(str(root / "e"), "a")
    assert [] == files.list_paths(str(root)), "of one directory, on this machine"
    with pytest.raises(NotReadableError, match="no such file"):
        files.upload_or_copy(str(root / "none"), f"{s3_root}/b")


def test_files_are_moved(root: Path, s3_root: str) -> None:
    """A moved file is where it belongs, whole, and no longer where it was."""
    for target in (str(root / "new" / "b"), f"{s3_root}/b"):
        (root / "a").write_text("x")
        files.upload_or_move(str(root / "a"), target)
        assert ("x", False) == (files.file_to_str(target), (root / "a").exists())
    assert ["b"] == [path.name for path in (root / "new").iterdir()]


def test_a_file_that_is_missing_cannot_be_moved(root: Path) -> None:
    """The error names it, and nothing is made."""
    with pytest.raises(NotReadableError, match="none"):
        files.upload_or_move(str(root / "none"), str(root / "new" / "b"))
    assert not (root / "new").exists()


def test_texts(s3_root: str, root: Path) -> None:
    """Texts are written and read wherever the URI points."""
    for uri in (f"{s3_root}/ü", str(root / "ü")):
        files.str_to_file("Größe", uri)
        assert files.file_to_str(uri) == "Größe"
        assert files.file_exists(uri)
    assert not files.file_exists(str(root), include_dir=False)


def test_json(root: Path) -> None:
    """JSON is written and read; numpy's values become plain ones."""
    uri = str(root / "a.json")
    files.json_to_file({"ü": np.float64(0.5), "b": np.arange(3)}, uri)
    assert files.file_to_json(uri) == {"ü": 0.5, "b": [0, 1, 2]}
    files.json_to_file({"a": 1}, uri, indent=2)
    assert Path(uri).read_text() == '{\n  "a": 1\n}'
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        files.json_to_file({"a": object()}, uri)


def test_no_json(root: Path) -> None:
    """A broken JSON file is an error that names file and line."""
    (root / "a.json").write_text('{"a": 1,\n "b": }')
    with pytest.raises(DataError, match=r"a\.json:2 is no JSON"):
        files.file_to_json(str(root / "a.json"))


def test_directories_are_kept_alike(root: Path) -> None:
    """Directories are copied there and back."""
    (root / "a").mkdir()
    (root / "a" / "x").write_text("1")
    files.sync_to_dir(str(root / "a"), str(root / "b"))
    files.sync_from_dir(str(root / "b"), str(root / "c"))
    assert (root / "c" / "x").read_text() == "1"


def test_repeated_sync(root: Path) -> None:
    """What appears in a directory is copied after a while, and all of it at the end."""
    source, target = root / "a", root / "b"
    source.mkdir()
    (source / "x").write_text("1")
    with files.start_sync(str(source), str(target), sync_interval=0.01):
        for _ in range(500):
            if (target / "x").exists():
                break
            threading.Event().wait(0.01)
        assert (target / "x").read_text() == "1"
    with files.start_sync(str(source), str(target), sync_interval=600):
        (source / "y").write_text("2")
    assert (target / "y").read_text() == "2"


def test_repeated_sync_goes_on_after_trouble(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A copy that fails in between is logged; the last one must succeed."""
    tried = threading.Event()

    def fail(*args: Any) -> None:
        tried.set()
        raise FileSystemError("no")

    monkeypatch.setattr(sync, "sync_to_dir", fail)
    running = files.start_sync(str(root), str(root / "b"), sync_interval=0.001)
    assert tried.wait(10)
    with pytest.raises(FileSystemError):
        running.stop()
    assert "could not copy" in caplog.text


def test_json_layout_is_compact_by_default(root: Path) -> None:
    """Without indent a JSON file is one line."""
    files.json_to_file({"a": [1, 2]}, str(root / "a"))
    assert json.dumps({"a": [1, 2]}) == (root / "a").read_text()


def test_names_in_a_folder(tmp_path: Path) -> None:
    """Names lack the extension; other files, folders and what lies deeper are left out."""
    for name in ("b.json", "a.json", "c.txt", "deep/d.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert ["a", "b"] == files.names_in(f"{tmp_path}/", ".json")
    assert [] == files.names_in(str(tmp_path / "none"), ".json")
