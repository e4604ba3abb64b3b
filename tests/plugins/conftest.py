"""Plugins to load, and the servers that they come from."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rvcli import keys
from rvcli.registry import BUILTIN, Registry

REGISTERS = """
def register_plugin(plugin_registry):
    plugin_registry.register_aux_command({key!r}, {component})
"""


@pytest.fixture
def registry() -> Registry:
    """A registry with the built-in file systems in its parent, and nothing of its own."""
    parent = Registry()
    for name in ("Local", "Http", "S3"):
        component = f"rvcli.filesystem.{name.lower()}_filesystem:{name}FileSystem"
        parent.add(keys.FILESYSTEM, component, component, origin=BUILTIN)
    return Registry(parent=parent)


@pytest.fixture
def cache_dir(tmp_path: Path) -> str:
    """A cache with nothing in it."""
    return str(tmp_path / "cache")


@pytest.fixture
def write_plugin(tmp_path: Path) -> Callable[..., Path]:
    """Write a plugin file that registers one auxiliary command."""

    def write(
        name: str = "demo.py",
        head: str = "",
        *,
        key: str = "DEMO",
        component: str = "object",
        directory: str = "project",
    ) -> Path:
        path = tmp_path / directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + REGISTERS.format(key=key, component=component))
        return path

    return write


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def http_root(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A directory and the URL under which a real server shows it."""
    root = tmp_path / "served"
    root.mkdir()
    handler = functools.partial(_QuietHandler, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield root, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URI of an empty bucket of a real S3 endpoint."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("s3").create_bucket(Bucket="plugins")
    yield "s3://plugins"
    server.stop()
