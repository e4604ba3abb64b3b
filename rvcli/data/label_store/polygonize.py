"""Patches of pixels as polygons: strip by strip, without breaks between strips.

Pixels belong to one patch if they share a side (4-connectivity), so that every patch is one valid
polygon. The polygons are those that rasterio.features.shapes gives for the whole raster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from rasterio.features import shapes
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rvcli.core.box import Box
from rvcli.data.label_store.mask_strips import Mask

Polygons: TypeAlias = npt.NDArray[Any]
_Ints: TypeAlias = npt.NDArray[np.int64]

_NOBODY = -1


def polygonize(strips: Iterable[tuple[Box, Mask]]) -> Iterator[Polygons]:
    """Yield the polygons of a mask, as they are complete.

    Memory is that of a strip, and of the patches that reach its lower side.

    Args:
        strips: of a mask, as wide as the image, from top to bottom, see mask_strips.

    Yields:
        shapely polygons, shape (n,), in pixel (x, y).
    """
    seam = _Seam.empty(0)
    for strip, mask in strips:
        polygons = _polygons(strip, mask)
        bounds = shapely.bounds(polygons)
        at_top = bounds[:, 1] == strip.ymin
        at_bottom = bounds[:, 3] == strip.ymax
        at_seam = at_top | at_bottom
        if not at_seam.all():
            yield polygons[~at_seam]
        pieces = polygons[at_seam]
        complete, seam = seam.joined(
            pieces,
            _owners(pieces, strip.ymin, strip.xmax),
            _owners(pieces, strip.ymax, strip.xmax),
        )
        if len(complete):
            yield complete
    if seam.patches:
        yield _merged(seam.patches)


def simplified(polygons: Polygons, tolerance: float) -> Polygons:
    """Return polygons with fewer vertices, none of them further than the tolerance from before.

    One that would not be valid any more, as where a hole touches the outline, stays as it is.
    """
    simpler: Polygons = shapely.simplify(polygons, tolerance)
    return np.where(shapely.is_valid(simpler), simpler, polygons)


@dataclass(frozen=True)
class _Seam:
    """The lower side of what was seen so far.

    Attributes:
        patches: those that reach it, as the pieces of each.
        owners: for each column the patch that lies there, or _NOBODY.
    """

    patches: list[list[Any]]
    owners: _Ints

    @classmethod
    def empty(cls, width: int) -> _Seam:
        return cls([], np.full(width, _NOBODY))

    def joined(self, pieces: Polygons, above: _Ints, below: _Ints) -> tuple[Polygons, _Seam]:
        """Join the pieces of the next strip to the patches.

        Args:
            pieces: of the strip, those that reach its upper or lower side.
            above: for each column the piece at the upper side, or _NOBODY.
            below: the same for the lower side.

        Returns:
            patches that are complete, and the next seam.
        """
        patches = [*self.patches, *([piece] for piece in pieces)]
        owners = self.owners if len(self.owners) else np.full_like(above, _NOBODY)
        meet = (owners != _NOBODY) & (above != _NOBODY)
        old, new = owners[meet], above[meet] + len(self.patches)
        links = coo_array((np.ones(len(old)), (old, new)), shape=(len(patches),) * 2)
        count, groups = connected_components(links, directed=False)
        joined: list[list[Any]] = [[] for _ in range(count)]
        for group, parts in zip(groups, patches, strict=True):
            joined[group] += parts
        # Which groups go on below, and what they are called there.
        reached = below != _NOBODY
        kept, columns = np.unique(groups[below[reached] + len(self.patches)], return_inverse=True)
        next_owners = np.full_like(below, _NOBODY)
        next_owners[reached] = columns
        going_on = set(kept.tolist())
        complete = [parts for group, parts in enumerate(joined) if group not in going_on]
        return _merged(complete), _Seam([joined[group] for group in kept], next_owners)


def _polygons(strip: Box, mask: Mask) -> Polygons:
    """Return the polygons of one strip."""
    pixels = mask.view(np.uint8)
    place = Affine.translation(strip.xmin, strip.ymin)
    rings: list[Any] = []
    counts: list[int] = []
    for geometry, _ in shapes(pixels, mask=pixels, connectivity=4, transform=place):
        rings += geometry["coordinates"]
        counts.append(len(geometry["coordinates"]))
    if not counts:
        return np.empty(0, dtype=object)
    lengths = np.fromiter(map(len, rings), np.int64, len(rings))
    xy = np.array([point for ring in rings for point in ring], np.float64)
    made = shapely.linearrings(xy, indices=np.repeat(np.arange(len(rings)), lengths))
    polygons: Polygons = shapely.polygons(made, indices=np.repeat(np.arange(len(counts)), counts))
    return polygons


def _owners(pieces: Polygons, y: int, width: int) -> _Ints:
    """Return for each column the piece that has a side on a horizontal line, or _NOBODY."""
    owners = np.full(width, _NOBODY)
    xy, piece = shapely.get_coordinates(shapely.get_exterior_ring(pieces), return_index=True)
    on_line = xy[:, 1] == y
    sides = np.flatnonzero(on_line[:-1] & on_line[1:] & (piece[:-1] == piece[1:]))
    ends = np.sort(np.stack([xy[sides, 0], xy[sides + 1, 0]]).astype(np.int64), axis=0)
    for start, stop, owner in zip(*ends.tolist(), piece[sides].tolist(), strict=True):
        owners[start:stop] = owner
    return owners


def _merged(patches: Iterable[list[Any]]) -> Polygons:
    """Return each patch as one polygon, without vertices where its pieces met."""
    return np.array([_merge(pieces) for pieces in patches], dtype=object)


def _merge(pieces: list[Any]) -> Any:
    if len(pieces) == 1:
        return pieces[0]
    polygon = shapely.union_all(pieces)
    shell, *holes = map(_without_straight, shapely.get_rings(polygon))
    return shapely.Polygon(shell, holes)


def _without_straight(ring: Any) -> Any:
    """Return a ring of horizontal and vertical sides without the vertices within sides."""
    xy = shapely.get_coordinates(ring)[:-1]
    before, after = np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0)
    straight = ((before == xy) & (xy == after)).any(axis=1)
    return shapely.linearrings(xy[~straight])
