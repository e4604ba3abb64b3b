"""Pixel boxes as GeoJSON."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

log = logging.getLogger(__name__)


def boxes_to_geojson(
    boxes: Iterable[Box] | npt.NDArray[Any],
    class_ids: Iterable[int],
    crs_transformer: CRSTransformer,
    class_map: ClassMap,
    scores: Iterable[Any] | None = None,
) -> dict[str, Any]:
    """Return boxes as a FeatureCollection of polygons.

    Rings run as RFC 7946 wants it, counterclockwise on the map. Boxes that lie where the map CRS
    is not defined are left out, and counted in the log.

    Args:
        boxes: pixel coordinates; Boxes, or rows (ymin, xmin, ymax, xmax) of an array.
        class_ids: the class of each box.
        crs_transformer: of the image; the polygons are in its map CRS.
        class_map: gives the names of the classes.
        scores: a number for each box, or one for each of its classes, or None; None for all
            leaves them out.

    Returns:
        Features with the properties `class_id`, `class_name` and `score` or `scores`.
    """
    import numpy as np

    if not isinstance(boxes, np.ndarray):
        boxes = Box.to_npboxes(boxes)
    rings = _rings(boxes, crs_transformer)
    names = {item.id: item.name for item in class_map.get_items()}
    all_scores = [None] * len(rings) if scores is None else scores
    on_map = np.asarray(np.isfinite(rings).reshape(-1, 10).all(axis=1))
    if not on_map.all():
        log.warning("%d boxes are left out: they do not lie on the map", (~on_map).sum())
    features = []
    for ring, class_id, score, shown in zip(
        rings.tolist(), map(int, class_ids), all_scores, on_map.tolist(), strict=True
    ):
        if class_id not in names:
            class_map.get_by_id(class_id)  # says which there are
        if shown:
            properties = {"class_id": class_id, "class_name": names[class_id], **_score(score)}
            geometry = {"type": "Polygon", "coordinates": [ring]}
            features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return {"type": "FeatureCollection", "features": features}


def _rings(npboxes: npt.NDArray[Any], crs_transformer: CRSTransformer) -> npt.NDArray[np.float64]:
    """Return the closed rings of boxes in map (x, y), shape (n, 5, 2)."""
    import numpy as np

    from rvcli.data.vector_source.projection import map_projector

    ymin, xmin, ymax, xmax = np.asarray(npboxes, np.float64).reshape(-1, 4).T
    corners = [(xmin, ymin), (xmin, ymax), (xmax, ymax), (xmax, ymin), (xmin, ymin)]
    pixels = np.array(corners).transpose(2, 0, 1)
    rings = map_projector(crs_transformer)(pixels.reshape(-1, 2)).reshape(-1, 5, 2)
    affine = crs_transformer.get_affine_transform()
    # Pixels count rows downwards: on maps where rows go up the ring has to turn round.
    return rings[:, ::-1] if affine is not None and affine.determinant > 0 else rings


def _score(score: Any) -> dict[str, Any]:
    if score is None:
        return {}
    if hasattr(score, "__len__"):
        return {"scores": [float(one) for one in score]}
    return {"score": float(score)}
