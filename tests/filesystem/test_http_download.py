"""Downloads over HTTP that break off, are damaged, or are not needed at all."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from rvcli.errors import NotReadableError
from rvcli.filesystem import FileStat, http_client
from rvcli.filesystem.http_filesystem import HttpFileSystem as Http

DATA = os.urandom(3 << 20)
Fault = Callable[[BaseHTTPRequestHandler], bool]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits between attempts."""
    monkeypatch.setattr(http_client, "BACKOFF_S", 0.001)


def broken_at(length: int, **headers: str) -> Fault:
    """Return a fault: an answer that ends after some bytes of what it announces."""

    def fault(handler: BaseHTTPRequestHandler) -> bool:
        start = int((handler.headers["Range"] or "bytes=0-")[6:-1])
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
        sent = {"Content-Length": str(len(DATA) - start), "ETag": '"1"', **headers}
        for name, value in sent.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(DATA[start : start + length])
        return True

    return fault


@pytest.fixture
def web(web_server: Any) -> Any:
    """Give a server that can do what is asked of it, with one file."""
    web_server.is_able = True
    web_server.files["/a"] = DATA
    web_server.headers = {"ETag": '"1"'}
    return web_server


def fetched(web: Any, folder: Path) -> bytes:
    """Download the file and return its content; check that it is all that is there."""
    Http.copy_from(f"{web.url}/a", str(folder / "new" / "a"))
    assert [path.name for path in (folder / "new").iterdir()] == ["a"]
    return (folder / "new" / "a").read_bytes()


def asked(web: Any) -> list[tuple[str | None, str | None]]:
    """Return Range and If-Range of each request."""
    return [(h.get("Range"), h.get("If-Range")) for h in web.received]


def test_goes_on_where_it_broke_off(web: Any, tmp_path: Path) -> None:
    """After a break only what is missing is asked for, of the same content."""
    web.faults["/a"] = [broken_at(1000), broken_at(500)]
    assert DATA == fetched(web, tmp_path)
    assert [(None, None), ("bytes=1000-", '"1"'), ("bytes=1500-", '"1"')] == asked(web)


def test_a_bad_line_is_no_end(web: Any, tmp_path: Path) -> None:
    """While a megabyte arrives between breaks there is no end of attempts."""
    web.files["/a"] = DATA * 3
    whole, size = DATA * 3, 1 << 20

    def step(handler: BaseHTTPRequestHandler) -> bool:
        start = int((handler.headers["Range"] or "bytes=0-")[6:-1])
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        handler.send_header("Content-Length", str(len(whole) - start))
        handler.send_header("ETag", '"1"')
        handler.end_headers()
        handler.wfile.write(whole[start : start + size])
        return True

    web.faults["/a"] = [step] * (http_client.ATTEMPTS + 3)
    assert whole == fetched(web, tmp_path)
    assert len(web.requests) == http_client.ATTEMPTS + 4


@pytest.mark.parametrize("tag", ["", 'W/"1"'])
def test_without_a_strong_tag_it_starts_afresh(web: Any, tmp_path: Path, tag: str) -> None:
    """Where parts might not be of one content, all of it is asked for again."""
    web.headers = {"ETag": tag}
    web.faults["/a"] = [broken_at(1000, ETag=tag)]
    assert DATA == fetched(web, tmp_path)
    assert [(None, None)] * 2 == asked(web)


def test_new_content_starts_afresh(web: Any, tmp_path: Path) -> None:
    """A server that answers with another tag, and so with 200, gives all of it."""
    web.faults["/a"] = [broken_at(1000)]
    web.files["/a"] = b"new" * 1000
    web.headers = {"ETag": '"2"'}
    assert b"new" * 1000 == fetched(web, tmp_path)


def test_server_that_takes_no_ranges_starts_afresh(web: Any, tmp_path: Path) -> None:
    """A server that answers with all of it though a part was asked for."""
    web.is_able = False
    web.faults["/a"] = [broken_at(1000)]
    assert DATA == fetched(web, tmp_path)


def test_part_of_another_content_starts_afresh(web: Any, tmp_path: Path) -> None:
    """A server that sends a part of new content, against the rules, is not believed."""

    def wrong(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(206)
        handler.send_header("Content-Range", "bytes 1000-1002/1003")
        handler.send_header("Content-Length", "3")
        handler.send_header("ETag", '"2"')
        handler.end_headers()
        handler.wfile.write(b"new")
        return True

    web.faults["/a"] = [broken_at(1000), wrong]
    assert DATA == fetched(web, tmp_path)
    assert [(None, None), ("bytes=1000-", '"1"'), (None, None)] == asked(web)


def test_part_that_is_gone_starts_afresh(web: Any, tmp_path: Path) -> None:
    """416 in answer to the rest: the file is shorter now, and is fetched as it is."""

    def gone(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_error(416)
        return True

    web.faults["/a"] = [broken_at(1000), gone]
    assert DATA == fetched(web, tmp_path)


def chunked(body: bytes, *, ends: bool) -> Fault:
    """Return a fault: an answer in chunks, without Content-Length, perhaps without its end."""

    def fault(handler: BaseHTTPRequestHandler) -> bool:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
        if ends:
            handler.wfile.write(b"0\r\n\r\n")
        return True

    return fault


def test_chunks(web: Any, tmp_path: Path) -> None:
    """A body in chunks whose end is missing is asked for again."""
    web.faults["/a"] = [chunked(b"12345", ends=False), chunked(b"1234567", ends=True)]
    assert b"1234567" == fetched(web, tmp_path)
    web.faults["/a"] = [chunked(b"12345", ends=False)] * 9
    with pytest.raises(NotReadableError, match="broke off after 4 attempts"):
        Http.read_bytes(f"{web.url}/a")


def test_body_of_unknown_length(web: Any, tmp_path: Path) -> None:
    """A body that ends with the connection is taken as it comes."""
    web.headers = {"Content-Length": ""}
    assert DATA == fetched(web, tmp_path)


def _b64(name: str, data: bytes = DATA) -> str:
    return base64.b64encode(hashlib.new(name, data).digest()).decode()


DIGESTS = {
    "Content-MD5": lambda d: _b64("md5", d),
    "Digest": lambda d: f"unknown=abc,SHA-256={_b64('sha256', d)}",
    "Repr-Digest": lambda d: f"sha-256=:{_b64('sha256', d)}:, sha-512=:{_b64('sha512', d)}:",
    "x-goog-hash": lambda d: f"crc32c=AAAAAA==,md5={_b64('md5', d)}",
}


@pytest.mark.parametrize("header", DIGESTS)
def test_digests(web: Any, tmp_path: Path, header: str) -> None:
    """A body that does not have the digest that is announced is fetched again, then refused."""
    web.headers = {header: DIGESTS[header](DATA), "Content-Length": ""}

    def damaged(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(200)
        handler.send_header(header, DIGESTS[header](DATA))
        handler.end_headers()
        handler.wfile.write(DATA[:-1])
        return True

    web.faults["/a"] = [damaged]
    assert DATA == fetched(web, tmp_path)
    assert len(web.requests) == 2
    web.faults["/a"] = [damaged] * 9
    for read in (Http.read_bytes, lambda uri: Http.copy_from(uri, str(tmp_path / "b"))):
        with pytest.raises(NotReadableError, match="arrives damaged after 4 attempts"):
            read(f"{web.url}/a")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-MD5": "no digest!"},
        {"Digest": "sha-256=AAAA"},
        {"x-goog-hash": "md5=" + _b64("md5", b""), "x-goog-stored-content-encoding": "gzip"},
    ],
)
def test_what_is_no_digest_of_the_body(web: Any, tmp_path: Path, headers: dict[str, str]) -> None:
    """A digest that is none, or that is of something else, is passed over."""
    web.headers = headers
    assert DATA == fetched(web, tmp_path)


def test_digest_of_a_resumed_body(web: Any, tmp_path: Path) -> None:
    """The digest of the whole holds for parts that are put together."""
    good = {"Repr_Digest": f"sha-256=:{_b64('sha256')}:"}
    web.headers["Repr-Digest"] = good["Repr_Digest"]
    web.faults["/a"] = [broken_at(1000, **good)]
    assert DATA == fetched(web, tmp_path)
    assert len(web.requests) == 2


@pytest.mark.parametrize("is_able", [True, False])
def test_what_is_known_is_not_sent(web: Any, tmp_path: Path, is_able: bool) -> None:
    """A file with the tag that is known is not downloaded, whether the server helps or not."""
    web.is_able = is_able
    uri, path = f"{web.url}/a", tmp_path / "a"
    for headers in (
        {"ETag": '"1"'},
        {"ETag": 'W/"1"'},
        {"Last-Modified": "Sun, 09 Sep 2001 01:46:40 GMT"},
    ):
        web.headers = headers
        stat = Http.copy_if_changed(uri, str(path))
        assert stat == Http.stat(uri)
        path.unlink()
        assert Http.copy_if_changed(uri, str(path), stat) is None
        assert not path.exists()
        assert Http.copy_if_changed(uri, str(path), FileStat(1, None, "other")) == stat
        assert DATA == path.read_bytes()


def test_a_file_that_cannot_be_told_apart_is_sent(web: Any, tmp_path: Path) -> None:
    """Without tag and time nothing is known."""
    web.headers = {}
    path = str(tmp_path / "a")
    assert Http.copy_if_changed(f"{web.url}/a", path, FileStat(len(DATA))) is not None


def packed_server(web: Any, body: bytes, coding: str = "gzip") -> None:
    """Have the server give something packed, whatever it is asked for."""
    web.files["/a"] = body
    web.headers = {"ETag": '"1"', "Content-Encoding": coding}


def test_what_is_sent_packed_is_unpacked(web: Any, tmp_path: Path) -> None:
    """A file that a server sends packed, though not asked to, arrives as it is."""
    packed_server(web, gzip.compress(DATA[:1000]) + gzip.compress(b"0" * (3 << 20)))
    assert DATA[:1000] + b"0" * (3 << 20) == fetched(web, tmp_path)
    stat = Http.stat(f"{web.url}/a")
    assert stat is not None
    assert 1000 + (3 << 20) == stat.size_bytes


def test_packed_part_that_broke_off(web: Any, tmp_path: Path) -> None:
    """What is sent packed goes on where it broke off, or begins again, as any other."""
    body = gzip.compress(DATA, compresslevel=1)

    def broken(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(200)
        for name, value in {**web.headers, "Content-Length": str(len(body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body[:1000])
        return True

    packed_server(web, body)
    web.faults["/a"] = [broken]
    assert DATA == fetched(web, tmp_path)
    assert [(None, None), ("bytes=1000-", '"1"')] == asked(web)
    web.headers["ETag"] = ""
    web.faults["/a"] = [broken]
    assert DATA == Http.read_bytes(f"{web.url}/a")


def test_digest_of_what_is_sent_packed(web: Any, tmp_path: Path) -> None:
    """The digest of a packed body is of what is sent."""
    body = gzip.compress(DATA)
    packed_server(web, body)
    web.headers["Repr-Digest"] = f"sha-256=:{_b64('sha256', body)}:"
    assert DATA == fetched(web, tmp_path)


def test_archives_stay_packed(web: Any) -> None:
    """A file whose own name says that it is packed is not taken apart."""
    packed_server(web, gzip.compress(b"x"))
    web.files["/a.TAR.gz"] = web.files["/a"]
    assert web.files["/a"] == Http.read_bytes(f"{web.url}/a.TAR.gz?x=1")


@pytest.mark.parametrize(
    ("coding", "body", "message"),
    [
        ("br", b"x", "sends it packed as 'br'"),
        ("gzip", b"no gzip", "is not gzip"),
        ("gzip", gzip.compress(b"x" * 99, mtime=0)[:-9], "broke off after 4 attempts"),
    ],
)
def test_what_cannot_be_unpacked(
    web: Any, tmp_path: Path, coding: str, body: bytes, message: str
) -> None:
    """What cannot be unpacked is one clear error, and leaves nothing."""
    packed_server(web, body, coding)
    with pytest.raises(NotReadableError, match=message):
        Http.copy_from(f"{web.url}/a", str(tmp_path / "a"))
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("status", [202, 204])
def test_answers_without_the_file(web: Any, tmp_path: Path, status: int) -> None:
    """An answer that says that there is no content, or none yet, is no empty file."""

    def nothing(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(status)
        handler.end_headers()
        return True

    web.faults["/a"] = [nothing]
    with pytest.raises(NotReadableError, match=f"without the file .HTTP {status}"):
        Http.copy_from(f"{web.url}/a", str(tmp_path / "a"))
    assert [] == list(tmp_path.iterdir())
