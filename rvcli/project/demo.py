"""Draws a village that does not exist, for a project without imagery of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rvcli import keys
from rvcli.errors import MissingDependencyError
from rvcli.utils.files import atomic_path

IMAGE = "data/village.tif"
LABELS = "data/village.geojson"
_SIZE_HW = (512, 768)
_PIXEL_M = 0.5
_CRS = "EPSG:32632"
_ORIGIN = (600_000.0, 5_300_000.0)
# Red, green, blue.
_MEADOW = (104, 132, 72)
_ROOFS = ((168, 84, 62), (128, 124, 122), (196, 190, 184), (92, 74, 70))
_CROWN = (44, 78, 38)
_ASPHALT = (122, 122, 126)

Array = Any


def draw_demo(directory: Path, task: str) -> tuple[str, str]:
    """Draw an image and its labels, the same each time, and return their paths.

    Args:
        directory: of the project.
        task: whose labels are wanted: polygons of everything, or boxes of buildings.

    Raises:
        MissingDependencyError: what draws is not installed.
    """
    try:
        import numpy as np
        import rasterio  # noqa: F401
    except ImportError as e:
        raise MissingDependencyError(
            "the imagery of the demo is drawn with numpy and rasterio, which are not installed",
            hint="pip install 'rvcli[local]', or give --image and --labels",
        ) from e
    rng = np.random.default_rng(3)
    shapes = _lay_out(rng)
    image = _paint(shapes, rng)
    if task == keys.OBJECT_DETECTION:
        shapes = {"building": [house.envelope for house in shapes["building"]]}
    elif task == keys.CHIP_CLASSIFICATION:
        shapes = {"building": shapes["building"]}
    paths = directory / IMAGE, directory / LABELS
    _write_image(paths[0], image)
    _write_labels(paths[1], shapes)
    return str(paths[0]), str(paths[1])


def _lay_out(rng: Any) -> dict[str, list[Any]]:
    """Return shapes by class, in pixel (x, y); none lies on another."""
    import numpy as np
    import shapely
    from shapely import affinity
    from shapely.geometry import LineString, Point, box

    height, width = _SIZE_HW
    along = np.linspace(-10, width + 10, 40)
    lines = [
        LineString(np.column_stack([along, height * at + 18 * np.sin(along / bend)]))
        for at, bend in ((0.27, 90), (0.74, 120))
    ]
    lines.append(LineString([(width * 0.47, -10), (width * 0.52, height + 10)]))
    roads = shapely.union_all([line.buffer(7) for line in lines])
    frame = box(2, 2, width - 2, height - 2)
    houses: list[Any] = []
    for x in range(28, width - 28, 46):
        for y in range(28, height - 28, 46):
            length, depth = rng.uniform(20, 34), rng.uniform(16, 24)
            house = affinity.rotate(box(0, 0, length, depth), rng.uniform(-25, 25))
            house = affinity.translate(house, x - 14 + rng.uniform(-5, 5), y - 10)
            if rng.random() < 0.62 and not house.buffer(4).intersects(roads):
                houses.append(house.intersection(frame))
    taken = shapely.union_all([roads, *houses]).buffer(3)
    crowns = [Point(*rng.uniform(0, 1, 2) * (width, height)) for _ in range(420)]
    trees = [crown.buffer(rng.uniform(4, 9)) for crown in crowns]
    grown = shapely.union_all([tree for tree in trees if not tree.intersects(taken)])
    return {
        "building": houses,
        "road": list(shapely.get_parts(roads.intersection(frame))),
        "tree": list(shapely.get_parts(grown.intersection(frame))),
    }


def _paint(shapes: dict[str, list[Any]], rng: Any) -> Array:
    """Return an image of the shapes, uint8, shape (3, height, width)."""
    import numpy as np
    from rasterio.features import rasterize
    from shapely import affinity

    height, width = _SIZE_HW
    rows, columns = np.mgrid[:height, :width]
    patches = 0.12 * np.sin(columns / 61 + np.sin(rows / 83)) + 0.08 * np.sin(rows / 37)
    image = np.array(_MEADOW, float)[:, None, None] * (1 + patches)

    def fill(parts: list[Any], colours: Any, spread: float) -> None:
        numbers = rasterize(
            ((part, i + 1) for i, part in enumerate(parts)), _SIZE_HW, dtype="uint16"
        )
        tints = np.array(colours)[rng.integers(len(colours), size=len(parts))]
        tints = tints * rng.normal(1, spread, (len(parts), 1))
        image[:, numbers > 0] = tints[numbers[numbers > 0] - 1].T

    shade = rasterize([affinity.translate(h, 6, 5) for h in shapes["building"]], _SIZE_HW)
    image *= np.where(shade, 0.55, 1.0)
    fill(shapes["road"], [_ASPHALT], 0.02)
    fill(shapes["tree"], [_CROWN], 0.1)
    fill(shapes["building"], _ROOFS, 0.06)
    image *= 1 + 0.06 * rng.normal(size=image.shape)
    painted: Array = image.round().clip(1, 255).astype(np.uint8)
    return painted


def _transform() -> Any:
    from rasterio.transform import from_origin

    return from_origin(*_ORIGIN, _PIXEL_M, _PIXEL_M)


def _write_image(path: Path, image: Array) -> None:
    import rasterio

    with (
        atomic_path(path) as part,
        rasterio.open(
            part,
            "w",
            driver="GTiff",
            count=3,
            height=image.shape[1],
            width=image.shape[2],
            dtype="uint8",
            crs=_CRS,
            transform=_transform(),
            photometric="RGB",
            compress="deflate",
            tiled=True,
            blockxsize=256,
            blockysize=256,
        ) as dataset,
    ):
        dataset.write(image)


def _write_labels(path: Path, shapes: dict[str, list[Any]]) -> None:
    from rasterio.warp import transform_geom
    from shapely import affinity
    from shapely.geometry import mapping

    t = _transform()
    matrix = [t.a, t.b, t.d, t.e, t.c, t.f]
    features = []
    for name, parts in shapes.items():
        for part in parts:
            on_map = mapping(affinity.affine_transform(part, matrix))
            geometry = transform_geom(_CRS, "EPSG:4326", on_map, precision=8)
            properties = {"class_name": name}
            features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    with atomic_path(path) as part:
        text = json.dumps({"type": "FeatureCollection", "features": features})
        part.write_text(text + "\n", encoding="utf-8")
