"""A raster of classes on disk: written from windows, in whole rows of blocks, with overviews."""

from __future__ import annotations

import colorsys
import json
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.core.color import to_rgb
from rvcli.errors import NotWritableError

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

BLOCK_SIZE = 512
CLASS_NAMES_TAG = "CLASS_NAMES"
# In the description of the band, which programs show beside its number.
MAX_NAMES = 10


class StripWriter:
    """Collects windows in a strip as wide as the image, and writes it row of blocks by row.

    Windows that come row by row are written once each, in order, and the strip is as high as
    they are. Others come right too: what lies above the strip is written to where it
    belongs. Where windows overlap, the later one wins.

    Attributes:
        dtype: of the pixels in the file.
    """

    def __init__(
        self,
        dataset: Any,
        block_height: int,
        name: str | None = None,
        overview: StripWriter | None = None,
    ) -> None:
        """Make a writer.

        Args:
            dataset: open rasterio dataset in mode "w+".
            block_height: rows of its blocks.
            name: names the file in errors, where that is not its path.
            overview: gets every second pixel of every second row.
        """
        self._dataset = dataset
        self._name = name
        self._block_height = block_height
        self._overview = overview
        self._extent = Box(0, 0, dataset.height, dataset.width)
        self.dtype = np.dtype(dataset.dtypes[0])
        self._top = 0
        self._strip = self._blank(0)

    def write(self, window: Box, array: npt.NDArray[Any]) -> None:
        """Take the pixels of a window.

        Args:
            window: pixel coordinates, half-open; what lies outside the image is left out.
            array: shape (height, width) or (height, width, bands), at least of the window's
                part inside the image.
        """
        inside = window.intersection(self._extent)
        if inside.get_area() == 0:
            return
        top, left = inside.ymin - window.ymin, inside.xmin - window.xmin
        pixels = array[top : top + inside.get_height(), left : left + inside.get_width()]
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        above = min(max(self._top - inside.ymin, 0), inside.get_height())
        if above:
            self._put(inside.ymin, inside.xmin, pixels[:above])
        if above < inside.get_height():
            self._collect(inside.ymin + above, inside.ymax, inside.xmin, pixels[above:])

    def finish(self) -> None:
        """Write what is still in the strip."""
        self._flush(self._top + len(self._strip))
        if self._overview is not None:
            self._overview.finish()

    def _collect(self, ymin: int, ymax: int, xmin: int, pixels: npt.NDArray[Any]) -> None:
        self._flush(ymin // self._block_height * self._block_height)
        missing = ymax - self._top - len(self._strip)
        if missing > 0:
            rows = -(-missing // self._block_height) * self._block_height
            rows = min(rows, self._extent.ymax - self._top - len(self._strip))
            blank = self._blank(rows)
            self._strip = np.concatenate([self._strip, blank]) if len(self._strip) else blank
        y = ymin - self._top
        self._strip[y : y + len(pixels), xmin : xmin + pixels.shape[1]] = pixels

    def _flush(self, until: int) -> None:
        """Write the rows above `until`, and let the strip begin there."""
        rows = min(until - self._top, len(self._strip))
        if rows > 0:
            self._put(self._top, 0, self._strip[:rows])
            self._strip = self._strip[rows:].copy()
        # Rows that no window has touched need no writing.
        self._top = max(self._top, until) if not len(self._strip) else self._top + max(rows, 0)

    def _put(self, ymin: int, xmin: int, pixels: npt.NDArray[Any]) -> None:
        from rasterio.windows import Window

        height, width, bands = pixels.shape
        window = Window(xmin, ymin, width, height)
        with writing(self._dataset.name, self._name):
            self._dataset.write(
                np.moveaxis(pixels, 2, 0).astype(self.dtype, copy=False),
                indexes=list(range(1, bands + 1)),
                window=window,
            )
        if self._overview is not None:
            # Pixels with even coordinates, wherever the window begins.
            half = Box(*(-(-n // 2) for n in (ymin, xmin, ymin + height, xmin + width)))
            self._overview.write(half, pixels[ymin % 2 :: 2, xmin % 2 :: 2])

    def _blank(self, rows: int) -> npt.NDArray[Any]:
        return np.zeros((rows, self._extent.xmax, self._dataset.count), dtype=self.dtype)


@contextmanager
def new_class_raster(
    path: str | Path,
    extent: Box,
    crs_transformer: CRSTransformer,
    class_map: ClassMap | None,
    rgb: bool,
    name: str | None = None,
) -> Iterator[StripWriter]:
    """Make a Cloud Optimized GeoTIFF of classes and give a writer for it.

    The overviews show the nearest pixel, as classes have no mean.

    Args:
        path: local path of the file; a folder beside it holds what is not ready yet.
        extent: of the image, from (0, 0), in pixels.
        crs_transformer: gives the georeference.
        class_map: gives the colour table, the tag CLASS_NAMES, {class id: name} as JSON, and the
            description of the band.
        rgb: three bands of colours instead of class ids.
        name: names the file in errors, where that is not its path.

    Raises:
        NotWritableError: the file cannot be made, or the disk is full.
    """
    from rvcli.data.gdal import limit_cache
    from rvcli.data.label_store.cog import write_cog

    limit_cache()
    path, name = Path(path), name or str(path)
    sizes_hw = overview_sizes_hw(extent.get_height(), extent.get_width())
    folder = path.with_name(f"{path.name}.levels")
    levels = [folder / f"{i}.tif" for i in range(len(sizes_hw))]
    options = [_options(size_hw, class_map, rgb) for size_hw in sizes_hw]
    options[0] |= _georeference(crs_transformer)
    try:
        with writing(str(folder), name):
            folder.mkdir()
        with ExitStack() as stack:
            datasets = [
                stack.enter_context(_create(level, own, name))
                for level, own in zip(levels, options, strict=True)
            ]
            if class_map is not None:
                _name_classes(datasets, class_map, rgb)
            writer = _writer(datasets, name)
            yield writer
            writer.finish()
        with writing(str(path), name):
            write_cog(levels, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _writer(datasets: Sequence[Any], name: str) -> StripWriter:
    """Return a writer for an image and its overviews."""
    overview = _writer(datasets[1:], name) if len(datasets) > 1 else None
    return StripWriter(datasets[0], datasets[0].block_shapes[0][0], name, overview)


def overview_sizes_hw(height: int, width: int) -> list[tuple[int, int]]:
    """Return the sizes of an image and its overviews, each half as large, down to one block."""
    sizes = [(height, width)]
    while max(sizes[-1]) > BLOCK_SIZE:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


def _create(path: Path, options: dict[str, Any], name: str) -> Any:
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings(), writing(str(path), name):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        # Windows that come out of order are read and written again.
        return rasterio.open(path, "w+", **options)


def _options(size_hw: tuple[int, int], class_map: ClassMap | None, rgb: bool) -> dict[str, Any]:
    block_height, block_width = block_size_hw(*size_hw)
    return {
        "driver": "GTiff",
        "height": size_hw[0],
        "width": size_hw[1],
        "count": 3 if rgb else 1,
        "dtype": "uint8" if rgb else class_dtype(class_map),
        "nodata": None if rgb else 0,
        "tiled": True,
        "blockysize": block_height,
        "blockxsize": block_width,
        "compress": "deflate",
        "zlevel": 2,
        "bigtiff": "if_safer",
        "endianness": "little",
        "interleave": "pixel",
        "photometric": "rgb" if rgb else ("palette" if class_map else "minisblack"),
    }


def _georeference(crs_transformer: CRSTransformer) -> dict[str, Any]:
    affine = crs_transformer.get_affine_transform()
    crs = {"crs": crs_transformer.get_image_crs()}
    return crs if affine is None else {**crs, "transform": affine}


def block_size_hw(height: int, width: int) -> tuple[int, int]:
    """Return the height and width of blocks: 512, or less for a small image."""
    return _block_size(height), _block_size(width)


def _block_size(size: int) -> int:
    # TIFF wants multiples of 16.
    return min(BLOCK_SIZE, -(-size // 16) * 16)


def class_dtype(class_map: ClassMap | None) -> str:
    """Return the narrowest dtype that holds all class ids: uint8 or uint16."""
    return "uint8" if max(class_map.get_keys() if class_map else [], default=0) <= 255 else "uint16"


def class_colors(class_map: ClassMap) -> dict[int, tuple[int, int, int, int]]:
    """Return {class id: (red, green, blue, alpha)}, 0 to 255.

    Classes without a colour get one that depends on their id alone; 0 is transparent.
    """
    colors = {
        item.id: (*(_own_color(item.id) if item.color is None else to_rgb(item.color)), 255)
        for item in class_map.get_items()
    }
    return {**colors, 0: (0, 0, 0, 0)}


def _own_color(class_id: int) -> tuple[int, int, int]:
    # Steps of the golden ratio around the colour circle keep neighbours apart.
    red, green, blue = colorsys.hsv_to_rgb(class_id * 0.618033988749895 % 1, 0.65, 0.9)
    return round(red * 255), round(green * 255), round(blue * 255)


@contextmanager
def writing(path: str, name: str | None) -> Iterator[None]:
    """Give a context in which errors of GDAL name the file that is written."""
    from rasterio.errors import RasterioError

    try:
        yield
    except (RasterioError, OSError) as e:
        reason = str(e).replace(path, name or path)
        raise NotWritableError(
            f"{name or path} cannot be written: {reason}",
            hint="check that its directory can be written, and that there is room on the disk",
        ) from e


def _name_classes(datasets: Sequence[Any], class_map: ClassMap, rgb: bool) -> None:
    """Write names, and colours for all levels: datasets are the image and its overviews."""
    names = {str(item.id): item.name for item in class_map.get_items()}
    datasets[0].update_tags(**{CLASS_NAMES_TAG: json.dumps(names, ensure_ascii=False)})
    if rgb:
        return
    shown = [f"{class_id} {name}" for class_id, name in names.items()]
    more = f" and {len(shown) - MAX_NAMES} more" if len(shown) > MAX_NAMES else ""
    datasets[0].set_band_description(1, ", ".join(shown[:MAX_NAMES]) + more)
    for dataset in datasets:
        dataset.write_colormap(1, class_colors(class_map))
