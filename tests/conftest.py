"""Fixtures for all tests: an S3 endpoint and a web server on loopback."""

from __future__ import annotations

import importlib.util
import logging
import os
import runpy
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import settings

# Tests that import onnxruntime themselves report to nobody either.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# What lets torchvision work, here and in every process that a test starts; see there.
SHIMS = str(Path(__file__).parent / "shims")
if SHIMS not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [SHIMS, os.environ.get("PYTHONPATH")]))
runpy.run_path(str(Path(SHIMS, "sitecustomize.py")))


def _load(name: str, path: str) -> ModuleType:
    """Load a module of the tests, which are no package, so that it is not found by its name."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


faults = _load("rv_test_faults", "faults.py")
stac_schemas = _load("rv_stac_schemas", "stac_schemas.py")

# On a busy machine, or at the first import of a library, an example takes longer than 200 ms.
settings.register_profile("rv", deadline=None)
settings.load_profile("rv")


@pytest.fixture(autouse=True)
def _verbosity_of_the_process() -> None:
    """Begin with the usual verbosity: `rv -q` in a test before sets that of the process."""
    from rvcli.profile.verbosity import Verbosity

    Verbosity.level = Verbosity.NORMAL


@pytest.fixture(scope="session")
def validate_item() -> Callable[[dict[str, Any]], None]:
    """Give a function that checks a STAC item by its schemas, those of its extensions too."""
    return stac_schemas.item_validator()


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Run an S3 server for the whole session and give its URL."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_environment(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point AWS_ENDPOINT_URL and credentials at the S3 server; give its URL."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_NO_SIGN_REQUEST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return s3_endpoint


@pytest.fixture
def s3_root(s3_environment: str) -> str:
    """Give the URI of a new, empty bucket."""
    from rvcli.filesystem import s3_client

    bucket = f"test-{uuid.uuid4().hex[:16]}"
    s3_client.client().create_bucket(Bucket=bucket)
    return f"s3://{bucket}"


BATCH_SETTINGS = {
    "AWS_BATCH.job_queue": "gpu",
    "AWS_BATCH.job_definition": "rv-gpu",
    "AWS_BATCH.cpu_job_queue": "cpu",
    "AWS_BATCH.cpu_job_definition": "rv-cpu",
    "AWS_BATCH.confirm_jobs": "10000",
    "AWS_BATCH.poll_s": "0.1",
}


@pytest.fixture(scope="session")
def batch_endpoint(
    s3_endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    """Run a small AWS Batch for the whole session; give it, its module and how to reach it."""
    module = _load("rv_batch_executor", "runner/batch_executor.py")
    server = module.BatchEndpoint(tmp_path_factory.mktemp("batch"))
    server.role = {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    environment = {
        **server.role,
        "AWS_ENDPOINT_URL_BATCH": server.url,
        "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": server.url,
    }
    yield SimpleNamespace(
        server=server, module=module, environment=environment, settings=BATCH_SETTINGS
    )
    server.close()


@pytest.fixture
def batch(
    batch_endpoint: SimpleNamespace, s3_root: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SimpleNamespace]:
    """Point the environment at AWS Batch; give it, with a bucket for what commands write."""
    for name, value in batch_endpoint.environment.items():
        monkeypatch.setenv(name, value)
    server = batch_endpoint.server
    server.requests.clear()
    server.calls.clear()
    yield SimpleNamespace(**vars(batch_endpoint), root=s3_root)
    server.fault = lambda name, arguments: None
    assert [] == server.broken_limits


@pytest.fixture(scope="session")
def s3_proxy(s3_endpoint: str) -> Iterator[Any]:
    """Run a proxy before the S3 server for the whole session: clients are made once for a URL."""
    with faults.running_proxy(s3_endpoint) as proxy:
        yield proxy


@pytest.fixture
def s3_faults(s3_proxy: Any, s3_environment: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a proxy before the S3 server that takes the faults of a test, and a new bucket.

    Its `root` is the bucket's URI. Waits between attempts are short.
    """
    from botocore.retries import standard

    from rvcli.filesystem import s3_client

    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda self, context: 0.001)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_proxy.url)
    bucket = f"test-{uuid.uuid4().hex[:16]}"
    s3_client.client().create_bucket(Bucket=bucket)
    s3_proxy.clear()
    s3_proxy.root = f"s3://{bucket}"
    return s3_proxy


_FTP = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user("me", "secret", sys.argv[1], perm="elradfmwMT")
FTPHandler.auth_failed_timeout = 0
server = ThreadedFTPServer(("127.0.0.1", 0), FTPHandler)
print(server.address[1], flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="session")
def ftp_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that the FTP server serves."""
    return tmp_path_factory.mktemp("ftp")


@pytest.fixture(scope="session")
def ftp_url(ftp_folder: Path) -> Iterator[str]:
    """Run an FTP server in a process of its own for the whole session; give its URL."""
    argv = [sys.executable, "-W", "ignore", "-c", _FTP, str(ftp_folder)]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        yield f"ftp://me:secret@127.0.0.1:{int(server.stdout.readline())}"
        server.kill()


@dataclass
class WebServer:
    """A web server whose files and faults a test sets.

    Attributes:
        url: of its root.
        files: content by path, as "/a b/ä.tif".
        requests: "METHOD /path" of every request so far, as it was sent.
        headers: sent with every file.
        is_able: gives parts of files, and nothing of a file that is as the client knows it.
        faults: for a path, called with the handler for each request in turn until none is
            left; one that returns True has answered.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    received: list[dict[str, str]] = field(default_factory=list)
    is_able: bool = False
    faults: dict[str, list[Callable[[BaseHTTPRequestHandler], bool]]] = field(default_factory=dict)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        self.requests.append(f"{handler.command} {handler.path}")
        self.received.append(dict(handler.headers))
        path = unquote(urlsplit(handler.path).path)
        faults = self.faults.get(path, [])
        if faults and faults.pop(0)(handler):
            return
        if path not in self.files:
            handler.send_error(404)
            return
        body = self.files[path]
        status, headers = 200, {}
        if self.is_able:
            status, body, headers = self._as_asked(handler, body)
        handler.send_response(status)
        headers = {"Content-Length": str(len(body)), **self.headers, **headers}
        for name, value in headers.items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        if handler.command == "GET" and status != 304:
            handler.wfile.write(body)

    def _as_asked(
        self, handler: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        tag, modified = self.headers.get("ETag"), self.headers.get("Last-Modified")
        if tag and handler.headers["If-None-Match"] == tag:
            return 304, b"", {}
        if modified and not tag and handler.headers["If-Modified-Since"] == modified:
            return 304, b"", {}
        start, _, end = (handler.headers["Range"] or "").removeprefix("bytes=").partition("-")
        if not start or handler.headers.get("If-Range", tag) != tag:
            return 200, body, {}
        if int(start) >= len(body):
            return 416, b"", {"Content-Range": f"bytes */{len(body)}"}
        part = body[int(start) : int(end) + 1 if end else None]
        last = int(start) + len(part) - 1
        return 206, part, {"Content-Range": f"bytes {start}-{last}/{len(body)}"}


@pytest.fixture
def web_server() -> Iterator[WebServer]:
    """Run a web server and give it to the test."""
    web = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.answer(self)

        def do_HEAD(self) -> None:
            web.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    web.url = f"http://127.0.0.1:{server.server_port}"
    yield web
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def task() -> Any:
    """Give a task with two classes."""
    from rvcli import keys
    from rvcli.task.task_config import TaskConfig

    builder = TaskConfig.builder(keys.SEMANTIC_SEGMENTATION)
    return builder.with_classes({"a": (1, "red"), "b": (2, "blue")}).with_chip_size(64).build()


@pytest.fixture
def scene(task: Any) -> Callable[..., Any]:
    """Give a function that makes scenes with imagery, labels and an area of interest."""
    from rvcli import keys
    from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
    from rvcli.data.scene_config import SceneConfig

    def make(scene_id: str, image: str | None = None, stats: bool = True) -> Any:
        source = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(
            image or f"{scene_id}.tif"
        )
        if stats:
            source = source.with_stats_transformer()
        builder = SceneConfig.builder().with_task(task).with_id(scene_id)
        builder = builder.with_raster_source(source.build()).with_aoi_uris([f"{scene_id}-aoi.json"])
        return builder.with_label_source(f"{scene_id}.geojson").build()

    return make


@pytest.fixture
def experiment(task: Any, scene: Callable[..., Any], monkeypatch: Any, tmp_path: Any) -> Any:
    """Give an experiment with two scenes to train on and one of each other kind."""
    from rvcli import keys
    from rvcli.backend.backend_config import BackendConfig
    from rvcli.data.dataset_config import DatasetConfig
    from rvcli.experiment.experiment_config import ExperimentConfig

    monkeypatch.chdir(tmp_path)
    dataset = (
        DatasetConfig.builder()
        .with_train_scenes([scene("t1"), scene("t2")])
        .with_validation_scene(scene("v"))
        .with_test_scene(scene("x"))
        .build()
    )
    backend = BackendConfig.builder(keys.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task).build()
    return (
        ExperimentConfig.builder()
        .with_id("e")
        .with_task(task)
        .with_backend(backend)
        .with_dataset(dataset)
        .with_root_uri("a root")
        .with_stats_analyzer()
        .build()
    )
