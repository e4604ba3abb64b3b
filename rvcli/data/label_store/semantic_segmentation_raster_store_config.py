"""Config of the store that keeps predicted pixels in a GeoTIFF."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Problem, field, one_of
from rvcli.data.label_store.label_store_config import (
    LabelStoreConfig,
    LabelStoreConfigBuilder,
    prediction_uri,
)
from rvcli.data.label_store.vector_output_config import (
    EXTENSIONS,
    VectorOutput,
    check_classes,
    for_prediction,
    stem_of,
    vector_output_problems,
)
from rvcli.filesystem import join_uri

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.command_io_definition import CommandIODefinition
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.label_store.label_store import LabelStore


class SemanticSegmentationRasterStoreConfig(LabelStoreConfig):
    """Keep predicted class ids in a Cloud Optimized GeoTIFF on the grid of the scene.

    A URI that ends like a vector file gets the outlines of all classes instead, which `rv predict`
    may be asked for; evaluation reads pixels.
    """

    key = keys.SEMANTIC_SEGMENTATION_RASTER
    part = "semantic_segmentation_raster_store"
    endings = (".tif", ".tiff", ".geojson", ".json", ".gpkg", ".fgb")
    positional = ("uri", "vector_output", "rgb")

    uri: str | None = field(
        default=None,
        doc="The GeoTIFF; `<scene id>.tif` below the predict URI if not set.",
        output_of=(keys.PREDICT,),
        input_of=(keys.EVAL,),
    )
    vector_output: list[VectorOutput] = field(
        default_factory=list,
        doc="Files of polygons that are made of the predicted pixels.",
        used_by=(keys.PREDICT, keys.EVAL, keys.BUNDLE),
    )
    rgb: bool = field(default=False, doc="Write the colours of the classes instead of their ids.")
    probabilities: bool = field(
        default=False,
        doc="Write how probable each class is as well: one band a class, in a GeoTIFF beside that"
        " of the classes, `<name>-probabilities.tif`. The backend has to give scores. EVAL makes"
        " precision-recall curves of them.",
        used_by=(keys.PREDICT, keys.EVAL, keys.BUNDLE),
    )
    probabilities_dtype: str = field(
        default="uint8",
        doc="How they are stored; in uint8, 255 is a probability of 1.",
        check=one_of("uint8", "float16", "float32"),
        used_by=(keys.PREDICT, keys.BUNDLE),
    )

    def problems(self) -> Iterable[Problem]:
        """Check that every vector output has a format and a file of its own."""
        # Where the pixels will go is not known yet, and matters little.
        return vector_output_problems(self.vector_output, self.uri or "predictions.tif")

    def for_prediction(self, label_uri: str) -> Any:
        """Return a copy that writes to another URI, polygons beside it."""
        new = self.clone()
        new.uri = label_uri
        new.vector_output = for_prediction(self.vector_output, label_uri)
        return new

    def create_store(
        self, task_config: Any, extent: Box, crs_transformer: CRSTransformer, tmp_dir: str
    ) -> LabelStore:
        """Create the label store on the grid of a scene."""
        from rvcli.data.label_store.semantic_segmentation_raster_store import (
            SemanticSegmentationRasterStore,
        )

        uri = self.uri or ""
        is_vector = uri.lower().endswith(EXTENSIONS)
        raster_store = SemanticSegmentationRasterStore(
            _pixels_of(uri, tmp_dir) if is_vector else uri,
            extent,
            crs_transformer,
            tmp_dir,
            [output.beside(uri) for output in self.vector_output],
            class_map=task_config.class_map,
            rgb=self.rgb and not is_vector,
            probabilities_uri=self.probabilities_uri(),
            probabilities_dtype=self.probabilities_dtype,
        )
        if not is_vector:
            return raster_store
        from rvcli.data.label_store.polygon_store import SemanticSegmentationPolygonStore

        return SemanticSegmentationPolygonStore(uri, raster_store)

    def probabilities_uri(self) -> str | None:
        """Return where probabilities go; None if none are written."""
        if not self.probabilities or not self.uri:
            return None
        return f"{stem_of(self.uri)}-probabilities.tif"

    def vector_uris(self) -> list[str]:
        """Return where polygons go; none before it is known where the pixels go."""
        return [str(output.beside(self.uri).uri) for output in self.vector_output if self.uri]

    def report_io(self, command_type: str, io_def: CommandIODefinition) -> Any:
        """Report the probabilities and the polygons as well."""
        uri = self.probabilities_uri()
        if command_type == keys.PREDICT:
            io_def.add_outputs([*([uri] if uri else []), *self.vector_uris()])
        elif command_type == keys.EVAL:
            io_def.add_inputs([*([uri] if uri else []), *self.vector_uris()])
        return super().report_io(command_type, io_def)

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Put the predictions of the scene below the predict URI."""
        if not self.uri and command_type in (keys.PREDICT, keys.EVAL):
            self.uri = prediction_uri(experiment_config, context, ".tif")
        if self.vector_output:
            check_classes(self.vector_output, experiment_config.task.class_map)
        return super().update_for_command(command_type, experiment_config, context, io_def)


def _pixels_of(uri: str, tmp_dir: str) -> str:
    """Return where the pixels of a vector file are for a while."""
    from hashlib import sha256

    return join_uri(tmp_dir, f"pixels-{sha256(uri.encode()).hexdigest()[:16]}.tif")


class SemanticSegmentationRasterStoreConfigBuilder(LabelStoreConfigBuilder):
    """Builds SemanticSegmentationRasterStoreConfig."""

    config_class = SemanticSegmentationRasterStoreConfig

    def from_proto(self, msg: Any) -> Any:
        """Return a copy with the values of a message, of the older form as well."""
        if msg.WhichOneof("label_store_config") == "uri":
            return self.set(uri=msg.uri)
        new = super().from_proto(msg)
        for output in new.config["vector_output"]:
            output.uri = output.uri or None  # old messages say "" for a URI that is not set
        return new
