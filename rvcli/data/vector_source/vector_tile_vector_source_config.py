"""Config of the vector source that reads Mapbox vector tiles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Problem, field, not_negative
from rvcli.data.vector_source.tile_uri import is_mbtiles, is_template
from rvcli.data.vector_source.vector_source_config import (
    VectorSourceConfig,
    VectorSourceConfigBuilder,
    needs_grid,
)
from rvcli.errors import ConfigError

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.core.command_io_definition import CommandIODefinition
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.vector_source import VectorSource


# A tile of it is 4 cm wide at the equator.
_MAX_ZOOM = 30


class VectorTileVectorSourceConfig(VectorSourceConfig):
    """Read geometries from Mapbox vector tiles: those that the scene touches.

    The layer of a feature is its property `@layer`.
    """

    key = keys.VECTOR_TILE_SOURCE
    part = "mbtiles"

    uri: str = field(
        doc="An .mbtiles file, or a URI with {z}, {x} and {y}.", uri=True, example="labels.mbtiles"
    )
    zoom: int | None = field(
        default=None,
        doc="Zoom of the tiles; of an .mbtiles file the highest if not set.",
        check=not_negative,
    )
    id_field: str = field(
        default="@id",
        doc="Property that the pieces of a feature share; `$id` for the ids of the tiles.",
    )

    def problems(self) -> Iterable[Problem]:
        """Yield what is wrong with the tiles."""
        yield from super().problems()
        if not self.uri or is_mbtiles(self.uri):
            return
        if not is_template(self.uri):
            yield Problem("$.uri", f"is {self.uri}, neither .mbtiles nor with {{z}}, {{x}}, {{y}}")
        elif self.zoom is None:
            yield Problem("$.zoom", "is not set, and tiles by URI do not say it: with_zoom(14)")
        elif self.zoom > _MAX_ZOOM:
            yield Problem("$.zoom", f"must be from 0 to {_MAX_ZOOM}, not {self.zoom}")

    def report_io(self, command_type: str, io_def: CommandIODefinition) -> Any:
        """Add an .mbtiles file; tiles by URI are not known beforehand."""
        super().report_io(command_type, io_def)
        if command_type in (keys.CHIP, keys.EVAL) and is_mbtiles(self.uri):
            io_def.add_inputs([self.uri])

    def create_source(
        self,
        crs_transformer: CRSTransformer | None = None,
        extent: Box | None = None,
        class_map: ClassMap | None = None,
    ) -> VectorSource:
        """Create the vector source; tiles are read on first use."""
        from rvcli.data.vector_source.vector_tile_vector_source import VectorTileVectorSource

        if extent is None:
            raise ConfigError(
                "a source of vector tiles needs the extent of a scene",
                hint="use it in a label source of a scene",
            )
        options = self.source_options(extent, class_map)
        del options["extent"]
        return VectorTileVectorSource(
            self.uri, self.zoom, self.id_field, needs_grid(crs_transformer), extent, **options
        )


class VectorTileVectorSourceConfigBuilder(VectorSourceConfigBuilder):
    """Builds VectorTileVectorSourceConfig."""

    config_class = VectorTileVectorSourceConfig

    def with_id_field(self, id_field: str = "@id") -> Any:
        """Set the property that the pieces of a feature share."""
        return self.set(id_field=id_field)
