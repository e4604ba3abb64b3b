"""Config of labels that are boxes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Problem, field
from rvcli.data.label_source.label_source_config import (
    LabelSourceConfig,
    LabelSourceConfigBuilder,
)
from rvcli.data.vector_source.vector_source_config import (
    VectorSourceConfig,
    as_vector_source,
    without_area,
)

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.label_source.label_source import LabelSource


class ObjectDetectionLabelSourceConfig(LabelSourceConfig):
    """Read boxes: the bounds of the polygons of a vector source."""

    key = keys.OBJECT_DETECTION
    part = "object_detection_label_source"
    positional = ("vector_source",)

    vector_source: VectorSourceConfig = field(
        doc="The polygons, of which boxes are the bounds.", group=keys.VECTOR_SOURCE
    )

    def problems(self) -> Iterable[Problem]:
        """Check that every geometry has bounds."""
        yield from super().problems()
        yield from without_area(self.vector_source)

    def create_source(
        self, task_config: Any, extent: Box, crs_transformer: CRSTransformer, tmp_dir: str
    ) -> LabelSource:
        """Create the label source on the grid of a scene."""
        from rvcli.data.label_source.object_detection_label_source import (
            ObjectDetectionLabelSource,
        )

        vectors = self.vector_source.create_source(
            crs_transformer=crs_transformer, extent=extent, class_map=task_config.class_map
        )
        return ObjectDetectionLabelSource(vectors, crs_transformer, task_config.class_map, extent)


class ObjectDetectionLabelSourceConfigBuilder(LabelSourceConfigBuilder):
    """Builds ObjectDetectionLabelSourceConfig."""

    config_class = ObjectDetectionLabelSourceConfig

    def with_vector_source(self, vector_source: str | VectorSourceConfig) -> Any:
        """Set the polygons, by config or by a URI that a default provider understands."""
        return self.set(vector_source=as_vector_source(vector_source))

    def with_uri(self, uri: str) -> Any:
        """Set the polygons by URI."""
        return self.with_vector_source(uri)

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message, of the older form as well."""
        if msg.WhichOneof("label_source_config") == "object_detection_geojson_source":
            rest = type(msg)()
            rest.CopyFrom(msg)
            vectors = rest.object_detection_label_source.vector_source
            vectors.source_type = keys.GEOJSON_SOURCE
            vectors.default_class_id = 1
            vectors.geojson.uri = msg.object_detection_geojson_source.uri
            msg = rest
        return super().from_proto(msg)
