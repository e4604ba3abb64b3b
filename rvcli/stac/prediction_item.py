"""The STAC item beside predictions: where they lie, what they are and what they were made from.

The specification: https://github.com/radiantearth/stac-spec/blob/v1.1.0/item-spec/item-spec.md
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rvcli.filesystem import resolve
from rvcli.filesystem.threads import in_threads
from rvcli.records import versions_now
from rvcli.records.identity import REMOTE_THREADS
from rvcli.stac.footprint import footprint
from rvcli.stac.imagery import imagery_uris, item_uris, times_of
from rvcli.stac.prediction_assets import assets, prediction_uris
from rvcli.stac.vocabulary import (
    CLASSIFICATION,
    IDENTITY,
    PROCESSING,
    PROJECTION,
    STAC_VERSION,
    derived_from,
    href,
    software,
    utc,
)
from rvcli.stac.vocabulary import (
    item_uri as place_of,
)

Link = Mapping[str, Any]


def place_of_item(label_store: Any) -> str | None:
    """Return where the item of what a label store config writes lies; None if it names no file."""
    uris = prediction_uris(label_store) if label_store is not None else []
    if not uris:
        return None
    place = place_of(uris[0])
    # Predictions come first, whatever they are called.
    return None if place in uris else place


def remove_items(label_stores: Iterable[Any]) -> None:
    """Remove the items of predictions that are about to be made anew; fine if there are none."""
    places = [place for place in map(place_of_item, label_stores) if place is not None]
    in_threads(lambda place: resolve(place, "w").delete(place), places, REMOTE_THREADS)


def write_item(
    scene_config: Any,
    scene: Any,
    task_config: Any,
    *,
    id: str,
    links: Sequence[Link],
    properties: Mapping[str, Any],
    identities: Mapping[str, str] | None = None,
    item_uri: str | None = None,
) -> str | None:
    """Write the item of predictions that have just been saved, at once.

    Args:
        scene_config: says what was read, and where predictions went.
        scene: what was made of it; knows its grid.
        id: of the item.
        links: to what else they were made from: the model, or the package.
        properties: further ones.
        identities: of what was read and written, by URI, where they are to be noted.
        item_uri: of the STAC item that named the imagery, where the config does not.

    Returns:
        its URI; None where the label store does not name a file.

    Raises:
        NotWritableError: it cannot be written.
    """
    from rvcli.utils.files import json_to_file

    place = place_of_item(scene_config.label_store)
    if place is None:
        return None
    noted = identities or {}
    read = [(uri, "imagery") for uri in _imagery(scene_config, item_uri)]
    read += [(uri, "area of interest") for uri in getattr(scene_config, "aoi_uris", None) or ()]
    sources = [
        derived_from(uri, title, **({IDENTITY: noted[uri]} if uri in noted else {}))
        for uri, title in read
    ]
    made = utc()
    found_assets = assets(scene_config.label_store, getattr(task_config, "class_map", None), place)
    for uri, identity in noted.items():
        for asset in found_assets.values():
            if asset["href"] == href(uri, place):
                asset[IDENTITY] = identity
    item = {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": [PROJECTION, PROCESSING, CLASSIFICATION],
        "id": id,
        **_place(scene),
        "properties": {
            "datetime": made,
            **times_of([item_uri] if item_uri else item_uris(scene_config.raster_source)),
            "created": made,
            **_projection(scene),
            "processing:software": software(versions_now()),
            **properties,
        },
        "links": [*sources, *links],
        "assets": found_assets,
    }
    json_to_file(item, place, indent=1)
    return place


def _imagery(scene_config: Any, item_uri: str | None) -> list[str]:
    return [item_uri] if item_uri else imagery_uris(scene_config.raster_source)


def _place(scene: Any) -> dict[str, Any]:
    source = scene.raster_source
    found = footprint(source.get_extent(), source.get_crs_transformer())
    return {"geometry": None} if found is None else found.to_dict()


def _projection(scene: Any) -> dict[str, Any]:
    """Return the grid in the words of the projection extension."""
    extent = scene.raster_source.get_extent()
    crs_transformer = scene.raster_source.get_crs_transformer()
    found: dict[str, Any] = {"proj:shape": [int(extent.get_height()), int(extent.get_width())]}
    crs, affine = crs_transformer.get_image_crs(), crs_transformer.get_affine_transform()
    if crs is None:
        return found
    found.update(_crs(crs))
    if affine is not None:
        found["proj:transform"] = [float(v) for v in tuple(affine)[:6]]
    return found


def _crs(crs: Any) -> dict[str, Any]:
    import pyproj

    known = pyproj.CRS.from_user_input(crs.to_wkt() if hasattr(crs, "to_wkt") else crs)
    authority = known.to_authority()
    if authority is not None:
        return {"proj:code": ":".join(authority)}
    return {"proj:code": None, "proj:wkt2": known.to_wkt()}
