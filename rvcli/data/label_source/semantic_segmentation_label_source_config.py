"""Config of labels that give a class to every pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import field, taken
from rvcli.core.class_map import ClassMap
from rvcli.data.label_source.label_source_config import (
    LabelSourceConfig,
    LabelSourceConfigBuilder,
)
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig, as_raster_source

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.label_source.label_source import LabelSource


class SemanticSegmentationLabelSourceConfig(LabelSourceConfig):
    """Read class ids, or colours that stand for them, from a raster source."""

    key = keys.SEMANTIC_SEGMENTATION
    part = "semantic_segmentation_label_source"

    source: RasterSourceConfig = field(
        doc="The raster of labels: one band of class ids, or RGB.", group=keys.RASTER_SOURCE
    )
    rgb_class_map: ClassMap | None = field(
        default=None,
        doc="Classes by colour, where the labels are an RGB image.",
        proto="rgb_class_items",
    )

    def create_source(
        self, task_config: Any, extent: Box, crs_transformer: CRSTransformer, tmp_dir: str
    ) -> LabelSource:
        """Create the label source on the grid of a scene.

        Raises:
            DataError: the raster of labels is on another grid.
        """
        from rvcli.data.label_source.grid import check_grid
        from rvcli.data.label_source.semantic_segmentation_label_source import (
            SemanticSegmentationLabelSource,
        )

        create = self.source.create_source
        class_map = getattr(task_config, "class_map", None)
        grid = taken(create, crs_transformer=crs_transformer, extent=extent, class_map=class_map)
        source = create(tmp_dir, **grid)
        check_grid(source, extent, crs_transformer)
        return SemanticSegmentationLabelSource(source, self.rgb_class_map)


class SemanticSegmentationLabelSourceConfigBuilder(LabelSourceConfigBuilder):
    """Builds SemanticSegmentationLabelSourceConfig."""

    config_class = SemanticSegmentationLabelSourceConfig

    def with_raster_source(
        self, source: str | RasterSourceConfig, channel_order: list[int] | None = None
    ) -> Any:
        """Set the raster of labels, by config or by a URI of imagery."""
        return self.set(source=as_raster_source(source, channel_order))

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message, of the older form as well."""
        if msg.WhichOneof("label_source_config") == "semantic_segmentation_raster_source":
            rest = type(msg)()
            rest.CopyFrom(msg)
            old = msg.semantic_segmentation_raster_source
            rest.semantic_segmentation_label_source.source.CopyFrom(old.source)
            rest.semantic_segmentation_label_source.rgb_class_items.extend(old.rgb_class_items)
            msg = rest
        return super().from_proto(msg)
