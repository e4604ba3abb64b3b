"""Family of vector source configs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Config, ConfigBuilder, field
from rvcli.config.providers import construct_default

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.vector_source import VectorSource


class VectorSourceConfig(Config):
    """Describes where geometries come from, and how each gets its class."""

    group = keys.VECTOR_SOURCE
    message = "vector_source_pb2:VectorSourceConfig"

    source_type: str

    class_id_to_filter: dict[int, Any] | None = field(
        default=None,
        doc="Filter expression for each class id; a feature gets the first that matches.",
    )
    default_class_id: int | None = field(
        default=1, doc="Class of features that nothing else decides; None drops them."
    )
    line_bufs: dict[int, float | None] | None = field(
        default=None,
        doc="Half width of lines by class id, 1 if not given; None drops the lines of a class.",
        unit="pixels",
    )
    point_bufs: dict[int, float | None] | None = field(
        default=None,
        doc="Radius of points by class id, 1 if not given; None drops the points of a class.",
        unit="pixels",
    )
    class_property: str | None = field(
        default=None, doc="Property that names the class; class_id, class_name or label if not set."
    )
    crs: str | None = field(
        default=None, doc="CRS of the coordinates, such as EPSG:3857, where the file does not say."
    )

    def has_null_class_bufs(self) -> bool:
        """True if lines or points of some class are dropped."""
        bufs = [*(self.line_bufs or {}).values(), *(self.point_bufs or {}).values()]
        return any(b is None for b in bufs)

    def create_source(
        self,
        crs_transformer: CRSTransformer | None = None,
        extent: Box | None = None,
        class_map: ClassMap | None = None,
    ) -> VectorSource:
        """Create the vector source on the grid of a scene."""
        raise NotImplementedError(f"{type(self).__name__} has no create_source")


def as_vector_source(source: str | VectorSourceConfig) -> Any:
    """Return a vector source: as it is, or the default one of a URI."""
    if not isinstance(source, str):
        return source
    return construct_default(
        keys.DEFAULT_VECTOR_SOURCE, source, using="handles", arguments=(source,)
    )


class VectorSourceConfigBuilder(ConfigBuilder):
    """Base of vector source config builders."""

    config_class = VectorSourceConfig

    def with_class_inference(
        self,
        class_id_to_filter: dict[int, Any] | None = None,
        default_class_id: int | None = 1,
        class_property: str | None = None,
    ) -> Any:
        """Set how features get their class."""
        return self.set(
            class_id_to_filter=class_id_to_filter,
            default_class_id=default_class_id,
            class_property=class_property,
        )

    def with_buffers(
        self,
        line_bufs: dict[int, float | None] | None = None,
        point_bufs: dict[int, float | None] | None = None,
    ) -> Any:
        """Set the half width of lines and the radius of points by class id, in pixels."""
        return self.set(line_bufs=line_bufs, point_bufs=point_bufs)
