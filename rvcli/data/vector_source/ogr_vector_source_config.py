"""Config of the vector source that reads any file that GDAL knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import field
from rvcli.data.companions import vector_companions
from rvcli.data.vector_source.shapefile import REQUIRED, is_shapefile, sibling
from rvcli.data.vector_source.vector_source_config import (
    VectorSourceConfig,
    VectorSourceConfigBuilder,
    needs_grid,
)

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.core.command_io_definition import CommandIODefinition
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.vector_source import VectorSource

_READ_BY = (keys.CHIP, keys.EVAL)


class OGRVectorSourceConfig(VectorSourceConfig):
    """Read geometries from GeoPackage, FlatGeobuf, Shapefile and what else GDAL knows.

    Only what lies on the scene is read, through the file's index where it has one.
    """

    key = keys.OGR_SOURCE

    uri: str = field(
        doc="The file; of a shapefile the .shp.", input_of=_READ_BY, example="labels.gpkg"
    )
    layer: str | None = field(
        default=None, doc="The layer; may be left out if the file has one only."
    )
    where: str | None = field(
        default=None, doc="Condition in SQL that features must meet, such as height > 3."
    )

    def report_io(self, command_type: str, io_def: CommandIODefinition) -> Any:
        """Add the file and, where its format has several, all that say what is in it."""
        super().report_io(command_type, io_def)
        if command_type not in _READ_BY:
            return
        io_def.add_inputs(vector_companions(self.uri))
        if is_shapefile(self.uri):
            # With a CRS of its own in the config, the .prj does not count.
            needed = REQUIRED if self.crs is not None else (*REQUIRED, "prj")
            io_def.add_inputs([sibling(self.uri, extension) for extension in needed])

    def create_source(
        self,
        crs_transformer: CRSTransformer | None = None,
        extent: Box | None = None,
        class_map: ClassMap | None = None,
    ) -> VectorSource:
        """Create the vector source; the file is opened on first use."""
        from rvcli.data.vector_source.ogr_vector_source import OGRVectorSource

        return OGRVectorSource(
            self.uri,
            needs_grid(crs_transformer),
            layer=self.layer,
            where=self.where,
            **self.source_options(extent, class_map),
        )


class OGRVectorSourceConfigBuilder(VectorSourceConfigBuilder):
    """Builds OGRVectorSourceConfig."""

    config_class = OGRVectorSourceConfig
