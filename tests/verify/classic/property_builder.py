"""An augmentor whose builder makes `config` a property and has a `build` of its own."""

from copy import deepcopy

import rvcli as rv
from rvcli.protos.augmentor_pb2 import AugmentorConfig as AugmentorConfigMsg


class Flip(rv.Augmentor):
    """Does nothing."""

    def __init__(self, aug_prob):
        self.aug_prob = aug_prob

    def process(self, training_data, tmp_dir):
        """Return the data."""
        return training_data


class FlipConfig(rv.AugmentorConfig):
    """Holds a null that may be a list of integers; has no report_io."""

    def __init__(self, aug_prob=0.5, bands=None):
        super().__init__("FLIP")
        self.aug_prob = aug_prob
        self.bands = bands

    def to_proto(self):
        """Write a flat Struct."""
        values = {"aug_prob": self.aug_prob, "bands": self.bands}
        return AugmentorConfigMsg(augmentor_type="FLIP", custom_config=values)

    def create_augmentor(self):
        """Return the augmentor."""
        return Flip(self.aug_prob)


class FlipConfigBuilder(rv.AugmentorConfigBuilder):
    """Builds the config."""

    def __init__(self, prev=None):
        self.aug_prob = prev.aug_prob if prev else 0.5
        self.bands = prev.bands if prev else None

    @property
    def config(self):
        """Return the values."""
        return {"aug_prob": self.aug_prob, "bands": self.bands}

    def build(self):
        """Return the config."""
        return FlipConfig(self.aug_prob, self.bands)

    def from_proto(self, msg):
        """Convert what the Struct made of the values."""
        values = msg.custom_config
        bands = values["bands"]
        b = self.with_probability(values["aug_prob"])
        return b.with_bands(None if bands is None else [int(band) for band in bands])

    def with_probability(self, aug_prob):
        """Set the probability."""
        b = deepcopy(self)
        b.aug_prob = aug_prob
        return b

    def with_bands(self, bands):
        """Set the bands."""
        b = deepcopy(self)
        b.bands = bands
        return b


def register_plugin(plugin_registry):
    """Register the augmentor."""
    plugin_registry.register_config_builder(rv.AUGMENTOR, "FLIP", FlipConfigBuilder)
