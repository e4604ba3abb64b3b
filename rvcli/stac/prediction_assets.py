"""The files of the predictions of a scene, as assets of its item."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from rvcli import keys
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.stac.vocabulary import COG, class_name, classes, href, is_tiff, media_type

log = logging.getLogger(__name__)

PREDICTIONS = "predictions"


def prediction_uris(label_store: Any) -> list[str]:
    """List where a label store config writes, the predictions themselves first.

    Args:
        label_store: a plugin's own, too; nothing is listed of one that does not say.
    """
    io_def = CommandIODefinition()
    try:
        label_store.report_io(keys.PREDICT, io_def)
    except Exception as e:
        # Of a plugin, which raises anything. The item is no reason to fail.
        log.debug("%s does not say where it writes: %s", type(label_store).__name__, e)
    own = getattr(label_store, "uri", None)
    first = [own] if isinstance(own, str) and own else []
    return list(dict.fromkeys([*first, *sorted(io_def.output_uris)]))


def assets(label_store: Any, class_map: Any, item_uri: str) -> dict[str, dict[str, Any]]:
    """Return the assets of an item: what a label store config writes, by name."""
    made: dict[str, dict[str, Any]] = {}
    described = dict(_described(label_store, class_map))
    for i, uri in enumerate(prediction_uris(label_store)):
        name, more = described.get(uri) or (PREDICTIONS if i == 0 else f"{PREDICTIONS}-{i + 1}", {})
        asset = {
            "href": href(uri, item_uri),
            "type": media_type(uri),
            "title": "predictions",
            "roles": ["data"],
            **more,
        }
        if i == 0 and class_map is not None and "bands" not in more:
            asset.setdefault("classification:classes", classes(class_map.get_items()))
        made[name] = {key: value for key, value in asset.items() if value not in (None, [])}
    return made


def _described(store: Any, class_map: Any) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """Yield the URIs of which more is known, each with a name and parts of an asset."""
    uri = getattr(store, "uri", None)
    items = list(class_map.get_items()) if class_map is not None else []
    names = {item.id: str(item.name or item.id) for item in items}
    if uri and hasattr(store, "rgb") and is_tiff(uri):
        yield uri, (PREDICTIONS, {"type": COG, **_pixels(items, store.rgb)})
    probabilities_uri = getattr(store, "probabilities_uri", None)
    probabilities = probabilities_uri() if callable(probabilities_uri) else None
    if probabilities:
        yield probabilities, ("probabilities", _probabilities(items, store.probabilities_dtype))
    for output in getattr(store, "vector_output", None) or ():
        if uri:
            name = names.get(output.class_id, str(output.class_id))
            key = f"{output.mode}-{class_name(name)}"
            yield str(output.beside(uri).uri), (key, {"title": f"{output.mode} of {name}"})


def _pixels(items: list[Any], rgb: bool) -> dict[str, Any]:
    if rgb:
        bands = [{"name": name} for name in ("red", "green", "blue")]
        return {"title": "colours of the classes", "data_type": "uint8", "bands": bands}
    known = classes(items)
    if all(entry["value"] != 0 for entry in known):
        known.insert(0, {"value": 0, "name": "nodata", "title": "nodata", "nodata": True})
    wide = any(entry["value"] > 255 for entry in known)
    return {
        "title": "predicted class of each pixel",
        "data_type": "uint16" if wide else "uint8",
        "nodata": 0,
        "bands": [{"name": "class"}],
        "classification:classes": known,
    }


def _probabilities(items: list[Any], dtype: str) -> dict[str, Any]:
    ordered = sorted((item for item in items if item.id != 0), key=lambda item: item.id)
    scale = "255 is a probability of 1" if dtype == "uint8" else "from 0 to 1"
    return {
        "type": COG,
        "title": "probability of each class",
        "description": f"One band a class; {scale}.",
        "data_type": dtype,
        "bands": [{"name": str(item.name or item.id)} for item in ordered],
    }
