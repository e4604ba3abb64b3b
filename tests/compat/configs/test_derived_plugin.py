"""Plugins that derive from the configs that ship."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import rvcli as rv
from rvcli.config import update

CLASSES = {"a": (1, "red"), "b": (2, "blue")}


@pytest.fixture(autouse=True)
def plugin(old: Any) -> Any:
    """Give the module of the plugin."""
    return old("derived")


def again(config: Any, family: Any) -> Any:
    """Return what the message of a config gives, which must give that message again."""
    made = family.from_proto(config.to_proto())
    assert type(config) is type(made)
    assert config.to_proto() == made.to_proto()
    assert config.to_proto() == made.to_builder().build().to_proto() == made.clone().to_proto()
    return made


def test_a_task_in_a_struct(plugin: Any) -> None:
    """All of it comes back as what it was."""
    builder = rv.TaskConfig.builder("TILED_SEGMENTATION").with_classes(CLASSES).with_overlap(8)
    config = builder.with_chip_size(32).with_predict_chip_size(chip_size=64).build()
    assert (8, 32, 64) == (config.overlap, config.chip_size, config.predict_chip_size)
    made = again(config, rv.TaskConfig)
    assert (8, 32, 1000) == (made.overlap, made.chip_size, made.chip_options.chips_per_scene)
    with pytest.raises(rv.ConfigError, match="overlap"):
        builder.with_overlap(-1).build()


def test_the_constructor_of_the_task(plugin: Any) -> None:
    """By position, as it calls its base."""
    classes = rv.core.ClassMap.construct_from(CLASSES)
    config = plugin.TiledConfig(classes, 7, "/p.zip", False, 30, 40, None, 5)
    assert (7, "/p.zip", False, 30, 40, 5) == (
        config.predict_batch_size,
        config.predict_package_uri,
        config.debug,
        config.chip_size,
        config.predict_chip_size,
        config.overlap,
    )


def test_what_the_base_demands_is_demanded(plugin: Any) -> None:
    """A task without classes is refused."""
    with pytest.raises(rv.ConfigError, match="class_map"):
        rv.TaskConfig.builder("TILED_SEGMENTATION").with_overlap(1).build()


def test_a_raster_source_with_an_addition() -> None:
    """Base and addition come back; transformers and channels as well."""
    builder = rv.RasterSourceConfig.builder("MASKED_SOURCE").with_uri("/a.tif").with_mask_value(9)
    config = builder.with_channel_order([2, 1]).with_stats_transformer().build()
    made = again(config, rv.RasterSourceConfig)
    assert (["/a.tif"], 9, [2, 1], 1) == (
        made.uris,
        made.mask_value,
        made.channel_order,
        len(made.transformers),
    )
    io_def = rv.core.CommandIODefinition()
    made.report_io("CHIP", io_def)
    assert {"/a.tif"} == io_def.input_uris
    assert (["/b.tif"], 9) == (lambda c: (c.uris, c.mask_value))(made.for_prediction("/b.tif"))


def test_an_analyzer_that_reports_as_it_updates() -> None:
    """What super() returns takes outputs, which are reported beside those of the base."""
    config = rv.AnalyzerConfig.builder("PADDED_STATS").build()
    experiment: Any = SimpleNamespace(analyze_uri="/e/analyze/x")
    config = update(config, "ANALYZE", experiment, [])
    io_def = rv.core.CommandIODefinition()
    config.report_io("ANALYZE", io_def)
    assert {"/e/analyze/x/stats.json", "/e/analyze/x/padding.json"} == io_def.output_uris


def test_a_vector_source_with_a_null() -> None:
    """None comes back as None, ids of classes as whole numbers."""
    builder = rv.VectorSourceConfig.builder("TAGGED_SOURCE").with_uri("/a.json")
    config = builder.with_buffers(line_bufs={1: 2.5, 2: None}).build()
    made = again(config, rv.VectorSourceConfig)
    assert (None, "/a.json", {1: 2.5, 2: None}) == (made.tag, made.uri, made.line_bufs)
    assert "x" == again(builder.with_tag("x").build(), rv.VectorSourceConfig).tag


def test_an_evaluator_of_classes() -> None:
    """The builder of its base is given the class, then what to copy."""
    task = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(CLASSES).build()
    config = rv.EvaluatorConfig.builder("NOTED_EVALUATOR").with_task(task).build()
    config = update(config, "EVAL", _experiment("/e/eval/x"), [])
    assert "/e/eval/x/eval.json" == again(config, rv.EvaluatorConfig).output_uri


def _experiment(eval_uri: str) -> Any:
    return SimpleNamespace(eval_uri=eval_uri, dataset=rv.DatasetConfig.builder().build())
