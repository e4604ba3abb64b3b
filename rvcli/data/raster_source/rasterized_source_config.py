"""Config of the raster source that draws vectors into pixels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Declared, Problem, field
from rvcli.data.raster_source.raster_source_config import (
    RasterSourceConfig,
    RasterSourceConfigBuilder,
)
from rvcli.data.vector_source.vector_source_config import (
    VectorSourceConfig,
    as_vector_source,
    without_area,
)
from rvcli.errors import ConfigError
from rvcli.notices import deprecated

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.raster_source.raster_source import RasterSource

BACKGROUND_NAMES = ("background", "null", "no_class", "other")


class RasterizerOptions(Declared):
    """How vectors become pixels."""

    background_class_id: int | None = field(
        default=None,
        doc="Class of pixels that no geometry covers; if not set, the class named"
        " 'background' where there is one, else 0, which is ignored.",
    )
    all_touched: bool = field(
        default=False, doc="Draw every pixel that a geometry touches, not only centres."
    )
    line_buffer: int | None = field(
        default=None,
        doc="Half width of lines of all classes, where the vector source sets no line_bufs; of"
        " old experiments: use with_buffers.",
        unit="pixels",
    )

    def resolve_background(self, class_map: ClassMap | None) -> int:
        """Return the class id of the background."""
        if self.background_class_id is not None:
            return self.background_class_id
        for item in class_map.get_items() if class_map is not None else []:
            if (item.name or "").lower() in BACKGROUND_NAMES:
                return int(item.id)
        return 0


class RasterizedSourceConfig(RasterSourceConfig):
    """Draw the geometries of a vector source into pixels, window by window."""

    key = keys.RASTERIZED_SOURCE
    part = "rasterized_source"

    vector_source: VectorSourceConfig = field(
        doc="The geometries and their classes.", group=keys.VECTOR_SOURCE
    )
    rasterizer_options: RasterizerOptions = field(
        default_factory=RasterizerOptions, doc="How they become pixels."
    )

    def problems(self) -> Iterable[Problem]:
        """Check the channels, and that every geometry can be drawn."""
        yield from super().problems()
        yield from without_area(self.vector_source)

    def create_source(
        self,
        tmp_dir: str,
        crs_transformer: CRSTransformer | None = None,
        extent: Box | None = None,
        class_map: ClassMap | None = None,
    ) -> RasterSource:
        """Create the raster source on the grid of a scene."""
        from rvcli.data.raster_source.rasterized_source import RasterizedSource

        if crs_transformer is None or extent is None:
            raise ConfigError(
                "a rasterized source needs the grid of a scene",
                hint="use it as the label source of a scene whose raster source is imagery",
            )
        options = self.rasterizer_options.clone()
        options.background_class_id = options.resolve_background(class_map)
        vectors = self._vectors(class_map).create_source(
            crs_transformer=crs_transformer, extent=extent, class_map=class_map
        )
        return RasterizedSource(vectors, options, extent, crs_transformer)

    def _vectors(self, class_map: ClassMap | None) -> Any:
        """Return the vector source, with the old width of lines if it sets none of its own."""
        width, vectors = self.rasterizer_options.line_buffer, self.vector_source
        if width is None or vectors.line_bufs is not None:
            return vectors
        vectors = vectors.clone()
        vectors.line_bufs = dict.fromkeys(vectors.class_ids(class_map), float(width))
        return vectors

    def for_prediction(self, uri: str) -> Any:
        """Return this config: there is no image to replace."""
        return self

    def create_local(self, tmp_dir: str) -> Any:
        """Return this config: vectors are read where they are."""
        return self


RasterizedSourceConfig.nest(RasterizerOptions)


class RasterizedSourceConfigBuilder(RasterSourceConfigBuilder):
    """Builds RasterizedSourceConfig."""

    config_class = RasterizedSourceConfig

    def with_vector_source(self, vector_source: str | VectorSourceConfig) -> Any:
        """Set the geometries, by config or by a URI that a default provider understands."""
        return self.set(vector_source=as_vector_source(vector_source))

    def with_uri(self, uri: str) -> Any:
        """Set the geometries by URI."""
        return self.with_vector_source(uri)

    def with_rasterizer_options(
        self,
        background_class_id: int | None,
        all_touched: bool = False,
        line_buffer: int | None = None,
    ) -> Any:
        """Set how vectors become pixels; `line_buffer` is taken from older experiments."""
        if line_buffer is not None:
            deprecated(
                "line_buffer= of with_rasterizer_options", "with_buffers on the vector source"
            )
        options = RasterizerOptions(background_class_id, all_touched, line_buffer)
        return self.set(rasterizer_options=options)

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message, of the older form as well."""
        if msg.WhichOneof("raster_source_config") == "geojson_file":
            rest = type(msg)()
            rest.CopyFrom(msg)
            old = msg.geojson_file
            rest.rasterized_source.vector_source.source_type = keys.GEOJSON_SOURCE
            rest.rasterized_source.vector_source.default_class_id = 1
            rest.rasterized_source.vector_source.geojson.uri = old.uri
            options = rest.rasterized_source.rasterizer_options
            options.background_class_id = old.rasterizer_options.background_class_id
            options.line_buffer = old.rasterizer_options.line_buffer
            msg = rest
        new = super().from_proto(msg)
        # The message's own default does not count: newer experiments do not know this option.
        if not msg.rasterized_source.rasterizer_options.HasField("line_buffer"):
            new.config["rasterizer_options"].line_buffer = None
        return new
