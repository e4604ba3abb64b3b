"""Config of the augmentor that blanks random squares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.augmentor.augmentor_config import AugmentorConfig, AugmentorConfigBuilder
from rvcli.config import between, field

if TYPE_CHECKING:
    from rvcli.augmentor.augmentor import Augmentor


class NodataAugmentorConfig(AugmentorConfig):
    """Set random squares of training chips to nodata."""

    key = keys.NODATA_AUGMENTOR
    part = ""

    aug_prob: float = field(
        default=0.5, doc="Probability that a chip is changed.", check=between(0, 1)
    )

    def create_augmentor(self) -> Augmentor:
        """Create the augmentor."""
        from rvcli.augmentor.nodata_augmentor import NodataAugmentor

        return NodataAugmentor(self.aug_prob)


class NodataAugmentorConfigBuilder(AugmentorConfigBuilder):
    """Builds NodataAugmentorConfig."""

    config_class = NodataAugmentorConfig

    def with_probability(self, aug_prob: float) -> NodataAugmentorConfigBuilder:
        """Set the probability that a chip is changed, between 0 and 1. Default: 0.5."""
        return self.set(aug_prob=aug_prob)
