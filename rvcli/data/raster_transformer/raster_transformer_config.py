"""Family of raster transformer configs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import BundledConfigMixin, Config, ConfigBuilder

if TYPE_CHECKING:
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


class RasterTransformerConfig(BundledConfigMixin, Config):
    """Describes a transformer, which changes the chips of a raster source as they are read."""

    group = keys.RASTER_TRANSFORMER
    message = "raster_transformer_pb2:RasterTransformerConfig"

    transformer_type: str

    def create_transformer(self) -> RasterTransformer:
        """Create the transformer."""
        raise NotImplementedError(f"{type(self).__name__} has no create_transformer")

    def for_channel_order(
        self, old_order: list[int] | None, new_order: list[int], tmp_dir: str
    ) -> Any:
        """Return the config for an image that has the trained channels in other places.

        Args:
            old_order: their places in the training imagery; the first ones if None.
            new_order: their places in the image.
            tmp_dir: local directory for what it needs in another form.
        """
        return self


class RasterTransformerConfigBuilder(ConfigBuilder):
    """Base of raster transformer config builders."""

    config_class = RasterTransformerConfig
