"""Real rasters, made in a temporary directory."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import from_origin

GEOREFERENCE = {
    "crs": "EPSG:32637",
    "transform": from_origin(500_000, 1_000_000, 0.5, 0.5),
}


@pytest.fixture
def write_raster(tmp_path: Path) -> Callable[..., str]:
    """Write bands (band, row, column) as an image and give its path."""

    def write(bands: Any, name: str = "image.tif", **profile: Any) -> str:
        bands = np.asarray(bands)
        settings: dict[str, Any] = {
            "driver": "GTiff",
            "count": bands.shape[0],
            "height": bands.shape[1],
            "width": bands.shape[2],
            "dtype": bands.dtype,
            **GEOREFERENCE,
            **profile,
        }
        mask = settings.pop("mask", None)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with (
                rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
                rasterio.open(path, "w", **settings) as dataset,
            ):
                dataset.write(bands)
                if mask is not None:
                    dataset.write_mask(mask)
        return str(path)

    return write
