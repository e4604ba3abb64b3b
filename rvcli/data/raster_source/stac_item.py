"""STAC items: which files an item names, and what it says of them.

The specification: https://github.com/radiantearth/stac-spec/blob/master/item-spec/item-spec.md
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urljoin

from rvcli.errors import DataError, RvError, nearest
from rvcli.filesystem import absolute_uri, is_local, parent_uri, scheme, shown, to_path

_HINT = "give the JSON file of one STAC item, whose type is Feature"
_IMAGE_TYPES = ("image/tiff", "image/vnd.stac.geotiff", "image/jp2", "image/png", "image/jpeg")


@dataclass(frozen=True)
class Asset:
    """A file of an item.

    Attributes:
        uri: absolute.
        nodata: value of pixels without data, where the item says it.
        is_imagery: whether it is the data of the item, by its role or else by its media type.
    """

    uri: str
    nodata: float | None
    is_imagery: bool


def read_assets(item_uri: str) -> dict[str, Asset]:
    """Read the assets of an item, by name, in its order.

    Args:
        item_uri: of the item's JSON; relative links in it start from there.

    Raises:
        DataError: it is no STAC item.
    """
    item = _read_json(item_uri)
    kind = item.get("type") if isinstance(item, Mapping) else type(item).__name__
    assets = item.get("assets") if isinstance(item, Mapping) else None
    if kind != "Feature" or not isinstance(assets, Mapping):
        what = f"its type is {kind!r}" if kind != "Feature" else "it has no assets"
        raise DataError(f"{shown(item_uri)} is no STAC item: {what}", hint=_HINT)
    return {str(name): _asset(item_uri, str(name), entry) for name, entry in assets.items()}


def _read_json(item_uri: str) -> Any:
    from rvcli.utils.files import file_to_json

    try:
        return file_to_json(item_uri)
    except RvError as e:
        if isinstance(e.__cause__, ValueError):  # what was read is no text, or no JSON
            raise DataError(f"{shown(item_uri)} is no STAC item: {e.message}", hint=_HINT) from e
        raise


def choose_assets(
    item_uri: str, assets: Mapping[str, Asset], names: Sequence[str] | None
) -> list[Asset]:
    """Return the assets that are asked for, in the order of their names.

    Args:
        item_uri: names the item in errors.
        assets: those that it has.
        names: of those that are asked for; all that are imagery by default.

    Raises:
        DataError: it lacks one of them, or has no imagery.
    """
    if names is None:
        found = [asset for asset in assets.values() if asset.is_imagery]
        if not assets:
            raise DataError(
                f"the STAC item {shown(item_uri)} has no assets",
                hint="name an item of imagery that can be read",
            )
        if not found:
            raise DataError(
                f"the STAC item {shown(item_uri)} does not say which of its assets are imagery",
                hint=f"name them: with_assets([...]); {_listed(assets)}",
            )
        return found
    for name in names:
        if name not in assets:
            near = nearest(name, assets)
            start = f"did you mean {near!r}? " if near else ""
            raise DataError(
                f"the STAC item {shown(item_uri)} has no asset {name!r}",
                hint=start + _listed(assets),
            )
    return [assets[name] for name in names]


def resolve_href(item_uri: str, href: str) -> str:
    """Return the absolute URI of a link in an item."""
    if scheme(href):
        return absolute_uri(href)
    if is_local(item_uri):
        folder = to_path(item_uri).parent
        # Links are URLs, in which %20 stands for a space; some that are not are found, too.
        path = folder / href
        return absolute_uri(str(path if path.exists() else folder / unquote(href)))
    if scheme(item_uri) in ("http", "https"):
        return urljoin(item_uri, href)
    start, _, place = parent_uri(item_uri).partition("://")
    bucket, _, folder_name = place.partition("/")
    joined = posixpath.normpath(posixpath.join("/", folder_name, href))
    return f"{start}://{bucket}{joined}"


def _asset(item_uri: str, name: str, entry: Any) -> Asset:
    href = entry.get("href") if isinstance(entry, Mapping) else None
    if not isinstance(href, str) or not href:
        raise DataError(
            f"the asset {name!r} of the STAC item {shown(item_uri)} has no href", hint=_HINT
        )
    roles = entry.get("roles") or []
    media_type = str(entry.get("type", "")).partition(";")[0].strip().lower()
    is_imagery = "data" in roles if roles else media_type in _IMAGE_TYPES
    return Asset(resolve_href(item_uri, href), _nodata(entry), is_imagery)


def _nodata(entry: Mapping[str, Any]) -> float | None:
    """Return the nodata value of an asset, of its first band where it has none itself."""
    bands = entry.get("bands") or entry.get("raster:bands") or [{}]
    for place in (entry, bands[0]):
        value = place.get("nodata") if isinstance(place, Mapping) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return None


def _listed(assets: Mapping[str, Asset]) -> str:
    names = list(assets)
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"its assets are: {', '.join(names[:20])}{more}"
