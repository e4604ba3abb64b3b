"""Requests to web servers: encoding, patience, and errors in words."""

from __future__ import annotations

import base64
import http.client
import random
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from email.message import Message
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import IO, Any, TypeVar
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from rvcli.errors import NotReadableError
from rvcli.filesystem.uri import shown

TIMEOUT_S = 30.0
ATTEMPTS = 4
BACKOFF_S = 0.5
_BLOCK_BYTES = 1 << 20
# 416: a part of a file that was asked for is no longer there; then all of it is asked for.
_PASSING = frozenset({408, 416, 425, 429, 500, 502, 503, 504})
_REASONS = {
    401: ("the server asks who you are", "put user and password, or a signed query, into the URL"),
    403: ("the server refuses access", "check that the URL is public, or signed and not expired"),
    404: ("there is no such file on the server", "check the URL; it may be misspelt"),
    410: ("the file is no longer on the server", "find where it has moved to"),
}

T = TypeVar("T")


def encoded(uri: str) -> str:
    """Return a URL with blanks and other characters written as bytes; %20 stays as it is."""
    parts = urlsplit(uri)
    try:
        host = parts.netloc.encode("ascii").decode()
    except UnicodeEncodeError:
        host = parts.netloc.encode("idna").decode()
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
    return urlunsplit((parts.scheme, host, path, quote(parts.query, safe="/%:@!$&'()*+,;=~?"), ""))


def _request(uri: str, method: str, headers: Mapping[str, str]) -> urllib.request.Request:
    url = encoded(uri)
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(
        urlunsplit(parts._replace(netloc=host)),
        method=method,
        headers={"User-Agent": "rvcli", "Accept-Encoding": "identity", **headers},
    )
    if at:
        # Not passed on: a redirect may lead to someone else's server.
        token = base64.b64encode(unquote(user).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


@contextmanager
def opened(
    uri: str, method: str = "GET", headers: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Any]:
    """Give the response to a request; an error of the server raises HTTPError."""
    with urllib.request.urlopen(_request(uri, method, headers), timeout=TIMEOUT_S) as response:
        yield response


def head(uri: str) -> Message | None:
    """Return the headers of a file; None if the server has no such file."""

    def ask(method: str) -> Message | None:
        try:
            with opened(uri, method) as response:
                headers: Message = response.headers
                return headers
        except urllib.error.HTTPError as e:
            with e:
                if e.code in (404, 410):
                    return None
                if method == "HEAD" and e.code in (400, 403, 405, 501):
                    return ask("GET")  # some servers, and signed URLs, know no HEAD
            raise

    return patiently(uri, lambda: ask("HEAD"))


def blocks(response: IO[bytes], uri: str) -> Iterator[bytes]:
    """Give the body in blocks.

    Raises:
        http.client.IncompleteRead: it is shorter than the server announced.
    """
    expected = getattr(response, "length", None)
    received = 0
    while block := response.read(_BLOCK_BYTES):
        received += len(block)
        yield block
    if expected is not None and received < expected:
        raise http.client.IncompleteRead(b"", expected - received)


class Damaged(http.client.HTTPException):
    """What has arrived does not have the digest that the server announced."""


def patiently(uri: str, work: Callable[[], T], received: Callable[[], int] = lambda: 0) -> T:
    """Do something with a server, and again after a while if it may work then.

    Args:
        uri: for messages.
        work: done again if it fails for a reason that may pass.
        received: how many bytes have arrived so far. While they grow by a block from one
            failure to the next, there is no end of attempts.

    Raises:
        NotReadableError: it failed for good.
    """
    attempt = 0
    had = 0
    while True:
        attempt += 1
        wait_s = BACKOFF_S * 2 ** (attempt - 1) * (1 + random.random() / 4)
        try:
            return work()
        except urllib.error.HTTPError as e:
            e.close()
            if e.code not in _PASSING or attempt == ATTEMPTS:
                raise refused(uri, e.code) from e
            wait_s = max(wait_s, _retry_after_s(e.headers))
        except (OSError, http.client.HTTPException) as e:
            if received() - had >= _BLOCK_BYTES:
                attempt = 1
            if not _may_pass(e) or attempt == ATTEMPTS:
                raise _failed(uri, e, attempt) from e
        except ValueError as e:
            raise NotReadableError(f"{shown(uri)!r} is no valid URL: {e}") from e
        had = received()
        time.sleep(wait_s)


def _may_pass(error: Exception) -> bool:
    reason = getattr(error, "reason", error)
    # An unknown host or a bad certificate stays so; a busy or restarting server does not.
    return not isinstance(reason, (socket.gaierror, ssl.SSLCertVerificationError)) and not (
        isinstance(reason, http.client.InvalidURL)
    )


def _retry_after_s(headers: Message) -> float:
    value = headers["Retry-After"] or ""
    return min(float(value), 60.0) if value.isdigit() else 0.0


def modified(headers: Message, name: str = "Last-Modified") -> datetime | None:
    """Return the time of Last-Modified, with time zone; None if there is none."""
    text = headers[name]
    try:
        time_ = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    if time_ is None:
        return None
    return time_ if time_.tzinfo else time_.replace(tzinfo=timezone.utc)


def tag_of(headers: Message) -> str | None:
    """Return the ETag without quotes, W/... if it is weak; None if there is none."""
    text = headers["ETag"] or ""
    weak = "W/" if text.startswith("W/") else ""
    return weak + text.removeprefix("W/").strip('"') or None


def header_of(tag: str) -> str:
    """Return an ETag as a header has it."""
    weak = "W/" if tag.startswith("W/") else ""
    return f'{weak}"{tag.removeprefix("W/")}"'


def refused(uri: str, code: int) -> NotReadableError:
    """Return the error for a status code."""
    reason, hint = _REASONS.get(code, ("the server answers with an error", None))
    if 200 <= code < 300:
        reason, hint = "the server answers without the file", "try again later, or check the URL"
    elif 300 <= code < 400:
        reason = "the server leads elsewhere without end, or to where no file may be read from"
        hint = "check the URL; it may be for people who have logged in"
    elif code in _PASSING:
        hint = "the server may be busy: try again later"
    return NotReadableError(f"{shown(uri)!r} cannot be read: {reason} (HTTP {code})", hint=hint)


def _failed(uri: str, error: Exception, attempts: int) -> NotReadableError:
    times = f" after {attempts} attempts" if attempts > 1 else ""
    if isinstance(error, Damaged):
        return NotReadableError(
            f"{shown(uri)!r} arrives damaged{times}: its {error} is not the one that the server"
            " gives",
            hint="try again later; the server, or a proxy on the way, changes what it sends",
        )
    if isinstance(error, http.client.IncompleteRead):
        return NotReadableError(
            f"{shown(uri)!r} broke off{times}"
            + (f": {error.expected} bytes are missing" if error.expected else ""),
            hint="try again later; the connection or the server is unreliable",
        )
    reason = getattr(error, "reason", None) or error
    detail = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    # What a server says that is none of the web is anything.
    detail = "".join(c if c.isprintable() else " " for c in detail).strip()
    return NotReadableError(
        f"{shown(uri)!r} cannot be read{times}: {detail}",
        hint="check the host in the URL, and your connection and proxy",
    )
