"""What the log says of labels that look wrong."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap
    from rvcli.data.vector_source.class_inference import ClassInference
    from rvcli.data.vector_source.class_polygons import ClassPolygons, Geometries

log = logging.getLogger(__name__)


def warn_of_none(name: str, count: int) -> None:
    """Warn that labels miss the image."""
    log.warning(
        "%s: none of the %d polygons lies on the image; check their CRS, and that x is longitude"
        " and y latitude",
        name,
        count,
    )


def warn_of_tiny(name: str, geometries: Geometries) -> None:
    """Warn if there are labels on the image, and none is as large as a pixel.

    Args:
        name: what messages call their source.
        geometries: in pixels, those on the image.
    """
    import shapely

    bounds = shapely.bounds(geometries).reshape(-1, 4)
    if len(bounds) and (bounds[:, 2:] - bounds[:, :2]).max() < 1:
        log.warning(
            "%s: all of the %d polygons on the image are smaller than a pixel; check their CRS:"
            " labels of an image without georeference are in pixels",
            name,
            len(bounds),
        )


def warn_of_names(inference: ClassInference, name: str, level: int) -> None:
    """Warn of names and properties that say no class."""
    if inference.lacks_property:
        log.log(
            level,
            "%s: no feature has the property %r, which says the class: the filters and the default"
            " decide",
            name,
            inference.options.class_property,
        )
    unknown = inference.unknown_names
    if unknown:
        names = [shown for shown, _ in unknown.most_common(10)]
        more = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
        log.log(
            level,
            "%s: %d features have names that the class map lacks (%s%s): they become class %s;"
            " name the classes of the task so, or say with_class_mapping(...)",
            name,
            unknown.total(),
            ", ".join(names),
            more,
            inference.options.default_class_id,
        )


def warn_of_unknown(
    polygons: ClassPolygons, class_map: ClassMap | None, name: str, level: int
) -> None:
    """Warn of class ids that the class map lacks."""
    import numpy as np

    if class_map is None:
        return
    strange = np.setdiff1d(polygons.class_ids, [0, *class_map.get_keys()])
    if len(strange):
        log.log(
            level,
            "%s: %d polygons have class ids that the class map lacks: %s",
            name,
            int(np.isin(polygons.class_ids, strange).sum()),
            ", ".join(map(str, strange[:10])),
        )
