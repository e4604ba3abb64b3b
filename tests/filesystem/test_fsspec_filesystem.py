"""FsspecFileSystem: on memory, on a real FTP server, and where packages are missing."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from rvcli import profile
from rvcli.errors import MissingDependencyError, NotReadableError, NotWritableError
from rvcli.filesystem import fsspec_client, fsspec_stat, fsspec_transfer, resolve, shown
from rvcli.filesystem.fsspec_filesystem import FsspecFileSystem as Fs


class Flaky(MemoryFileSystem):
    """Memory behind a bad network: the next calls of some methods go wrong."""

    protocol = "flaky"
    store: dict[str, Any] = {}
    pseudo_dirs = [""]
    faults: dict[str, list[Any]] = {}

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return MemoryFileSystem._strip_protocol(path.replace("flaky://", "memory://"))

    def _fault(self, name: str) -> Any:
        fault = self.faults.get(name, [])
        found = fault.pop(0) if fault else None
        if isinstance(found, BaseException):
            raise found
        return found

    def info(self, path: str, **kwargs: Any) -> Any:
        """Tell what is known, or fail."""
        self._fault("info")
        return super().info(path, **kwargs)

    def cat_file(self, path: str, **kwargs: Any) -> Any:
        """Return the content, perhaps a part of it, or fail."""
        cut = self._fault("cat_file")
        return super().cat_file(path, **kwargs)[:cut]

    def get_file(self, rpath: str, lpath: str, **kwargs: Any) -> None:
        """Copy the content, perhaps a part of it, or fail."""
        cut = self._fault("get_file")
        Path(lpath).write_bytes(super().cat_file(rpath)[:cut])

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        """Store the content, perhaps a part of it, or fail."""
        cut = self._fault("pipe_file")
        super().pipe_file(path, value[:cut], mode=mode, **kwargs)


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[Any]]]:
    """Register the flaky implementation; give its faults by method."""
    fsspec.register_implementation("flaky", Flaky, clobber=True)
    monkeypatch.setattr(fsspec_client, "BACKOFF_S", 0.001)
    yield Flaky.faults
    Flaky.faults.clear()
    Flaky.store.clear()


@pytest.fixture(params=["memory", "ftp"])
def root(request: pytest.FixtureRequest) -> str:
    """Give a directory that nothing was written to, on each implementation."""
    if request.param == "memory":
        return f"memory://{uuid.uuid4().hex}"
    return f"{request.getfixturevalue('ftp_url')}/{uuid.uuid4().hex}"


def names(folder: Path) -> list[str]:
    """List all files below a folder."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_stat(root: str) -> None:
    """Size and time of a file are known, of a directory or nothing there is none."""
    start = datetime.now(timezone.utc).replace(microsecond=0)
    Fs.write_bytes(f"{root}/d/a", b"123")
    stat = Fs.stat(f"{root}/d/a")
    assert stat is not None
    assert stat.size_bytes == 3
    assert stat.modified is not None
    assert start <= stat.modified <= datetime.now(timezone.utc)
    assert stat.modified == Fs.last_modified(f"{root}/d/a")
    assert [None, None] == [Fs.stat(f"{root}/d"), Fs.stat(f"{root}/none")]
    with pytest.raises(NotReadableError, match="no such file"):
        Fs.last_modified(f"{root}/none")


def test_delete(root: str) -> None:
    """A file goes; one that is not there is no error."""
    Fs.write_bytes(f"{root}/a", b"")
    Fs.delete(f"{root}/a")
    Fs.delete(f"{root}/a")
    assert not Fs.file_exists(f"{root}/a")


def test_exclusive_write(root: str) -> None:
    """What is there is not written again."""
    assert Fs.write_exclusive(f"{root}/claim", b"mine")
    assert not Fs.write_exclusive(f"{root}/claim", b"yours")
    assert Fs.read_bytes(f"{root}/claim") == b"mine"


def test_one_of_many_writers_succeeds() -> None:
    """Of many exclusive writers at once exactly one succeeds, where there is such a step."""
    uri, won = f"memory://{uuid.uuid4().hex}/claim", []

    def write(i: int) -> None:
        if Fs.write_exclusive(uri, str(i).encode()):
            won.append(i)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(i) for i in won] == [Fs.read_str(uri)]


def test_large_files(root: str, tmp_path: Path) -> None:
    """A file of several blocks arrives whole, there and back."""
    data = bytes(range(256)) * 4000
    (tmp_path / "a").write_bytes(data)
    Fs.copy_to(str(tmp_path / "a"), f"{root}/d/a.bin")
    Fs.copy_from(f"{root}/d/a.bin", str(tmp_path / "b"))
    assert data == (tmp_path / "b").read_bytes() == Fs.read_bytes(f"{root}/d/a.bin")
    assert [f"{root}/d/a.bin"] == Fs.list_paths(root)


def test_sync(root: str, tmp_path: Path) -> None:
    """Directories are kept alike, both ways, and what is not wanted goes if asked for."""
    source, target = tmp_path / "source", tmp_path / "target"
    for name in ("a", "d/b ü"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    Fs.write_bytes(f"{root}/up/old", b"")
    Fs.sync_to_dir(str(source), f"{root}/up")
    target.mkdir()
    (target / "extra").touch()
    Fs.sync_from_dir(f"{root}/up", str(target))
    assert names(target) == ["a", "d/b ü", "extra", "old"]
    Fs.sync_to_dir(str(source), f"{root}/up", delete=True)
    assert [f"{root}/up/a", f"{root}/up/d/b ü"] == Fs.list_paths(f"{root}/up")
    Fs.sync_from_dir(f"{root}/up/", str(target), delete=True)
    assert names(target) == ["a", "d/b ü"]
    with pytest.raises(NotReadableError, match="no directory"):
        Fs.sync_to_dir(str(tmp_path / "none"), root)
    assert [] == Fs.list_paths(f"{root}/none")


def test_sync_moves_only_what_is_new(
    root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one process what was moved and has not changed is not moved again.

    But FTP gives times in seconds, in which a file may change twice: all is downloaded.
    """
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    for name in ("a", "b"):
        (here / name).write_text("x")
    Fs.sync_to_dir(str(here), root)
    Fs.sync_from_dir(root, str(there))
    moved: list[str] = []
    for name in ("upload", "download"):
        real = getattr(fsspec_transfer, name)

        def note(first: Any, second: Any, real: Any = real) -> None:
            moved.append(Path(str(second)).name)
            real(first, second)

        monkeypatch.setattr(fsspec_transfer, name, note)
    (here / "b").write_text("y")
    Fs.sync_to_dir(str(here), root)
    Fs.sync_from_dir(root, str(there))
    expected = ["b", "b"] if root.startswith("memory") else ["a", "b", "b"]
    assert expected == sorted(moved)
    assert (there / "b").read_text() == "y"


@pytest.mark.parametrize(
    "about",
    [
        {"md5Hash": "nd0BgB0MDYzWJ8ydXlhnbg=="},
        {
            "content_settings": {
                "content_md5": bytearray.fromhex("9dd4e461268c8034f5c8564e155c67a6")
            }
        },
    ],
)
def test_digests_of_stores(tmp_path: Path, about: dict[str, Any]) -> None:
    """Where a store gives a digest it tells whether content is the same."""
    (tmp_path / "a").write_text("x")
    assert ("content_settings" in about) == fsspec_transfer._is_same(
        "gs://b/a", tmp_path / "a", {"size": 1, "type": "file", **about}
    )


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"modify": "20260102030405.678"}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        ({"updated": "2026-01-02T03:04:05Z"}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        ({"mtime": 1_000_000_000.0}, datetime(2001, 9, 9, 1, 46, 40, tzinfo=timezone.utc)),
        ({"last_modified": datetime(2026, 1, 2)}, datetime(2026, 1, 2, tzinfo=timezone.utc)),
        ({"mtime": "yesterday"}, None),
        ({}, None),
    ],
)
def test_times_of_implementations(about: dict[str, Any], expected: datetime | None) -> None:
    """Each implementation writes times in its own way; a time that is none is None."""
    assert expected == fsspec_stat.stat_of(about).modified


def test_tags_of_implementations() -> None:
    """The tag of a store is the tag of the file."""
    tags = [
        fsspec_stat.stat_of({"size": 1, **about}).etag
        for about in ({"etag": '"abc"'}, {"md5Hash": "x=="}, {"content_md5": b"\0"}, {})
    ]
    assert ["abc", "x==", "AA==", None] == tags


def test_missing_files_and_directories(root: str, tmp_path: Path) -> None:
    """What is not there, or is a directory, is an error that says so; nothing is left."""
    Fs.write_bytes(f"{root}/d/a", b"")
    for uri, message in ((f"{root}/none", "no such file"), (f"{root}/d", "is a directory")):
        for read in (Fs.read_bytes, lambda uri: Fs.copy_from(uri, str(tmp_path / "x"))):
            with pytest.raises(NotReadableError, match=message) as caught:
                read(uri)
            assert "secret" not in str(caught.value)
    with pytest.raises(NotReadableError, match="there is no file"):
        Fs.copy_to(str(tmp_path / "none"), f"{root}/b")
    assert [] == list(tmp_path.iterdir())


def test_a_connection_that_was_lost_is_made_again(ftp_url: str) -> None:
    """A server that has hung up is called again."""
    uri = f"{ftp_url}/{uuid.uuid4().hex}/a"
    Fs.write_bytes(uri, b"x")
    fsspec_client.connect(uri)[0].ftp.sock.shutdown(2)
    assert Fs.read_bytes(uri) == b"x"


def test_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that nobody runs, or that refuses the password, is an error with advice."""
    monkeypatch.setattr(fsspec_client, "BACKOFF_S", 0.001)
    with pytest.raises(NotReadableError, match=r"refused \(after 4 attempts\)") as caught:
        Fs.read_bytes("ftp://127.0.0.1:9/a")
    assert "check the host" in (caught.value.hint or "")


def test_password_that_is_refused(ftp_url: str) -> None:
    """A refusal is told at once, with where options may stand, and without the password."""
    uri = ftp_url.replace("secret", "wr0ng") + "/a"
    with pytest.raises(NotWritableError, match="530") as caught:
        Fs.write_bytes(uri, b"")
    assert "wr0ng" not in str(caught.value)
    assert "[FSSPEC_FTP]" in (caught.value.hint or "")


def test_faults_that_pass(flaky: dict[str, list[Any]], tmp_path: Path) -> None:
    """Connections that break, and transfers that break off, are tried again."""
    uri, data = "flaky://d/a", b"x" * 1000
    flaky["pipe_file"] = [ConnectionResetError(), 500, TimeoutError()]
    Fs.write_bytes(uri, data)
    flaky["info"] = [ConnectionResetError()]
    flaky["cat_file"] = [500, FileNotFoundError()]
    assert data == Fs.read_bytes(uri)
    flaky["get_file"] = [BrokenPipeError(), 500]
    Fs.copy_from(uri, str(tmp_path / "a"))
    assert data == (tmp_path / "a").read_bytes()
    assert ["flaky://d/a"] == Fs.list_paths("flaky://d")


def test_faults_that_stay(flaky: dict[str, list[Any]], tmp_path: Path) -> None:
    """A transfer that never arrives whole is one error; what was there before stays."""
    uri = "flaky://d/a"
    Fs.write_bytes(uri, b"old")
    (tmp_path / "a").write_text("old")
    flaky.update(pipe_file=[1] * 9, cat_file=[1] * 9, get_file=[1] * 9)
    with pytest.raises(NotWritableError, match="1 bytes of 4 have arrived"):
        Fs.write_bytes(uri, b"new!")
    with pytest.raises(NotReadableError, match="1 bytes of 3 have arrived"):
        Fs.read_bytes(uri)
    with pytest.raises(NotReadableError, match="broke off"):
        Fs.copy_from(uri, str(tmp_path / "a"))
    flaky.clear()
    assert (b"old", ["flaky://d/a"]) == (Fs.read_bytes(uri), Fs.list_paths("flaky://d"))
    assert [("a", "old")] == [(p.name, p.read_text()) for p in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError("no"), "access denied"),
        (NotImplementedError(), "cannot do that"),
        (RuntimeError("what it says"), "what it says"),
    ],
)
def test_other_errors(flaky: dict[str, list[Any]], error: Exception, message: str) -> None:
    """Whatever an implementation raises is an error of ours, with its reason."""
    flaky["info"] = [error]
    with pytest.raises(NotReadableError, match=message):
        Fs.read_bytes("flaky://d/a")


def test_a_name_that_leads_out(flaky: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing that names files elsewhere is refused."""
    monkeypatch.setattr(
        Flaky, "find", lambda *args, **kwargs: {"/d/../x": {"size": 0, "type": "file", "etag": "1"}}
    )
    with pytest.raises(NotReadableError, match="leads out"):
        Fs.sync_from_dir("flaky://d", str(tmp_path / "t"))


def test_options_of_the_profile() -> None:
    """The section of a scheme gives options to its implementation."""
    overrides = ["FSSPEC_GS.token=anon", "FSSPEC_GS.requester_pays=true"]
    settings = profile.load_settings(overrides=overrides, environ={})
    with profile.use(settings):
        assert {"token": "anon", "requester_pays": True} == fsspec_client.options_of("gs")
        assert {} == fsspec_client.options_of("az")
        assert [] == [w for w in settings.warnings if "FSSPEC" in w]


def test_sections_of_schemes_that_were_not_needed_are_known() -> None:
    """A profile may hold options for schemes that a run does not touch."""
    settings = profile.load_settings(overrides=["FSSPEC_AZ.account_name=x"], environ={})
    assert [] == settings.warnings


def test_options_reach_the_implementation(ftp_url: str) -> None:
    """User and password of an FTP server may stand in the profile instead of the URI."""
    uri = f"{ftp_url.replace('me:secret@', '')}/{uuid.uuid4().hex}/a"
    overrides = ["FSSPEC_FTP.username=me", "FSSPEC_FTP.password=secret"]
    with profile.use(profile.load_settings(overrides=overrides, environ={})):
        Fs.write_bytes(uri, b"x")
        assert Fs.read_bytes(uri) == b"x"


@pytest.mark.parametrize(
    ("uri", "hint"),
    [
        ("gs://bucket/a", "pip install 'rvcli[fsspec]' gcsfs"),
        ("az://container/a", "pip install 'rvcli[fsspec]' adlfs"),
        ("sftp://host/a", "pip install 'rvcli[fsspec]' paramiko"),
        ("smb://host/a", "pip install 'rvcli[fsspec]' smbprotocol"),
    ],
)
def test_package_that_is_missing(uri: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a scheme whose package is missing says what to install."""
    for name in ("gcsfs", "adlfs", "paramiko", "smbclient"):
        monkeypatch.setitem(sys.modules, name, None)
    for work in (Fs.read_bytes, lambda uri: Fs.write_bytes(uri, b"")):
        with pytest.raises(MissingDependencyError, match="is not installed") as caught:
            work(uri)
        assert hint == caught.value.hint


WITHOUT = """
import sys
sys.modules["fsspec"] = None
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == "fsspec" else real(name, *a)
from rvcli.errors import RvError
from rvcli.utils import files
for uri in ("gs://b/a", "hf://datasets/x/y/z", "xyz://b/a"):
    try:
        files.file_to_str(uri)
    except RvError as e:
        print(type(e).__name__, "|", e.hint)
"""


def test_without_fsspec() -> None:
    """Where fsspec is missing the error says what to install for the schemes in use."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[:2] == [
        "MissingDependencyError | pip install 'rvcli[fsspec]' gcsfs",
        "MissingDependencyError | pip install 'rvcli[fsspec]' huggingface_hub",
    ]
    assert lines[2].startswith("NotReadableError")
    assert lines[2].endswith("pip install 'rvcli[fsspec]'")


def test_fsspec_is_not_imported_without_need(tmp_path: Path) -> None:
    """Paths, http and s3 are handled without it, written ones too."""
    code = (
        "import sys\nfrom rvcli.filesystem import resolve\n"
        "for uri in ('/a', 'file:///a', 'http://h/a', 'https://h/a', 's3://b/a'): resolve(uri)\n"
        "for uri in ('/a', 's3://b/a'): resolve(uri, 'w')\n"
        "print('fsspec' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_chained_uris(web_server: Any, tmp_path: Path) -> None:
    """A file within a file is read where it lies, and not written."""
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("d/a.txt", "inner")
    uri = f"zip://d/a.txt::memory://{uuid.uuid4().hex}/c.zip"
    Fs.copy_to(str(tmp_path / "c.zip"), uri.partition("::")[2])
    assert resolve(uri) is Fs
    assert Fs.read_str(uri) == "inner"
    assert [uri] == Fs.list_paths(uri.replace("/a.txt", ""))
    Fs.copy_from(uri, str(tmp_path / "a.txt"))
    assert (tmp_path / "a.txt").read_text() == "inner"
    assert Fs.gdal_path(uri) is None
    with pytest.raises(NotWritableError):
        resolve(uri, "w")
    assert shown("zip://a::ftp://me:x@h/b") == "zip://a::ftp://...@h/b"


def test_places_of_downloads() -> None:
    """Each URI has a place of its own, which tells no password."""
    assert Fs.local_path("gs://bucket/a b/c.tif", "/d") == "/d/gs/bucket/a b/c.tif"
    assert Fs.local_path("ftp://me:x@host:21/a/../c", "/d") == "/d/ftp/host:21/a/%2E%2E/c"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("gs://bucket/a b.tif", "/vsigs/bucket/a b.tif"),
        ("az://container/a.tif", "/vsiaz/container/a.tif"),
        ("abfs://c@acc.dfs.core.windows.net/d/a.tif", "/vsiadls/c/d/a.tif"),
        ("ftp://me:x@host/a b.tif", "/vsicurl/ftp://me:x@host/a%20b.tif"),
        ("webhdfs://host:9870/d/a.tif", "/vsiwebhdfs/http://host:9870/webhdfs/v1/d/a.tif"),
        ("hf://datasets/a/b/c.tif", None),
    ],
)
def test_paths_of_gdal(uri: str, expected: str | None) -> None:
    """GDAL reads what its own file systems reach; the rest is downloaded."""
    assert expected == Fs.gdal_path(uri)


def test_options_of_gdal() -> None:
    """What the profile says of an implementation reaches GDAL by GDAL's names."""
    overrides = [
        *("FSSPEC_GS.token=/k.json", "FSSPEC_GS.endpoint_url=http://h:1"),
        *("FSSPEC_GS.requester_pays=true", "FSSPEC_GS.project=p", "FSSPEC_GCS.token=anon"),
        *("FSSPEC_AZ.account_name=n", "FSSPEC_AZ.account_key=k", "FSSPEC_ABFS.anon=true"),
    ]
    with profile.use(profile.load_settings(overrides=overrides, environ={})):
        assert Fs.gdal_options("gs://b/a") == {
            "GOOGLE_APPLICATION_CREDENTIALS": "/k.json",
            "CPL_GS_ENDPOINT": "http://h:1/",
            "GS_USER_PROJECT": "p",
        }
        assert Fs.gdal_options("gcs://b/a") == {"GS_NO_SIGN_REQUEST": "YES"}
        assert Fs.gdal_options("az://c/a") == {
            "AZURE_STORAGE_ACCOUNT": "n",
            "AZURE_STORAGE_ACCESS_KEY": "k",
        }
        assert Fs.gdal_options("abfs://c@acc.dfs.core.windows.net/a") == {
            "AZURE_STORAGE_ACCOUNT": "acc",
            "AZURE_NO_SIGN_REQUEST": "YES",
        }
        assert Fs.gdal_options("ftp://h/a") == {}
