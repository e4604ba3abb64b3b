"""Config of labels that give a class to each cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Problem, between, field, not_negative, positive
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


class ChipClassificationLabelSourceConfig(LabelSourceConfig):
    """Read cells from a vector source, or infer the classes of a grid of cells from it."""

    key = keys.CHIP_CLASSIFICATION
    part = "chip_classification_label_source"
    positional = (
        *("vector_source", "ioa_thresh", "use_intersection_over_cell", "pick_min_class_id"),
        *("background_class_id", "cell_size", "infer_cells"),
    )

    vector_source: VectorSourceConfig = field(
        doc="The cells, or polygons to infer their classes from.", group=keys.VECTOR_SOURCE
    )
    ioa_thresh: float | None = field(
        default=None,
        doc="Share of a polygon, or of the cell, that has to lie in their intersection for the"
        " polygon's class to count; needed to infer cells.",
        check=between(0, 1),
    )
    use_intersection_over_cell: bool = field(
        default=False, doc="Take the share of the cell, not that of the polygon."
    )
    pick_min_class_id: bool = field(
        default=False,
        doc="Of several classes choose the smallest id, not the one that covers most of the cell.",
    )
    background_class_id: int | None = field(
        default=None,
        doc="Class of inferred cells that nothing else decides; without it they have no class.",
        check=not_negative,
    )
    cell_size: int | None = field(
        default=None,
        doc="Width and height of cells; the chip size of the task if not set.",
        unit="pixels",
        check=positive,
    )
    infer_cells: bool = field(
        default=False, doc="Infer the classes of a grid of cells instead of reading cells."
    )

    def problems(self) -> Iterable[Problem]:
        """Check that all is there that inferring cells needs."""
        yield from without_area(self.vector_source)
        if self.infer_cells and self.ioa_thresh is None:
            yield Problem("$.ioa_thresh", "is not set, and infer_cells needs it")

    def create_source(
        self, task_config: Any, extent: Box, crs_transformer: CRSTransformer, tmp_dir: str
    ) -> LabelSource:
        """Create the label source on the grid of a scene."""
        from rvcli.data.label_source.chip_classification_label_source import (
            ChipClassificationLabelSource,
        )

        vectors = self.vector_source.create_source(
            crs_transformer=crs_transformer, extent=extent, class_map=task_config.class_map
        )
        return ChipClassificationLabelSource(
            vectors,
            crs_transformer,
            task_config.class_map,
            extent,
            self.ioa_thresh,
            self.use_intersection_over_cell,
            self.pick_min_class_id,
            self.background_class_id,
            self.cell_size or task_config.chip_size,
            self.infer_cells,
        )


class ChipClassificationLabelSourceConfigBuilder(LabelSourceConfigBuilder):
    """Builds ChipClassificationLabelSourceConfig."""

    config_class = ChipClassificationLabelSourceConfig

    def with_vector_source(self, vector_source: str | VectorSourceConfig) -> Any:
        """Set the cells or polygons, by config or by a URI that a default provider understands."""
        return self.set(vector_source=as_vector_source(vector_source))

    def with_uri(self, uri: str) -> Any:
        """Set the cells or polygons by URI."""
        return self.with_vector_source(uri)

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message, of the older form as well."""
        if msg.WhichOneof("label_source_config") == "chip_classification_geojson_source":
            rest = type(msg)()
            rest.CopyFrom(msg)
            old = msg.chip_classification_geojson_source
            new = rest.chip_classification_label_source
            for descriptor, value in old.ListFields():
                if descriptor.name != "uri":
                    setattr(new, descriptor.name, value)
            new.vector_source.source_type = keys.GEOJSON_SOURCE
            new.vector_source.default_class_id = 1
            new.vector_source.geojson.uri = old.uri
            msg = rest
        return super().from_proto(msg)
