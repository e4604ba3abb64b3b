"""What is known of an image: its bands, pixels and values, as a package keeps it of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.data.has_data import has_data

if TYPE_CHECKING:
    from rvcli.core.raster_stats import RasterStats
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.raster_source.raster_source import RasterSource

SHARES = (0.0, 2.0, 50.0, 98.0, 100.0)
_SIDE = 256
_PER_AXIS = 3
_MOST_PIXELS = 60_000


@dataclass(frozen=True)
class ImageFacts:
    """What is known of an image, or of those that a model was trained on.

    Attributes:
        bands: how many bands of imagery the image has, without alpha; None if not known.
        channels: how many channels a chip has that the model gets; None if not known.
        band_names: as the file names its bands; empty if it does not.
        dtype: of its pixels, by numpy's name.
        crs: as "EPSG:32637", or WKT; None if it has no georeference.
        pixel_size: width and height of a pixel in units of the CRS.
        unit: of the CRS, as "metre".
        pixel_size_m: side of a pixel on the ground in metres, in the middle of the image.
        percentiles: for each of SHARES, as text, the values of all bands; pixels without data
            do not count.
        nodata_share: of the pixels that were looked at, from 0 to 1.
        measured_on: what the percentiles are of, in words.
    """

    bands: int | None = None
    channels: int | None = None
    band_names: Sequence[str] = ()
    dtype: str | None = None
    crs: str | None = None
    pixel_size: Sequence[float] | None = None
    unit: str | None = None
    pixel_size_m: float | None = None
    percentiles: Mapping[str, Sequence[float]] | None = None
    nodata_share: float | None = None
    measured_on: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ImageFacts:
        """Return what `to_dict` gave; what a newer release knows besides is left out."""
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in content.items() if name in known})


def active(source: RasterSource) -> Any:
    """Return a context in which windows of a source can be read."""
    return source.activate() if hasattr(source, "activate") else nullcontext()


def image_facts(source: RasterSource) -> ImageFacts:
    """Look at an image, of which a few windows are read.

    Args:
        source: active; what its transformers make of a chip is not looked at.
    """
    transformer = source.get_crs_transformer()
    chips = [source.get_raw_chip(window) for window in sample_windows(source.get_extent())]
    bands = min(source.num_bands, chips[0].shape[2])
    seen = [has_data(chip) for chip in chips]
    pixels = np.concatenate([c[s][:, :bands] for c, s in zip(chips, seen, strict=True)])
    size, unit, size_m = _pixel_size(transformer, source.get_extent())
    return ImageFacts(
        bands=bands,
        channels=source.count_chip_channels(),
        band_names=_band_names(source, bands),
        dtype=str(chips[0].dtype),
        crs=_crs_text(transformer.get_image_crs()),
        pixel_size=size,
        unit=unit,
        pixel_size_m=size_m,
        percentiles=_percentiles(pixels),
        nodata_share=round(1 - float(np.mean(np.concatenate([s.ravel() for s in seen]))), 4),
        measured_on="a sample of the image",
    )


def sample_windows(extent: Box, side: int = _SIDE, per_axis: int = _PER_AXIS) -> list[Box]:
    """Spread windows evenly over an extent; fewer where it is small.

    Args:
        extent: pixel coordinates from (0, 0).
        side: of a window; it is smaller where the extent is.
        per_axis: how many there are beside each other at most.
    """

    def starts(length: int) -> list[int]:
        count = min(per_axis, -(-length // side))
        return [round(start) for start in np.linspace(0, max(0, length - side), count)]

    return [
        Box(y, x, min(y + side, extent.ymax), min(x + side, extent.xmax))
        for y in starts(extent.get_height())
        for x in starts(extent.get_width())
    ]


def percentiles_of(stats: RasterStats) -> dict[str, list[float]] | None:
    """Return the percentiles of statistics; of older ones, without any, an estimate."""
    if stats.percentiles is not None and all(share in stats.percentiles for share in SHARES):
        return {f"{share:g}": list(stats.percentiles[share]) for share in SHARES}
    if not stats.means or not stats.stds:
        return None
    # Of a normal distribution; the ends are where hardly anything is.
    deviations = dict(zip(SHARES, (-4, -2, 0, 2, 4), strict=True))
    return {
        f"{share:g}": [mean + k * std for mean, std in zip(stats.means, stats.stds, strict=True)]
        for share, k in deviations.items()
    }


def _percentiles(pixels: npt.NDArray[Any]) -> dict[str, list[float]] | None:
    if not len(pixels):
        return None
    chosen = pixels[:: -(-len(pixels) // _MOST_PIXELS)].astype(np.float64)
    chosen[~np.isfinite(chosen)] = 0
    values = np.percentile(chosen, SHARES, axis=0)
    return {f"{share:g}": row.tolist() for share, row in zip(SHARES, values, strict=True)}


def _band_names(source: Any, bands: int) -> list[str]:
    if hasattr(source, "raster_sources"):
        names = [n for part in source.raster_sources for n in _band_names(part, part.num_bands)]
    else:
        names = list(getattr(getattr(source, "image_dataset", None), "descriptions", None) or [])
    return [str(name) for name in names[:bands]] if names and all(names[:bands]) else []


def _crs_text(crs: Any) -> str | None:
    if crs is None:
        return None
    return str(crs.to_string()) if hasattr(crs, "to_string") else str(crs)


def _pixel_size(
    transformer: CRSTransformer, extent: Box
) -> tuple[list[float] | None, str | None, float | None]:
    """Return the size of a pixel in units of the CRS, the unit, and the side in metres."""
    affine, crs = transformer.get_affine_transform(), transformer.get_image_crs()
    if affine is None or crs is None:
        return None, None, None
    size = [float(np.hypot(affine.a, affine.d)), float(np.hypot(affine.b, affine.e))]
    return size, _unit(crs), _metres(transformer, extent)


def _unit(crs: Any) -> str | None:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return str(CRS.from_user_input(crs).axis_info[0].unit_name)
    except (CRSError, IndexError):
        return None


def _metres(transformer: CRSTransformer, extent: Box) -> float | None:
    from shapely import box

    from rvcli.data.vector_source.ground_areas import ground_areas

    y, x = (extent.ymin + extent.ymax) // 2, (extent.xmin + extent.xmax) // 2
    area = float(ground_areas(np.array([box(x, y, x + 1, y + 1)]), transformer)[0])
    return float(f"{area**0.5:.6g}") if np.isfinite(area) and area > 0 else None
