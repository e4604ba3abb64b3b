"""RasterioSource: imagery in files that GDAL reads."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError

from rvcli.core.box import Box
from rvcli.data.activate_mixin import ActivateMixin, ActivationError
from rvcli.data.crs_transformer.grid import crs_transformer_of, shift_in_pixels
from rvcli.data.gdal import GdalOptions, gdal_env, gdal_options
from rvcli.data.raster_source.mosaic import make_mosaic
from rvcli.data.raster_source.opening import (
    close_warped,
    open_warped,
    readable_path,
    warn_of_imagery_in_alpha,
)
from rvcli.data.raster_source.raster_source import RasterSource, block_size_hw, iter_grid
from rvcli.data.raster_source.window_reader import (
    common_dtype,
    has_mask,
    nodata_value,
    read_validity,
    read_window,
)
from rvcli.errors import DataError
from rvcli.filesystem import shown
from rvcli.profile.secrets import mask_uris
from rvcli.utils.files import atomic_path

if TYPE_CHECKING:
    import numpy.typing as npt

    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


log = logging.getLogger(__name__)
T = TypeVar("T")

# How often a window of a remote file is read before it is given up.
ATTEMPTS = 3
BACKOFF_S = 1.0


class RasterioSource(ActivateMixin, RasterSource):
    """Imagery in files that GDAL reads: one, or several as a mosaic.

    Remote files are read in place where GDAL can, else they are downloaded into `temp_dir`.
    Windows are read while the source is active. One handle is open in each process; threads
    may share it and take turns.

    Args:
        uris: files on one grid; where they overlap, the later one is on top.
        raster_transformers: applied to each chip, in order.
        temp_dir: where downloads and the description of a mosaic go.
        channel_order: channels of a chip; by default all but alpha. An alpha band that is named
            here is data, and masks nothing.
        x_shift_meters: moves the view to the right, in metres on the ground.
        y_shift_meters: moves the view up, in metres on the ground.
        nodata: value of pixels without data, beside what the files declare.
        subdataset: name of the one to read, in files that hold several rasters.
        crs: that the files are warped to as they are read; their own by default.
        resampling: of that warp, "nearest", "bilinear" or "average".

    Raises:
        DataError: a file is missing, broken or of complex pixels, or the files do not fit
            together.
        ChannelOrderError: a channel is asked for that the files do not have.
    """

    def __init__(
        self,
        uris: Sequence[str] | str,
        raster_transformers: Sequence[RasterTransformer],
        temp_dir: str,
        channel_order: Sequence[int] | None = None,
        x_shift_meters: float = 0.0,
        y_shift_meters: float = 0.0,
        nodata: float | None = None,
        subdataset: str | None = None,
        crs: str | None = None,
        resampling: str = "bilinear",
    ) -> None:
        self.uris = [uris] if isinstance(uris, str) else list(uris)
        if not self.uris:
            raise DataError("a raster source has no URIs", hint="name its files: with_uris([...])")
        self.temp_dir = temp_dir
        self.x_shift_meters = x_shift_meters
        self.y_shift_meters = y_shift_meters
        self.nodata = nodata
        self._name = _shown(self.uris)
        self._lock = threading.RLock()
        self._dataset: Any = None
        self._owner_pid = 0
        self._gdal_options = GdalOptions(self.uris)
        self._opened_with: dict[str, str] = {}
        named = [] if channel_order is None else list(channel_order)
        self._path = download_and_build_vrt(self.uris, temp_dir, nodata, named, subdataset)
        self._open = partial(open_warped, self._path, self._name, crs, resampling, nodata)
        with gdal_env(self._gdal_options.current()), self._open() as dataset:
            self._alphas = [color == ColorInterp.alpha for color in dataset.colorinterp]
            self._extent = Box(0, 0, dataset.height, dataset.width)
            self._raw_dtype = common_dtype(dataset)
            self._nodata = nodata_value(nodata, self._raw_dtype)
            self._block_hw: tuple[int, int] = dataset.block_shapes[0]
            self._is_masked = has_mask(dataset, named)
            self._crs_transformer = crs_transformer_of(dataset, self._name)
            self._shift_xy = shift_in_pixels(dataset, x_shift_meters, y_shift_meters, self._name)
            if channel_order is None:
                warn_of_imagery_in_alpha(dataset, self._name)
        if channel_order is None:
            channel_order = [i for i, is_alpha in enumerate(self._alphas) if not is_alpha]
        super().__init__(channel_order, len(self._alphas), raster_transformers)
        while self._is_masked and self.num_bands > 1 and self._alphas[self.num_bands - 1]:
            self.num_bands -= 1
        self._keeps_nan = any(getattr(t, "sees_nan", False) for t in self.raster_transformers)

    def get_extent(self) -> Box:
        """Return the extent in pixels, from (0, 0)."""
        return self._extent

    def get_dtype(self) -> np.dtype[Any]:
        """Return the dtype of transformed chips."""
        return np.dtype(self._transform_pixel(self._raw_dtype).dtype)

    def get_crs_transformer(self) -> CRSTransformer:
        """Return the transformer of the image; one that changes nothing if it has no CRS."""
        return self._crs_transformer

    @property
    def image_dataset(self) -> Any:
        """The rasterio dataset that windows are read from.

        Raises:
            ActivationError: the source is not active.
        """
        with self._lock, gdal_env(self._gdal_options.current()):
            return self._open_dataset()

    def get_name(self) -> str:
        """Return how messages call the image."""
        return f"the image {self._name}"

    def iter_blocks(self, max_pixels: int = 1 << 20) -> Iterator[Box]:
        """Yield windows that cover the extent once, along the blocks of the file."""
        height, width = self._block_hw
        is_strip = width >= self._extent.xmax and height * width <= 4 * max_pixels
        if not is_strip:
            height, width = _window_side(height), _window_side(width)
        return iter_grid(self._extent, block_size_hw(max_pixels, (height, width)))

    def has_data(self, window: Box) -> npt.NDArray[np.bool_]:
        """Tell for which pixels of a window the file says something, 0 included."""
        found = super().has_data(window)
        shifted = self._shifted(window)
        inside = shifted.intersection(self._extent)
        valid = np.zeros_like(found)
        if inside.get_area() > 0:
            y, x = inside.ymin - shifted.ymin, inside.xmin - shifted.xmin
            part = valid[y : y + inside.get_height(), x : x + inside.get_width()]
            part[:] = self._read(
                window,
                lambda dataset: read_validity(
                    dataset, inside, self.channel_order[0], self._is_masked, self._nodata
                ),
            )
        return found & valid

    def _get_chip(self, window: Box) -> npt.NDArray[Any]:
        chip = self._read(
            window,
            lambda dataset: read_window(
                dataset, self._shifted(window), self._is_masked, self._keeps_nan
            ),
        )
        if self._nodata:
            chip[chip == self._nodata] = 0
        return chip

    def _shifted(self, window: Box) -> Box:
        x, y = self._shift_xy
        box = window.to_int()
        return Box(box.ymin + y, box.xmin + x, box.ymax + y, box.xmax + x)

    def _read(self, window: Box, read: Callable[[Any], T]) -> T:
        """Read from the open dataset, for this thread alone.

        Over a network, what breaks off is read again from a dataset that is opened anew.
        """
        attempts = ATTEMPTS if self._gdal_options.is_remote else 1
        with self._lock:
            for left in reversed(range(attempts)):
                try:
                    with gdal_env(self._gdal_options.current()):
                        return read(self._open_dataset())
                except (RasterioError, DataError) as error:
                    if not left:
                        raise self._unreadable(window, error) from error
                    reason = mask_uris(str(error.__cause__ or error))
                    log.warning("reading %s again: %s", self._name, reason)
                self._close_dataset()
                time.sleep(BACKOFF_S * 2 ** (attempts - 1 - left))
        raise AssertionError("the last attempt returns or raises")

    def _unreadable(self, window: Box, error: Exception) -> DataError:
        # GDAL names the path, which may hold a password.
        reason = mask_uris(str(error.__cause__ or error))
        where = "try again later: the connection broke off, or " * self._gdal_options.is_remote
        return DataError(
            f"cannot read the window {window.to_int()} of the image {self._name}: {reason}",
            hint=f"{where}the file is damaged or was cut short: check it with `gdalinfo -checksum`",
        )

    def _open_dataset(self) -> Any:
        if not self.is_active:
            raise ActivationError(
                f"the image {self._name} is read while its source is not active",
                hint="read inside `with source.activate():`",
            )
        # A child process must not share the file position of its parent, and an open file
        # keeps the credentials that it was opened with.
        is_stale = self._owner_pid != os.getpid() or (
            self._opened_with != self._gdal_options.current()
        )
        if self._dataset is None or is_stale:
            self._open_anew()
        return self._dataset

    def _open_anew(self) -> None:
        if self._owner_pid == os.getpid():
            self._close_dataset()
        options = self._gdal_options.current()
        with gdal_env(options):
            self._dataset = self._open()
        self._opened_with = options
        self._owner_pid = os.getpid()

    def _close_dataset(self) -> None:
        if self._dataset is not None:
            close_warped(self._dataset)
        self._dataset = None

    def _activate(self) -> None:
        self._open_anew()

    def _deactivate(self) -> None:
        with self._lock:
            self._close_dataset()


def build_vrt(
    vrt_path: str,
    image_paths: Sequence[str],
    nodata: float | None = None,
    channels: Collection[int] = (),
) -> None:
    """Write a GDAL virtual raster that shows images as one mosaic.

    Args:
        vrt_path: local path to write.
        image_paths: as GDAL takes them; local ones may be relative.
        nodata: value of pixels without data in images that declare none.
        channels: indices of bands that are data, not alpha.

    Raises:
        DataError: an image cannot be opened, or they do not lie on one grid.
    """
    # What is no file is a name that only GDAL knows, such as /vsis3/... or a subdataset.
    paths = [str(Path(p).resolve()) if Path(p).exists() else p for p in image_paths]
    with atomic_path(vrt_path) as temp_path:
        Path(temp_path).write_bytes(make_mosaic(paths, nodata, channels).to_xml())


def download_and_build_vrt(
    image_uris: Sequence[str],
    temp_dir: str,
    nodata: float | None = None,
    channels: Collection[int] = (),
    subdataset: str | None = None,
) -> str:
    """Return a path that GDAL opens as the mosaic of some images.

    Args:
        image_uris: local or remote; a remote one is downloaded only if GDAL cannot read
            windows of it in place.
        temp_dir: where downloads and the virtual raster go.
        nodata: value of pixels without data in images that declare none.
        channels: indices of bands that are data, not alpha.
        subdataset: name of the one to read, in files that hold several rasters.

    Raises:
        DataError: an image cannot be opened, or they do not lie on one grid.
    """
    with gdal_env(gdal_options(image_uris)):
        paths = [readable_path(uri, temp_dir, subdataset) for uri in image_uris]
        if len(paths) == 1:
            return paths[0]
        # Named by what it shows, so that sources may share a directory.
        digest = hashlib.sha256(repr((paths, nodata, sorted(channels))).encode()).hexdigest()[:16]
        vrt_path = str(Path(temp_dir) / f"mosaic-{digest}.vrt")
        build_vrt(vrt_path, paths, nodata, channels)
        return vrt_path


def load_window(
    image_dataset: Any, window: Any = None, is_masked: bool = False
) -> npt.NDArray[Any]:
    """Read a window of an open rasterio dataset.

    Args:
        image_dataset: open for reading.
        window: a Box, ((ymin, ymax), (xmin, xmax)) or a window of rasterio; may reach beyond
            the extent. By default all.
        is_masked: whether to heed the mask or alpha band of the dataset.

    Returns:
        Shape (height, width, bands); pixels without valid data are 0.
    """
    if window is None:
        box = Box(0, 0, image_dataset.height, image_dataset.width)
    elif isinstance(window, Box):
        box = window.to_int()
    else:
        (ymin, ymax), (xmin, xmax) = window.toranges() if hasattr(window, "toranges") else window
        box = Box(ymin, xmin, ymax, xmax)
    return read_window(image_dataset, box, is_masked)


def _window_side(block_side: int) -> int:
    return 256 if block_side < 256 else min(block_side, 1024)


def _shown(uris: Sequence[str]) -> str:
    return shown(uris[0]) + (f" and {len(uris) - 1} more" if len(uris) > 1 else "")
