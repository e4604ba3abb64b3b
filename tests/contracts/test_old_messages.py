"""Messages that older releases wrote say the same as what is described today."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

import rvcli as rv
from rvcli import profile
from rvcli.errors import PluginError
from rvcli.profile import load_settings
from rvcli.protos.command_pb2 import CommandConfig as Message
from rvcli.registry import current
from rvcli.runner.command_runner import CommandRunner
from rvcli.testing import plugin_loaded, temporary_registry

pytestmark = pytest.mark.filterwarnings("ignore::rvcli.notices.OldFormWarning")

TASK = {
    "taskType": "SEMANTIC_SEGMENTATION",
    "predictBatchSize": 4,
    "predictPackageUri": "/out/bundle/exp/predict_package.zip",
    "debug": False,
    "semanticSegmentationConfig": {
        "classItems": [
            {"id": 1, "name": "building", "color": "red"},
            {"id": 2, "name": "background", "color": "black"},
        ],
        "chipSize": 256,
        "chipOptions": {
            "windowMethod": "sliding",
            "targetClasses": [1],
            "debugChipProbability": 0.1,
            "negativeSurvivalProbability": 1.0,
            "chipsPerScene": 50,
            "targetCountThreshold": 1000,
            "stride": 128,
        },
    },
}
BACKEND = {"backendType": "OLD_BACKEND", "customConfig": {"json": '{"model_uri": "/m", "n": 3}'}}
STATS = {"transformerType": "STATS_TRANSFORMER", "statsUri": "/out/analyze/exp/stats.json"}
LABELS = {
    "sourceType": "SEMANTIC_SEGMENTATION_RASTER",
    "semanticSegmentationRasterSource": {
        "source": {
            "sourceType": "GEOJSON_SOURCE",
            "geojsonFile": {
                "uri": "/data/a.json",
                "rasterizerOptions": {"backgroundClassId": 2, "lineBuffer": 7},
            },
        }
    },
}
STORE = {
    "storeType": "SEMANTIC_SEGMENTATION_RASTER",
    "semanticSegmentationRasterStore": {"uri": "/out/predict/exp/a.tif", "rgb": True},
}
ANALYZERS = [{"analyzerType": "STATS_ANALYZER", "statsUri": "/out/analyze/exp/stats.json"}]


def scene(**parts: Any) -> dict[str, Any]:
    """Return the message of a scene as an old release wrote it."""
    source = {
        "sourceType": "GEOTIFF_SOURCE",
        "transformers": [STATS],
        "channelOrder": [2, 1, 0],
        "geotiffFiles": {"uris": ["/data/a.tif", "/data/b.tif"], "xShiftMeters": 1.5},
    }
    return {"id": "a", "rasterSource": source, **parts}


LABELLED = scene(groundTruthLabelSource=LABELS, aoiUri="/data/aoi.json")
MESSAGES: dict[str, dict[str, Any]] = {
    "ANALYZE": {"analyzeConfig": {"task": TASK, "scenes": [scene()], "analyzers": ANALYZERS}},
    "CHIP": {
        "chipConfig": {
            "task": TASK,
            "backend": BACKEND,
            "augmentors": [{"augmentorType": "NODATA_AUGMENTOR", "augProb": 0.3}],
            "trainScenes": [LABELLED],
            "valScenes": [LABELLED],
        },
        "splitId": 2,
    },
    "TRAIN": {"trainConfig": {"task": TASK, "backend": BACKEND}},
    "PREDICT": {
        "predictConfig": {
            "task": TASK,
            "backend": BACKEND,
            "scenes": [scene(predictionLabelStore=STORE, aoiUris=["/data/aoi.json"])],
        }
    },
    "EVAL": {
        "evalConfig": {
            "task": TASK,
            "backend": BACKEND,
            "scenes": [{**LABELLED, "predictionLabelStore": STORE}],
            "evaluators": [
                {
                    "evaluatorType": "SEMANTIC_SEGMENTATION_EVALUATOR",
                    "classificationConfig": {
                        "outputUri": "/out/eval/exp/eval.json",
                        "classItems": TASK["semanticSegmentationConfig"]["classItems"],  # type: ignore[index]
                    },
                }
            ],
        }
    },
    "BUNDLE": {
        "bundleConfig": {
            "task": TASK,
            "backend": BACKEND,
            "scene": scene(predictionLabelStore={"storeType": "SEMANTIC_SEGMENTATION_RASTER"}),
            "analyzers": ANALYZERS,
        }
    },
}

PLUGIN = """
import json
from copy import deepcopy

import rvcli as rv
from rvcli.protos.backend_pb2 import BackendConfig as BackendConfigMsg


class OldBackendConfig(rv.BackendConfig):
    def __init__(self, content):
        super().__init__("OLD_BACKEND")
        self.content = content

    def to_proto(self):
        return BackendConfigMsg(
            backend_type="OLD_BACKEND", custom_config={"json": json.dumps(self.content)}
        )

    def create_backend(self, task_config):
        return None


class OldBackendConfigBuilder(rv.BackendConfigBuilder):
    def __init__(self, prev=None):
        content = prev.content if prev else {}
        super().__init__("OLD_BACKEND", OldBackendConfig, {"content": content}, prev)

    def from_proto(self, msg):
        return self.with_content(**json.loads(msg.custom_config["json"]))

    def with_content(self, **content):
        b = deepcopy(self)
        b.config["content"] = content
        return b


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.BACKEND, "OLD_BACKEND", OldBackendConfigBuilder)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Write the plugin that the messages need."""
    path = tmp_path / "old plugin.py"
    path.write_text(PLUGIN)
    return path


def message_of(command: str, plugin: Path) -> Any:
    """Return the message of a command, from JSON."""
    uri = f"file://{plugin}"
    content = {"commandType": command, "rootUri": f"/out/{command.lower()}/exp"}
    old = {**content, **MESSAGES[command], "plugins": {"pluginUris": [uri], "pluginModules": []}}
    return json_format.Parse(json.dumps(old), Message())


def now_described(command: str) -> Any:
    """Build the same command with the builders of today."""
    task = (
        rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
        .with_classes({"building": (1, "red"), "background": (2, "black")})
        .with_predict_batch_size(4)
        .with_predict_package_uri("/out/bundle/exp/predict_package.zip")
        .with_debug(False)
        .with_chip_size(256)
        .with_predict_chip_size(256)
        .with_chip_options("sliding", [1], 0.1, chips_per_scene=50, stride=128)
        .build()
    )
    backend = rv.BackendConfig.builder("OLD_BACKEND").with_content(model_uri="/m", n=3).build()
    stats_uri = "/out/analyze/exp/stats.json"
    stats = rv.RasterTransformerConfig.builder(rv.STATS_TRANSFORMER).with_stats_uri(stats_uri)
    source = (
        rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE)
        .with_uris(["/data/a.tif", "/data/b.tif"])
        .with_shifts(1.5, 0)
        .with_channel_order([2, 1, 0])
        .with_transformer(stats.build())
        .build()
    )
    vectors = rv.VectorSourceConfig.builder(rv.GEOJSON_SOURCE).with_uri("/data/a.json").build()
    drawn = (
        rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE)
        .with_vector_source(vectors)
        .with_rasterizer_options(2, line_buffer=7)
        .build()
    )
    labels = rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION).with_raster_source(drawn)
    stores = rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER)
    store = stores.with_uri("/out/predict/exp/a.tif").with_rgb(True).build()
    bare = rv.SceneConfig.builder().with_id("a").with_raster_source(source)
    labelled = bare.with_label_source(labels.build()).with_aoi_uris(["/data/aoi.json"])
    analyzer = rv.AnalyzerConfig.builder(rv.STATS_ANALYZER).with_stats_uri(stats_uri).build()
    evaluators = rv.EvaluatorConfig.builder(rv.SEMANTIC_SEGMENTATION_EVALUATOR).with_task(task)
    augmentors = rv.AugmentorConfig.builder(rv.NODATA_AUGMENTOR)
    builder = rv.CommandConfig.builder(command)
    builder = builder.with_root_uri(f"/out/{command.lower()}/exp").with_task(task)
    if command not in ("ANALYZE", "EVAL"):
        builder = builder.with_backend(backend)
    if command == "ANALYZE":
        builder = builder.with_scenes([bare.build()]).with_analyzers([analyzer])
    elif command == "CHIP":
        builder = builder.with_augmentors([augmentors.with_probability(0.3).build()])
        builder = builder.with_train_scenes([labelled.build()]).with_split_id(2)
        builder = builder.with_val_scenes([labelled.build()])
    elif command == "PREDICT":
        predicted = bare.with_label_store(store).with_aoi_uris(["/data/aoi.json"])
        builder = builder.with_scenes([predicted.build()])
    elif command == "EVAL":
        evaluator = evaluators.with_output_uri("/out/eval/exp/eval.json").build()
        builder = builder.with_scenes([labelled.with_label_store(store).build()])
        builder = builder.with_evaluators([evaluator])
    elif command == "BUNDLE":
        builder = builder.with_scene(bare.with_label_store(stores.build()).build())
        builder = builder.with_analyzers([analyzer])
    config = builder.build()
    config.prune(command)
    return config


@pytest.mark.parametrize("command", MESSAGES)
def test_it_means_what_is_described_today(command: str, plugin: Path) -> None:
    """All parts of an old message, in the forms that are gone, become the configs of today."""
    with plugin_loaded(plugin):
        old = rv.CommandConfig.from_proto(message_of(command, plugin))
        assert now_described(command).to_plain() == old.to_plain()
        again = rv.CommandConfig.from_proto(old.to_proto())
        assert old.to_plain() == again.to_plain()


PARTS = [
    (
        rv.RasterSourceConfig,
        {"sourceType": "IMAGE_SOURCE", "imageFile": {"uri": "/a.png"}},
        lambda: rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri("/a.png"),
    ),
    (
        rv.LabelStoreConfig,
        {"storeType": "SEMANTIC_SEGMENTATION_RASTER", "uri": "/a.tif"},
        lambda: rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER).with_uri("/a.tif"),
    ),
    (
        rv.AnalyzerConfig,
        {
            "analyzerType": "STATS_ANALYZER",
            "statsAnalyzerConfig": {"statsUri": "/stats.json", "sampleProb": 0.1},
        },
        lambda: (
            rv.AnalyzerConfig.builder(rv.STATS_ANALYZER)
            .with_stats_uri("/stats.json")
            .with_sample_prob(0.1)
        ),
    ),
    (
        rv.LabelSourceConfig,
        {
            "sourceType": "SEMANTIC_SEGMENTATION",
            "semanticSegmentationLabelSource": {
                "source": {"sourceType": "RASTERIO_SOURCE", "rasterioSource": {"uris": ["/a.tif"]}},
                "rgbClassItems": [{"id": 1, "name": "a", "color": "#ff0000"}],
            },
        },
        lambda: (
            rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_raster_source("/a.tif")
            .with_rgb_class_map({"a": (1, "#ff0000")})
        ),
    ),
    (
        rv.VectorSourceConfig,
        {
            "sourceType": "GEOJSON_SOURCE",
            "geojson": {"uri": "/a.json"},
            "defaultClassId": 2,
            "classIdToFilter": {"1": ["has", "building"]},
            "lineBufs": {"1": 3.0, "2": None},
        },
        lambda: (
            rv.VectorSourceConfig.builder(rv.GEOJSON_SOURCE)
            .with_uri("/a.json")
            .with_class_inference({1: ["has", "building"]}, 2)
            .with_buffers({1: 3.0, 2: None})
        ),
    ),
]


@pytest.mark.parametrize(("family", "old", "new"), PARTS, ids=lambda v: getattr(v, "group", None))
def test_a_part_means_what_is_described_today(family: Any, old: dict[str, Any], new: Any) -> None:
    """Forms of single parts that the commands above do not show."""
    message = json_format.ParseDict(old, family.message_class()())
    assert new().build().to_plain() == family.from_proto(message).to_plain()


def test_an_experiment_keeps_the_options_of_its_auxiliary_commands(plugin: Path) -> None:
    """They are JSON text in the experiment's own message."""
    options = {"cogify": {"key": "k", "config": {"uris": [["a.tif", "b.tif"]], "block_size": 256}}}
    uris = {
        f"{name}Uri": f"/out/{name}/exp"
        for name in ("analyze", "chip", "train", "predict", "eval", "bundle")
    }
    old = {
        **uris,
        "id": "exp",
        "rootUri": "/out",
        "task": TASK,
        "backend": BACKEND,
        "dataset": {"trainScenes": [LABELLED], "validationScenes": [LABELLED]},
        "analyzers": ANALYZERS,
        "customConfig": {"config": json.dumps(options)},
    }
    with plugin_loaded(plugin):
        message = json_format.ParseDict(old, rv.ExperimentConfig.message_class()())
        experiment = rv.ExperimentConfig.from_proto(message)
        assert options["cogify"] == experiment.custom_config_of("COGIFY")
        assert (
            experiment.to_plain()
            == rv.ExperimentConfig.from_proto(experiment.to_proto()).to_plain()
        )


class Stopped(Exception):
    """Raised instead of doing the work."""


class TestPlugins:
    """Plugins that a message names without a digest."""

    def run(self, plugin: Path, profile_text: str, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Run an old message under a profile; return what stood in the registry."""
        (plugin.parent / "rv.toml").write_text(profile_text)
        found = []

        def create(config: Any, tmp_dir: str | None = None) -> Any:
            found.append(current().find(rv.BACKEND, "OLD_BACKEND"))
            raise Stopped

        monkeypatch.setattr(rv.command.TrainCommandConfig, "create_command", create)
        message = message_of("TRAIN", plugin)
        message.root_uri = str(plugin.parent / "root")
        settings = load_settings(cwd=plugin.parent, environ={"HOME": str(plugin.parent)})
        with profile.use(settings), temporary_registry(), pytest.raises(Stopped):
            CommandRunner.run_from_proto(message)
        return found[0]

    def test_they_load_if_the_profile_names_them(
        self, plugin: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A file: URI in the message and a relative path in the profile are one plugin."""
        entry = self.run(plugin, '[PLUGINS]\nfiles = ["old plugin.py"]', monkeypatch)
        assert str(plugin) == entry.origin.location

    def test_they_are_refused_otherwise(
        self, plugin: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A message alone cannot bring code."""
        with pytest.raises(PluginError, match="without a digest"):
            self.run(plugin, "", monkeypatch)
