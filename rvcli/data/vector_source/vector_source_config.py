"""Family of vector source configs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Config, ConfigBuilder, Problem, field, one_of
from rvcli.config.providers import construct_default
from rvcli.data.vector_source.filters import compile_filter
from rvcli.errors import ConfigError

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
        unit="buffer_unit",
    )
    point_bufs: dict[int, float | None] | None = field(
        default=None,
        doc="Radius of points by class id, 1 if not given; None drops the points of a class.",
        unit="buffer_unit",
    )
    class_property: str | None = field(
        default=None, doc="Property that names the class; class_id, class_name or label if not set."
    )
    crs: str | None = field(
        default=None, doc="CRS of the coordinates, such as EPSG:3857, where the file does not say."
    )
    class_mapping: dict[str, Any] | None = field(
        default=None,
        doc="Class id or name for each value of class_property; None drops the feature.",
    )
    buffer_unit: str = field(
        default="pixels",
        doc="Unit of line_bufs and point_bufs: pixels of the imagery, or metres on the ground.",
        check=one_of("pixels", "metres"),
    )

    def has_null_class_bufs(self) -> bool:
        """True if lines or points of some class are dropped."""
        bufs = [*(self.line_bufs or {}).values(), *(self.point_bufs or {}).values()]
        return any(b is None for b in bufs)

    def problems(self) -> Iterable[Problem]:
        """Yield what is wrong with how classes are found, and with buffers."""
        yield from super().problems()
        if self.class_mapping is not None and self.class_property is None:
            yield Problem("$.class_mapping", "is set, but class_property, which it maps, is not")
        for class_id, expression in (self.class_id_to_filter or {}).items():
            try:
                compile_filter(expression)
            except ConfigError as error:
                yield Problem(f"$.class_id_to_filter[{class_id}]", error.message)
        for name in ("line_bufs", "point_bufs"):
            for class_id, width in (getattr(self, name) or {}).items():
                if width is not None and not 0 <= width < float("inf"):
                    yield Problem(f"$.{name}[{class_id}]", f"must not be negative, not {width}")

    def class_ids(self, class_map: ClassMap | None) -> set[int]:
        """Return the classes that features may be of, as far as configs say."""
        ids = {*(self.class_id_to_filter or {}), *(class_map.get_keys() if class_map else ())}
        return ids | {1 if self.default_class_id is None else self.default_class_id}

    def source_options(self, extent: Box | None, class_map: ClassMap | None) -> dict[str, Any]:
        """Return the arguments that the constructors of all built-in sources share."""
        from rvcli.data.vector_source.class_inference import ClassInferenceOptions

        return {
            "line_bufs": self.line_bufs,
            "point_bufs": self.point_bufs,
            "class_inf_opts": ClassInferenceOptions(
                class_map=class_map,
                class_id_to_filter=self.class_id_to_filter,
                default_class_id=self.default_class_id,
                class_property=self.class_property,
                class_mapping=self.class_mapping,
            ),
            "extent": extent,
            "crs": self.crs,
            "buffer_unit": self.buffer_unit,
        }

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


def without_area(vector_source: Any) -> Iterator[Problem]:
    """Yield a problem where lines or points of a class stay what they are, in a source of labels.

    A label covers an area: with None for a buffer a class would silently lack its lines.
    """
    if vector_source.has_null_class_bufs():
        yield Problem(
            "$.vector_source",
            "has None as a buffer of a class in with_buffers: labels have to have an area",
        )


def needs_grid(crs_transformer: CRSTransformer | None) -> CRSTransformer:
    """Return the grid of a scene, without which vectors cannot be placed.

    Raises:
        ConfigError: there is none.
    """
    if crs_transformer is None:
        raise ConfigError(
            "a vector source needs the grid of a scene",
            hint="use it in a label source of a scene whose raster source is imagery",
        )
    return crs_transformer


class VectorSourceConfigBuilder(ConfigBuilder):
    """Base of vector source config builders."""

    config_class = VectorSourceConfig

    def with_class_inference(
        self,
        class_id_to_filter: dict[int, Any] | None = None,
        default_class_id: int | None = 1,
        class_property: str | None = None,
    ) -> Any:
        """Set how features get their class; without `class_property` that is as it was."""
        new = self.set(class_id_to_filter=class_id_to_filter, default_class_id=default_class_id)
        return new if class_property is None else new.set(class_property=class_property)

    def with_class_mapping(self, class_property: str, class_mapping: dict[Any, Any]) -> Any:
        """Set classes by the values of one property: `("landuse", {"forest": 1, "lake": "water"})`.

        None as a class leaves features out.
        """
        mapping = {str(value): target for value, target in class_mapping.items()}
        return self.set(class_property=class_property, class_mapping=mapping)

    def with_buffers(
        self,
        line_bufs: dict[int, float | None] | None = None,
        point_bufs: dict[int, float | None] | None = None,
        unit: str = "pixels",
    ) -> Any:
        """Set the half width of lines and the radius of points by class id.

        The unit is "pixels" or "metres".
        """
        return self.set(line_bufs=line_bufs, point_bufs=point_bufs, buffer_unit=unit)
