"""Draws the imagery of a tiny town that does not exist: three scenes with labels.

Each scene is a GeoTIFF of 768 x 768 pixels of 0.5 m in UTM zone 32 N, with four bands (blue,
green, red, near infrared) of uint16 and a collar without data, as a flight strip has it; and a
GeoJSON file in WGS 84 with every building, road, tree and water body, and one with the area that
has imagery. The same seed draws the same town.

    python make_imagery.py [DIRECTORY]
"""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.transform import from_origin
from rasterio.warp import transform_geom
from shapely import affinity
from shapely.geometry import LineString, Point, Polygon, box, mapping

SIZE = 768
PIXEL_M = 0.5
CRS = "EPSG:32632"
ORIGIN = (600_000.0, 5_300_000.0)
SCENES = ("west", "middle", "east")

# Reflectance times 10,000: blue, green, red, near infrared.
FIELDS = [
    (520, 900, 620, 3200),  # meadow
    (400, 820, 450, 3900),  # crop
    (1100, 1500, 1900, 2600),  # stubble
    (900, 1200, 1600, 2100),  # bare soil
]
ROOFS = [
    (700, 900, 1800, 2300),  # tiles
    (1400, 1450, 1500, 1600),  # slate
    (2600, 2700, 2750, 2900),  # metal
    (520, 560, 640, 800),  # tar
]
ASPHALT = (850, 900, 950, 1100)
WATER = (620, 680, 470, 210)
CROWN = (260, 520, 310, 2800)

Array = Any
Shapes = dict[str, list[Polygon]]


def draw_all(directory: Path, seed: int = 7) -> None:
    """Draw all scenes into a directory, each file whole or not at all."""
    directory.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(SCENES):
        draw_scene(directory, name, number, seed)


def draw_scene(directory: Path, name: str, number: int, seed: int) -> None:
    """Draw one scene; scenes lie side by side from west to east."""
    rng = np.random.default_rng([seed, number])
    transform = from_origin(ORIGIN[0] + number * SIZE * PIXEL_M, ORIGIN[1], PIXEL_M, PIXEL_M)
    shapes = lay_out(rng)
    footprint = affinity.rotate(box(20, 20, SIZE - 20, SIZE - 20), rng.uniform(2, 5))
    image = paint(shapes, rng)
    image[:, rasterize([footprint], (SIZE, SIZE)) == 0] = 0
    write_vectors(directory / f"{name}.geojson", shapes, footprint, transform)
    write_vectors(directory / f"{name}_area.geojson", {"area": [footprint]}, footprint, transform)
    write_image(directory / f"{name}.tif", image, transform)


def lay_out(rng: np.random.Generator) -> Shapes:
    """Decide what is where, in pixels; what is named first lies on top."""
    roads = [road(rng) for road in (main_road, side_road, side_road, lane)]
    river = LineString(wave(rng, 0.5 * SIZE * rng.uniform(0.3, 0.5), vertical=False))
    water = [river.buffer(rng.uniform(16, 26)), pond(rng)]
    streets = shapely.union_all([line.buffer(width) for line, width in roads])
    rivers = shapely.union_all(water)
    houses: list[Polygon] = []
    for line, width in roads:
        houses += houses_along(line, width, streets.union(rivers), houses, rng)
    taken = shapely.union_all([*houses, streets]).buffer(3).union(rivers)
    crowns = [Point(rng.uniform(0, SIZE, 2)).buffer(rng.uniform(5, 11)) for _ in range(260)]
    grove = rng.uniform(0.2 * SIZE, 0.8 * SIZE, 2)
    crowns += [Point(rng.normal(grove, 45)).buffer(rng.uniform(7, 12)) for _ in range(140)]
    trees = [crown for crown in crowns if not crown.intersects(taken)]
    return {
        "building": houses,
        "road": parts(streets.difference(shapely.union_all(houses))),
        "tree": parts(shapely.union_all(trees)),
        "water": parts(rivers.difference(streets)),
    }


def wave(rng: np.random.Generator, at: float, *, vertical: bool) -> list[tuple[float, float]]:
    """Draw a gently bent line across the scene."""
    along = np.linspace(-20, SIZE + 20, 60)
    bend = 30 * np.sin(along / rng.uniform(110, 180) + rng.uniform(0, 6))
    across = at + bend + rng.uniform(-0.1, 0.1) * along
    return list(zip(across, along, strict=True) if vertical else zip(along, across, strict=True))


def main_road(rng: np.random.Generator) -> tuple[LineString, float]:
    """Give the middle line of a wide road from west to east, and half its width."""
    return LineString(wave(rng, SIZE * rng.uniform(0.55, 0.7), vertical=False)), 7.0


def side_road(rng: np.random.Generator) -> tuple[LineString, float]:
    """Give the same of a road from north to south."""
    return LineString(wave(rng, SIZE * rng.uniform(0.15, 0.85), vertical=True)), 5.5


def lane(rng: np.random.Generator) -> tuple[LineString, float]:
    """Give the same of a narrow lane from west to east."""
    return LineString(wave(rng, SIZE * rng.uniform(0.8, 0.9), vertical=False)), 4.0


def pond(rng: np.random.Generator) -> Polygon:
    """Draw a roundish pond."""
    angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    radii = rng.uniform(25, 45) * (1 + 0.2 * np.sin(3 * angles + rng.uniform(0, 6)))
    y, x = rng.uniform(0.1 * SIZE, 0.9 * SIZE, 2)
    return Polygon(np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles)]))


def houses_along(
    line: LineString,
    width: float,
    taken: Any,
    others: list[Polygon],
    rng: np.random.Generator,
) -> list[Polygon]:
    """Put houses on both sides of a road, facing it, where nothing else is."""
    houses: list[Polygon] = []
    for side in (-1, 1):
        at = rng.uniform(10, 40)
        while at < line.length:
            here, ahead = line.interpolate(at), line.interpolate(at + 1)
            angle = math.atan2(ahead.y - here.y, ahead.x - here.x)
            length, depth = rng.uniform(18, 36), rng.uniform(14, 24)
            off = side * (width + depth / 2 + rng.uniform(7, 16))
            house = affinity.rotate(box(0, 0, length, depth), angle, use_radians=True)
            x = here.x - off * math.sin(angle) - house.centroid.x
            y = here.y + off * math.cos(angle) - house.centroid.y
            house = affinity.translate(house, x, y)
            near = house.buffer(5)
            if not near.intersects(taken) and not any(near.intersects(o) for o in others + houses):
                houses.append(house)
            at += length + rng.uniform(12, 40)
    return houses


def parts(shape: Any) -> list[Polygon]:
    """List the polygons of a geometry."""
    found = shapely.get_parts(shape)
    return [part for part in found if part.geom_type == "Polygon" and not part.is_empty]


def paint(shapes: Shapes, rng: np.random.Generator) -> Array:
    """Paint the scene: uint16, shape (4, SIZE, SIZE)."""
    image = fields(rng)
    shade = rasterize([affinity.translate(h, 7, 5) for h in shapes["building"]], (SIZE, SIZE))
    image *= np.where(shade, 0.5, 1.0)
    fill(image, shapes["water"], [WATER], 0.05, rng)
    fill(image, shapes["tree"], [CROWN], 0.12, rng)
    mottle = 1 + 0.35 * smooth(rng.normal(size=(SIZE, SIZE)), 2) / 0.3
    image *= np.where(mask(shapes["tree"]), mottle.clip(0.5, 1.5), 1.0)
    fill(image, shapes["road"], [ASPHALT], 0.05, rng)
    fill(image, shapes["building"], ROOFS, 0.12, rng)
    haze = 1 + 0.06 * np.sin(np.add.outer(np.arange(SIZE), np.arange(SIZE)) / 210)
    image = np.stack([smooth(band * haze, 1) for band in image])
    image *= 1 + 0.05 * rng.normal(size=image.shape)
    image += 40 * rng.normal(size=image.shape)
    return image.round().clip(1, 65535).astype(np.uint16)


def fields(rng: np.random.Generator) -> Array:
    """Paint a patchwork of fields with furrows: float64, shape (4, SIZE, SIZE)."""
    ys, xs = np.mgrid[:SIZE, :SIZE]
    seeds = rng.uniform(0, SIZE, (24, 2))
    nearest = np.argmin([(ys - y) ** 2 + (xs - x) ** 2 for y, x in seeds], axis=0)
    count = len(seeds)
    angle, spacing = rng.uniform(0, math.pi, count), rng.uniform(1.2, 3, count)
    colours = np.array(FIELDS)[rng.integers(len(FIELDS), size=count)]
    colours = colours * rng.uniform(0.85, 1.15, (count, 1))
    across = xs * np.cos(angle)[nearest] + ys * np.sin(angle)[nearest]
    furrows = 1 + 0.08 * np.sin(across / spacing[nearest])
    return np.moveaxis(colours[nearest], 2, 0) * furrows


def fill(
    image: Array, shapes: list[Polygon], colours: Any, spread: float, rng: np.random.Generator
) -> None:
    """Paint each shape in one of some colours, a little lighter or darker each time."""
    if not shapes:
        return
    numbered = rasterize(
        ((shape, i + 1) for i, shape in enumerate(shapes)), (SIZE, SIZE), dtype="uint16"
    )
    chosen = np.array(colours)[rng.integers(len(colours), size=len(shapes))]
    painted = chosen * rng.normal(1, spread, (len(shapes), 1))
    inside = numbered > 0
    image[:, inside] = painted[numbered[inside] - 1].T


def mask(shapes: list[Polygon]) -> Array:
    """Tell which pixels have their centre in one of the shapes."""
    if not shapes:
        return np.zeros((SIZE, SIZE), bool)
    return rasterize(shapes, (SIZE, SIZE)).astype(bool)


def smooth(band: Array, times: int) -> Array:
    """Blur a band as optics do: a binomial kernel of three, in both directions, some times."""
    for _ in range(times):
        for axis in (0, 1):
            band = (np.roll(band, 1, axis) + 2 * band + np.roll(band, -1, axis)) / 4
    return band


def write_vectors(path: Path, shapes: Shapes, footprint: Polygon, transform: Any) -> None:
    """Write shapes as GeoJSON in WGS 84, clipped to the area that has imagery."""
    matrix = [transform.a, transform.b, transform.d, transform.e, transform.c, transform.f]
    features = []
    for class_name, polygons in shapes.items():
        for polygon in polygons:
            for part in parts(polygon.intersection(footprint)):
                on_map = mapping(affinity.affine_transform(part, matrix))
                features.append(
                    {
                        "type": "Feature",
                        "properties": {"class_name": class_name},
                        "geometry": transform_geom(CRS, "EPSG:4326", on_map, precision=8),
                    }
                )
    replace(path, json.dumps({"type": "FeatureCollection", "features": features}).encode())


def write_image(path: Path, image: Array, transform: Any) -> None:
    """Write a tiled GeoTIFF in which 0 is no data."""
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            count=image.shape[0],
            height=SIZE,
            width=SIZE,
            dtype="uint16",
            crs=CRS,
            transform=transform,
            nodata=0,
            tiled=True,
            blockxsize=256,
            blockysize=256,
            compress="deflate",
            predictor=2,
        ) as dataset:
            dataset.write(image)
            dataset.descriptions = ("blue", "green", "red", "nir")
        replace(path, bytes(memory.getbuffer()))


def replace(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "data")
    draw_all(target)
    print(f"drew {', '.join(SCENES)} in {target}")
