"""Pixel boxes as GeoJSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer


def boxes_to_geojson(
    boxes: Iterable[Box],
    class_ids: Iterable[int],
    crs_transformer: CRSTransformer,
    class_map: ClassMap,
    scores: Iterable[Any] | None = None,
) -> dict[str, Any]:
    """Return boxes as a FeatureCollection of polygons.

    Args:
        boxes: pixel coordinates.
        class_ids: the class of each box.
        crs_transformer: of the image; the polygons are in its map CRS.
        class_map: gives the names of the classes.
        scores: a number for each box, or one for each of its classes; None leaves them out.

    Returns:
        Features with the properties `class_id`, `class_name` and `score` or `scores`.
    """
    boxes, class_ids = list(boxes), list(class_ids)
    all_scores = [None] * len(boxes) if scores is None else list(scores)
    features = []
    for box, class_id, score in zip(boxes, class_ids, all_scores, strict=True):
        ring = [list(crs_transformer.pixel_to_map((x, y))) for x, y in box.geojson_coordinates()]
        properties: dict[str, Any] = {
            "class_id": int(class_id),
            "class_name": class_map.get_by_id(int(class_id)).name,
            **_score(score),
        }
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": properties,
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _score(score: Any) -> dict[str, Any]:
    if score is None:
        return {}
    if hasattr(score, "__len__"):
        return {"scores": [float(one) for one in score]}
    return {"score": float(score)}
