"""Config of the vector source that reads GeoJSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import field
from rvcli.data.vector_source.vector_source_config import (
    VectorSourceConfig,
    VectorSourceConfigBuilder,
    needs_grid,
)

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.vector_source import VectorSource


class GeoJSONVectorSourceConfig(VectorSourceConfig):
    """Read geometries from a GeoJSON file (RFC 7946; a `crs` member is honoured)."""

    key = keys.GEOJSON_SOURCE
    part = "geojson"

    uri: str = field(
        doc="The GeoJSON file.", input_of=(keys.CHIP, keys.EVAL), example="labels.geojson"
    )

    def create_source(
        self,
        crs_transformer: CRSTransformer | None = None,
        extent: Box | None = None,
        class_map: ClassMap | None = None,
    ) -> VectorSource:
        """Create the vector source; the file is read on first use."""
        from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource

        return GeoJSONVectorSource(
            self.uri, needs_grid(crs_transformer), **self.source_options(extent, class_map)
        )


class GeoJSONVectorSourceConfigBuilder(VectorSourceConfigBuilder):
    """Builds GeoJSONVectorSourceConfig."""

    config_class = GeoJSONVectorSourceConfig
