"""Windows of large rasters over a network: a small part is read, faults do no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli import profile
from rvcli.core.box import Box
from rvcli.data import gdal
from rvcli.data.raster_source import rasterio_source
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.errors import DataError
from rvcli.filesystem import s3_client, s3_gdal
from rvcli.filesystem.s3_filesystem import S3FileSystem
from rvcli.utils import files

Write = Callable[..., str]

SIDE = 2048
BANDS = np.random.default_rng(0).integers(1, 250, (3, SIDE, SIDE)).astype(np.uint8)
TILED = {"tiled": True, "blockxsize": 256, "blockysize": 256}
WINDOW = Box(1024, 1024, 1280, 1280)
EXPECTED = BANDS[:, 1024:1280, 1024:1280].transpose(1, 2, 0)


@pytest.fixture
def image(s3_faults: Any, write_raster: Write, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put an image of 12 MB on S3, where everyone may read it; give the proxy before it."""
    monkeypatch.setitem(gdal._REMOTE_OPTIONS, "GDAL_HTTP_RETRY_DELAY", "0.01")
    monkeypatch.setattr(rasterio_source, "BACKOFF_S", 0.01)
    path = write_raster(BANDS, **TILED)
    s3_client.client().upload_file(
        path, s3_faults.root[5:], "a b/image.tif", ExtraArgs={"ACL": "public-read"}
    )
    s3_faults.clear()
    return s3_faults


def _uri(proxy: Any, kind: str) -> str:
    root = proxy.root if kind == "s3" else f"{proxy.url}/{proxy.root[5:]}"
    return f"{root}/a b/image.tif"


@contextmanager
def _opened(uri: str, folder: Path) -> Iterator[RasterioSource]:
    source = RasterioSource(uri, [], str(folder / "temp"))
    with source.activate():
        yield source
    assert not (folder / "temp").exists()


def test_google_by_its_options(image: Any, tmp_path: Path) -> None:
    """An image on gs:// is read in place as the options of gcsfs in the profile say."""
    overrides = ["FSSPEC_GS.token=anon", f"FSSPEC_GS.endpoint_url={image.url}"]
    uri = f"gs://{image.root[5:]}/a b/image.tif"
    settings = profile.load_settings(overrides=overrides, environ={})
    with profile.use(settings), _opened(uri, tmp_path) as source:
        np.testing.assert_array_equal(EXPECTED, source.get_chip(WINDOW))
    assert image.sent_bytes < BANDS.nbytes / 10
    assert not any("authorization" in headers for _, headers in image.headers)


def test_ftp(ftp_url: str, ftp_folder: Path, write_raster: Write, tmp_path: Path) -> None:
    """An image on an FTP server is read in place."""
    Path(write_raster(BANDS[:, :600, :600], **TILED)).rename(ftp_folder / "image.tif")
    source = RasterioSource(f"{ftp_url}/image.tif", [], str(tmp_path / "temp"))
    with source.activate():
        np.testing.assert_array_equal(
            BANDS[:, 300:400, 300:400].transpose(1, 2, 0),
            source.get_chip(Box(300, 300, 400, 400)),
        )
    assert not (tmp_path / "temp").exists()


def test_memory_is_downloaded(write_raster: Write, tmp_path: Path) -> None:
    """An image where GDAL cannot go is downloaded and read."""
    files.upload_or_copy(write_raster(BANDS[:, :300, :300], **TILED), "memory://x/image.tif")
    source = RasterioSource("memory://x/image.tif", [], str(tmp_path / "temp"))
    with source.activate():
        np.testing.assert_array_equal(
            BANDS[:, :9, :9].transpose(1, 2, 0), source.get_chip(Box(0, 0, 9, 9))
        )
    assert ["image.tif"] == [p.name for p in (tmp_path / "temp").rglob("*") if p.is_file()]


@pytest.mark.parametrize("kind", ["s3", "http"])
def test_a_window_is_a_small_part(image: Any, tmp_path: Path, kind: str) -> None:
    """One window of a large image takes a small part of its bytes, and no download."""
    with _opened(_uri(image, kind), tmp_path) as source:
        np.testing.assert_array_equal(EXPECTED, source.get_chip(WINDOW))
    assert image.sent_bytes < BANDS.nbytes / 10


@pytest.mark.parametrize("kind", ["s3", "http"])
@pytest.mark.parametrize("fault", ["500", "503", "reset", "truncated"])
def test_faults_while_a_window_is_read(image: Any, tmp_path: Path, kind: str, fault: str) -> None:
    """What fails or breaks off in the middle is read again: the window is right."""
    faults = {
        "500": image.answer(500),
        "503": image.answer(503),
        "reset": image.reset(),
        "truncated": image.truncate(),
    }
    with _opened(_uri(image, kind), tmp_path) as source:
        image.inject("GET .*image.tif", faults[fault])
        np.testing.assert_array_equal(EXPECTED, source.get_chip(WINDOW))
        assert image._faults == []


def test_faults_that_stay(image: Any, tmp_path: Path) -> None:
    """A window that cannot be read is one error, which names image and window."""
    with _opened(_uri(image, "s3"), tmp_path) as source:
        image.inject("image.tif", image.truncate(0.1), times=500)
        with pytest.raises(DataError, match=r"cannot read the window .*image\.tif") as caught:
            source.get_chip(WINDOW)
        image.clear()
        assert "connection broke off" in (caught.value.hint or "")
        np.testing.assert_array_equal(EXPECTED, source.get_chip(WINDOW))


def test_unsigned(image: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image in a public bucket is read in place without credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_NO_SIGN_REQUEST", "YES")
    with _opened(_uri(image, "s3"), tmp_path) as source:
        np.testing.assert_array_equal(EXPECTED, source.get_chip(WINDOW))


def test_configuration_in_files(
    image: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Endpoint, region and keys from the files of AWS, and who pays, reach GDAL."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "ENDPOINT_URL", "DEFAULT_REGION"):
        monkeypatch.delenv(f"AWS_{name}")
    config = tmp_path / "config"
    config.write_text(
        f"[profile p]\nregion = eu-west-1\nendpoint_url = {image.url}\n"
        "aws_access_key_id = mine\naws_secret_access_key = s\naws_session_token = ticket\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "p")
    settings = profile.load_settings(overrides=["AWS_S3.requester_pays=true"], environ={})
    with profile.use(settings), _opened(_uri(image, "s3"), tmp_path) as source:
        np.testing.assert_array_equal(EXPECTED, source.get_chip(WINDOW))
    headers = [h for name, h in image.headers if name.endswith("image.tif")]
    assert headers
    assert {"requester"} == {h["x-amz-request-payer"] for h in headers}
    assert {"ticket"} == {h["x-amz-security-token"] for h in headers}
    assert all("Credential=mine/" in h["authorization"] for h in headers)
    assert all("/eu-west-1/s3/" in h["authorization"] for h in headers)


def test_credentials_that_were_renewed(
    image: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When credentials are renewed an open image goes on with the new ones."""
    keys = {"AWS_ACCESS_KEY_ID": "first", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
    monkeypatch.setattr(s3_gdal, "_credentials", lambda: dict(keys))
    monkeypatch.setattr(gdal, "REFRESH_S", 0.0)
    with _opened(_uri(image, "s3"), tmp_path) as source:
        source.get_chip(WINDOW)
        assert all("=first/" in h["authorization"] for _, h in image.headers)
        image.clear()
        keys["AWS_ACCESS_KEY_ID"] = "second"
        chip = source.get_chip(Box(0, 0, 9, 9))
        np.testing.assert_array_equal(BANDS[:, :9, :9].transpose(1, 2, 0), chip)
        assert image.headers
        assert all("=second/" in h["authorization"] for _, h in image.headers)


def test_a_missing_object_is_named(image: Any, tmp_path: Path) -> None:
    """An object that is not there is named, and nothing is left."""
    with pytest.raises(Exception, match=r"image\.tif2") as caught:
        RasterioSource(_uri(image, "s3") + "2", [], str(tmp_path / "temp"))
    assert "no such object" in str(caught.value)
    assert S3FileSystem.stat(_uri(image, "s3") + "2") is None
