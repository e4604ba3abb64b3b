"""Family of label store configs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rvcli import keys
from rvcli.config import Config, ConfigBuilder
from rvcli.errors import ConfigError
from rvcli.filesystem import join_uri

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.label_store.label_store import LabelStore


class LabelStoreConfig(Config):
    """Describes where the predictions of a scene are kept.

    Attributes:
        endings: of the files that it writes, the most usual first; any if there are none.
    """

    group = keys.LABEL_STORE
    message = "label_store_pb2:LabelStoreConfig"

    endings: ClassVar[tuple[str, ...]] = ()

    store_type: str

    def for_prediction(self, label_uri: str) -> Any:
        """Return a copy that writes to another URI."""
        raise NotImplementedError(f"{type(self).__name__} has no for_prediction")

    def create_store(
        self, task_config: Any, extent: Box, crs_transformer: CRSTransformer, tmp_dir: str
    ) -> LabelStore:
        """Create the label store on the grid of a scene."""
        raise NotImplementedError(f"{type(self).__name__} has no create_store")


def prediction_uri(experiment_config: Any, context: list[Any] | None, extension: str) -> str:
    """Return `<scene id><extension>` below the predict URI.

    Args:
        experiment_config: says where predictions go.
        context: the configs around the label store, among them that of its scene.
        extension: with its dot.
    """
    scene = next((c for c in reversed(context or []) if hasattr(c, "raster_source")), None)
    if scene is None:
        raise ConfigError(
            "the label store does not know its scene, by which its predictions are named",
            hint="give its uri, or the config of the scene in the context",
        )
    return join_uri(experiment_config.predict_uri, f"{scene.id}{extension}")


class LabelStoreConfigBuilder(ConfigBuilder):
    """Base of label store config builders."""

    config_class = LabelStoreConfig
