"""Config of the raster source that reads the assets of a STAC item."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Problem, field, not_empty
from rvcli.data.raster_source.multi_raster_source_config import (
    MultiRasterSourceConfig,
    StackedSourceConfig,
    resampling_problems,
)
from rvcli.data.raster_source.raster_source_config import (
    RasterSourceConfigBuilder,
)
from rvcli.data.raster_source.rasterio_source_config import READ_BY, RasterioSourceConfig
from rvcli.data.raster_source.stac_item import choose_assets, read_assets
from rvcli.filesystem import is_local, to_path

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.core.command_io_definition import CommandIODefinition
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.raster_source.raster_source import RasterSource


class STACItemSourceConfig(StackedSourceConfig):
    """Read assets of a STAC item, stacked as the bands of one image."""

    key = keys.STAC_ITEM_SOURCE
    positional = ("uri", "assets", "primary", "resampling")

    uri: str = field(doc="The item's JSON file.", input_of=READ_BY, example="item.json")
    assets: list[str] | None = field(
        default=None,
        doc="Names of the assets to read, in the order of their bands; all that the item says"
        " are data if not set.",
        check=not_empty,
    )

    def problems(self) -> Iterable[Problem]:
        """Check what the options say of each other."""
        yield from super().problems()
        # Without names it is the item that says how many there are.
        yield from resampling_problems(self.resampling, len(self.assets or self.resampling))

    def create_source(
        self,
        tmp_dir: str,
        crs_transformer: CRSTransformer | None = None,
        extent: Box | None = None,
        class_map: ClassMap | None = None,
    ) -> RasterSource:
        """Read the item and create the stack of its assets.

        Raises:
            DataError: it is no STAC item, or lacks an asset.
        """
        source: RasterSource = self.to_stack().create_source(tmp_dir)
        return source

    def to_stack(self) -> Any:
        """Return the stack of the files that the item names."""
        assets = choose_assets(self.uri, read_assets(self.uri), self.assets)
        stack = MultiRasterSourceConfig(
            raster_sources=[
                RasterioSourceConfig(uris=[asset.uri], nodata=asset.nodata) for asset in assets
            ],
            primary=self.primary,
            resampling=self.resampling,
            dtype=self.dtype,
            channel_order=self.channel_order,
            transformers=list(self.transformers or []),
        )
        stack.check()
        return stack

    def report_io(self, command_type: str, io_def: CommandIODefinition) -> Any:
        """Name the item as an input and, where it is a local file that is there, its assets."""
        super().report_io(command_type, io_def)
        if command_type in READ_BY and is_local(self.uri) and to_path(self.uri).is_file():
            self.to_stack().report_io(command_type, io_def)

    def for_prediction(self, image_uri: str) -> Any:
        """Return a copy that reads the same assets of another item."""
        new = self.clone()
        new.uri = image_uri
        return new

    def create_local(self, tmp_dir: str) -> Any:
        """Return the stack of the item's files, fetched if need be."""
        return self.to_stack().create_local(tmp_dir)

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Put the files of the transformers into the package, but no imagery."""
        new, files = super().save_bundle_files(bundle_dir)
        new.uri = "item.json"
        return new, files


class STACItemSourceConfigBuilder(RasterSourceConfigBuilder):
    """Builds STACItemSourceConfig."""

    config_class = STACItemSourceConfig
