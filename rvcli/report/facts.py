"""What a scene is, in words: its size, CRS, resolution, bands."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj

from rvcli.core.box import Box
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.filesystem import base_name, shown
from rvcli.report.imagery import Shown

_MANY = 12
_UNITS = {"metre": "m", "degree": "°", "US survey foot": "ft", "foot": "ft"}


def facts_of(source: Any, uris: Sequence[str], shown_bands: Shown | None) -> dict[str, str]:
    """Describe the raster source of a scene.

    Args:
        source: active.
        uris: of its files.
        shown_bands: what its picture shows.
    """
    facts: dict[str, str] = {}
    if uris:
        facts["file"] = base_name(shown(uris[0])) + _more(len(uris) - 1)
    extent = source.get_extent()
    facts["size"] = f"{extent.get_width():,} x {extent.get_height():,} pixels"
    facts |= _georeference(source.get_crs_transformer())
    count, names = source.num_bands, []
    if type(source) is RasterioSource:
        dataset = source.image_dataset
        dtypes = sorted(set(dataset.dtypes))
        names = [text for text in dataset.descriptions[:count] if text]
        nodata = dataset.nodata if source.nodata is None else source.nodata
    else:
        corner = Box(0, 0, 1, 1)
        dtypes, nodata = [str(source.get_raw_chip(corner).dtype)], None
    facts["bands"] = str(count)
    if len(names) == count:
        facts["bands"] += f": {', '.join(names[:_MANY])}{_more(count - _MANY)}"
    facts["dtype"] = ", ".join(dtypes)
    if nodata is not None:
        facts["nodata"] = f"{nodata:g}"
    if shown_bands is not None:
        facts["shown"] = str(shown_bands)
    return facts


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def _georeference(crs_transformer: Any) -> dict[str, str]:
    image_crs, affine = crs_transformer.get_image_crs(), crs_transformer.get_affine_transform()
    if image_crs is None:
        return {"CRS": "none"}
    name, unit = _name_and_unit(image_crs.to_wkt() if hasattr(image_crs, "to_wkt") else image_crs)
    facts = {"CRS": name}
    if affine is not None:
        a, b, _, d, e, _ = tuple(affine)[:6]
        x, y = float(np.hypot(a, d)), float(np.hypot(b, e))
        each = f"{x:.4g}" if abs(x - y) < 1e-3 * x else f"{x:.4g} x {y:.4g}"
        facts["resolution"] = f"{each} {unit}".strip()
    return facts


@lru_cache(maxsize=256)
def _name_and_unit(crs_text: Any) -> tuple[str, str]:
    """Return how people call a CRS, and the unit of its axes."""
    crs = pyproj.CRS.from_user_input(crs_text)
    if crs.is_bound and crs.source_crs is not None:  # its operation is the one to WGS 84
        crs = crs.source_crs
    authority = crs.to_authority()  # slow where it has none: PROJ compares it with all others
    name = crs.name
    if name == "unnamed" and crs.coordinate_operation is not None:
        name = crs.coordinate_operation.method_name
    unit = crs.axis_info[0].unit_name if crs.axis_info else ""
    return " ".join([*([":".join(authority)] if authority else []), name]), _UNITS.get(unit, unit)
