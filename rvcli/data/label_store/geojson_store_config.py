"""What the configs of the stores that keep predictions in GeoJSON share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import field
from rvcli.data.label_store.label_store_config import LabelStoreConfig, prediction_uri

if TYPE_CHECKING:
    from rvcli.core.command_io_definition import CommandIODefinition


class GeoJSONStoreConfig(LabelStoreConfig):
    """Keep predictions in a vector file, GeoJSON by default."""

    endings = (".geojson", ".json", ".gpkg", ".fgb")

    uri: str | None = field(
        default=None,
        doc="The file; its extension decides on the format: .json or .geojson (GeoJSON in WGS 84),"
        " .gpkg or .fgb (in the CRS of the image). `<scene id>.json` below the predict URI if not"
        " set.",
        output_of=(keys.PREDICT,),
        input_of=(keys.EVAL,),
    )

    def for_prediction(self, label_uri: str) -> Any:
        """Return a copy that writes to another URI."""
        new = self.clone()
        new.uri = label_uri
        return new

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Put the predictions of the scene below the predict URI."""
        if not self.uri and command_type in (keys.PREDICT, keys.EVAL):
            self.uri = prediction_uri(experiment_config, context, ".json")
        return super().update_for_command(command_type, experiment_config, context, io_def)
