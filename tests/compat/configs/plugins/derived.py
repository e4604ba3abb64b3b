"""Configs that add to those that ship, written by hand as plugins of that era were."""

import os
from copy import deepcopy

from google.protobuf import json_format

import rastervision as rv
from rastervision.analyzer.stats_analyzer_config import (
    StatsAnalyzerConfig,
    StatsAnalyzerConfigBuilder,
)
from rastervision.core.class_map import ClassItem, ClassMap
from rastervision.data import RasterioSource
from rastervision.data.raster_source.rasterio_source_config import (
    RasterioSourceConfig,
    RasterioSourceConfigBuilder,
)
from rastervision.data.vector_source.geojson_vector_source_config import (
    GeoJSONVectorSourceConfig,
    GeoJSONVectorSourceConfigBuilder,
)
from rastervision.evaluation.classification_evaluator_config import (
    ClassificationEvaluatorConfig,
    ClassificationEvaluatorConfigBuilder,
)
from rastervision.evaluation import SemanticSegmentationEvaluator
from rastervision.protos.raster_source_pb2 import RasterSourceConfig as RasterSourceConfigMsg
from rastervision.protos.task_pb2 import TaskConfig as TaskConfigMsg
from rastervision.protos.vector_source_pb2 import VectorSourceConfig as VectorSourceConfigMsg
from rastervision.task import SemanticSegmentation
from rastervision.task.semantic_segmentation_config import (
    SemanticSegmentationConfig,
    SemanticSegmentationConfigBuilder,
)

TILED = "TILED_SEGMENTATION"
MASKED = "MASKED_SOURCE"
PADDED = "PADDED_STATS"
TAGGED = "TAGGED_SOURCE"
NOTED = "NOTED_EVALUATOR"


class TiledConfig(SemanticSegmentationConfig):
    """Everything travels in custom_config, whose numbers come back as floats."""

    def __init__(
        self,
        class_map,
        predict_batch_size=10,
        predict_package_uri=None,
        debug=True,
        chip_size=300,
        predict_chip_size=300,
        chip_options=None,
        overlap=0,
    ):
        super().__init__(
            class_map,
            predict_batch_size,
            predict_package_uri,
            debug,
            chip_size,
            predict_chip_size,
            chip_options,
        )
        self.task_type = TILED
        self.overlap = overlap

    def create_task(self, backend):
        return SemanticSegmentation(self, backend)

    def to_proto(self):
        msg = TaskConfigMsg(
            task_type=self.task_type,
            predict_batch_size=self.predict_batch_size,
            predict_package_uri=self.predict_package_uri,
            debug=self.debug,
        )
        msg.custom_config["overlap"] = self.overlap
        msg.custom_config["chip_size"] = self.chip_size
        msg.custom_config["nothing"] = None
        msg.custom_config["classes"] = [
            [item.id, item.name, item.color] for item in self.class_map.get_items()
        ]
        return msg


class TiledConfigBuilder(SemanticSegmentationConfigBuilder):
    """Replaces config and config class after its base has set them."""

    def __init__(self, prev=None):
        super().__init__(prev)
        self.config_class = TiledConfig
        if prev:
            self.config["overlap"] = prev.overlap

    def validate(self):
        super().validate()
        if self.config.get("overlap", 0) < 0:
            raise rv.ConfigError("overlap must not be negative")

    def from_proto(self, msg):
        content = msg.custom_config
        b = super().from_proto(msg)
        b = b.with_classes(
            ClassMap([ClassItem(int(i), name, color) for i, name, color in content["classes"]])
        )
        return b.with_overlap(int(content["overlap"])).with_chip_size(int(content["chip_size"]))

    def with_overlap(self, overlap):
        b = deepcopy(self)
        b.config["overlap"] = overlap
        return b


class MaskedSource(RasterioSource):
    def __init__(self, mask_value, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mask_value = mask_value

    def _get_chip(self, window):
        chip = super()._get_chip(window)
        chip[chip == self.mask_value] = 0
        return chip


class MaskedSourceConfig(RasterioSourceConfig):
    """Rebuilds the message of its base, and puts what it adds into a Struct of its own."""

    def __init__(
        self,
        uris,
        x_shift_meters=0.0,
        y_shift_meters=0.0,
        transformers=None,
        channel_order=None,
        mask_value=255,
    ):
        super().__init__(uris, x_shift_meters, y_shift_meters, transformers, channel_order)
        self.source_type = MASKED
        self.mask_value = mask_value

    def to_proto(self):
        base = super().to_proto()
        uris = list(base.rasterio_source.uris)
        base.MergeFrom(
            RasterSourceConfigMsg(custom_config={"uris": uris, "mask_value": self.mask_value})
        )
        return base

    def create_source(self, tmp_dir, crs_transformer=None, extent=None, class_map=None):
        return MaskedSource(
            self.mask_value,
            self.uris,
            self.create_transformers(),
            tmp_dir,
            channel_order=self.channel_order,
            x_shift_meters=self.x_shift_meters,
            y_shift_meters=self.y_shift_meters,
        )


class MaskedSourceConfigBuilder(RasterioSourceConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(prev)
        self.config_class = MaskedSourceConfig
        self.config["mask_value"] = prev.mask_value if prev else 255

    def from_proto(self, msg):
        b = super().from_proto(msg)
        b = b.with_uris(list(msg.custom_config["uris"]))
        return b.with_mask_value(int(msg.custom_config["mask_value"]))

    def with_mask_value(self, mask_value):
        b = deepcopy(self)
        b.config["mask_value"] = mask_value
        return b


class PaddedStatsConfig(StatsAnalyzerConfig):
    """Keeps the message of its base but for one value."""

    def __init__(self, stats_uri=None, sample_prob=None, padding=0):
        super().__init__(stats_uri, sample_prob)
        self.analyzer_type = PADDED
        self.padding = padding

    def update_for_command(self, command_type, experiment_config, context=None, io_def=None):
        io_def = super().update_for_command(command_type, experiment_config, context, io_def)
        if command_type == rv.ANALYZE:
            io_def.add_output(os.path.join(experiment_config.analyze_uri, "padding.json"))
        return io_def


class PaddedStatsConfigBuilder(StatsAnalyzerConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(prev=prev)
        self.config_class = PaddedStatsConfig


class TaggedSourceConfig(GeoJSONVectorSourceConfig):
    def __init__(
        self,
        uri,
        tag=None,
        class_id_to_filter=None,
        default_class_id=1,
        line_bufs=None,
        point_bufs=None,
    ):
        self.tag = tag
        super().__init__(uri, class_id_to_filter, default_class_id, line_bufs, point_bufs)
        self.source_type = TAGGED

    def to_proto(self):
        msg = super().to_proto()
        struct = json_format.ParseDict(
            {"customConfig": {"uri": self.uri, "tag": self.tag}}, VectorSourceConfigMsg()
        )
        msg.MergeFrom(struct)
        return msg


class TaggedSourceConfigBuilder(GeoJSONVectorSourceConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(prev)
        self.config_class = TaggedSourceConfig
        if prev is not None:
            self.config["tag"] = prev.tag

    def from_proto(self, msg):
        b = super().from_proto(msg)
        return b.with_uri(msg.custom_config["uri"]).with_tag(msg.custom_config["tag"])

    def with_tag(self, tag):
        b = deepcopy(self)
        b.config["tag"] = tag
        return b


class NotedEvaluatorConfig(ClassificationEvaluatorConfig):
    def __init__(self, class_map, output_uri=None, vector_output_uri=None):
        super().__init__(NOTED, class_map, output_uri, vector_output_uri)

    def create_evaluator(self):
        return SemanticSegmentationEvaluator(self.class_map, self.output_uri, None)


class NotedEvaluatorConfigBuilder(ClassificationEvaluatorConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(NotedEvaluatorConfig, prev)


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.TASK, TILED, TiledConfigBuilder)
    plugin_registry.register_config_builder(rv.RASTER_SOURCE, MASKED, MaskedSourceConfigBuilder)
    plugin_registry.register_config_builder(rv.ANALYZER, PADDED, PaddedStatsConfigBuilder)
    plugin_registry.register_config_builder(rv.VECTOR_SOURCE, TAGGED, TaggedSourceConfigBuilder)
    plugin_registry.register_config_builder(rv.EVALUATOR, NOTED, NotedEvaluatorConfigBuilder)
