"""HttpFileSystem against a real server, with its faults."""

from __future__ import annotations

import socket
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from rvcli.errors import NotReadableError, NotWritableError
from rvcli.filesystem import http_client
from rvcli.filesystem.http_filesystem import HttpFileSystem as Http


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits between attempts."""
    monkeypatch.setattr(http_client, "BACKOFF_S", 0.001)


def answer(status: int, **headers: str) -> Any:
    """Return a fault: an answer with a status and no content."""

    def fault(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        return True

    return fault


def truncated(handler: BaseHTTPRequestHandler) -> bool:
    """Announce 100 bytes and send ten."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"0123456789")
    return True


def hang_up(handler: BaseHTTPRequestHandler) -> bool:
    """Close the connection without an answer."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    return True


def test_reads(web_server: Any) -> None:
    """Texts and bytes are read, with blanks and letters beyond ASCII in the URL."""
    web_server.files["/a b/ü.txt"] = "Größe".encode()
    assert Http.read_str(f"{web_server.url}/a b/ü.txt") == "Größe"
    assert Http.read_bytes(f"{web_server.url}/a%20b/%C3%BC.txt?x=1 2") == "Größe".encode()
    assert web_server.requests == [
        "GET /a%20b/%C3%BC.txt",
        "GET /a%20b/%C3%BC.txt?x=1%202",
    ]


def test_existence(web_server: Any) -> None:
    """404 and 410 mean that there is no such file; it is not read to find out."""
    web_server.files["/a"] = b"x"
    web_server.faults["/gone"] = [answer(410)]
    found = [Http.file_exists(web_server.url + path) for path in ("/a", "/b", "/gone")]
    assert found == [True, False, False]
    assert web_server.requests == ["HEAD /a", "HEAD /b", "HEAD /gone"]


@pytest.mark.parametrize("status", [400, 403, 405, 501])
def test_servers_without_head(web_server: Any, status: int) -> None:
    """A server that refuses HEAD is asked by GET."""
    web_server.files["/a"] = b"x"
    web_server.faults["/a"] = [answer(status)]
    assert Http.file_exists(f"{web_server.url}/a")
    assert web_server.requests == ["HEAD /a", "GET /a"]


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "who you are"), (403, "refuses access"), (404, "no such file"), (418, "HTTP 418")],
)
def test_refusals(web_server: Any, status: int, message: str) -> None:
    """A refusal is an error at once, in words, without the secrets of the URL."""
    web_server.faults["/a"] = [answer(status)]
    with pytest.raises(NotReadableError, match=message) as caught:
        Http.read_bytes(f"{web_server.url}/a?key=secret")
    assert "secret" not in str(caught.value)
    assert len(web_server.requests) == 1


def test_redirects_that_lead_nowhere(web_server: Any) -> None:
    """Redirects in a circle, as to a login, and to files of this machine are told as such."""
    for place in (f"{web_server.url}/a", "file:///etc/passwd"):
        web_server.faults["/a"] = [answer(302, Location=place)] * 20
        with pytest.raises(NotReadableError, match=r"leads elsewhere .*HTTP 302") as caught:
            Http.read_bytes(f"{web_server.url}/a")
        assert "log" in (caught.value.hint or "")


def test_what_is_no_http(web_server: Any) -> None:
    """What a server says that speaks another language stays in one line."""

    def babble(handler: BaseHTTPRequestHandler) -> bool:
        handler.wfile.write(b"SSH-2.0\x1b[31m\r\n\r\n")
        handler.close_connection = True
        return True

    web_server.faults["/a"] = [babble] * 4
    with pytest.raises(NotReadableError) as caught:
        Http.read_bytes(f"{web_server.url}/a")
    assert caught.value.message.isprintable()


def test_busy_server_is_asked_again(web_server: Any) -> None:
    """Errors that may pass, and broken connections, are tried again."""
    web_server.files["/a"] = b"x"
    web_server.faults["/a"] = [answer(503, Retry_After="0"), hang_up, truncated]
    assert Http.read_bytes(f"{web_server.url}/a") == b"x"
    assert len(web_server.requests) == 4


def test_server_that_stays_busy(web_server: Any) -> None:
    """After the last attempt the error says what the server said."""
    web_server.faults["/a"] = [answer(503)] * 9
    with pytest.raises(NotReadableError, match="HTTP 503") as caught:
        Http.stat(f"{web_server.url}/a")
    assert "try again later" in (caught.value.hint or "")
    assert len(web_server.requests) == http_client.ATTEMPTS


def test_truncated_download_leaves_nothing(web_server: Any, tmp_path: Path) -> None:
    """A download that breaks off each time is an error, and the old file stays."""
    web_server.faults["/a"] = [truncated] * 9
    (tmp_path / "a").write_text("old")
    with pytest.raises(NotReadableError, match="broke off after 4 attempts: 90 bytes"):
        Http.copy_from(f"{web_server.url}/a", str(tmp_path / "a"))
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a", "old")]


def test_download(web_server: Any, tmp_path: Path) -> None:
    """A file is downloaded whole into a new directory, after a first failure too."""
    web_server.files["/a"] = bytes(range(256)) * 10_000
    web_server.faults["/a"] = [truncated]
    Http.copy_from(f"{web_server.url}/a", str(tmp_path / "ü" / "a"))
    assert web_server.files["/a"] == (tmp_path / "ü" / "a").read_bytes()


def test_download_that_cannot_be_stored(web_server: Any, tmp_path: Path) -> None:
    """A target that cannot be written is that error, not one of the server."""
    web_server.files["/a"] = b"x"
    (tmp_path / "file").touch()
    with pytest.raises(NotWritableError):
        Http.copy_from(f"{web_server.url}/a", str(tmp_path / "file" / "a"))
    assert len(web_server.requests) <= 1


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is not there is an error in words."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotReadableError, match="after 4 attempts: Connection refused"):
        Http.read_bytes(f"http://127.0.0.1:{port}/a")


@pytest.mark.parametrize("url", ["http://[::1/a", "http://h:port/a", "http://a..b/\u2603"])
def test_no_url(url: str) -> None:
    """A URL that cannot be parsed is an error at once."""
    with pytest.raises(NotReadableError):
        Http.read_bytes(url)


def test_unknown_host_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without an address stays unknown: no second attempt."""
    calls = []

    def fail(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(http_client.urllib.request, "urlopen", fail)
    with pytest.raises(NotReadableError, match="Name or service not known"):
        Http.read_bytes("http://nowhere.invalid/a")
    assert len(calls) == 1


def test_stat(web_server: Any) -> None:
    """Size, time and ETag are those that the server gives."""
    web_server.files["/a"] = b"123"
    web_server.headers = {
        "ETag": '"abc"',
        "Last-Modified": "Sun, 09 Sep 2001 01:46:40 GMT",
    }
    stat = Http.stat(f"{web_server.url}/a")
    assert stat is not None
    expected = (3, datetime(2001, 9, 9, 1, 46, 40, tzinfo=timezone.utc), "abc")
    assert expected == (stat.size_bytes, stat.modified, stat.etag)
    assert Http.last_modified(f"{web_server.url}/a") == stat.modified
    assert Http.stat(f"{web_server.url}/b") is None
    with pytest.raises(NotReadableError, match="no such file"):
        Http.last_modified(f"{web_server.url}/b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("yesterday", None),
        ("Sun, 09 Sep 2001 01:46:40 -0000", datetime(2001, 9, 9, 1, 46, 40, tzinfo=timezone.utc)),
    ],
)
def test_odd_times(web_server: Any, text: str, expected: datetime | None) -> None:
    """A time that is missing or no time is None; one without zone is UTC."""
    web_server.files["/a"] = b""
    web_server.headers = {"Last-Modified": text}
    assert expected == Http.last_modified(f"{web_server.url}/a")


def test_stat_where_the_length_is_not_given(web_server: Any) -> None:
    """A file of unannounced length is read to the end, and tagged by its content."""
    web_server.files["/a"] = b"123"
    web_server.headers = {"Content-Length": ""}
    stat = Http.stat(f"{web_server.url}/a")
    assert stat is not None
    assert stat.size_bytes == 3
    assert (stat.etag or "").startswith("sha256-")


def test_user_and_password(web_server: Any) -> None:
    """User and password of the URL are sent as basic authentication, and to no one else."""
    web_server.files["/a"] = b"x"
    host = web_server.url.partition("://")[2]
    web_server.faults["/moved"] = [answer(302, Location=f"{web_server.url}/a")]
    assert Http.read_bytes(f"http://me:p%40ss@{host}/moved") == b"x"
    sent = [headers.get("Authorization") for headers in web_server.received]
    assert sent == ["Basic bWU6cEBzcw==", None]


def test_nothing_can_be_written_or_listed() -> None:
    """Each method that would write or list says why not."""
    uri = "https://host/a"
    for write in (
        lambda: Http.write_str(uri, ""),
        lambda: Http.write_bytes(uri, b""),
        lambda: Http.copy_to("a", uri),
        lambda: Http.sync_to_dir("a", uri),
        lambda: Http.delete(uri),
        lambda: Http.write_exclusive(uri, b""),
    ):
        with pytest.raises(NotWritableError, match="read only"):
            write()
    for read in (lambda: Http.list_paths(uri), lambda: Http.sync_from_dir(uri, "a")):
        with pytest.raises(NotReadableError, match="no lists of files"):
            read()


def test_local_path() -> None:
    """Each URL has a place of its own; the query counts, the extension stays."""
    places = [
        Http.local_path(url, "/down")
        for url in (
            "http://host:80/a%20b/c.tif",
            "https://me:secret@host/a/../c.tif",
            "https://host/c.tif?k=1",
            "https://host/c.tif?k=2",
        )
    ]
    assert places[:2] == ["/down/http/host:80/a b/c.tif", "/down/https/host/a/%2E%2E/c.tif"]
    assert len(set(places)) == 4
    assert all(place.endswith("/c.tif") for place in places)
    assert "secret" not in places[1]


def test_gdal_path() -> None:
    """GDAL gets an encoded URL, in its second form where there is a query."""
    assert Http.gdal_path("http://h/a b.tif") == "/vsicurl/http://h/a%20b.tif"
    assert Http.gdal_path("http://h/a?b=1") == "/vsicurl?url=http%3A%2F%2Fh%2Fa%3Fb%3D1"


def test_hosts_beyond_ascii() -> None:
    """A host's name beyond ASCII is encoded as the DNS has it."""
    assert http_client.encoded("http://bücher.example/ü") == ("http://xn--bcher-kva.example/%C3%BC")
