"""Several rasters on one grid, as one GDAL virtual raster.

The format: https://gdal.org/en/stable/drivers/raster/vrt.html
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import ColorInterp

from rvcli.data.gdal import open_raster
from rvcli.data.raster_source.opening import check_real
from rvcli.data.raster_source.window_reader import has_mask, nodata_value
from rvcli.errors import DataError

_GDAL_TYPES = {
    "uint8": "Byte",
    "int8": "Int8",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "uint64": "UInt64",
    "int64": "Int64",
    "float32": "Float32",
    "float64": "Float64",
}

# Resolutions count as equal when they drift apart by less than this over a whole file.
_MAX_DRIFT_PIXELS = 0.1

_MAX_SIDE_PIXELS = 2**31 - 1  # GDAL's


@dataclass(frozen=True)
class Tile:
    """One raster of a mosaic: all that a virtual raster says of it."""

    path: str
    width: int
    height: int
    dtypes: tuple[str, ...]
    crs_wkt: str
    transform: Affine
    nodata: tuple[float | None, ...]
    colors: tuple[str, ...]
    block_hw: tuple[int, int]
    has_mask: bool

    @classmethod
    def read(cls, path: str, nodata: float | None = None, channels: Collection[int] = ()) -> Tile:
        """Read the metadata of a raster.

        Args:
            path: as GDAL takes it.
            nodata: for bands that declare none.
            channels: indices of bands that are data, not alpha.

        Raises:
            DataError: it cannot be opened.
        """
        with open_raster(path) as dataset:
            return cls(
                path=path,
                width=dataset.width,
                height=dataset.height,
                dtypes=tuple(dataset.dtypes),
                crs_wkt=dataset.crs.to_wkt() if dataset.crs else "",
                transform=dataset.transform,
                nodata=tuple(nodata if own is None else own for own in dataset.nodatavals),
                colors=tuple(
                    ColorInterp.undefined.name
                    if i in channels and color == ColorInterp.alpha
                    else color.name
                    for i, color in enumerate(dataset.colorinterp)
                ),
                block_hw=dataset.block_shapes[0],
                has_mask=has_mask(dataset, channels),
            )


@dataclass(frozen=True)
class Mosaic:
    """Tiles on one grid; where they overlap, the later one is on top.

    Attributes:
        tiles: each with its offset (x, y) in pixels, rounded where a tile is off the grid.
        transform: affine transform of the whole.
    """

    tiles: tuple[tuple[Tile, int, int], ...]
    transform: Affine
    width: int
    height: int

    def to_xml(self) -> bytes:
        """Write the mosaic as a GDAL virtual raster.

        It declares no nodata value: where no tile has a valid pixel, it is 0.
        """
        first = self.tiles[0][0]
        root = Xml.Element("VRTDataset", rasterXSize=str(self.width), rasterYSize=str(self.height))
        Xml.SubElement(root, "SRS").text = first.crs_wkt
        geo_transform = ", ".join(repr(float(value)) for value in self.transform.to_gdal())
        Xml.SubElement(root, "GeoTransform").text = geo_transform
        for index, (dtype, color) in enumerate(zip(first.dtypes, first.colors, strict=True)):
            band = Xml.SubElement(
                root, "VRTRasterBand", dataType=_GDAL_TYPES[dtype], band=str(index + 1)
            )
            Xml.SubElement(band, "ColorInterp").text = color.capitalize()
            for tile, x, y in self.tiles:
                band.append(_source(tile, index, x, y))
        return Xml.tostring(root, encoding="unicode").encode()


def make_mosaic(
    paths: Sequence[str], nodata: float | None = None, channels: Collection[int] = ()
) -> Mosaic:
    """Lay rasters out on the grid of the first one.

    Args:
        paths: as GDAL takes them.
        nodata: value of pixels without data in rasters that declare none.
        channels: indices of bands that are data, not alpha.

    Raises:
        DataError: one cannot be opened, has no georeference, is rotated or has complex pixels,
            or they differ in CRS, resolution, number of bands or dtype, or lie too far apart.
    """
    tiles = [Tile.read(path, nodata, channels) for path in paths]
    for tile in tiles:
        _check_like(tile, tiles[0])
    grid = tiles[0].transform
    xs = [round((tile.transform.c - grid.c) / grid.a) for tile in tiles]
    ys = [round((tile.transform.f - grid.f) / grid.e) for tile in tiles]
    left, top = min(xs), min(ys)
    width = max(x + t.width for t, x in zip(tiles, xs, strict=True)) - left
    height = max(y + t.height for t, y in zip(tiles, ys, strict=True)) - top
    if max(width, height) > _MAX_SIDE_PIXELS:
        far = max(range(len(tiles)), key=lambda i: max(abs(xs[i]), abs(ys[i])))
        raise DataError(
            f"the files of one raster source span {width} x {height} pixels, more than an image"
            f" can have: {tiles[far].path} lies far from {tiles[0].path}",
            hint="check its georeference, or give the files a scene each",
        )
    return Mosaic(
        tiles=tuple((t, x - left, y - top) for t, x, y in zip(tiles, xs, ys, strict=True)),
        transform=Affine(grid.a, 0.0, grid.c + left * grid.a, 0.0, grid.e, grid.f + top * grid.e),
        width=width,
        height=height,
    )


def _check_like(tile: Tile, first: Tile) -> None:
    check_real(tile.dtypes, tile.path)
    if not tile.crs_wkt or tile.transform.b or tile.transform.d:
        what = "is rotated" if tile.crs_wkt else "has no georeference"
        raise DataError(
            f"{tile.path} {what}: it cannot be part of a mosaic",
            hint="give each such image a scene of its own",
        )
    drift = max(
        abs(tile.transform.a - first.transform.a) * tile.width,
        abs(tile.transform.e - first.transform.e) * tile.height,
    )
    differences = [
        (
            "CRS",
            *(CRS.from_wkt(t.crs_wkt).to_string() if t.crs_wkt else "none" for t in (tile, first)),
            tile.crs_wkt == first.crs_wkt,
        ),
        (
            "resolution",
            (tile.transform.a, -tile.transform.e),
            (first.transform.a, -first.transform.e),
            drift < _MAX_DRIFT_PIXELS * abs(first.transform.a),
        ),
        ("number of bands", len(tile.dtypes), len(first.dtypes), None),
        ("dtype", ", ".join(tile.dtypes), ", ".join(first.dtypes), None),
    ]
    for name, own, expected, equal in differences:
        if not (own == expected if equal is None else equal):
            raise DataError(
                f"the files of one raster source differ in {name}: {tile.path} has {own}, "
                f"{first.path} has {expected}",
                hint="warp them to one grid first, or give them a scene each",
            )


def _source(tile: Tile, index: int, x: int, y: int) -> Xml.Element:
    dtype = tile.dtypes[index]
    skipped = _skipped_pixels(tile, index)
    source = Xml.Element("SimpleSource" if skipped is None else "ComplexSource")
    name = Xml.SubElement(source, "SourceFilename", relativeToVRT="0")
    name.text = tile.path
    Xml.SubElement(source, "SourceBand").text = str(index + 1)
    # With these GDAL opens a file only when a window touches it.
    Xml.SubElement(
        source,
        "SourceProperties",
        RasterXSize=str(tile.width),
        RasterYSize=str(tile.height),
        DataType=_GDAL_TYPES[dtype],
        BlockXSize=str(tile.block_hw[1]),
        BlockYSize=str(tile.block_hw[0]),
    )
    size = {"xSize": str(tile.width), "ySize": str(tile.height)}
    Xml.SubElement(source, "SrcRect", {"xOff": "0", "yOff": "0", **size})
    Xml.SubElement(source, "DstRect", {"xOff": str(x), "yOff": str(y), **size})
    if skipped is not None:
        source.append(skipped)
    return source


def _skipped_pixels(tile: Tile, index: int) -> Xml.Element | None:
    """Say which pixels of a band let the tiles below show through; None if all are valid."""
    element = Xml.Element("NODATA")
    if tile.colors[index] == ColorInterp.alpha.name:
        element.text = "0"
    elif tile.has_mask:
        element = Xml.Element("UseMaskBand")
        element.text = "true"
    else:
        nodata = tile.nodata[index]
        dtype = np.dtype(tile.dtypes[index])
        is_nan = nodata is not None and np.isnan(nodata) and dtype.kind == "f"
        if not is_nan and nodata_value(nodata, dtype) is None:
            return None
        element.text = "nan" if is_nan else repr(nodata)
    return element
