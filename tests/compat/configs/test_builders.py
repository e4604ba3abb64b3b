"""Builders and configs that ship, in the ways in which old experiments and unit tests used them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest

import rvcli as rv
from rvcli.config import update
from rvcli.core.class_map import ClassItem, ClassMap

TASKS = (rv.CHIP_CLASSIFICATION, rv.OBJECT_DETECTION, rv.SEMANTIC_SEGMENTATION)
EVALUATORS = (
    rv.CHIP_CLASSIFICATION_EVALUATOR,
    rv.OBJECT_DETECTION_EVALUATOR,
    rv.SEMANTIC_SEGMENTATION_EVALUATOR,
)
FAMILIES = {
    rv.TaskConfig: ("task_type", rv.SEMANTIC_SEGMENTATION),
    rv.BackendConfig: ("backend_type", rv.PYTORCH_CHIP_CLASSIFICATION),
    rv.RasterSourceConfig: ("source_type", rv.RASTERIO_SOURCE),
    rv.VectorSourceConfig: ("source_type", rv.GEOJSON_SOURCE),
    rv.LabelSourceConfig: ("source_type", rv.OBJECT_DETECTION),
    rv.LabelStoreConfig: ("store_type", rv.OBJECT_DETECTION_GEOJSON),
    rv.RasterTransformerConfig: ("transformer_type", rv.STATS_TRANSFORMER),
    rv.AugmentorConfig: ("augmentor_type", rv.NODATA_AUGMENTOR),
    rv.AnalyzerConfig: ("analyzer_type", rv.STATS_ANALYZER),
    rv.EvaluatorConfig: ("evaluator_type", rv.OBJECT_DETECTION_EVALUATOR),
    rv.CommandConfig: ("command_type", rv.TRAIN),
}


def vectors(**buffers: Any) -> Any:
    """Build a vector source."""
    builder = rv.VectorSourceConfig.builder(rv.GEOJSON_SOURCE).with_uri("/a.json")
    return builder.with_buffers(**buffers).build()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.__name__)
def test_the_key_has_its_old_name(family: Any) -> None:
    """A family's builder takes the key by position, by its old name, and as `key`."""
    name, key = FAMILIES[family]
    kinds = {type(b) for b in (family.builder(key), family.builder(**{name: key}))}
    assert {type(family.builder(key=key))} == kinds
    assert [name] == list(inspect.signature(family.builder).parameters)
    with pytest.raises(rv.ConfigError, match="NO_SUCH_KEY"):
        family.builder("NO_SUCH_KEY")


@pytest.mark.parametrize(
    ("make", "missing"),
    [
        (lambda: rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE), "uris"),
        (lambda: rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE), "vector_source"),
        (lambda: rv.VectorSourceConfig.builder(rv.GEOJSON_SOURCE), "uri"),
        (lambda: rv.VectorSourceConfig.builder(rv.VECTOR_TILE_SOURCE), "uri"),
        (lambda: rv.LabelSourceConfig.builder(rv.OBJECT_DETECTION), "vector_source"),
        (lambda: rv.LabelSourceConfig.builder(rv.CHIP_CLASSIFICATION), "vector_source"),
        (lambda: rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION), "source"),
        (lambda: rv.SceneConfig.builder(), "id"),
        (lambda: rv.ExperimentConfig.builder().with_id("a"), "task"),
        *((lambda key=key: rv.TaskConfig.builder(key), "class_map") for key in TASKS),
        *((lambda key=key: rv.EvaluatorConfig.builder(key), "class_map") for key in EVALUATORS),
    ],
)
def test_what_is_missing(make: Callable[[], Any], missing: str) -> None:
    """Neither validate() nor build() lets it pass."""
    for method in ("validate", "build"):
        with pytest.raises(rv.ConfigError, match=rf"\$\.{missing} is not set"):
            getattr(make(), method)()


@pytest.mark.filterwarnings("ignore::rvcli.notices.OldFormWarning")
@pytest.mark.parametrize(
    "build",
    [
        lambda: rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri("").build(),
        lambda: rv.VectorSourceConfig.builder(rv.GEOJSON_SOURCE).with_uri("").build(),
        lambda: rv.LabelStoreConfig.builder(rv.OBJECT_DETECTION_GEOJSON).with_uri("").build(),
        lambda: rv.RasterSourceConfig.builder(rv.GEOTIFF_SOURCE).with_uri("").build(),
    ],
)
def test_an_empty_uri_is_one(build: Callable[[], Any]) -> None:
    """Unit tests of old had no files to name."""
    assert "" in [getattr(build(), "uri", ""), *getattr(build(), "uris", [])]


@pytest.mark.parametrize("key", TASKS)
def test_tasks(key: str) -> None:
    """All that a task has is set by name, and read as attributes; classes come in any form."""
    builder = rv.TaskConfig.builder(key).with_predict_batch_size(3).with_debug(False)
    builder = builder.with_predict_package_uri("/p.zip").with_predict_debug_uri("/d")
    items = [ClassItem(1, "a"), ClassItem(2, "b")]
    forms: list[Any] = [
        {"a": 1, "b": 2},
        ["a", "b"],
        items,
        [item.to_proto() for item in items],
        ClassMap(items),
    ]
    made = [builder.with_classes(classes).build() for classes in forms]
    assert 1 == len({str(config.to_proto()) for config in made})
    config = rv.TaskConfig.from_proto(made[0].to_proto())
    assert (3, False, "/p.zip", "/d", 300, ["a", "b"]) == (
        config.predict_batch_size,
        config.debug,
        config.predict_package_uri,
        config.predict_debug_uri,
        config.chip_size,
        [item.name for item in config.class_map.get_items()],
    )


def test_options_are_nested() -> None:
    """Classes of options are attributes of their configs, by position and by name."""
    detection, segmentation = rv.task.ObjectDetectionConfig, rv.task.SemanticSegmentationConfig
    chips = detection.ChipOptions(2.0, ioa_thresh=0.9)
    assert (2.0, 0.9, "chip", 0.0) == tuple(vars(chips).values())
    assert (0.5, 0.25) == (lambda o: (o.merge_thresh, o.score_thresh))(
        detection.PredictOptions(score_thresh=0.25)
    )
    assert 1000 == segmentation.ChipOptions().target_count_threshold
    assert 3 == rv.data.RasterizedSourceConfig.RasterizerOptions(3).background_class_id
    config = detection(ClassMap.construct_from(["a"]), 10, None, True, None, 300, chips)
    assert (2.0, 0.5) == (config.chip_options.neg_ratio, config.predict_options.merge_thresh)
    none = segmentation(ClassMap.construct_from(["a"]), chip_options=None)
    assert "random_sample" == none.chip_options.window_method


def test_lists_that_are_not_given() -> None:
    """None for a list, in a constructor and in a builder, is an empty one of its own."""
    one, other = (rv.data.RasterioSourceConfig(["/a.tif"], 0.0, 0.0, None, [1]) for _ in "ab")
    one.transformers.append("x")
    assert ([], [1]) == (other.transformers, other.channel_order)
    assert [] == other.to_builder().with_transformers(None).build().transformers
    dataset = rv.DatasetConfig(None, None, None, None)
    assert [] == dataset.train_scenes == dataset.augmentors == dataset.all_scenes()
    assert [] == rv.SceneConfig("a", other, None, None, None).aoi_uris


@pytest.mark.parametrize(
    "build",
    [
        lambda s: rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE).with_vector_source(s),
        lambda s: rv.LabelSourceConfig.builder(rv.OBJECT_DETECTION).with_vector_source(s),
        lambda s: rv.LabelSourceConfig.builder(rv.CHIP_CLASSIFICATION).with_vector_source(s),
    ],
)
def test_labels_have_an_area(build: Callable[[Any], Any]) -> None:
    """None as the buffer of a class is refused where labels are made of the vectors."""
    assert build(vectors(line_bufs={1: 2})).build()
    for buffers in ({"line_bufs": {1: None}}, {"point_bufs": {1: None}}):
        with pytest.raises(rv.ConfigError, match="buffer"):
            build(vectors(**buffers)).build()


def test_scenes() -> None:
    """Sources, stores and areas by URI, and methods that take them back."""
    task = rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_classes(["a"]).build()
    builder = rv.SceneConfig.builder().with_id(id="s").with_raster_source("/a.tif", [2, 1])
    with pytest.raises(rv.ConfigError, match="does not know its task"):
        builder.with_label_source("/a.json")
    builder = builder.with_task(task).with_label_source("/a.json").with_aoi_uris(uris=["/b"])
    scene = builder.with_label_store().build()
    assert ([2, 1], "/a.json", ["/b"], rv.OBJECT_DETECTION_GEOJSON) == (
        scene.raster_source.channel_order,
        scene.label_source.vector_source.uri,
        scene.aoi_uris,
        scene.label_store.store_type,
    )
    bare = builder.clear_label_source().clear_label_store().clear_aois().build()
    assert (None, None, []) == (bare.label_source, bare.label_store, bare.aoi_uris)
    assert scene.to_proto() == rv.SceneConfig.from_proto(msg=scene.to_proto()).to_proto()


def test_vector_outputs_are_dicts_as_well() -> None:
    """What was given as a dict can be read as one."""
    builder = rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER)
    config = builder.with_vector_output([{"mode": "polygons", "class_id": 2}]).build()
    (output,) = config.vector_output
    assert ("polygons", 2, 0, "x") == (
        output["mode"],
        output["class_id"],
        output.get("denoise"),
        output.get("uri", "x"),
    )
    with pytest.raises(KeyError):
        _ = output["nothing"]


class TestUpdates:
    """update_for_command, called as unit tests called it."""

    EXPERIMENT = SimpleNamespace(predict_uri="/e/predict", analyze_uri="/e/analyze", analyzers=[])

    def test_a_store_takes_its_place_from_its_context(self) -> None:
        """The scene in the context names the predictions; without one that is an error."""
        scene = rv.SceneConfig("s", rv.data.RasterioSourceConfig(["/a.tif"]))
        store = rv.LabelStoreConfig.builder(rv.OBJECT_DETECTION_GEOJSON).build()
        with pytest.raises(rv.ConfigError, match="scene"):
            store.update_for_command(rv.PREDICT, self.EXPERIMENT)
        store.update_for_command(rv.PREDICT, self.EXPERIMENT, [scene])
        assert "/e/predict/s.json" == store.uri
        io_def = rv.core.CommandIODefinition()
        store.report_io(rv.PREDICT, io_def)
        assert {"/e/predict/s.json"} == io_def.output_uris

    def test_what_it_returns(self) -> None:
        """It is the io definition, what is added to the given one, and a pair with the config."""
        config = rv.AnalyzerConfig.builder(rv.STATS_ANALYZER).build()
        given = rv.core.CommandIODefinition(["/in"])
        returned = config.update_for_command(rv.ANALYZE, self.EXPERIMENT, None, given)
        returned.add_output("/out")
        assert ({"/in"}, {"/out"}) == (given.input_uris, given.output_uris)
        same, io_def = returned
        assert (config, returned) == (same, io_def) == (returned[0], returned[1])

    def test_old_signatures_get_what_they_take(self) -> None:
        """A method without context and io_def is called without them."""

        class Old(rv.AnalyzerConfig):
            def __init__(self) -> None:
                super().__init__("OLD")

            def update_for_command(self, command_type: str, experiment_config: Any) -> Any:
                self.seen = command_type

        assert rv.ANALYZE == update(Old(), rv.ANALYZE, self.EXPERIMENT, []).seen


def test_sources_of_old_take_fewer_arguments() -> None:
    """create_source of a plugin may take the directory alone; a task needs no class map."""

    class Source(rv.RasterSourceConfig):
        def __init__(self) -> None:
            super().__init__("OLD")

        def create_source(self, tmp_dir: str) -> Any:
            return SimpleNamespace(
                get_extent=lambda: tmp_dir,
                get_crs_transformer=lambda: None,
            )

    made = rv.SceneConfig("s", Source()).create_scene(SimpleNamespace(), "/tmp/x")
    assert "/tmp/x" == made.raster_source.get_extent()


def test_builders_are_copied_and_edited() -> None:
    """`config` of a builder is a dict of its own after deepcopy."""
    builder = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION).with_classes(["a"])
    copied = deepcopy(builder)
    copied.config["chip_size"] = 7
    assert (300, 7) == (builder.build().chip_size, copied.build().chip_size)
    again = type(builder)(prev=copied.build())
    assert {"class_map", "chip_size"} <= set(again.config)
    assert 7 == again.build().chip_size


class TestBundles:
    """save_bundle_files gives a config and files, load_bundle_files a config."""

    def test_of_what_has_files(self, tmp_path: Any) -> None:
        """The analyzer, the transformer, their source and scene name the copy."""
        (tmp_path / "stats.json").write_text("{}")
        uri, bundle = str(tmp_path / "stats.json"), str(tmp_path / "bundle")
        analyzer = rv.AnalyzerConfig.builder(rv.STATS_ANALYZER).with_stats_uri(uri).build()
        saved, files = analyzer.save_bundle_files(bundle)
        assert ("stats.json", [f"{bundle}/stats.json"]) == (saved.stats_uri, files)
        assert "/p/stats.json" == saved.load_bundle_files("/p").stats_uri
        assert (f"{bundle}/stats.json", "stats.json") == analyzer.bundle_file(uri, bundle)
        transformer = rv.RasterTransformerConfig.builder(rv.STATS_TRANSFORMER)
        source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri("/a.tif")
        source = source.with_transformer(transformer.with_stats_uri(uri).build())
        scene = rv.SceneConfig("s", source.build())
        for config, stats_uri in (
            (scene.raster_source, lambda c: c.transformers[0].stats_uri),
            (scene, lambda c: c.raster_source.transformers[0].stats_uri),
        ):
            saved, files = config.save_bundle_files(bundle)
            assert ("stats.json", [f"{bundle}/stats.json"]) == (stats_uri(saved), files)
            assert "/p/stats.json" == stats_uri(saved.load_bundle_files("/p"))

    @pytest.mark.parametrize("key", TASKS)
    def test_of_what_has_none(self, key: str) -> None:
        """A task is itself, with no files."""
        task = rv.TaskConfig.builder(key).with_classes(["a"]).build()
        assert (task, []) == task.save_bundle_files("/b")
        assert task is task.load_bundle_files("/b")
