"""GDAL as this process uses it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from rvcli.data.gdal import gdal_env, gdal_options, open_raster
from rvcli.errors import DataError

PRINT_CACHE_SIZE = """
from rasterio._env import get_gdal_config
from rvcli.data.gdal import limit_cache
from rvcli.profile import load_settings, use
with use(load_settings(overrides=["GDAL.cache_mb=64"])):
    limit_cache()
limit_cache()
print(get_gdal_config("GDAL_CACHEMAX"))
"""


@pytest.mark.parametrize(
    ("variable", "expected"), [({}, 64 << 20), ({"GDAL_CACHEMAX": "99"}, 99 << 20)]
)
def test_cache_is_bounded(variable: dict[str, str], expected: int) -> None:
    """The option sets the size of GDAL's cache; GDAL's own variable, in MB, wins."""
    environ = {name: value for name, value in os.environ.items() if name != "GDAL_CACHEMAX"}
    done = subprocess.run(
        [sys.executable, "-c", PRINT_CACHE_SIZE],
        env=environ | variable,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert expected == int(done.stdout)


def test_local_files_need_no_options() -> None:
    """Local files are read without options, remote ones without listing their directory."""
    assert {} == gdal_options(["/data/a.tif", "file:///data/b.tif"])
    assert "EMPTY_DIR" == gdal_options(["s3://bucket/a.tif"])["GDAL_DISABLE_READDIR_ON_OPEN"]


def test_options_hold_inside_the_context() -> None:
    """Options are set inside the context, and unset after it."""
    from rasterio._env import get_gdal_config

    with gdal_env({"AWS_REQUEST_PAYER": "requester"}):
        assert "requester" == get_gdal_config("AWS_REQUEST_PAYER")
    assert get_gdal_config("AWS_REQUEST_PAYER") is None


def test_errors_name_the_uri_and_not_the_path() -> None:
    """What cannot be opened is named as the user named it."""
    with pytest.raises(DataError) as caught:
        open_raster("/vsimem/secret", "s3://bucket/image.tif")
    assert "cannot open the image s3://bucket/image.tif: No such file or directory" == str(
        caught.value
    )
