"""RasterioSource on S3 and HTTP: read in place where that works, downloaded elsewhere."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.core.box import Box
from rvcli.data.raster_source.rasterio_source import RasterioSource, download_and_build_vrt
from rvcli.errors import RvError

Write = Callable[..., str]

BANDS = np.random.default_rng(0).integers(1, 250, (3, 600, 600)).astype(np.uint8)
TILED = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"}
WINDOW = Box(300, 310, 320, 340)
EXPECTED = BANDS[:, 300:320, 310:340].transpose(1, 2, 0)


class WholeFiles(http.server.SimpleHTTPRequestHandler):
    """Gives whole files, and counts the bytes."""

    sent = 0

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Count, then send."""
        data = source.read()
        type(self).sent += len(data)
        try:
            outputfile.write(data)
        except ConnectionError:
            self.close_connection = True


class Ranges(WholeFiles):
    """Gives parts of files."""

    def do_GET(self) -> None:
        """Send the range that is asked for."""
        data = Path(self.translate_path(self.path)).read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, stop = 0, len(data)
        if asked:
            start = int(asked[1])
            stop = min(len(data), int(asked[2] or len(data)) + 1)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        type(self).sent += stop - start
        self.wfile.write(data[start:stop])


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[type], str]]:
    """Serve the temporary directory over HTTP with a handler, and give the URL."""
    servers = []

    def start(handler: type[WholeFiles]) -> str:
        handler.sent = 0
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(handler, directory=str(tmp_path))
        )
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    """Run an S3 server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make a bucket on it, with the environment that finds it."""
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    made = boto3.resource("s3").create_bucket(Bucket="imagery")
    yield made
    made.objects.all().delete()


def read(uris: list[str], temp_dir: Path, window: Box = WINDOW) -> Any:
    """Read a window."""
    source = RasterioSource(uris, [], str(temp_dir))
    with source.activate():
        return source.get_chip(window)


def files_below(folder: Path) -> list[Path]:
    """List all files."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_http_with_ranges_is_read_in_place(
    write_raster: Write, serve: Callable[[type], str], tmp_path: Path
) -> None:
    """From a server that gives ranges only what a window needs is fetched."""
    size = Path(write_raster(BANDS, **TILED)).stat().st_size
    url = serve(Ranges)
    temp_dir = tmp_path / "temp"
    np.testing.assert_array_equal(EXPECTED, read([f"{url}/image.tif"], temp_dir))
    assert [] == files_below(temp_dir)
    assert Ranges.sent < size


def test_http_without_ranges_is_downloaded(
    write_raster: Write, serve: Callable[[type], str], tmp_path: Path
) -> None:
    """From a server that gives whole files only the file is downloaded."""
    write_raster(BANDS, **TILED)
    url = serve(WholeFiles)
    temp_dir = tmp_path / "temp"
    np.testing.assert_array_equal(EXPECTED, read([f"{url}/image.tif"], temp_dir))
    assert ["image.tif"] == [path.name for path in files_below(temp_dir)]


def test_format_without_windows_is_downloaded(
    write_raster: Write, serve: Callable[[type], str], tmp_path: Path
) -> None:
    """A PNG, of which no part can be read alone, is downloaded."""
    write_raster(BANDS, "image.png", driver="PNG", crs=None, transform=None)
    url = serve(Ranges)
    temp_dir = tmp_path / "temp"
    np.testing.assert_array_equal(EXPECTED, read([f"{url}/image.png"], temp_dir))
    assert ["image.png"] == [path.name for path in files_below(temp_dir)]


def test_missing_remote_file_is_named(serve: Callable[[type], str], tmp_path: Path) -> None:
    """A file that the server does not have is named."""
    uri = f"{serve(WholeFiles)}/missing.tif"
    with pytest.raises(RvError, match=re.escape(uri)):
        RasterioSource([uri], [], str(tmp_path))


def test_s3_is_read_in_place(write_raster: Write, bucket: Any, tmp_path: Path) -> None:
    """An object on S3 is read without a download."""
    bucket.upload_file(write_raster(BANDS, **TILED), "a folder/image.tif")
    temp_dir = tmp_path / "temp"
    np.testing.assert_array_equal(EXPECTED, read(["s3://imagery/a folder/image.tif"], temp_dir))
    assert [] == files_below(temp_dir)


def test_s3_object_that_was_replaced_is_read_anew(
    write_raster: Write, bucket: Any, tmp_path: Path
) -> None:
    """What was written anew under the same name is seen at the next activation."""
    for bands in (BANDS, 255 - BANDS):
        bucket.upload_file(write_raster(bands, **TILED), "image.tif")
        chip = read(["s3://imagery/image.tif"], tmp_path)
        np.testing.assert_array_equal(bands[:, 300:320, 310:340].transpose(1, 2, 0), chip)


def test_mosaic_of_remote_and_local_files(write_raster: Write, bucket: Any, tmp_path: Path) -> None:
    """Files of a mosaic may lie in different places; those on S3 are read in place."""
    from rasterio.transform import from_origin

    right = {"transform": from_origin(500_300, 1_000_000, 0.5, 0.5)}
    bucket.upload_file(write_raster(BANDS, "left.tif", **TILED), "left.tif")
    uris = ["s3://imagery/left.tif", write_raster(255 - BANDS, "right.tif", **TILED, **right)]
    temp_dir = tmp_path / "temp"
    chip = read(uris, temp_dir, Box(300, 590, 310, 610))
    expected = np.concatenate([BANDS[:, 300:310, 590:], 255 - BANDS[:, 300:310, :10]], axis=2)
    np.testing.assert_array_equal(expected.transpose(1, 2, 0), chip)
    assert [".vrt"] == [path.suffix for path in files_below(temp_dir)]


def test_path_of_one_remote_file_is_the_one_of_gdal(
    write_raster: Write, bucket: Any, tmp_path: Path
) -> None:
    """A remote file that can be read in place keeps the name that GDAL has for it."""
    bucket.upload_file(write_raster(BANDS, **TILED), "image.tif")
    path = download_and_build_vrt(["s3://imagery/image.tif"], str(tmp_path))
    assert "/vsis3/imagery/image.tif" == path
