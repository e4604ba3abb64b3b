"""Downloads that other processes have made are not repeated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.utils import downloads
from rvcli.utils.files import download_if_needed, get_cached_file


@pytest.fixture(autouse=True)
def kept(tmp_path: Path) -> Iterator[Path]:
    """Keep copies of files up to a megabyte in a cache of the test's own; give its place."""
    settings = profile.load_settings(
        overrides=[f"RV.cache_dir={tmp_path}/cache", "RV.downloads_mb=2"], environ={}
    )
    with profile.use(settings):
        yield tmp_path / "cache" / "downloads"


@pytest.fixture
def web(web_server: Any) -> Any:
    """Give a server that knows conditions, with one file."""
    web_server.is_able = True
    web_server.files["/a"] = b"one"
    web_server.headers = {"ETag": '"1"'}
    return web_server


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be as a new process."""
    monkeypatch.setattr(downloads, "_here", {})


def names(folder: Path) -> list[str]:
    """List the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


CODE = """
import sys
from rvcli import profile
from rvcli.utils.files import download_if_needed
with profile.use(profile.load_settings(overrides=[f"RV.cache_dir={sys.argv[1]}"])):
    print(open(download_if_needed(sys.argv[2], sys.argv[3])).read())
"""


def test_another_process_asks_only_whether_it_has_changed(web: Any, tmp_path: Path) -> None:
    """A second process, with another folder, gets 304 and takes the copy that is kept."""
    for i, text in enumerate(("one", "one", "two")):
        if text == "two":
            web.files["/a"] = b"two"
            web.headers = {"ETag": '"2"'}
        done = subprocess.run(
            [sys.executable, "-c", CODE, f"{tmp_path}/cache", f"{web.url}/a", f"{tmp_path}/{i}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert text == done.stdout.strip()
    asked = [headers.get("If-None-Match") for headers in web.received]
    assert [None, '"1"', '"1"'] == asked
    assert ["GET /a"] * 3 == web.requests


def test_what_is_kept_tells_no_secrets(web: Any, tmp_path: Path, kept: Path) -> None:
    """Neither user, password nor signature of a URL is written; no one else may look."""
    host = web.url.partition("://")[2]
    download_if_needed(f"http://me:password@{host}/a?signature=x", str(tmp_path / "d"))
    texts = [path.name + path.read_text() for path in kept.iterdir()]
    assert len(texts) == 2
    assert not any("password" in text or "signature" in text for text in texts)
    assert kept.stat().st_mode & 0o77 == 0


def test_a_spoilt_copy_is_put_right(
    web: Any, tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download that someone has changed, or a kept copy cut short, is made again."""
    path = Path(download_if_needed(f"{web.url}/a", str(tmp_path / "d")))
    path.write_text("spoilt")
    assert b"one" == Path(download_if_needed(f"{web.url}/a", str(tmp_path / "d"))).read_bytes()
    forget(monkeypatch)
    for copy in kept.iterdir():
        copy.write_bytes(copy.read_bytes()[:-1])
    assert b"one" == Path(download_if_needed(f"{web.url}/a", str(tmp_path / "d"))).read_bytes()


def test_a_copy_that_is_thrown_away_meanwhile(
    web: Any, tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the server's answer and the copy another process may make room."""
    download_if_needed(f"{web.url}/a", str(tmp_path / "d"))
    forget(monkeypatch)

    def make_room(handler: Any) -> bool:
        for path in kept.iterdir():
            path.unlink()
        return False

    web.faults["/a"] = [make_room]
    assert b"one" == Path(download_if_needed(f"{web.url}/a", str(tmp_path / "e"))).read_bytes()


def test_space_is_bounded(web: Any, tmp_path: Path, kept: Path) -> None:
    """What was used last stays; a file that would take too much is not kept."""
    size = 700_000
    for name in ("a", "b", "c", "large"):
        web.files[f"/{name}"] = name.encode() * size
    for i, name in enumerate(("a", "b", "a", "c", "large")):
        place = str(tmp_path / str(i))
        path = download_if_needed(f"{web.url}/{name}", place)
        assert web.files[f"/{name}"] == Path(path).read_bytes()
        for copy in kept.iterdir():
            stat = copy.stat()
            os.utime(copy, (stat.st_atime - 10, stat.st_mtime - 10))
    contents = {path.read_bytes()[:1] for path in kept.iterdir() if path.suffix != ".json"}
    assert {b"a", b"c"} == contents


def test_none_are_kept(web: Any, tmp_path: Path, kept: Path) -> None:
    """With RV.downloads_mb=0 nothing is kept, and downloads work."""
    settings = profile.load_settings(
        overrides=[f"RV.cache_dir={kept.parent}", "RV.downloads_mb=0"], environ={}
    )
    with profile.use(settings):
        download_if_needed(f"{web.url}/a", str(tmp_path / "d"))
    assert not kept.exists()


def test_a_cache_that_cannot_be_used(web: Any, tmp_path: Path, kept: Path) -> None:
    """A cache that cannot be written stops no download."""
    kept.parent.write_text("a file")
    assert b"one" == Path(download_if_needed(f"{web.url}/a", str(tmp_path / "d"))).read_bytes()


def test_s3_objects_are_kept_too(
    s3_faults: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object with the ETag that is known is not got again, a changed one is."""
    from rvcli.filesystem.s3_filesystem import S3FileSystem

    uri = f"{s3_faults.root}/a"
    for text in ("one", "two"):
        S3FileSystem.write_str(uri, text)
        s3_faults.clear()
        for i in range(3):
            path = download_if_needed(uri, str(tmp_path / str(i)))
            assert text == Path(path).read_text()
            forget(monkeypatch)
        assert 1 == sum(request.startswith("GET") for request in s3_faults.requests)


def test_many_at_once(web: Any, tmp_path: Path, kept: Path) -> None:
    """Many that download the same file to the same place at once all get all of it."""
    web.files["/a"] = data = os.urandom(300_000)
    web.headers = {}
    found: list[bytes] = []

    def get() -> None:
        found.append(Path(download_if_needed(f"{web.url}/a", str(tmp_path / "d"))).read_bytes())

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [data] * 8 == found
    assert [] == [p for p in tmp_path.rglob("*") if p.is_file() and p.name.startswith(".rv-tmp")]


def test_processes_that_download_at_once(web: Any, tmp_path: Path) -> None:
    """Processes that share folder and cache do each other no harm."""
    web.files["/a"] = b"x" * 200_000
    argv = [sys.executable, "-c", CODE, f"{tmp_path}/cache", f"{web.url}/a", f"{tmp_path}/d"]
    running = [subprocess.Popen(argv, stdout=subprocess.PIPE) for _ in range(3)]
    outputs = [process.communicate()[0] for process in running]
    assert [b"x" * 200_000 + b"\n"] * 3 == outputs


def test_cached_file_comes_from_what_is_kept(web: Any, tmp_path: Path, kept: Path) -> None:
    """The first use of a file in another folder takes the copy that is kept."""
    for name in ("d", "e"):
        assert b"one" == Path(get_cached_file(str(tmp_path / name), f"{web.url}/a")).read_bytes()
    assert '"1"' == web.received[-1]["If-None-Match"]
    about = [json.loads(p.read_text()) for p in kept.iterdir() if p.suffix == ".json"]
    assert [{"etag": "1", "modified": None, "size_bytes": 3}] == about
