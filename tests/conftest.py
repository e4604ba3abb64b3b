"""Fixtures for all tests: an S3 endpoint and a web server on loopback."""

from __future__ import annotations

import importlib.util
import logging
import os
import runpy
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
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

# On a busy machine, or at the first import of a library, an example takes longer than 200 ms.
settings.register_profile("rv", deadline=None)
settings.load_profile("rv")


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
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
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
    path = Path(__file__).parent / "runner" / "batch_executor.py"
    spec = importlib.util.spec_from_file_location("batch_executor", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
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


@dataclass
class WebServer:
    """A web server whose files and faults a test sets.

    Attributes:
        url: of its root.
        files: content by path, as "/a b/ä.tif".
        requests: "METHOD /path" of every request so far, as it was sent.
        headers: sent with every file.
        faults: for a path, called with the handler for each request in turn until none is
            left; one that returns True has answered.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    received: list[dict[str, str]] = field(default_factory=list)
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
        handler.send_response(200)
        headers = {"Content-Length": str(len(body)), **self.headers}
        for name, value in headers.items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(body)


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
        builder = builder.with_raster_source(source.build()).with_aoi_uri(f"{scene_id}-aoi.json")
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
