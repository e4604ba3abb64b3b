"""A raster of class probabilities on disk: one band a class, written block by block."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rvcli.core.class_map import ClassMap
from rvcli.data.label_store.class_raster import writing

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

# Small, since the tiles of all bands that are not full yet wait in GDAL's cache.
TILE_SIZE = 256
CLASS_ID_TAG = "CLASS_ID"
# What stands for a probability of 1 in uint8.
FULL = 255
# GDAL calls a half a float of 16 bits.
_OPTIONS: dict[str, dict[str, Any]] = {
    "uint8": {"dtype": "uint8"},
    "float16": {"dtype": "float32", "nbits": 16},
    "float32": {"dtype": "float32"},
}


class ProbabilityWriter:
    """Writes the probabilities of windows, which may come in any order."""

    def __init__(self, dataset: Any, name: str) -> None:
        """Make a writer.

        Args:
            dataset: open rasterio dataset in mode "w".
            name: names the file in errors.
        """
        self._dataset = dataset
        self._name = name
        self._quantised = dataset.dtypes[0] == "uint8"

    def write(self, window: Box, scores: npt.NDArray[Any]) -> None:
        """Write the probabilities of a window.

        Args:
            window: pixel coordinates within the image, half-open.
            scores: shape (classes, height, width), from 0 to 1, by class id.
        """
        from rasterio.windows import Window

        if window.get_area() == 0:
            return
        place = Window(window.xmin, window.ymin, window.get_width(), window.get_height())
        with writing(self._dataset.name, self._name):
            for band, plane in enumerate(scores, start=1):
                pixels = np.rint(plane * FULL).astype(np.uint8) if self._quantised else plane
                self._dataset.write(pixels, indexes=band, window=place)


@contextmanager
def new_probability_raster(
    path: Path,
    extent: Box,
    crs_transformer: CRSTransformer,
    class_map: ClassMap,
    dtype: str,
    name: str,
) -> Iterator[ProbabilityWriter]:
    """Make a tiled, compressed GeoTIFF of class probabilities and give a writer for it.

    Bands are in the order of class ids, without 0; their descriptions are the names of the
    classes, their tag CLASS_ID the ids. A pixel that is 0 in all bands has no data.

    Args:
        path: local path of the file.
        extent: of the image, from (0, 0), in pixels.
        crs_transformer: gives the georeference.
        class_map: the classes.
        dtype: "uint8", in which 255 is a probability of 1, as the scale of the bands says;
            "float16" or "float32".
        name: names the file in errors.

    Raises:
        NotWritableError: the file cannot be made, or the disk is full.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    from rvcli.data.gdal import limit_cache

    limit_cache()
    items = sorted((item for item in class_map.get_items() if item.id != 0), key=lambda i: i.id)
    affine = crs_transformer.get_affine_transform()
    with warnings.catch_warnings(), writing(str(path), name):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        dataset = rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=extent.get_height(),
            width=extent.get_width(),
            count=len(items),
            crs=crs_transformer.get_image_crs(),
            **({} if affine is None else {"transform": affine}),
            **_OPTIONS[dtype],
            tiled=True,
            blockysize=TILE_SIZE,
            blockxsize=TILE_SIZE,
            compress="deflate",
            zlevel=2,
            bigtiff="if_safer",
            interleave="band",
            photometric="minisblack",
        )
    with dataset:
        for band, item in enumerate(items, start=1):
            dataset.set_band_description(band, item.name)
            dataset.update_tags(band, **{CLASS_ID_TAG: item.id})
        if dtype == "uint8":
            dataset.scales = [1 / FULL] * len(items)
        yield ProbabilityWriter(dataset, name)
