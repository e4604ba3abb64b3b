"""Family of augmentor configs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Config, ConfigBuilder

if TYPE_CHECKING:
    from rvcli.augmentor.augmentor import Augmentor


class AugmentorConfig(Config):
    """Describes an augmentor, which changes training chips before they are written."""

    group = keys.AUGMENTOR
    message = "augmentor_pb2:AugmentorConfig"

    augmentor_type: str

    def to_builder(self, augmentor_type: str | None = None) -> Any:
        """Return a builder that starts from this config; its type is known, given or not."""
        return super().to_builder()

    def create_augmentor(self) -> Augmentor:
        """Create the augmentor."""
        raise NotImplementedError(f"{type(self).__name__} has no create_augmentor")


class AugmentorConfigBuilder(ConfigBuilder):
    """Base of augmentor config builders."""

    config_class = AugmentorConfig
