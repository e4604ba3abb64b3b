"""A raster source, a raster transformer and their default provider, one file for both groups."""

import os
from copy import deepcopy

import numpy as np
import rasterio

import rastervision as rv
from rastervision.core.box import Box
from rastervision.data import ActivateMixin
from rastervision.data.crs_transformer import RasterioCRSTransformer
from rastervision.data.raster_source import (RasterSource, RasterSourceConfig,
                                             RasterSourceConfigBuilder)
from rastervision.data.raster_source.default import RasterSourceDefaultProvider
from rastervision.data.raster_source.rasterio_source import load_window
from rastervision.data.raster_transformer import (RasterTransformer, RasterTransformerConfig,
                                                  RasterTransformerConfigBuilder)
from rastervision.protos.raster_source_pb2 import RasterSourceConfig as RasterSourceConfigMsg
from rastervision.protos.raster_transformer_pb2 import \
    RasterTransformerConfig as RasterTransformerConfigMsg
from rastervision.utils.files import download_if_needed

DRONE_SOURCE = 'DRONE_SOURCE'
GAMMA_TRANSFORMER = 'GAMMA_TRANSFORMER'


class DroneSource(ActivateMixin, RasterSource):
    def __init__(self, uri, transformers, tmp_dir, channel_order=None):
        self.uri = uri
        self.tmp_dir = tmp_dir
        self.image_dataset = None
        path = download_if_needed(uri, tmp_dir)
        self.path = path
        with rasterio.open(path) as dataset:
            self.height = dataset.height
            self.width = dataset.width
            num_channels = dataset.count
            self.crs_transformer = RasterioCRSTransformer.from_dataset(dataset)
            self.dtype = np.dtype(dataset.dtypes[0])
        if channel_order is None:
            channel_order = list(range(0, num_channels))
        super().__init__(channel_order, num_channels, transformers)

    def get_extent(self):
        return Box(0, 0, self.height, self.width)

    def get_dtype(self):
        return self.dtype

    def get_crs_transformer(self):
        return self.crs_transformer

    def _get_chip(self, window):
        return load_window(self.image_dataset, window=window.rasterio_format())

    def _activate(self):
        self.image_dataset = rasterio.open(self.path)

    def _deactivate(self):
        self.image_dataset.close()
        self.image_dataset = None


class DroneSourceConfig(RasterSourceConfig):
    def __init__(self, uri, transformers=None, channel_order=None):
        super().__init__(DRONE_SOURCE, transformers, channel_order)
        self.uri = uri

    def to_proto(self):
        msg = super().to_proto()
        msg.MergeFrom(RasterSourceConfigMsg(custom_config={'uri': self.uri, 'note': None}))
        return msg

    def save_bundle_files(self, bundle_dir):
        return super().save_bundle_files(bundle_dir)

    def for_prediction(self, image_uri):
        return self.to_builder().with_uri(image_uri).build()

    def create_local(self, tmp_dir):
        new_uri = download_if_needed(self.uri, tmp_dir)
        return self.to_builder().with_uri(new_uri).build()

    def create_source(self, tmp_dir, crs_transformer=None, extent=None, class_map=None):
        transformers = self.create_transformers()
        return DroneSource(self.uri, transformers, tmp_dir, channel_order=self.channel_order)

    def update_for_command(self, command_type, experiment_config, context=None):
        (conf, io_def) = super().update_for_command(command_type, experiment_config, context)
        io_def.add_input(conf.uri)
        return (conf, io_def)


class DroneSourceConfigBuilder(RasterSourceConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {
                'uri': prev.uri,
                'channel_order': prev.channel_order,
                'transformers': prev.transformers
            }
        super().__init__(DroneSourceConfig, config)

    def validate(self):
        super().validate()
        if self.config.get('uri') is None:
            raise rv.ConfigError('You must specify a uri for the DroneSourceConfig. '
                                 'Use "with_uri"')

    def from_proto(self, msg):
        b = super().from_proto(msg)
        return b.with_uri(msg.custom_config['uri'])

    def with_uri(self, uri):
        b = deepcopy(self)
        b.config['uri'] = uri
        return b


class DroneSourceDefaultProvider(RasterSourceDefaultProvider):
    @staticmethod
    def handles(uri):
        ext = os.path.splitext(uri)[1]
        return ext.lower() in ['.tif', '.tiff']

    @staticmethod
    def construct(uri, channel_order=None):
        b = rv.RasterSourceConfig.builder(DRONE_SOURCE).with_uri(uri)
        if channel_order:
            b = b.with_channel_order(channel_order)
        return b.build()


class GammaTransformer(RasterTransformer):
    def __init__(self, gamma):
        self.gamma = gamma

    def transform(self, chip, channel_order=None):
        scaled = (chip / 255.0) ** self.gamma
        return np.clip(scaled * 255, 0, 255).astype(np.uint8)


class GammaTransformerConfig(RasterTransformerConfig):
    def __init__(self, gamma=1.0):
        super().__init__(GAMMA_TRANSFORMER)
        self.gamma = gamma

    def to_proto(self):
        return RasterTransformerConfigMsg(
            transformer_type=self.transformer_type, custom_config={'gamma': self.gamma})

    def create_transformer(self):
        return GammaTransformer(self.gamma)

    def update_for_command(self, command_type, experiment_config, context=None):
        return (self, rv.core.CommandIODefinition())

    def save_bundle_files(self, bundle_dir):
        return (self, [])

    def load_bundle_files(self, bundle_dir):
        return self


class GammaTransformerConfigBuilder(RasterTransformerConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {'gamma': prev.gamma}
        super().__init__(GammaTransformerConfig, config)

    def from_proto(self, msg):
        return self.with_gamma(msg.custom_config['gamma'])

    def with_gamma(self, gamma):
        b = deepcopy(self)
        b.config['gamma'] = gamma
        return b


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.RASTER_SOURCE, DRONE_SOURCE,
                                            DroneSourceConfigBuilder)
    plugin_registry.register_config_builder(rv.RASTER_TRANSFORMER, GAMMA_TRANSFORMER,
                                            GammaTransformerConfigBuilder)
    plugin_registry.register_default_raster_source(DroneSourceDefaultProvider)
