"""Family of raster source configs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import BundledConfigMixin, Config, ConfigBuilder, Problem, field
from rvcli.config.providers import construct_default
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfig
from rvcli.filesystem import absolute_uri
from rvcli.notices import deprecated

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.raster_source.raster_source import RasterSource
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer

RESAMPLING = ("nearest", "bilinear", "average")

# What old experiments say -> what it is called now.
RENAMED = {
    keys.GEOTIFF_SOURCE: keys.RASTERIO_SOURCE,
    keys.IMAGE_SOURCE: keys.RASTERIO_SOURCE,
    keys.GEOJSON_SOURCE: keys.RASTERIZED_SOURCE,
}


class RasterSourceConfig(BundledConfigMixin, Config):
    """Describes where the pixels of a scene come from."""

    group = keys.RASTER_SOURCE
    message = "raster_source_pb2:RasterSourceConfig"

    source_type: str

    transformers: list[RasterTransformerConfig] = field(
        default_factory=list,
        doc="Transformers that every chip passes, in this order.",
        group=keys.RASTER_TRANSFORMER,
    )
    channel_order: list[int] | None = field(
        default=None, doc="Bands to read, counted from 0, in this order; all if not set."
    )

    def problems(self) -> Iterable[Problem]:
        """Check the channels, and that statistics of bands are not taken for those of others."""
        for i, channel in enumerate(self.channel_order or []):
            if channel < 0:
                yield Problem(f"$.channel_order[{i}]", f"must not be negative, not {channel}")
        replaced = False
        for i, transformer in enumerate(self.transformers or []):
            if replaced and getattr(transformer, "uses_image_bands", False):
                yield Problem(
                    f"$.transformers[{i}]",
                    "uses the statistics of the image's bands, which an earlier transformer"
                    " replaces by others: put it first, or give limits",
                )
            replaced |= getattr(transformer, "replaces_bands", False)

    def create_source(
        self,
        tmp_dir: str,
        crs_transformer: CRSTransformer | None = None,
        extent: Box | None = None,
        class_map: ClassMap | None = None,
    ) -> RasterSource:
        """Create the raster source; the last three describe the scene it belongs to."""
        raise NotImplementedError(f"{type(self).__name__} has no create_source")

    def create_transformers(self) -> list[RasterTransformer]:
        """Create the transformers."""
        return [t.create_transformer() for t in self.transformers or []]

    def warped_to(self, crs: Any, resampling: str) -> Any:
        """Return a copy that is warped to a CRS as it is read; None if that cannot be.

        Args:
            crs: a rasterio CRS.
            resampling: one of RESAMPLING.
        """
        return None

    def absolute_image(self, image_uri: str) -> str:
        """Return what names an image for `for_prediction`, with absolute URIs."""
        return absolute_uri(image_uri)

    def for_prediction(self, image_uri: str) -> Any:
        """Return a copy that reads another image."""
        raise NotImplementedError(f"{type(self).__name__} has no for_prediction")

    def create_local(self, tmp_dir: str) -> Any:
        """Return a copy whose files are local, fetched if need be."""
        raise NotImplementedError(f"{type(self).__name__} has no create_local")

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Put the files of the transformers into the package."""
        saved = [t.save_bundle_files(bundle_dir) for t in self.transformers or []]
        new = self.clone()
        new.transformers = [config for config, _ in saved]
        return new, [path for _, paths in saved for path in paths]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the files of the transformers where the package was unpacked."""
        new = self.clone()
        new.transformers = [t.load_bundle_files(bundle_dir) for t in self.transformers or []]
        return new

    @staticmethod
    def check_deprecation(source_type: str) -> None:
        """Warn once of a key that old experiments use."""
        if source_type in RENAMED:
            deprecated(f"the raster source {source_type}", RENAMED[source_type])

    @classmethod
    def builder(cls, key: str | None = None) -> Any:
        """Return the builder of a raster source."""
        cls.check_deprecation(key or "")
        return super().builder(key)


def as_raster_source(source: str | RasterSourceConfig, channel_order: list[int] | None) -> Any:
    """Return a raster source: as it is, or the default one of a URI."""
    if not isinstance(source, str):
        return source
    return construct_default(
        keys.DEFAULT_RASTER_SOURCE, source, using="handles", arguments=(source, channel_order)
    )


class RasterSourceConfigBuilder(ConfigBuilder):
    """Base of raster source config builders."""

    config_class = RasterSourceConfig

    def with_transformers(self, transformers: list[RasterTransformerConfig]) -> Any:
        """Set the transformers that every chip passes, in this order."""
        return self.set(transformers=list(transformers or []))

    def with_transformer(self, transformer: RasterTransformerConfig) -> Any:
        """Add one transformer after those that are set."""
        return self.set(transformers=[*(self.config.get("transformers") or []), transformer])

    def with_stats_transformer(
        self, per_scene: bool = False, channels: list[int] | None = None
    ) -> Any:
        """Add the transformer that scales by the statistics of the analyze command.

        Args:
            per_scene: by those of each scene, which the analyzer has to measure.
            channels: of the chip to scale, counted from 0; all by default.
        """
        stats = RasterTransformerConfig.builder(keys.STATS_TRANSFORMER)
        stats = stats.with_per_scene(per_scene).with_channels(channels)
        return self.with_transformer(stats.build())
