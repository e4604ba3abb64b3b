"""Boxes in GeoPackage and FlatGeobuf files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from rvcli.data.label_store.vector_file import OGR_EXTENSIONS, Batch, write_batches
from rvcli.data.vector_source.ogr_file import OGRFile
from rvcli.data.vector_source.projection import Projector, pixel_projector
from rvcli.filesystem import shown
from rvcli.profile.rv_config import RVConfig
from rvcli.utils.place import placed

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer


def is_table(uri: str) -> bool:
    """Tell by its name whether a file is a GeoPackage or FlatGeobuf."""
    return PurePosixPath(uri).suffix.lower() in OGR_EXTENSIONS


def write_box_table(
    uri: str,
    npboxes: npt.NDArray[Any],
    class_ids: Iterable[int],
    scores: Iterable[Any] | None,
    crs_transformer: CRSTransformer,
    class_map: ClassMap,
) -> None:
    """Write boxes as polygons in the CRS of the image, or in pixels where it has none.

    Args:
        uri: of the file; its extension decides on the format.
        npboxes: pixel (ymin, xmin, ymax, xmax), shape (n, 4).
        class_ids: the class of each.
        scores: a number for each, or one for each class, or None; in the columns `score` (the
            highest) and, where there are several, `scores` (as JSON).
        crs_transformer: of the image.
        class_map: gives the names of the classes.

    Raises:
        ConfigError: a class id is no class.
        NotWritableError: the file cannot be written.
    """
    ids = [int(class_id) for class_id in class_ids]
    ymin, xmin, ymax, xmax = np.asarray(npboxes, np.float64).reshape(-1, 4).T
    names = {class_id: class_map.get_by_id(class_id).name for class_id in set(ids)}
    properties: dict[str, Any] = {
        "class_id": np.array(ids, np.int64),
        "class_name": np.array([names[class_id] for class_id in ids], object),
    }
    if scores is not None:
        listed = list(scores)
        properties["score"] = np.array([_highest(score) for score in listed], np.float64)
        if any(np.ndim(score) for score in listed):
            properties["scores"] = np.array([_text(score) for score in listed], object)
    with RVConfig.get_tmp_dir() as tmp_dir, placed(uri, tmp_dir) as path:
        batch = Batch(shapely.box(xmin, ymin, xmax, ymax), properties)
        write_batches(path, [batch], crs_transformer, shown(uri))


def read_box_table(
    uri: str, crs_transformer: CRSTransformer
) -> tuple[list[Any], list[dict[str, Any]], Projector]:
    """Read what write_box_table wrote.

    Returns:
        the outline of each box, in the CRS of the file; the properties of each; and what turns
        the one into pixel (x, y).

    Raises:
        DataError: the file cannot be read.
    """
    file = OGRFile(uri)
    table = file.read()
    rings = [shapely.get_coordinates(polygon) for polygon in table.geometries]
    records = table.records(file.description.fields)
    properties = [_properties(own["properties"]) for _, own in records]
    return rings, properties, pixel_projector(crs_transformer, file.description.crs)


def _properties(own: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(own)
    if isinstance(found.get("scores"), str):
        found["scores"] = json.loads(found["scores"])
    if found.get("score") != found.get("score"):  # not a number: it had none
        del found["score"]
    return found


def _highest(score: Any) -> float:
    return float("nan") if score is None else float(np.max(score))


def _text(score: Any) -> str | None:
    return None if score is None else json.dumps([float(one) for one in score])
