"""Config of the store that keeps predicted pixels in a GeoTIFF."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import field, one_of
from rvcli.data.label_store.label_store_config import (
    LabelStoreConfig,
    LabelStoreConfigBuilder,
    prediction_uri,
)

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.command_io_definition import CommandIODefinition
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.label_store.label_store import LabelStore


_log = logging.getLogger(__name__)


class SemanticSegmentationRasterStoreConfig(LabelStoreConfig):
    """Keep predicted class ids in a tiled GeoTIFF with the georeferencing of the scene."""

    key = keys.SEMANTIC_SEGMENTATION_RASTER
    part = "semantic_segmentation_raster_store"

    uri: str | None = field(
        default=None,
        doc="The GeoTIFF; `<scene id>.tif` below the predict URI if not set.",
        output_of=(keys.PREDICT,),
        input_of=(keys.EVAL,),
    )
    rgb: bool = field(default=False, doc="Write the colours of the classes instead of their ids.")
    probabilities: bool = field(
        default=False,
        doc="Write how probable each class is as well: one band a class, in a GeoTIFF beside that"
        " of the classes, `<name>-probabilities.tif`. The backend has to give scores.",
        used_by=(keys.PREDICT, keys.BUNDLE),
    )
    probabilities_dtype: str = field(
        default="uint8",
        doc="How they are stored; in uint8, 255 is a probability of 1.",
        check=one_of("uint8", "float16", "float32"),
        used_by=(keys.PREDICT, keys.BUNDLE),
    )

    def for_prediction(self, label_uri: str) -> Any:
        """Return a copy that writes to another URI."""
        new = self.clone()
        new.uri = label_uri
        return new

    def create_store(
        self, task_config: Any, extent: Box, crs_transformer: CRSTransformer, tmp_dir: str
    ) -> LabelStore:
        """Create the label store on the grid of a scene."""
        from rvcli.data.label_store.semantic_segmentation_raster_store import (
            SemanticSegmentationRasterStore,
        )

        return SemanticSegmentationRasterStore(
            self.uri or "",
            extent,
            crs_transformer,
            tmp_dir,
            class_map=task_config.class_map,
            rgb=self.rgb,
            probabilities_uri=self.probabilities_uri(),
            probabilities_dtype=self.probabilities_dtype,
        )

    def probabilities_uri(self) -> str | None:
        """Return where probabilities go; None if none are written."""
        if not self.probabilities or not self.uri:
            return None
        stem, _, ending = self.uri.rpartition(".")
        return f"{stem if ending.lower() in ('tif', 'tiff') else self.uri}-probabilities.tif"

    def report_io(self, command_type: str, io_def: CommandIODefinition) -> Any:
        """Report the probabilities as well."""
        uri = self.probabilities_uri()
        if uri is not None and command_type == keys.PREDICT:
            io_def.add_outputs([uri])
        return super().report_io(command_type, io_def)

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Put the predictions of the scene below the predict URI."""
        if self.uri is None and command_type in (keys.PREDICT, keys.EVAL):
            self.uri = prediction_uri(experiment_config, context, ".tif")
        return super().update_for_command(command_type, experiment_config, context, io_def)


class SemanticSegmentationRasterStoreConfigBuilder(LabelStoreConfigBuilder):
    """Builds SemanticSegmentationRasterStoreConfig."""

    config_class = SemanticSegmentationRasterStoreConfig

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message, of the older form as well."""
        if msg.WhichOneof("label_store_config") == "uri":
            return self.set(uri=msg.uri)
        if msg.semantic_segmentation_raster_store.vector_output:
            _log.warning("predictions are written as pixels only; vector outputs are left out")
        return super().from_proto(msg)
