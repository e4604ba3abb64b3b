"""What the map shows, as JSON for the page's script: scenes, outlines, layers and pictures."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from typing import Any

from rvcli.report.content import LAYERS, ExperimentReport, Layer, Picture, Ring, ScenePreview
from rvcli.report.page.formats import color

SPLITS = ("train", "validation", "test")
GAP = 0.06

_ESCAPES = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


class Pictures:
    """Pictures by their content: the same one stands in the page once."""

    def __init__(self) -> None:
        self.uris: dict[str, str] = {}

    def key(self, picture: Picture) -> str:
        """Return the name of a picture, which it keeps from now on."""
        name = hashlib.sha256(picture.data).hexdigest()[:16]
        self.uris.setdefault(name, picture.data_uri)
        return name


def map_of(
    report: ExperimentReport, scenes: list[ScenePreview], pictures: Pictures
) -> dict[str, Any]:
    """Return what one map shows; its scenes are all georeferenced, or none is."""
    shifts = on_one_world(scenes) if _on_earth(scenes) else side_by_side(scenes)
    return {
        "georeferenced": _on_earth(scenes),
        "classes": {str(i): [name, color(c)] for i, (name, c) in report.classes.items()},
        "scenes": [
            _scene(scene, shift, pictures) for scene, shift in zip(scenes, shifts, strict=True)
        ],
    }


def layers_of(scenes: Iterable[ScenePreview]) -> list[str]:
    """List the layers of which some scene has anything to show, in the order of drawing."""
    there = {
        layer.name
        for scene in scenes
        for layer in scene.layers
        if layer.picture is not None or layer.shapes
    }
    return [name for name in LAYERS if name in there]


def maps_of(report: ExperimentReport) -> list[list[ScenePreview]]:
    """Return the scenes that can be drawn, those on earth apart from plain images."""
    drawable = [s for s in report.scenes if s.footprint or s.layers]
    kinds = ([s for s in drawable if s.georeferenced == kind] for kind in (True, False))
    return [scenes for scenes in kinds if scenes]


def on_one_world(scenes: list[ScenePreview]) -> list[tuple[float, float]]:
    """Return each scene's shift (x, y): neighbours across the antimeridian stay neighbours."""
    centres = [(s.bounds_xyxy[0] + s.bounds_xyxy[2]) / 2 for s in scenes]
    shifts = [360.0 if centre < 0 else 0.0 for centre in centres]
    eastward = [centre + shift for centre, shift in zip(centres, shifts, strict=True)]
    if max(eastward) - min(eastward) >= max(centres) - min(centres):
        shifts = [0.0] * len(scenes)
    return [(shift, 0.0) for shift in shifts]


def side_by_side(scenes: list[ScenePreview]) -> list[tuple[float, float]]:
    """Lay out plain images in rows, about as wide as high; return each one's shift (x, y)."""
    sizes = [(s.bounds_xyxy[2] - s.bounds_xyxy[0], s.bounds_xyxy[3] - s.bounds_xyxy[1])
             for s in scenes]  # fmt: skip
    gap = GAP * max((max(size) for size in sizes), default=1.0)
    row_width = max(sum(w * h for w, h in sizes) ** 0.5 * 1.5, *(w for w, _ in sizes))
    shifts = []
    x = y = row_height = 0.0
    for scene, (width, height) in zip(scenes, sizes, strict=True):
        if x > 0 and x + width > row_width:
            x, y, row_height = 0.0, y - row_height - gap, 0.0
        west, _, _, north = scene.bounds_xyxy
        shifts.append((x - west, y - north))
        x += width + gap
        row_height = max(row_height, height)
    return shifts


def escaped_json(value: Any) -> str:
    """Write JSON that can stand inside a script element, whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)


def _on_earth(scenes: list[ScenePreview]) -> bool:
    return all(scene.georeferenced for scene in scenes)


def _scene(scene: ScenePreview, shift: tuple[float, float], pictures: Pictures) -> dict[str, Any]:
    west, south, east, north = scene.bounds_xyxy
    dx, dy = shift
    return {
        "id": scene.id,
        "split": scene.split if scene.split in SPLITS else "test",
        "bounds": [west + dx, south + dy, east + dx, north + dy],
        "footprint": _rings(scene.footprint, shift),
        "aois": _rings(scene.aois, shift),
        "layers": [_layer(layer, shift, pictures) for layer in scene.layers],
    }


def _layer(layer: Layer, shift: tuple[float, float], pictures: Pictures) -> dict[str, Any]:
    shapes = [
        [_rings(shape.rings, shift), shape.class_id, _finite(shape.score)] for shape in layer.shapes
    ]
    picture = pictures.key(layer.picture) if layer.picture is not None else None
    return {"name": layer.name, "picture": picture, "shapes": shapes}


def _finite(score: float | None) -> float | None:
    return score if score is not None and math.isfinite(score) else None


def _rings(rings: Iterable[Ring], shift: tuple[float, float]) -> list[list[list[float]]]:
    dx, dy = shift
    return [[[round(x + dx, 7), round(y + dy, 7)] for x, y in ring] for ring in rings]
