"""Sources, a label store and a transformer written the short declared way."""

from __future__ import annotations

from typing import Any

import rvcli as rv
from rvcli.filesystem import join_uri
from rvcli.utils.files import download_if_needed


class ArrayConfig(rv.RasterSourceConfig):
    """Read .npy files."""

    key = "ARRAY"

    uri: str = rv.field(
        doc="The file.", input_of=(rv.ANALYZE, rv.CHIP, rv.PREDICT, rv.EVAL, "COUNT_CLASSES")
    )
    limits: tuple[int, float | None] = rv.field(default=(0, None), doc="Not used.")

    def create_source(self, tmp_dir: str, *_: Any, **__: Any) -> Any:
        """Return the raster source."""
        from entities_declared import ArraySource

        path = download_if_needed(self.uri, tmp_dir)
        return ArraySource(path, self.create_transformers(), self.channel_order)

    def for_prediction(self, image_uri: str) -> Any:
        """Return a copy that reads another image."""
        return self.to_builder().with_uri(image_uri).build()

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Put no imagery into the package."""
        config, files = super().save_bundle_files(bundle_dir)
        return config.for_prediction("image"), files


class BoxesConfig(rv.VectorSourceConfig):
    """Read boxes."""

    key = "BOXES"

    uri: str = rv.field(doc="The file.", input_of=(rv.CHIP, rv.EVAL))

    def create_source(self, crs_transformer: Any = None, **_: Any) -> Any:
        """Return the vector source."""
        from entities_declared import Boxes

        return Boxes(self.uri, crs_transformer)


class BoxLabelsConfig(rv.LabelSourceConfig):
    """Label boxes."""

    key = "BOX_LABELS"

    vector_source: rv.VectorSourceConfig = rv.field(doc="The boxes.", group=rv.VECTOR_SOURCE)

    def create_source(
        self, task_config: Any, extent: Any, crs_transformer: Any, tmp_dir: str
    ) -> Any:
        """Return the label source."""
        from entities_declared import BoxLabels

        return BoxLabels(self.vector_source.create_source(crs_transformer=crs_transformer))


class ArrayStoreConfig(rv.LabelStoreConfig):
    """Keep class ids in .npy files."""

    key = "ARRAY_STORE"

    uri: str | None = rv.field(
        default=None, doc="The file.", output_of=(rv.PREDICT,), input_of=(rv.EVAL, "COUNT_CLASSES")
    )

    def create_store(
        self, task_config: Any, extent: Any, crs_transformer: Any, tmp_dir: str
    ) -> Any:
        """Return the label store."""
        from entities_declared import ArrayStore

        return ArrayStore(self.uri or "", extent, tmp_dir)

    def for_prediction(self, label_uri: str) -> Any:
        """Return a copy that writes elsewhere."""
        return self.to_builder().with_uri(label_uri).build()

    def update_for_command(
        self, command_type: str, experiment_config: Any, context: Any = None, io_def: Any = None
    ) -> Any:
        """Put the file below the predict URI."""
        if self.uri is None and command_type in (rv.PREDICT, rv.EVAL):
            scene = next(c for c in reversed(context) if isinstance(c, rv.SceneConfig))
            self.uri = join_uri(experiment_config.predict_uri, f"{scene.id}.npy")
        return super().update_for_command(command_type, experiment_config, context, io_def)


class GainConfig(rv.RasterTransformerConfig):
    """Multiply."""

    key = "GAIN"

    gain: int = rv.field(default=1, doc="By how much.", check=rv.config.positive)
    names: dict[str, str | None] = rv.field(default_factory=dict, doc="Not used.")

    def create_transformer(self) -> Any:
        """Return the transformer."""
        return Gain(self.gain)


class Gain(rv.data.RasterTransformer):
    """Multiplies."""

    def __init__(self, gain: int) -> None:
        self.gain = gain

    def transform(self, chip: Any, channel_order: Any = None) -> Any:
        """Multiply by a whole number."""
        assert isinstance(self.gain, int)
        return chip * self.gain


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what this file brings."""
    for config_class in (ArrayConfig, BoxesConfig, BoxLabelsConfig, ArrayStoreConfig, GainConfig):
        plugin_registry.register_config(config_class)
