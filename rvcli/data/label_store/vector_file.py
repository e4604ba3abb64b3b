"""Files of polygons: GeoJSON, GeoPackage and FlatGeobuf."""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from rvcli.data.label_store.polygonize import Polygons
from rvcli.data.vector_source.ogr_file import load_pyogrio
from rvcli.data.vector_source.projection import WGS_84, source_projector
from rvcli.errors import NotWritableError

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

log = logging.getLogger(__name__)

_DRIVERS = {".gpkg": "GPKG", ".fgb": "FlatGeobuf"}
OGR_EXTENSIONS = tuple(_DRIVERS)
# A millimetre on the ground.
_DEGREE_DECIMALS = 8
_PIXEL_DECIMALS = 3


class Batch(NamedTuple):
    """Some polygons with their properties.

    Attributes:
        polygons: shapely polygons in pixel (x, y), shape (n,).
        properties: by name a number or text that all of them have or, where the format is not
            GeoJSON, an array of n of them.
    """

    polygons: Polygons
    properties: Mapping[str, Any]


def write_polygons(
    path: Path,
    batches: Iterable[Polygons],
    crs_transformer: CRSTransformer,
    properties: Mapping[str, Any],
    name: str,
) -> int:
    """Write polygons that all have the same properties; see write_batches."""
    every = (Batch(polygons, properties) for polygons in chain([_no_polygons()], batches))
    return write_batches(path, every, crs_transformer, name)


def write_batches(
    path: Path, batches: Iterable[Batch], crs_transformer: CRSTransformer, name: str
) -> int:
    """Write polygons to a file, in the format that its extension says.

    GeoJSON is written as the polygons come; the other formats are kept in memory until all are
    there.

    Args:
        path: local path; .gpkg and .fgb are in the CRS of the image, anything else is GeoJSON in
            WGS 84, longitude first. Without a georeference all are in pixel (x, y).
        batches: some polygons at a time, at least one batch even where there are none: it says
            which properties there are.
        crs_transformer: of the image.
        name: names the file, and the layer in it.

    Returns:
        How many polygons were written.

    Raises:
        MissingDependencyError: pyogrio is not installed, and the format needs it.
        NotWritableError: the file cannot be written.
    """
    driver = _DRIVERS.get(path.suffix.lower())
    try:
        if driver is None:
            return _write_geojson(path, batches, crs_transformer, name)
        return _write_ogr(path, batches, crs_transformer, name, driver)
    except OSError as e:
        raise NotWritableError(
            f"{name} cannot be written: {e.strerror or e}",
            hint="check that its directory can be written, and that there is room on the disk",
        ) from e


def _write_geojson(
    path: Path, batches: Iterable[Batch], crs_transformer: CRSTransformer, name: str
) -> int:
    """Write GeoJSON as RFC 7946 wants it: WGS 84, outer rings counterclockwise.

    Polygons that reach beyond the Earth, as at the rim of whole-disc imagery, are left out.
    """
    is_placed = crs_transformer.get_image_crs() is not None
    project = source_projector(crs_transformer, WGS_84)
    decimals = _DEGREE_DECIMALS if is_placed else _PIXEL_DECIMALS
    count, off_map = 0, 0
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for polygons, properties in batches:
            start = f'{{"type": "Feature", "properties": {_json(properties)}, "geometry": '
            placed = shapely.transform(polygons, lambda xy: np.round(project(xy), decimals))
            placed, left_out = _on_map(placed)
            off_map += left_out
            # Normal form has clockwise shells and counterclockwise holes.
            placed = shapely.reverse(shapely.normalize(placed))
            for text in shapely.to_geojson(placed):
                file.write(f"{',' if count else ''}\n{start}{text}}}")
                count += 1
        file.write("\n]}\n")
    if off_map:
        log.warning("%s: %d polygons are left out: they do not lie on the map", name, off_map)
    return count


def _on_map(polygons: Polygons) -> tuple[Polygons, int]:
    """Return the polygons whose coordinates are all finite, and how many are not of them."""
    coordinates, indices = shapely.get_coordinates(polygons, return_index=True)
    off = np.unique(indices[~np.isfinite(coordinates).all(axis=1)])
    return np.delete(polygons, off), len(off)


def _write_ogr(
    path: Path,
    batches: Iterable[Batch],
    crs_transformer: CRSTransformer,
    name: str,
    driver: str,
) -> int:
    pyogrio = load_pyogrio()
    crs = crs_transformer.get_image_crs()
    text = None if crs is None else crs.to_wkt() if hasattr(crs, "to_wkt") else str(crs)
    project = source_projector(crs_transformer, text)
    binary: list[npt.NDArray[Any]] = []
    columns: dict[str, list[npt.NDArray[Any]]] = {}
    for polygons, properties in batches:
        binary.append(shapely.to_wkb(shapely.transform(polygons, project)))
        for key, value in properties.items():
            columns.setdefault(key, []).append(_column(value, len(polygons)))
    wkb = np.concatenate([np.empty(0, dtype=object), *binary])
    with warnings.catch_warnings():
        # An image without georeference has polygons without one.
        warnings.filterwarnings("ignore", "'crs' was not provided")
        try:
            pyogrio.raw.write(
                str(path),
                wkb,
                [np.concatenate(parts) for parts in columns.values()],
                list(columns),
                geometry_type="Polygon",
                crs=text,
                driver=driver,
                layer=Path(name).stem,
            )
        except pyogrio.errors.DataSourceError as e:
            raise OSError(str(e).replace(str(path), name)) from e
        except pyogrio.errors.FeatureError as e:
            # Of a full disk SQLite says that there is no such table.
            free_bytes = shutil.disk_usage(path.parent).free
            raise OSError(f"{e}, with {free_bytes / 1e6:.3g} MB left on the disk") from e
    return len(wkb)


def _json(properties: Mapping[str, Any]) -> str:
    return json.dumps(dict(properties), ensure_ascii=False)


def _column(value: Any, size: int) -> npt.NDArray[Any]:
    if isinstance(value, np.ndarray):
        return value
    return np.full(size, value, dtype=np.int64 if isinstance(value, int) else object)


def _no_polygons() -> Polygons:
    return np.empty(0, dtype=object)
