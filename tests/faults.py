"""A proxy between a client and a server, with the faults that networks have."""

from __future__ import annotations

import http.client
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Answer = tuple[int, list[tuple[str, str]], bytes]
Forward = Callable[[], Answer]


class Handler(BaseHTTPRequestHandler):
    """Passes requests on, unless a fault takes them."""

    protocol_version = "HTTP/1.1"
    proxy: FaultProxy

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def handle_one_request(self) -> None:
        """Serve, also those who hang up."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _pass_on(self) -> None:
        self.proxy.handle(self)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815

    def send(self, answer: Answer, body: bytes | None = None) -> None:
        """Send an answer; `body` is what is sent in place of its own."""
        status, headers, whole = answer
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        sent = whole if body is None else body
        if self.command != "HEAD" and status not in (204, 304):
            self.proxy.sent_bytes += len(sent)
            self.wfile.write(sent)


Fault = Callable[[Handler, Forward], None]


@dataclass
class FaultProxy:
    """Forwards to a server; the faults of a test take requests in turn.

    Attributes:
        url: of the proxy.
        upstream: URL of the server behind it.
        requests: "METHOD /path?query" of every request so far.
        headers: (request, its headers by lower-case name) of each.
        sent_bytes: length of all bodies that went to clients.
        chance: of each request that one of `mishaps` takes it.
        spoilt: how many requests a mishap has taken.
        root: URI of what a test works with.
    """

    upstream: str
    url: str = ""
    root: str = ""
    requests: list[str] = field(default_factory=list)
    headers: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent_bytes: int = 0
    chance: float = 0.0
    mishaps: list[Fault] = field(default_factory=list)
    spoilt: int = 0
    _random: random.Random = field(default_factory=lambda: random.Random(7))
    _faults: list[tuple[re.Pattern[str], Fault]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def inject(self, pattern: str, *faults: Fault, times: int = 1) -> None:
        """Let faults take the next requests whose "METHOD /path?query" matches a pattern."""
        self._faults += [(re.compile(pattern), fault) for fault in faults] * times

    def clear(self) -> None:
        """Forget all faults and requests."""
        self._faults.clear()
        self.requests.clear()
        self.headers.clear()
        self.sent_bytes = 0

    def handle(self, handler: Handler) -> None:
        """Answer one request."""
        name = f"{handler.command} {handler.path}"
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self._lock:
            self.requests.append(name)
            self.headers.append((name, {k.lower(): v for k, v in handler.headers.items()}))
            found = next((f for f in self._faults if f[0].search(name)), None)
            if found is not None:
                self._faults.remove(found)
            fault = found[1] if found is not None else self._mishap()
        if fault is None:
            handler.send(self._forward(handler, body))
        else:
            fault(handler, lambda: self._forward(handler, body))

    def _mishap(self) -> Fault | None:
        if not self.mishaps or self._random.random() >= self.chance:
            return None
        self.spoilt += 1
        return self._random.choice(self.mishaps)

    def _forward(self, handler: Handler, body: bytes) -> Answer:
        parts = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            connection.putrequest(
                handler.command, handler.path, skip_host=True, skip_accept_encoding=True
            )
            for key, value in handler.headers.items():
                if key.lower() not in ("connection", "expect"):
                    connection.putheader(key, value)
            connection.endheaders(body)
            response = connection.getresponse()
            data = response.read()
            skipped = ("connection", "transfer-encoding", "server", "date")
            headers = [(k, v) for k, v in response.getheaders() if k.lower() not in skipped]
            return response.status, headers, data
        finally:
            connection.close()

    @staticmethod
    def answer(status: int, body: bytes = b"", **headers: str) -> Fault:
        """Answer with a status; the server behind never hears of the request."""

        def fault(handler: Handler, forward: Forward) -> None:
            named = [(name.replace("_", "-"), value) for name, value in headers.items()]
            handler.send((status, named, body))

        return fault

    @staticmethod
    def reset(*, after: bool = False) -> Fault:
        """Break the connection; `after` the server has done what was asked."""

        def fault(handler: Handler, forward: Forward) -> None:
            if after:
                forward()
            _break(handler)

        return fault

    @staticmethod
    def delay(seconds: float) -> Fault:
        """Answer late."""

        def fault(handler: Handler, forward: Forward) -> None:
            time.sleep(seconds)
            handler.send(forward())

        return fault

    @staticmethod
    def truncate(fraction: float = 0.5) -> Fault:
        """Announce the whole body, send a part of it, and hang up."""

        def fault(handler: Handler, forward: Forward) -> None:
            answer = forward()
            handler.send(answer, answer[2][: int(len(answer[2]) * fraction)])
            handler.wfile.flush()
            handler.close_connection = True

        return fault

    @staticmethod
    def corrupt() -> Fault:
        """Change one byte of the body."""

        def fault(handler: Handler, forward: Forward) -> None:
            answer = forward()
            middle = len(answer[2]) // 2
            handler.send(
                answer,
                answer[2][:middle] + bytes([answer[2][middle] ^ 1]) + answer[2][middle + 1 :],
            )

        return fault


def _break(handler: Handler) -> None:
    # With this option a close is a reset (RST), and nothing that waits is sent: socket(7).
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


@contextmanager
def running_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Run a proxy in front of a server."""
    proxy = FaultProxy(upstream)
    handler = type("BoundHandler", (Handler,), {"proxy": proxy})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    server.handle_error = lambda request, address: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
