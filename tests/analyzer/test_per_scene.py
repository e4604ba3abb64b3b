"""Statistics of each scene by itself, from the experiment to the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from rvcli import keys, profile
from rvcli.analyzer.analyzer_config import AnalyzerConfig
from rvcli.analyzer.stats_analyzer_config import StatsAnalyzerConfig
from rvcli.backend.backend_config import BackendConfig
from rvcli.config import InvalidConfigError
from rvcli.data.dataset_config import DatasetConfig
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfig
from rvcli.data.raster_transformer.stats_transformer_config import StatsTransformerConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import ConfigError
from rvcli.experiment.experiment_config import ExperimentConfig
from rvcli.predictor import Predictor
from rvcli.runner.experiment_runner import ExperimentRunner
from rvcli.task.task_config import TaskConfig

PER_SCENE = AnalyzerConfig.builder(keys.STATS_ANALYZER).with_per_scene(True)


def write(path: Path, bands: Any) -> str:
    """Write bands with a georeference."""
    size = {"count": bands.shape[0], "height": bands.shape[1], "width": bands.shape[2]}
    place = {"crs": "EPSG:32633", "transform": from_origin(500_000, 4_000_000, 1, 1)}
    with rasterio.open(path, "w", "GTiff", dtype=bands.dtype, **size, **place) as out:
        out.write(bands)
    return str(path)


@pytest.fixture
def experiment(tmp_path: Path) -> Any:
    """Give an experiment whose second scene is ten times as bright, each scaled by itself."""
    rng = np.random.default_rng(0)
    labels = np.ones((1, 64, 64), np.uint8)
    labels[0, 10:50, 20:50] = 2
    image = rng.normal(800, 60, (2, 64, 64)) + 900 * (labels == 2)
    task = (
        TaskConfig.builder(keys.SEMANTIC_SEGMENTATION)
        .with_classes({"a": 1, "b": 2})
        .with_chip_size(32)
        .with_chip_options(chips_per_scene=6)
        .build()
    )

    def scene(name: str, factor: float) -> Any:
        uri = write(tmp_path / f"{name}.tif", (image * factor).astype(np.uint16))
        source = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(uri)
        return (
            SceneConfig.builder()
            .with_task(task)
            .with_id(f"area/{name}")
            .with_raster_source(source.with_stats_transformer(per_scene=True).build())
            .with_label_source(write(tmp_path / f"{name}-labels.tif", labels))
            .build()
        )

    scenes = [scene("dark", 1), scene("bright", 10)]
    backend = BackendConfig.builder(keys.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task)
    dataset = DatasetConfig.builder().with_train_scene(scenes[0]).with_validation_scene(scenes[1])
    return (
        ExperimentConfig.builder()
        .with_id("e")
        .with_task(task)
        .with_backend(backend.with_train_options(iterations=5, max_pixels=2000).build())
        .with_dataset(dataset.build())
        .with_root_uri(str(tmp_path / "root"))
        .with_analyzer(PER_SCENE.build())
    )


def test_each_scene_is_scaled_by_itself(experiment: Any, tmp_path: Path) -> None:
    """What was learned of a dark scene holds for a bright one, in the run and in the package."""
    with profile.use(profile.load_settings(overrides=(f"RV.cache_dir={tmp_path / 'cache'}",))):
        ExperimentRunner.get_runner("inprocess").run(experiment.build())
        written = json.loads((tmp_path / "root/analyze/e/scene_stats/area/dark.json").read_text())
        assert written["means"][0] < 1200
        (overall,) = json.loads((tmp_path / "root/eval/e/eval.json").read_text())["overall"][-1:]
        assert overall["f1"] > 0.95
        package = str(tmp_path / "root/bundle/e/predict_package.zip")
        out = tmp_path / "out.tif"
        Predictor(package, str(tmp_path / "tmp")).predict(str(tmp_path / "bright.tif"), str(out))
    with (
        rasterio.open(out) as again,
        rasterio.open(tmp_path / "root/predict/e/area/bright.tif") as first,
    ):
        assert (first.read() == again.read()).mean() > 0.99


def test_statistics_are_outputs_of_analyze_and_inputs_of_others(experiment: Any) -> None:
    """The plan knows which file each command writes and reads."""
    made = experiment.build()
    outputs = made.make_command_config("ANALYZE").report_io().output_uris
    files = {uri.partition("/analyze/e/")[2] for uri in outputs}
    assert {"stats.json", "scene_stats/area/dark.json", "scene_stats/area/bright.json"} == files
    for command, name in (("CHIP", "scene_stats/area/dark.json"), ("BUNDLE", "stats.json")):
        inputs = made.make_command_config(command).report_io().input_uris
        assert any(uri.endswith(f"/analyze/e/{name}") for uri in inputs)


def test_an_analyzer_has_to_measure_each_scene(experiment: Any) -> None:
    """Without it the plan fails, and says what to add."""
    made = experiment.with_analyzers([StatsAnalyzerConfig()]).build()
    with pytest.raises(ConfigError, match="asks for the statistics of each scene") as caught:
        made.make_command_config("CHIP")
    assert "with_per_scene(True)" in str(caught.value.hint)


def test_percentiles_need_an_analyzer(experiment: Any) -> None:
    """A transformer that uses percentiles needs statistics, one with limits does not."""
    builder = RasterTransformerConfig.builder(keys.MIN_MAX_TRANSFORMER)

    def with_transformer(config: Any) -> Any:
        made = experiment.build()
        for scene in made.dataset.all_scenes():
            scene.raster_source.transformers = [config]
        return made.to_builder().with_analyzers([])

    assert with_transformer(builder.with_minimum(1).with_maximum(9).build()).build()
    with pytest.raises(InvalidConfigError, match="needs statistics"):
        with_transformer(builder.build()).build()


def test_messages_keep_the_options() -> None:
    """Transformer and analyzer come out of their messages as they went in."""
    analyzer = StatsAnalyzerConfig("s.json", 0.5, per_scene=True, scene_stats_uris=["a.json"])
    assert analyzer.to_plain() == AnalyzerConfig.from_proto(analyzer.to_proto()).to_plain()
    transformer = StatsTransformerConfig("s.json", channels=[0, 2], per_scene=True)
    again = RasterTransformerConfig.from_proto(transformer.to_proto())
    assert transformer.to_plain() == again.to_plain()


def test_statistics_follow_the_bands_that_are_replaced() -> None:
    """Statistics of the image's bands are refused after band arithmetic took their place."""
    ndvi = RasterTransformerConfig.builder(keys.BAND_MATH_TRANSFORMER).with_expression("b1 / b2")
    limits = RasterTransformerConfig.builder(keys.MIN_MAX_TRANSFORMER)
    source = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri("a.tif")
    replaced = source.with_transformer(ndvi.with_append(False).build())
    with pytest.raises(InvalidConfigError, match=r"\$.transformers\[1\] uses the statistics"):
        replaced.with_stats_transformer().build()
    assert replaced.with_transformer(limits.with_minimum(0).with_maximum(1).build()).build()
    appended = source.with_transformer(ndvi.build()).with_stats_transformer(channels=[0])
    assert [0] == appended.build().transformers[1].channels
