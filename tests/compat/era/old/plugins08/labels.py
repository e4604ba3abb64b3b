"""Outlines of buildings as vector source, what is drawn of them as labels, and where predictions go.

Everything for one group is found by the default providers, so that experiments pass URIs only.
"""

import os
from copy import deepcopy

import numpy as np
from google.protobuf.json_format import MessageToDict, ParseDict

import rastervision as rv
from rastervision.core.config import ConfigError
from rastervision.data import LabelStore, LabelStoreConfig, LabelStoreConfigBuilder
from rastervision.data.label import SemanticSegmentationLabels
from rastervision.data.label_source import (LabelSourceConfig, LabelSourceConfigBuilder)
from rastervision.data.label_source.default import LabelSourceDefaultProvider
from rastervision.data.label_store.default import LabelStoreDefaultProvider
from rastervision.data.vector_source import (VectorSource, VectorSourceConfig,
                                             VectorSourceConfigBuilder)
from rastervision.data.vector_source.class_inference import ClassInferenceOptions
from rastervision.data.vector_source.default import VectorSourceDefaultProvider
from rastervision.protos.label_source_pb2 import LabelSourceConfig as LabelSourceConfigMsg
from rastervision.protos.label_store_pb2 import LabelStoreConfig as LabelStoreConfigMsg
from rastervision.protos.vector_source_pb2 import VectorSourceConfig as VectorSourceConfigMsg
from rastervision.utils.files import (download_if_needed, file_to_json, get_local_path, make_dir,
                                      upload_or_copy)

OSM_SOURCE = 'OSM_SOURCE'
OUTLINES = 'OUTLINES'
NUMPY_STORE = 'NUMPY_STORE'


class OSMSource(VectorSource):
    def __init__(self, uri, crs_transformer, line_bufs=None, point_bufs=None, class_inf_opts=None):
        self.uri = uri
        super().__init__(crs_transformer, line_bufs, point_bufs, class_inf_opts)

    def _get_geojson(self):
        geojson = file_to_json(self.uri)
        features = [f for f in geojson['features'] if 'osm_id' in f['properties']]
        return {'type': 'FeatureCollection', 'features': features}


class OSMSourceConfig(VectorSourceConfig):
    def __init__(self, uri, class_id_to_filter=None, default_class_id=1, line_bufs=None,
                 point_bufs=None):
        self.uri = uri
        super().__init__(OSM_SOURCE, class_id_to_filter=class_id_to_filter,
                         default_class_id=default_class_id, line_bufs=line_bufs,
                         point_bufs=point_bufs)

    def to_proto(self):
        msg = super().to_proto()
        msg.MergeFrom(VectorSourceConfigMsg(custom_config={'uri': self.uri}))
        return msg

    def create_source(self, crs_transformer=None, extent=None, class_map=None):
        return OSMSource(
            self.uri, crs_transformer, line_bufs=self.line_bufs, point_bufs=self.point_bufs,
            class_inf_opts=ClassInferenceOptions(
                class_map=class_map, class_id_to_filter=self.class_id_to_filter,
                default_class_id=self.default_class_id))

    def update_for_command(self, command_type, experiment_config, context=None):
        io_def = rv.core.CommandIODefinition()
        io_def.add_input(self.uri)
        return (self, io_def)


class OSMSourceConfigBuilder(VectorSourceConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {
                'uri': prev.uri,
                'class_id_to_filter': prev.class_id_to_filter,
                'default_class_id': prev.default_class_id,
                'line_bufs': prev.line_bufs,
                'point_bufs': prev.point_bufs
            }
        super().__init__(OSMSourceConfig, config)

    def validate(self):
        super().validate()
        if self.config.get('uri') is None:
            raise ConfigError('OSMSourceConfigBuilder requires uri which can be set using '
                              '"with_uri".')

    def from_proto(self, msg):
        b = super().from_proto(msg)
        return b.with_uri(msg.custom_config['uri'])

    def with_uri(self, uri):
        b = deepcopy(self)
        b.config['uri'] = uri
        return b


class OSMDefaultProvider(VectorSourceDefaultProvider):
    @staticmethod
    def handles(uri):
        return os.path.splitext(uri)[1].lower() in ['.osm', '.geojson']

    @staticmethod
    def construct(uri):
        return rv.VectorSourceConfig.builder(OSM_SOURCE).with_uri(uri).build()


class OutlinesConfig(LabelSourceConfig):
    """Everything outside of outlines is background."""

    def __init__(self, vector_source, background_class_id=2):
        super().__init__(OUTLINES)
        self.vector_source = vector_source
        self.background_class_id = background_class_id

    def to_proto(self):
        msg = super().to_proto()
        msg.MergeFrom(LabelSourceConfigMsg(custom_config={
            'vector_source': MessageToDict(self.vector_source.to_proto()),
            'background_class_id': self.background_class_id
        }))
        return msg

    def create_source(self, task_config, extent, crs_transformer, tmp_dir):
        from rastervision.data.label_source.semantic_segmentation_label_source import \
            SemanticSegmentationLabelSource
        from rastervision.data.raster_source.rasterized_source import RasterizedSource
        from rastervision.data.raster_source.rasterized_source_config import RasterizedSourceConfig

        vector_source = self.vector_source.create_source(
            crs_transformer=crs_transformer, extent=extent, class_map=task_config.class_map)
        options = RasterizedSourceConfig.RasterizerOptions(self.background_class_id)
        source = RasterizedSource(vector_source, options, extent, crs_transformer)
        return SemanticSegmentationLabelSource(source=source)

    def update_for_command(self, command_type, experiment_config, context=None):
        if context is None:
            context = []
        context = context + [self]
        io_def = rv.core.CommandIODefinition()
        b = self.to_builder()
        (new_vector_source, sub_io_def) = self.vector_source.update_for_command(
            command_type, experiment_config, context)
        io_def.merge(sub_io_def)
        b = b.with_vector_source(new_vector_source)
        return (b.build(), io_def)


class OutlinesConfigBuilder(LabelSourceConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {
                'vector_source': prev.vector_source,
                'background_class_id': prev.background_class_id
            }
        super().__init__(OutlinesConfig, config)

    def from_proto(self, msg):
        conf = MessageToDict(msg.custom_config)
        source = VectorSourceConfig.from_proto(
            ParseDict(conf['vector_source'], VectorSourceConfigMsg()))
        b = self.with_vector_source(source)
        b.config['background_class_id'] = int(conf['background_class_id'])
        return b

    def with_vector_source(self, vector_source):
        b = deepcopy(self)
        if isinstance(vector_source, VectorSourceConfig):
            b.config['vector_source'] = vector_source
        else:
            provider = rv._registry.get_vector_source_default_provider(vector_source)
            b.config['vector_source'] = provider.construct(vector_source)
        return b

    with_uri = with_vector_source


class OutlinesDefaultProvider(LabelSourceDefaultProvider):
    @staticmethod
    def handles(task_type, uri):
        return task_type == 'LANDCOVER_TASK'

    @staticmethod
    def construct(uri):
        return rv.LabelSourceConfig.builder(OUTLINES).with_uri(uri).build()


class NumpyStore(LabelStore):
    def __init__(self, uri, extent, crs_transformer, tmp_dir):
        self.uri = uri
        self.extent = extent
        self.crs_transformer = crs_transformer
        self.tmp_dir = tmp_dir

    def save(self, labels):
        local_path = get_local_path(self.uri, self.tmp_dir)
        make_dir(local_path, use_dirname=True)
        array = np.zeros((self.extent.get_height(), self.extent.get_width()), dtype=np.uint8)
        for window in labels.get_windows():
            window = window.to_int()
            part = labels.get_label_arr(window, clip_extent=self.extent)
            height, width = part.shape
            array[window.ymin:window.ymin + height, window.xmin:window.xmin + width] = part
        with open(local_path, 'wb') as f:
            np.save(f, array)
        upload_or_copy(local_path, self.uri)

    def get_labels(self, chip_size=1000):
        array = np.load(download_if_needed(self.uri, self.tmp_dir))

        def label_fn(window):
            return array[window.ymin:window.ymax, window.xmin:window.xmax]

        return SemanticSegmentationLabels([self.extent], label_fn)

    def empty_labels(self):
        return SemanticSegmentationLabels([], lambda window: None)


class NumpyStoreConfig(LabelStoreConfig):
    def __init__(self, uri=None):
        super().__init__(NUMPY_STORE)
        self.uri = uri

    def to_proto(self):
        msg = super().to_proto()
        if self.uri:
            msg.MergeFrom(LabelStoreConfigMsg(custom_config={'uri': self.uri}))
        else:
            msg.MergeFrom(LabelStoreConfigMsg(custom_config={'uri': None}))
        return msg

    def for_prediction(self, label_uri):
        return self.to_builder().with_uri(label_uri).build()

    def create_store(self, task_config, extent, crs_transformer, tmp_dir):
        return NumpyStore(self.uri, extent, crs_transformer, tmp_dir)

    def update_for_command(self, command_type, experiment_config, context=None):
        if context is None:
            context = []
        conf = self
        io_def = rv.core.CommandIODefinition()
        if command_type in [rv.PREDICT, rv.EVAL]:
            if not conf.uri:
                # Construct the URI for this prediction store, using the scene ID.
                root = experiment_config.predict_uri
                uri = None
                for c in context:
                    if isinstance(c, rv.SceneConfig):
                        uri = os.path.join(root, '{}.npy'.format(c.id))
                if uri:
                    conf = conf.to_builder().with_uri(uri).build()
                else:
                    raise rv.ConfigError('NumpyStore has no URI set, and is not associated '
                                         'with a SceneConfig.')
            if command_type == rv.PREDICT:
                io_def.add_output(conf.uri)
            else:
                io_def.add_input(conf.uri)
        return (conf, io_def)


class NumpyStoreConfigBuilder(LabelStoreConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {'uri': prev.uri}
        super().__init__(NumpyStoreConfig, config)

    def from_proto(self, msg):
        return self.with_uri(msg.custom_config['uri'])

    def with_uri(self, uri):
        b = deepcopy(self)
        b.config['uri'] = uri
        return b


class NumpyStoreDefaultProvider(LabelStoreDefaultProvider):
    @staticmethod
    def is_default_for(task_type):
        return task_type == 'LANDCOVER_TASK'

    @staticmethod
    def handles(task_type, uri):
        return task_type == 'LANDCOVER_TASK' and uri.endswith('.npy')

    @staticmethod
    def construct(uri=None):
        b = rv.LabelStoreConfig.builder(NUMPY_STORE)
        if uri:
            b = b.with_uri(uri)
        return b.build()


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.VECTOR_SOURCE, OSM_SOURCE, OSMSourceConfigBuilder)
    plugin_registry.register_config_builder(rv.LABEL_SOURCE, OUTLINES, OutlinesConfigBuilder)
    plugin_registry.register_config_builder(rv.LABEL_STORE, NUMPY_STORE, NumpyStoreConfigBuilder)
    plugin_registry.register_default_vector_source(OSMDefaultProvider)
    plugin_registry.register_default_label_source(OutlinesDefaultProvider)
    plugin_registry.register_default_label_store(NumpyStoreDefaultProvider)
