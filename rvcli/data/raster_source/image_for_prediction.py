"""Another image for a raster source: a file, a stack of files, or assets of a STAC item."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rvcli.data.raster_source.multi_raster_source_config import MultiRasterSourceConfig
from rvcli.data.raster_source.rasterio_source_config import RasterioSourceConfig
from rvcli.data.raster_source.stac_item import Asset, choose_assets, read_assets
from rvcli.data.raster_source.stac_item_source_config import STACItemSourceConfig
from rvcli.errors import DataError
from rvcli.filesystem import absolute_uri, base_name, shown


def source_for_image(source: Any, image_uri: str, assets: Sequence[str] = ()) -> Any:
    """Return a copy of a raster source config that reads another image.

    Args:
        source: config of the raster source that a model was trained with.
        image_uri: see `RasterSourceConfig.for_prediction`; or a STAC item, which ends in .json.
        assets: of the item, in the order of the files or bands that the model reads; those that
            the item says are data by default.

    Raises:
        DataError: assets are named of what is no item, or do not fit the source.
    """
    reads_items = isinstance(source, STACItemSourceConfig)
    # A plugin's source may read JSON of its own.
    knows_items = isinstance(
        source, (STACItemSourceConfig, MultiRasterSourceConfig, RasterioSourceConfig)
    )
    if not (knows_items and is_item(image_uri)):
        if assets and not reads_items:
            raise DataError(
                f"{shown(image_uri)} has no assets: it is no STAC item",
                hint="leave --asset out, or name the JSON file of an item",
            )
        return source.for_prediction(source.absolute_image(image_uri))
    item_uri = absolute_uri(image_uri)
    if reads_items:
        new = source.for_prediction(item_uri)
        new.assets = list(assets) or new.assets
        return new
    chosen = choose_assets(item_uri, read_assets(item_uri), list(assets) or None)
    if isinstance(source, MultiRasterSourceConfig):
        return _stack_of(source, item_uri, chosen)
    if len(chosen) == 1:
        return _reading(source, chosen[0])
    if assets:
        return STACItemSourceConfig(
            uri=item_uri,
            assets=list(assets),
            channel_order=source.channel_order,
            transformers=list(source.transformers or []),
        )
    names = ", ".join(base_name(asset.uri) for asset in chosen[:10])
    raise DataError(
        f"the STAC item {shown(item_uri)} has {len(chosen)} assets that are imagery: {names}",
        hint="name the one to read: --asset NAME; or several, in the order of the model's bands",
    )


def is_item(image_uri: str) -> bool:
    """Tell by its name whether an image may be a STAC item."""
    is_list = image_uri.lstrip().startswith("[") or "," in image_uri
    return not is_list and base_name(image_uri).lower().endswith((".json", ".geojson"))


def name_of_image(image_uri: str) -> str:
    """Return the name of an image without its extension; of several files, that of the first."""
    first = image_uri.strip().lstrip('["').split('"')[0].split(",")[0]
    name = base_name(first.partition("?")[0])
    return name.rpartition(".")[0] or name


def _stack_of(source: Any, item_uri: str, chosen: Sequence[Asset]) -> Any:
    count = len(source.raster_sources)
    if len(chosen) != count:
        raise DataError(
            f"the model reads {count} images that lie on each other, and {len(chosen)} assets of"
            f" the STAC item {shown(item_uri)} are chosen",
            hint="name one for each, in their order: --asset NAME, as often as needed",
        )
    new = source.for_prediction(json.dumps([asset.uri for asset in chosen]))
    new.raster_sources = [
        _with_nodata(one, asset) for one, asset in zip(new.raster_sources, chosen, strict=True)
    ]
    return new


def _reading(source: Any, asset: Asset) -> Any:
    return _with_nodata(source.for_prediction(source.absolute_image(asset.uri)), asset)


def _with_nodata(source: Any, asset: Asset) -> Any:
    if isinstance(source, RasterioSourceConfig) and asset.nodata is not None:
        source.nodata = asset.nodata
    return source
