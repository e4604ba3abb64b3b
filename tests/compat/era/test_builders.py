"""What real code relies on: builders, configs and their messages."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

CLASSES = {"car": (1, "red"), "rest": (2, "black")}


@pytest.fixture
def task(rv: Any) -> Any:
    """Build a task of semantic segmentation."""
    builder = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
    return builder.with_classes(CLASSES).with_chip_size(64).build()


@pytest.fixture
def scene(rv: Any, task: Any) -> Callable[[str], Any]:
    """Give a function that builds a scene."""

    def build(name: str) -> Any:
        return (
            rv.SceneConfig.builder()
            .with_task(task)
            .with_id(name)
            .with_raster_source(f"{name}.tif")
            .with_label_source(f"{name}.geojson")
            .build()
        )

    return build


class TestBuilders:
    """How they are used."""

    def test_builders_are_branched_and_reused_unbuilt(self, rv: Any) -> None:
        """Each with_ method leaves the builder that it was called on as it was."""
        base = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(CLASSES)
        small, large = base.with_chip_size(64), base.with_chip_size(512)
        debugged = large.with_debug(False)
        sizes = [b.build().chip_size for b in (small, large, debugged, base)]
        assert [64, 512, 512, 300] == sizes
        assert large.build().debug

    @pytest.mark.parametrize("kind", ["train", "validation", "test"])
    def test_scenes_may_be_any_iterable(
        self, rv: Any, scene: Callable[[str], Any], kind: str
    ) -> None:
        """A map, a generator, a tuple, a set's view."""
        for scenes in (
            map(scene, ["a", "b"]),
            (scene(name) for name in "ab"),
            (scene("a"), scene("b")),
            {"a": scene("a"), "b": scene("b")}.values(),
        ):
            dataset = getattr(rv.DatasetConfig.builder(), f"with_{kind}_scenes")(scenes).build()
            assert ["a", "b"] == [s.id for s in getattr(dataset, f"{kind}_scenes")]

    def test_a_label_store_may_be_none(self, rv: Any, task: Any, scene: Any) -> None:
        """with_label_store(None), or without arguments, takes the default of the task."""
        builder = scene("a").to_builder().with_task(task)
        for built in (builder.with_label_store(None).build(), builder.with_label_store().build()):
            assert rv.SEMANTIC_SEGMENTATION_RASTER == built.label_store.store_type

    def test_keys_are_plain_strings(self, rv: Any) -> None:
        """A key compares, hashes and prints as the text that it is."""
        names = ("SEMANTIC_SEGMENTATION", "RASTERIO_SOURCE", "TRAIN", "TF_DEEPLAB", "RASTER_SOURCE")
        assert list(names) == [getattr(rv, name) for name in names]
        assert {str} == {type(getattr(rv, name)) for name in names}
        assert rv.task.api.TASK == rv.TASK


class OldConfig:
    """Stands for a config class: takes what the old protocol gives."""

    def __init__(self, size: int, name: str = "none") -> None:
        self.size, self.name = size, name


class TestConfigBuilder:
    """The base class, as plugins subclass it."""

    def test_it_takes_a_class_and_a_dict(self, rv: Any) -> None:
        """ConfigBuilder(config_class, config) keeps both."""

        class Builder(rv.core.config.ConfigBuilder):
            def from_proto(self, msg: Any) -> Any: ...

        given = {"size": 3}
        builder = Builder(OldConfig, given)
        assert (OldConfig, {"size": 3}) == (builder.config_class, builder.config)
        assert {} == Builder(OldConfig).config

    def test_subclasses_copy_and_edit_the_dict(self, rv: Any) -> None:
        """B = deepcopy(self); b.config["size"] = 5; return b."""

        class Builder(rv.core.config.ConfigBuilder):
            def from_proto(self, msg: Any) -> Any: ...

            def with_size(self, size: int) -> Any:
                b = deepcopy(self)
                b.config["size"] = size
                return b

        builder = Builder(OldConfig, {"size": 3})
        other = builder.with_size(5)
        assert (3, 5) == (builder.config["size"], other.config["size"])
        assert isinstance(other.config, dict)

    def test_build_validates_and_passes_what_the_class_takes(self, rv: Any) -> None:
        """Keys that __init__ does not know stay behind."""
        calls = []

        class Builder(rv.core.config.ConfigBuilder):
            def from_proto(self, msg: Any) -> Any: ...

            def validate(self) -> None:
                calls.append(dict(self.config))

        built = Builder(OldConfig, {"size": 3, "of_no_use": 1}).build()
        assert (3, "none") == (built.size, built.name)
        assert [{"size": 3, "of_no_use": 1}] == calls

    def test_config_may_be_a_property_or_of_the_class(self, rv: Any) -> None:
        """Whichever it is, build() may be overridden, too."""

        class Property(rv.core.config.ConfigBuilder):
            def __init__(self) -> None:
                super().__init__(OldConfig)

            @property
            def config(self) -> dict[str, Any]:
                return {"size": 7}

            def from_proto(self, msg: Any) -> Any: ...

        class OfClass(rv.core.config.ConfigBuilder):
            config = {"size": 8}

            def __init__(self) -> None:
                pass

            def build(self) -> OldConfig:
                return OldConfig(self.config["size"], "overridden")

            def from_proto(self, msg: Any) -> Any: ...

        assert 7 == Property().build().size
        assert (8, "overridden") == (OfClass().build().size, OfClass().build().name)


class TestMessages:
    """What plugins put into custom_config, and find there."""

    def test_json_text_in_a_struct(self, rv: Any) -> None:
        """custom_config={"json": "..."} comes back as it was."""
        from rastervision.protos.backend_pb2 import BackendConfig

        text = json.dumps({"a": [1, None, {"b": "ä"}]})
        message = BackendConfig(backend_type="X", custom_config={"json": text})
        again = BackendConfig.FromString(message.SerializeToString())
        assert text == again.custom_config["json"]

    def test_a_flat_struct_with_nulls_and_integers(self, rv: Any) -> None:
        """None stays None; integers come back as floats."""
        from rastervision.protos.evaluator_pb2 import EvaluatorConfig

        message = EvaluatorConfig(custom_config={"size": 3, "nothing": None, "names": ["a"]})
        assert None is message.custom_config["nothing"]
        assert (3.0, float) == (message.custom_config["size"], type(message.custom_config["size"]))
        assert ["a"] == list(message.custom_config["names"])

    def test_scene_messages_nested_in_a_struct(self, rv: Any, scene: Any) -> None:
        """MessageToDict and ParseDict carry a scene through another message."""
        from google.protobuf.json_format import MessageToDict, ParseDict
        from rastervision.protos.command_pb2 import CommandConfig
        from rastervision.protos.scene_pb2 import SceneConfig

        message = CommandConfig(command_type="X", root_uri="r", split_id=0)
        message.custom_config.update({"scenes": [MessageToDict(scene("a").to_proto())]})
        (nested,) = MessageToDict(message.custom_config)["scenes"]
        again = rv.SceneConfig.from_proto(ParseDict(nested, SceneConfig()))
        assert scene("a").to_proto() == again.to_proto()


class TestBackendBuilder:
    """BackendConfigBuilder, as plugins subclass it."""

    def test_process_task_is_called_without_argument(self, rv: Any, task: Any) -> None:
        """Although the base declares one; self.task is set by then."""
        from rastervision.backend import BackendConfigBuilder

        class Builder(BackendConfigBuilder):
            def __init__(self, prev: Any = None) -> None:
                super().__init__("MINE", OldConfig, {"size": 1})

            def from_proto(self, msg: Any) -> Any: ...

            def _applicable_tasks(self) -> list[str]:
                return [rv.SEMANTIC_SEGMENTATION]

            def _process_task(self) -> Any:
                b = deepcopy(self)
                b.config["name"] = self.task.task_type
                return b

        assert rv.SEMANTIC_SEGMENTATION == Builder().with_task(task).build().name
        other = rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_classes(["a"]).build()
        with pytest.raises(rv.ConfigError, match="OBJECT_DETECTION"):
            Builder().with_task(other)


class TestKeysOfOld:
    """Deprecated keys work, and warn."""

    @pytest.mark.parametrize(
        ("key", "kind"),
        [
            ("GEOTIFF_SOURCE", "RasterioSourceConfig"),
            ("IMAGE_SOURCE", "RasterioSourceConfig"),
            ("GEOJSON_SOURCE", "RasterizedSourceConfig"),
        ],
    )
    def test_raster_sources(self, rv: Any, key: str, kind: str) -> None:
        """GEOTIFF_SOURCE, IMAGE_SOURCE, GEOJSON_SOURCE."""
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            builder = rv.RasterSourceConfig.builder(getattr(rv, key))
            if kind == "RasterioSourceConfig":
                builder = builder.with_uri("a.tif")
            else:
                builder = builder.with_uri("a.geojson").with_rasterizer_options(2)
            assert kind == type(builder.build()).__name__

    @pytest.mark.parametrize(
        ("key", "task_key"),
        [
            ("OBJECT_DETECTION_GEOJSON", "OBJECT_DETECTION"),
            ("CHIP_CLASSIFICATION_GEOJSON", "CHIP_CLASSIFICATION"),
            ("SEMANTIC_SEGMENTATION_RASTER", "SEMANTIC_SEGMENTATION"),
        ],
    )
    def test_label_sources(self, rv: Any, key: str, task_key: str) -> None:
        """The keys of label stores make the label source of the task."""
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            old = type(rv.LabelSourceConfig.builder(key))
        assert type(rv.LabelSourceConfig.builder(task_key)) is old

    @pytest.mark.parametrize(
        "key", ["OBJECT_DETECTION", "CHIP_CLASSIFICATION", "SEMANTIC_SEGMENTATION"]
    )
    def test_label_source_keys_are_the_task_keys(self, rv: Any, key: str) -> None:
        """One key for the task and its label source."""
        name = type(rv.LabelSourceConfig.builder(key)).__name__
        assert key.replace("_", "").lower() == name.removesuffix("LabelSourceConfigBuilder").lower()

    @pytest.mark.parametrize(
        "key",
        ["OBJECT_DETECTION_GEOJSON", "CHIP_CLASSIFICATION_GEOJSON", "SEMANTIC_SEGMENTATION_RASTER"],
    )
    def test_label_store_keys(self, rv: Any, key: str) -> None:
        """Their own, without a warning."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert key == rv.LabelStoreConfig.builder(key).build().store_type

    def test_rasterizer_options(self, rv: Any) -> None:
        """(background_class_id, all_touched=False)."""
        builder = rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE).with_uri("a.geojson")
        options = builder.with_rasterizer_options(2).build().rasterizer_options
        assert (2, False) == (options.background_class_id, options.all_touched)
        options = builder.with_rasterizer_options(3, True).build().rasterizer_options
        assert (3, True) == (options.background_class_id, options.all_touched)

    def test_rasterizer_options_with_line_buffer(self, rv: Any) -> None:
        """Older code passes line_buffer= as well."""
        builder = rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE).with_uri("a.geojson")
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            built = builder.with_rasterizer_options(background_class_id=2, line_buffer=15).build()
        assert 15 == built.rasterizer_options.line_buffer

    def test_options_are_found_in_their_configs(self, rv: Any) -> None:
        """RasterizedSourceConfig.RasterizerOptions and the options of tasks."""
        from rastervision.data.raster_source.rasterized_source_config import RasterizedSourceConfig
        from rastervision.task.object_detection_config import ObjectDetectionConfig
        from rastervision.task.semantic_segmentation_config import SemanticSegmentationConfig

        assert 2 == RasterizedSourceConfig.RasterizerOptions(2).background_class_id
        assert "sliding" == SemanticSegmentationConfig.ChipOptions("sliding").window_method
        assert 2.0 == ObjectDetectionConfig.ChipOptions(neg_ratio=2.0).neg_ratio
        assert 0.3 == ObjectDetectionConfig.PredictOptions(0.3).merge_thresh


class TestClasses:
    """Class ids and with_classes."""

    def test_ids_start_at_1(self, rv: Any) -> None:
        """A list of names counts from 1."""
        task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION).with_classes(["a", "b"]).build()
        assert [("a", 1), ("b", 2)] == [(i.name, i.id) for i in task.class_map.get_items()]

    def test_0_is_ignored_in_segmentation(self, rv: Any) -> None:
        """Pixels that are not labelled count nowhere."""
        import numpy as np
        from rastervision.core.box import Box
        from rastervision.core.class_map import ClassItem, ClassMap
        from rastervision.data import SemanticSegmentationLabels
        from rastervision.evaluation.semantic_segmentation_evaluation import (
            SemanticSegmentationEvaluation,
        )

        window = Box(0, 0, 2, 2)
        truth = SemanticSegmentationLabels([window], lambda w: np.array([[0, 0], [1, 2]]))
        found = SemanticSegmentationLabels([window], lambda w: np.array([[1, 2], [1, 2]]))
        evaluation = SemanticSegmentationEvaluation(
            ClassMap([ClassItem(1, "a"), ClassItem(2, "b")])
        )
        evaluation.compute(truth, found)
        assert (1.0, 1.0) == (evaluation.get_by_id(1).precision, evaluation.get_by_id(1).recall)
        assert 1 == evaluation.get_by_id(1).gt_count

    def test_every_form_of_classes(self, rv: Any) -> None:
        """Pairs, ids, names, ClassItems, messages of them, and a ClassMap."""
        items = [rv.ClassItem(1, "car", "red"), rv.ClassItem(2, "rest", "black")]
        builder = rv.TaskConfig.builder(rv.OBJECT_DETECTION)
        for classes, colored in (
            (CLASSES, True),
            ({"car": 1, "rest": 2}, False),
            (["car", "rest"], False),
            (items, True),
            ([item.to_proto() for item in items], True),
            (rv.core.ClassMap(items), True),
        ):
            class_map = builder.with_classes(classes).build().class_map
            assert [1, 2] == class_map.get_keys()
            assert ["car", "rest"] == class_map.get_class_names()
            assert colored == (class_map.get_by_name("car").color == "red")


SCHEDULE = {"batch_size": 8, "lr": 1e-4, "one_cycle": True, "sync_interval": 1, "debug": False}
SCHEDULE |= {"log_tensorboard": True, "run_tensorboard": True}
PYTORCH = {
    "CHIP_CLASSIFICATION": {
        **SCHEDULE,
        "num_epochs": 1,
        "model_arch": "resnet18",
        "rare_classes": [],
        "desired_prob": None,
        "augmentors": [],
    },
    "SEMANTIC_SEGMENTATION": {**SCHEDULE, "num_epochs": 5, "model_arch": "resnet50"},
    "OBJECT_DETECTION": {**SCHEDULE, "num_epochs": 5, "model_arch": "resnet18"},
}
ORDER = ["batch_size", "lr", "one_cycle", "num_epochs", "model_arch", "sync_interval"]
ENDS = {
    "CHIP_CLASSIFICATION": [
        *("debug", "log_tensorboard", "run_tensorboard"),
        *("rare_classes", "desired_prob", "augmentors"),
    ],
    "SEMANTIC_SEGMENTATION": ["debug", "log_tensorboard", "run_tensorboard"],
    "OBJECT_DETECTION": ["log_tensorboard", "run_tensorboard", "debug"],
}


@pytest.mark.parametrize("task_key", PYTORCH)
class TestPyTorchBuilders:
    """with_train_options of the three tasks."""

    def builder(self, rv: Any, task_key: str) -> Any:
        """Return the builder of the backend for a task."""
        task = rv.TaskConfig.builder(task_key).with_classes(["a", "b"]).build()
        return rv.BackendConfig.builder(f"PYTORCH_{task_key}").with_task(task)

    def test_defaults(self, rv: Any, task_key: str) -> None:
        """Without arguments all have the defaults of old."""
        options = self.builder(rv, task_key).with_train_options().build().train_opts
        expected = PYTORCH[task_key]
        assert expected == {
            name: list(value) if isinstance(expected[name], list) else value
            for name in expected
            for value in [getattr(options, name)]
        }

    def test_positions(self, rv: Any, task_key: str) -> None:
        """By position, in the order of old."""
        names = ORDER + ENDS[task_key]
        values: dict[str, Any] = {"batch_size": 4, "lr": 0.5, "num_epochs": 3, "sync_interval": 7}
        values |= {"one_cycle": False, "model_arch": "resnet34", "debug": True}
        values |= {"log_tensorboard": False, "run_tensorboard": False}
        values |= {"rare_classes": [1], "desired_prob": 0.5, "augmentors": ["Blur"]}
        builder = self.builder(rv, task_key).with_train_options(*(values[n] for n in names))
        options = builder.build().train_opts
        assert {n: values[n] for n in names} == {n: getattr(options, n) for n in names}

    def test_uris(self, rv: Any, task_key: str) -> None:
        """All have with_pretrained_uri and with_model_uri."""
        builder = self.builder(rv, task_key).with_train_options()
        built = builder.with_pretrained_uri("s3://a/p").with_model_uri("s3://a/m").build()
        assert ("s3://a/p", "s3://a/m") == (
            built.backend_opts.pretrained_uri,
            built.backend_opts.model_uri,
        )
