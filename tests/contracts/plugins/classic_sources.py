"""Raster, vector and label sources, a label store and a transformer written the classic way.

Each has another of the forms in which update_for_command and report_io were written.
"""

import os
from copy import deepcopy

import numpy as np

import rvcli as rv
from rvcli.core.box import Box
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.vector_source import VectorSource
from rvcli.protos.label_source_pb2 import LabelSourceConfig as LabelSourceConfigMsg
from rvcli.protos.raster_source_pb2 import RasterSourceConfig as RasterSourceConfigMsg
from rvcli.protos.raster_transformer_pb2 import (
    RasterTransformerConfig as RasterTransformerConfigMsg,
)
from rvcli.protos.vector_source_pb2 import VectorSourceConfig as VectorSourceConfigMsg
from rvcli.utils.files import download_if_needed, file_to_json, upload_or_copy

ARRAY_SOURCE = "CLASSIC_ARRAY_SOURCE"
SHAPES = "CLASSIC_SHAPES"
LABELS = "CLASSIC_LABELS"
ARRAY_STORE = "CLASSIC_ARRAY_STORE"
SHIFT = "CLASSIC_SHIFT"


class ArraySource(rv.data.RasterSource):
    """Reads a .npy file of shape (height, width, channels)."""

    def __init__(self, path, transformers, channel_order):
        self.image = np.load(path)
        super().__init__(channel_order, self.image.shape[2], transformers)

    def get_extent(self):
        return Box(0, 0, self.image.shape[0], self.image.shape[1])

    def get_dtype(self):
        return self.image.dtype

    def get_crs_transformer(self):
        return IdentityCRSTransformer()

    def _get_chip(self, window):
        cut = self.image[window.ymin : window.ymax, window.xmin : window.xmax]
        missing = [(0, window.get_height() - cut.shape[0]), (0, window.get_width() - cut.shape[1])]
        return np.pad(cut, [*missing, (0, 0)])


class ArraySourceConfig(rv.RasterSourceConfig):
    """Its update_for_command returns nothing; report_io is its own."""

    def __init__(self, uri, band_limit=None, transformers=None, channel_order=None):
        super().__init__(ARRAY_SOURCE, transformers=transformers, channel_order=channel_order)
        self.uri = uri
        self.band_limit = band_limit

    def to_proto(self):
        msg = super().to_proto()
        msg.MergeFrom(
            RasterSourceConfigMsg(custom_config={"uri": self.uri, "band_limit": self.band_limit})
        )
        return msg

    def create_source(self, tmp_dir, crs_transformer, extent, class_map):
        path = download_if_needed(self.uri, tmp_dir)
        return ArraySource(path, self.create_transformers(), self.channel_order)

    def save_bundle_files(self, bundle_dir):
        config, files = super().save_bundle_files(bundle_dir)
        return (config.to_builder().with_uri("").build(), files)

    def for_prediction(self, image_uri):
        return self.to_builder().with_uri(image_uri).build()

    def create_local(self, tmp_dir):
        return self.to_builder().with_uri(download_if_needed(self.uri, tmp_dir)).build()

    def update_for_command(self, command_type, experiment_config, context=None):
        super().update_for_command(command_type, experiment_config, context)

    def report_io(self, command_type, io_def):
        super().report_io(command_type, io_def)
        if command_type in [rv.ANALYZE, rv.CHIP, rv.PREDICT, rv.EVAL]:
            io_def.add_inputs(uri for uri in [self.uri])


class ArraySourceConfigBuilder(rv.RasterSourceConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {
                "uri": prev.uri,
                "band_limit": prev.band_limit,
                "transformers": prev.transformers,
                "channel_order": prev.channel_order,
            }
        super().__init__(ArraySourceConfig, config)

    def validate(self):
        super().validate()
        if self.config.get("uri") is None:
            raise rv.ConfigError("You must specify a uri. Use 'with_uri'.")

    def from_proto(self, msg):
        b = super().from_proto(msg).with_uri(msg.custom_config["uri"])
        b.config["band_limit"] = msg.custom_config["band_limit"]
        return b

    def with_uri(self, uri):
        b = deepcopy(self)
        b.config["uri"] = uri
        return b

    def with_band_limit(self, band_limit):
        b = deepcopy(self)
        b.config["band_limit"] = band_limit
        return b


class Shapes(VectorSource):
    """Reads {"boxes": [[class id, ymin, xmin, ymax, xmax], ...]}."""

    def __init__(self, uri, crs_transformer, class_inf_opts):
        super().__init__(crs_transformer, class_inf_opts=class_inf_opts)
        self.uri = uri

    def _get_geojson(self):
        features = []
        for class_id, ymin, xmin, ymax, xmax in file_to_json(self.uri)["boxes"]:
            ring = [[xmin, ymin], [xmax, ymin], [xmax, ymax], [xmin, ymax], [xmin, ymin]]
            features.append(
                {
                    "type": "Feature",
                    "properties": {"class_id": class_id},
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
            )
        return {"type": "FeatureCollection", "features": features}


class ShapesConfig(rv.VectorSourceConfig):
    """Has report_io and no update_for_command."""

    def __init__(
        self, uri, class_id_to_filter=None, default_class_id=1, line_bufs=None, point_bufs=None
    ):
        super().__init__(SHAPES, class_id_to_filter, default_class_id, line_bufs, point_bufs)
        self.uri = uri

    def to_proto(self):
        msg = super().to_proto()
        msg.MergeFrom(VectorSourceConfigMsg(custom_config={"uri": self.uri}))
        return msg

    def create_source(self, crs_transformer=None, extent=None, class_map=None):
        options = ClassInferenceOptions(class_map, self.class_id_to_filter, self.default_class_id)
        return Shapes(self.uri, crs_transformer, options)

    def report_io(self, command_type, io_def):
        io_def.add_input(self.uri)


class ShapesConfigBuilder(rv.VectorSourceConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {
                "uri": prev.uri,
                "class_id_to_filter": prev.class_id_to_filter,
                "default_class_id": prev.default_class_id,
                "line_bufs": prev.line_bufs,
                "point_bufs": prev.point_bufs,
            }
        super().__init__(ShapesConfig, config)

    def validate(self):
        super().validate()
        if self.config.get("uri") is None:
            raise rv.ConfigError("SHAPES needs a uri. Use 'with_uri'.")

    def from_proto(self, msg):
        b = super().from_proto(msg)
        b.config["uri"] = msg.custom_config["uri"]
        return b

    def with_uri(self, uri):
        b = deepcopy(self)
        b.config["uri"] = uri
        return b


class LabelsConfig(rv.LabelSourceConfig):
    """Draws a vector source; hands its part of the work on by hand, as old configs did."""

    def __init__(self, vector_source):
        super().__init__(LABELS)
        self.vector_source = vector_source

    def to_proto(self):
        from google.protobuf.json_format import MessageToDict

        msg = super().to_proto()
        nested = MessageToDict(self.vector_source.to_proto())
        msg.MergeFrom(LabelSourceConfigMsg(custom_config={"vector_source": nested}))
        return msg

    def create_source(self, task_config, extent, crs_transformer, tmp_dir):
        from rvcli.data.label_source.semantic_segmentation_label_source import (
            SemanticSegmentationLabelSource,
        )
        from rvcli.data.raster_source.rasterized_source import RasterizedSource

        vectors = self.vector_source.create_source(
            crs_transformer=crs_transformer, extent=extent, class_map=task_config.class_map
        )
        options = rv.data.RasterizerOptions(2)
        drawn = RasterizedSource(vectors, options, extent, crs_transformer)
        return SemanticSegmentationLabelSource(drawn)

    def update_for_command(self, command_type, experiment_config, context=None):
        if context is None:
            context = []
        context = context + [self]
        self.vector_source.update_for_command(command_type, experiment_config, context)

    def report_io(self, command_type, io_def):
        self.vector_source.report_io(command_type, io_def)


class LabelsConfigBuilder(rv.LabelSourceConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(LabelsConfig, {"vector_source": prev.vector_source if prev else None})

    def from_proto(self, msg):
        from google.protobuf.json_format import MessageToDict, ParseDict

        nested = MessageToDict(msg.custom_config)["vector_source"]
        source = rv.VectorSourceConfig.from_proto(ParseDict(nested, VectorSourceConfigMsg()))
        return self.with_vector_source(source)

    def with_vector_source(self, vector_source):
        b = deepcopy(self)
        b.config["vector_source"] = vector_source
        return b


class ArrayStore(rv.data.LabelStore):
    """Keeps class ids in a .npy file."""

    def __init__(self, uri, extent, tmp_dir):
        self.uri = uri
        self.extent = extent
        self.tmp_dir = tmp_dir

    def save(self, labels):
        array = np.zeros((self.extent.get_height(), self.extent.get_width()), np.uint8)
        for window in labels.get_windows():
            part = labels.get_label_arr(window)
            target = array[window.ymin : window.ymax, window.xmin : window.xmax]
            target[:] = part[: target.shape[0], : target.shape[1]]
        path = os.path.join(self.tmp_dir, os.path.basename(self.uri))
        np.save(path, array)
        upload_or_copy(path, self.uri)

    def get_labels(self):
        array = np.load(download_if_needed(self.uri, self.tmp_dir))
        return rv.SemanticSegmentationLabels(
            [self.extent], lambda w: array[w.ymin : w.ymax, w.xmin : w.xmax]
        )

    def empty_labels(self):
        return rv.SemanticSegmentationLabels([], lambda window: None)


class ArrayStoreConfig(rv.LabelStoreConfig):
    """Unpacks what super().update_for_command gives, and returns such a pair itself."""

    def __init__(self, uri=None):
        super().__init__(ARRAY_STORE)
        self.uri = uri

    def to_proto(self):
        msg = super().to_proto()
        msg.custom_config.update({"uri": self.uri})
        return msg

    def for_prediction(self, label_uri):
        return self.to_builder().with_uri(label_uri).build()

    def create_store(self, task_config, extent, crs_transformer, tmp_dir):
        return ArrayStore(self.uri, extent, tmp_dir)

    def update_for_command(self, command_type, experiment_config, context=None, io_def=None):
        conf, io_def = super().update_for_command(command_type, experiment_config, context, io_def)
        if command_type in [rv.PREDICT, rv.EVAL]:
            if conf.uri is None:
                scene = next(c for c in reversed(context) if isinstance(c, rv.SceneConfig))
                uri = os.path.join(experiment_config.predict_uri, "{}.npy".format(scene.id))
                conf = conf.to_builder().with_uri(uri).build()
            if command_type == rv.PREDICT:
                io_def.add_output(conf.uri)
            else:
                io_def.add_input(conf.uri)
        return (conf, io_def)


class ArrayStoreConfigBuilder(rv.LabelStoreConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {"uri": prev.uri}
        super().__init__(ArrayStoreConfig, config)

    def from_proto(self, msg):
        b = ArrayStoreConfigBuilder()
        return b.with_uri(msg.custom_config["uri"])

    def with_uri(self, uri):
        b = deepcopy(self)
        b.config["uri"] = uri
        return b


class Shift(rv.data.RasterTransformer):
    def __init__(self, offsets):
        self.offsets = offsets

    def transform(self, chip, channel_order=None):
        return chip + np.array(self.offsets, dtype=chip.dtype)


class ShiftConfig(rv.RasterTransformerConfig):
    """Neither update_for_command nor report_io: there is nothing to say."""

    def __init__(self, offsets=(0, 0, 0)):
        super().__init__(SHIFT)
        self.offsets = list(offsets)

    def to_proto(self):
        return RasterTransformerConfigMsg(
            transformer_type=self.transformer_type, custom_config={"offsets": self.offsets}
        )

    def create_transformer(self):
        return Shift(self.offsets)

    def save_bundle_files(self, bundle_dir):
        return self, []

    def load_bundle_files(self, bundle_dir):
        return self


class ShiftConfigBuilder(rv.RasterTransformerConfigBuilder):
    """Its config is a property, and build is its own."""

    def __init__(self, prev=None):
        self._offsets = prev.offsets if prev else [0, 0, 0]
        super().__init__(ShiftConfig)

    @property
    def config(self):
        return {"offsets": self._offsets}

    def build(self):
        self.validate()
        return ShiftConfig(**self.config)

    def from_proto(self, msg):
        # The integers come back as floats.
        return self.with_offsets(list(msg.custom_config["offsets"]))

    def with_offsets(self, offsets):
        b = deepcopy(self)
        b._offsets = offsets
        return b


def register_plugin(plugin_registry):
    register = plugin_registry.register_config_builder
    register(rv.RASTER_SOURCE, ARRAY_SOURCE, ArraySourceConfigBuilder)
    register(rv.VECTOR_SOURCE, SHAPES, ShapesConfigBuilder)
    register(rv.LABEL_SOURCE, LABELS, LabelsConfigBuilder)
    register(rv.LABEL_STORE, ARRAY_STORE, ArrayStoreConfigBuilder)
    register(rv.RASTER_TRANSFORMER, SHIFT, ShiftConfigBuilder)
