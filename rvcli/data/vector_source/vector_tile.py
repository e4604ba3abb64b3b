"""Mapbox vector tiles: decoded by GDAL, cut to their squares, put together by feature.

See https://github.com/mapbox/vector-tile-spec/tree/master/2.1
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from rvcli.data.vector_source.feature_table import FeatureTable, plain_values
from rvcli.data.vector_source.ogr_file import load_pyogrio
from rvcli.data.vector_source.tile_grid import Tile
from rvcli.errors import DataError

Geometries: TypeAlias = npt.NDArray[Any]

# The property that holds the name of a feature's layer, and that of the id in the tile itself.
LAYER = "@layer"
TILE_ID = "$id"
_GDAL_ID = "mvt_id"


@dataclass
class TileFeatures:
    """Features of tiles, geometries in Web Mercator.

    Attributes:
        geometries: shapely geometries.
        properties: of each, its layer and its id in the tile among them.
    """

    geometries: list[Any] = field(default_factory=list)
    properties: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: TileFeatures) -> None:
        """Append features."""
        self.geometries += other.geometries
        self.properties += other.properties

    def table(self) -> FeatureTable:
        """Return the features as columns, numbered in their order."""
        names = dict.fromkeys(name for own in self.properties for name in own)
        geometries = np.empty(len(self.geometries), dtype=object)
        geometries[:] = self.geometries
        return FeatureTable(
            np.arange(len(geometries)),
            geometries,
            {name: [own.get(name) for own in self.properties] for name in names},
            np.empty(0, dtype=np.int64),
        )


def decode_tile(data: bytes, tile: Tile, name: str) -> TileFeatures:
    """Return the features of a tile, cut at its edges.

    Args:
        data: the tile, not compressed.
        tile: which it is.
        name: for messages.

    Raises:
        DataError: it is no vector tile.
    """
    pyogrio = load_pyogrio()
    features = TileFeatures()
    place = {"X": str(tile.x), "Y": str(tile.y), "Z": str(tile.z), "CLIP": "NO"}
    try:
        for layer in pyogrio.list_layers(data)[:, 0]:
            meta, _, wkb, values = pyogrio.raw.read(data, layer=layer, **place)
            columns = {
                str(name): plain_values(column, dtype)
                for name, column, dtype in zip(meta["fields"], values, meta["dtypes"], strict=True)
            }
            ids = columns.pop(_GDAL_ID, [None] * len(wkb))
            geometries = cut(shapely.from_wkb(wkb, on_invalid="ignore"), tile)
            for i in np.flatnonzero(~shapely.is_empty(geometries)).tolist():
                own = {name: v[i] for name, v in columns.items() if v[i] is not None}
                own |= {LAYER: str(layer)} | ({} if ids[i] is None else {TILE_ID: ids[i]})
                features.geometries.append(geometries[i])
                features.properties.append(own)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as e:
        raise DataError(
            f"the tile {name} is no Mapbox vector tile: {e}", hint="is it an image, or a web page?"
        ) from e
    return features


def cut(geometries: Geometries, tile: Tile) -> Geometries:
    """Return the parts of geometries within a tile, of the same kinds; the rest is empty."""
    left, bottom, right, top = tile.bounds()
    geometries = _valid(geometries)
    kinds = shapely.get_dimensions(geometries)
    # A cut may make a ring touch itself.
    kept = _valid(shapely.clip_by_rect(geometries, left, bottom, right, top))
    # A point on an edge belongs to one tile alone; cutting leaves it out of both.
    for i in np.flatnonzero(kinds == 0).tolist():
        points = shapely.get_parts(geometries[i])
        x, y = shapely.get_x(points), shapely.get_y(points)
        inside = points[(left <= x) & (x < right) & (bottom < y) & (y <= top)]
        kept[i] = shapely.multipoints(inside) if len(inside) != 1 else inside[0]
    for i in np.flatnonzero((kinds > 0) & ~shapely.is_empty(kept)).tolist():
        if shapely.get_type_id(kept[i]) == shapely.GeometryType.GEOMETRYCOLLECTION or (
            shapely.get_dimensions(kept[i]) != kinds[i]
        ):
            parts = shapely.get_parts(kept[i])
            kept[i] = shapely.union_all(parts[shapely.get_dimensions(parts) == kinds[i]])
    return np.asarray(kept)


def _valid(geometries: Geometries) -> Geometries:
    invalid = ~shapely.is_valid(geometries)
    valid = np.array(geometries, dtype=object)
    valid[invalid] = shapely.make_valid(geometries[invalid])
    return valid


def merged(
    features: TileFeatures, id_field: str, tolerance: float = 0.0
) -> tuple[TileFeatures, int]:
    """Put the pieces of each feature together.

    Pieces are of one feature if they are of one layer and have one id. Features without id
    stay as they are.

    Args:
        features: of tiles.
        id_field: the property that holds ids; `$id` for the ids of the tiles themselves.
        tolerance: how far the ends of a line that was cut may lie from each other.

    Returns:
        the features, in the order of their first pieces, and how many of them have no id.
    """
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    without = 0
    for i, own in enumerate(features.properties):
        if id_field in own:
            # A number in one tile may be text in another, where the ids are of several types.
            groups[own.get(LAYER), str(own[id_field])].append(i)
        else:
            groups[None, None, i].append(i)
            without += 1
    made = TileFeatures()
    for pieces in groups.values():
        made.geometries.append(united([features.geometries[i] for i in pieces], tolerance))
        made.properties.append(features.properties[pieces[0]])
    return made, without


def united(pieces: Sequence[Any], tolerance: float) -> Any:
    """Return the geometry that pieces, cut at the edges of tiles, were cut from."""
    if len(pieces) == 1:
        return pieces[0]
    if any(shapely.get_dimensions(piece) != 1 for piece in pieces):
        return shapely.union_all(np.array(pieces, dtype=object))
    # Each tile rounds coordinates to a grid of its own: the ends of lines miss each other.
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = shapely.union(whole, shapely.snap(piece, whole, tolerance))
    return shapely.line_merge(whole)
