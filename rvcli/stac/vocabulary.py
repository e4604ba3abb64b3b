"""What the items have in common: versions, extensions, links, classes, times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from rvcli.filesystem import (
    base_name,
    is_local,
    join_uri,
    parent_uri,
    scheme,
    shown,
    to_path,
)

STAC_VERSION = "1.1.0"
# Properties of our own.
EXPERIMENT, TASK = "rv:experiment", "rv:task"
# What a file was when an item was written, as records have it.
IDENTITY = "rv:identity"

ITEM_FOLDER = "stac"
JSON_TYPE = "application/json"

_EXTENSIONS = "https://stac-extensions.github.io"
PROJECTION = f"{_EXTENSIONS}/projection/v2.0.0/schema.json"
PROCESSING = f"{_EXTENSIONS}/processing/v1.1.0/schema.json"
CLASSIFICATION = f"{_EXTENSIONS}/classification/v2.0.0/schema.json"
MLM = f"{_EXTENSIONS}/mlm/v1.4.0/schema.json"

_GEOTIFF = "image/tiff; application=geotiff"
COG = f"{_GEOTIFF}; profile=cloud-optimized"
_MEDIA_TYPES = {
    ".tif": _GEOTIFF,
    ".tiff": _GEOTIFF,
    ".jp2": "image/jp2",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".json": "application/geo+json",
    ".geojson": "application/geo+json",
    ".gpkg": "application/geopackage+sqlite3",
    ".fgb": "application/vnd.flatgeobuf",
    ".parquet": "application/vnd.apache.parquet",
    ".zip": "application/zip",
}


def item_uri(prediction_uri: str) -> str:
    """Return where the item of some predictions lies: `stac/east.tif.json` for `east.tif`.

    A folder below theirs: what lists a directory of GeoJSON must not meet items in it.
    """
    return join_uri(parent_uri(prediction_uri), ITEM_FOLDER, f"{base_name(prediction_uri)}.json")


def predictions_of(item_uri: str) -> str | None:
    """Return the predictions whose item a URI is, by its place; None if it is no item's."""
    folder, name = parent_uri(item_uri), base_name(item_uri)
    if base_name(folder) != ITEM_FOLDER or not name.endswith(".json"):
        return None
    return join_uri(parent_uri(folder), name.removesuffix(".json"))


def media_type(uri: str) -> str | None:
    """Return the media type of a file by its extension; None for one that is not known."""
    return _MEDIA_TYPES.get(PurePosixPath(uri.partition("?")[0]).suffix.lower())


def is_tiff(uri: str) -> bool:
    """Tell by its name whether a file is a GeoTIFF."""
    return media_type(uri) == _GEOTIFF


def href(uri: str, item_uri: str = "") -> str:
    """Return how an item names a URI: relative to itself where it is the item of what lies there.

    Neither a password nor a signature gets into it: items are made to be passed on.
    """
    if item_uri and parent_uri(uri) == parent_uri(parent_uri(item_uri)):
        name = uri.rstrip("/").rpartition("/")[2]
        return f"../{quote(name)}" if is_local(uri) else f"../{name}"
    if is_local(uri):
        path = to_path(uri)
        return path.as_uri() if path.is_absolute() else quote(path.as_posix())
    public = shown(uri).replace("://...@", "://")
    return public.partition("?")[0] if scheme(uri) in ("http", "https") else public


def derived_from(uri: str, title: str, **more: Any) -> dict[str, Any]:
    """Return the link to something that predictions, or a model, were made from."""
    found = {"rel": "derived_from", "href": href(uri), "type": media_type(uri), "title": title}
    link = {**found, **more}
    return {name: value for name, value in link.items() if value}


def utc(moment: datetime | str | None = None) -> str:
    """Write a moment, now by default, as RFC 3339 in UTC."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    moment = (moment or datetime.now(timezone.utc)).astimezone(timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def classes(class_items: Iterable[Any]) -> list[dict[str, Any]]:
    """Return classes as the classification extension has them.

    Args:
        class_items: ClassItems; 0 is what is to be ignored.
    """
    from rvcli.core.color import to_hex, to_rgb

    found = []
    for item in class_items:
        name = str(item.name or item.id)
        entry: dict[str, Any] = {"value": int(item.id), "name": class_name(name), "title": name}
        if item.color:
            entry["color_hint"] = to_hex(to_rgb(item.color)).lstrip("#").upper()
        if item.id == 0:
            entry["nodata"] = True
        found.append(entry)
    return found


def class_name(name: str) -> str:
    """Return a name of the letters that STAC has for classes; the title keeps the others."""
    return re.sub(r"[^0-9A-Za-z_-]+", "_", name) or "_"


def software(versions: Mapping[str, str]) -> dict[str, str]:
    """Return versions, with that of rvcli first."""
    return dict(sorted(versions.items(), key=lambda pair: (pair[0] != "rvcli", pair[0])))
