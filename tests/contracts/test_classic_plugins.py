"""Plugins that are written the classic way, in every form that is known, work as ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rvcli as rv
from rvcli.cli.main import call as main
from rvcli.config.families import family_message_class
from rvcli.testing import assert_builder_copies, assert_config_round_trips

CLASSES = {"thing": (1, "red"), "rest": (2, "gray")}


def task() -> Any:
    """Build the classic task."""
    return rv.TaskConfig.builder("CLASSIC_TASK").with_classes(CLASSES).build()


# By group and key: what the builder's methods are given.
VALUES: dict[tuple[str, str], Callable[[], dict[str, Any]]] = {
    (rv.TASK, "CLASSIC_TASK"): lambda: {
        "classes": CLASSES,
        "chip_size": 64,
        "note": "a",
        "predict_batch_size": 3,
        "debug": False,
    },
    (rv.BACKEND, "CLASSIC_BACKEND"): lambda: {
        "task": task(),
        "pretrained_model": "s3://b/m",
    },
    (rv.RASTER_SOURCE, "CLASSIC_ARRAY_SOURCE"): lambda: {
        "uri": "a.npy",
        "band_limit": 3.0,
        "channel_order": [2, 0],
        "transformer": rv.RasterTransformerConfig.builder(rv.STATS_TRANSFORMER).build(),
    },
    (rv.VECTOR_SOURCE, "CLASSIC_SHAPES"): lambda: {
        "uri": "a.json",
        "class_inference": {1: ["==", "a", "b"]},
        "buffers": {1: 2.5, 2: None},
    },
    (rv.LABEL_SOURCE, "CLASSIC_LABELS"): lambda: {
        "vector_source": rv.VectorSourceConfig.builder("CLASSIC_SHAPES").with_uri("a.json").build()
    },
    (rv.LABEL_STORE, "CLASSIC_ARRAY_STORE"): lambda: {"uri": "out.npy"},
    (rv.RASTER_TRANSFORMER, "CLASSIC_SHIFT"): lambda: {"offsets": [1.5, 2.0]},
    (rv.AUGMENTOR, "CLASSIC_TWICE"): lambda: {"times": 3.0},
    (rv.ANALYZER, "CLASSIC_COUNTER"): lambda: {"count_uri": "count.json"},
    (rv.EVALUATOR, "CLASSIC_ACCURACY"): lambda: {"task": task(), "uri": "accuracy.json"},
}


def family(group: str) -> Any:
    """Return the class of a group's configs."""
    return getattr(rv, family_message_class(group).__name__)


@pytest.mark.parametrize("component", VALUES, ids=lambda c: c[0])
class TestConfigs:
    """A member of each group."""

    def test_it_round_trips(self, component: tuple[str, str], loaded: Any) -> None:
        """Built from its key, a config comes back from its message as JSON, and its builder."""
        loaded("classic")
        group, key = component
        builder = assert_builder_copies(family(group).builder(key), **VALUES[component]())
        config = builder.build()
        again = family(group).from_proto(config.to_proto())
        assert config.to_proto() == again.to_proto()
        assert config.to_proto() == config.to_builder().build().to_proto()
        assert config.to_proto() == config.clone().to_proto()

    def test_builders_branch(self, component: tuple[str, str], loaded: Any) -> None:
        """A builder can be copied, used twice, and used again after build."""
        loaded("classic")
        group, key = component
        builder = family(group).builder(key)
        for name, value in VALUES[component]().items():
            builder = getattr(builder, f"with_{name}")(value)
        first = builder.build().to_proto()
        assert first == deepcopy(builder).build().to_proto() == builder.build().to_proto()


@pytest.mark.parametrize(
    ("group", "key", "message"),
    [
        (rv.TASK, "CLASSIC_TASK", "Class map required"),
        (rv.RASTER_SOURCE, "CLASSIC_ARRAY_SOURCE", "must specify a uri"),
        (rv.VECTOR_SOURCE, "CLASSIC_SHAPES", "needs a uri"),
        (rv.EVALUATOR, "CLASSIC_ACCURACY", "class_map not set"),
    ],
)
def test_the_plugin_says_what_is_missing(group: str, key: str, message: str, loaded: Any) -> None:
    """A validate() that first calls that of its base has the last word."""
    loaded("classic")
    with pytest.raises(rv.ConfigError, match=message):
        family(group).builder(key).build()


def test_declared_parts_round_trip_inside_classic_ones(loaded: Any) -> None:
    """A scene of classic parts with a transformer that ships keeps the contract."""
    loaded("classic")
    source = rv.RasterSourceConfig.builder("CLASSIC_ARRAY_SOURCE").with_uri("a.npy")
    scene = (
        rv.SceneConfig.builder()
        .with_task(task())
        .with_id("a")
        .with_raster_source(source.with_stats_transformer().build())
        .with_label_source("a.shapes.json")
        .with_label_store("out.npy")
        .build()
    )
    again = rv.SceneConfig.from_proto(scene.to_proto())
    assert scene.to_plain() == again.to_plain()
    assert "a.shapes.json" == again.label_source.vector_source.uri


def test_default_providers_make_configs_of_uris(loaded: Any) -> None:
    """All five kinds of providers with static methods are asked."""
    loaded("classic")
    builder = rv.SceneConfig.builder().with_task(task()).with_id("a")
    scene = builder.with_raster_source("a.npy", [1]).with_label_source("a.shapes.json")
    scene = scene.with_label_store().build()
    assert ([1], "CLASSIC_ARRAY_STORE") == (
        scene.raster_source.channel_order,
        scene.label_store.store_type,
    )
    drawn = rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE).with_uri("b.shapes.json").build()
    assert "CLASSIC_SHAPES" == drawn.vector_source.source_type


class TestRun:
    """The classic plugins together, from the command line."""

    def test_they_work_in_processes_and_are_proven(self, project: Any) -> None:
        """Workers load the plugins that their messages pin, and nothing runs a second time."""
        project.rv("run", "local", "X", "--splits", "2")
        assert {"three": 1.0} == project.read("eval/classic/accuracy.json")
        assert {"scenes": 3, "loudness": 11} == project.read("analyze/classic/count.json")
        histogram = project.read("histogram/classic/histogram-0.json")
        assert {"three": {"1": 720, "2": 3376}} == histogram
        assert "tick\n" == (project.path / "data" / "ticks.txt").read_text()
        message = project.read("train/classic/command-config-0.json")
        pinned = [pin["name"] for pin in message["plugins"]["pins"]]
        assert "classic_learning" in pinned
        # Three times, as the augmentor says.
        chips = project.read("chip/classic/chips/one.json")
        assert 3 * 64 * 64 == sum(count for count, _ in chips.values())

        assert {} == project.to_run("--splits", "2")
        plugin = project.path / "classic_measures.py"
        plugin.write_text(plugin.read_text() + "# changed\n")
        assert "plugin classic_measures.py" in project.to_run()["classic/EVAL"]

    def test_the_package_predicts(
        self, project: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A classic runner runs it all here; the package then works without the experiment."""
        project.rv("run", "one_by_one", "X")
        assert {} == project.to_run()
        assert "bundle, histogram, join_texts, tick" in project.rv("ls", "X")
        package = project.root / "bundle" / "classic" / "predict_package.zip"
        monkeypatch.chdir(project.path.parent)
        monkeypatch.setenv("RV_CACHE_DIR", str(project.path / "cache"))
        image, output = project.path / "data" / "three.npy", project.path / "out.npy"
        code = main(["predict", str(package), str(image), str(output)])
        assert 0 == code, capsys.readouterr().err
        predicted = np.load(project.root / "predict" / "classic" / "three.npy")
        assert np.array_equal(predicted, np.load(output))

    def test_a_file_system_of_a_plugin_holds_everything(self, project: Any) -> None:
        """Messages, records and leases too; names of commands come in any case."""
        words = ("Join_Texts", "tick", "--splits", "2", "-a", "root_uri", "attic://out ä")
        project.rv("run", "local", "X", *words)
        loud = project.path / "attic" / "loud"
        assert ["NOTE A", "NOTE B"] == [(loud / f"{n}.txt").read_text() for n in "ab"]
        assert {} == project.to_run(*words)
        (project.path / "attic" / "notes" / "a.txt").write_text("other")
        assert ["classic/JOIN_TEXTS/0"] == list(project.to_run(*words))

    def test_a_message_of_an_old_release_is_run(
        self, project: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """An auxiliary command whose plugin the profile names, by the old name of the worker."""
        log = project.path / "ticks.txt"
        message = {
            "commandType": "TICK",
            "rootUri": str(project.root / "ticks"),
            "customConfig": {"json": json.dumps({"log": str(log)})},
            "plugins": {"pluginUris": [f"file://{project.path}/classic_commands.py"]},
        }
        path = project.path / "command-config-0.json"
        path.write_text(json.dumps(message))
        monkeypatch.chdir(project.path)
        assert 0 == main(["run_command", str(path)]), capsys.readouterr().err
        assert "tick\n" == log.read_text()
        monkeypatch.chdir(project.path.parent)
        assert 4 == main(["run_command", str(path)])
        assert "without a digest" in capsys.readouterr().err


@pytest.fixture
def project(tmp_path: Path, lay_out: Any) -> Any:
    """Give a project of the classic plugins."""
    return lay_out(tmp_path / "my project ß", "classic")


def test_round_trip_of_values_that_fit(loaded: Any) -> None:
    """A classic config whose values a Struct can hold keeps the contract of all configs."""
    loaded("classic")
    config = rv.LabelStoreConfig.builder("CLASSIC_ARRAY_STORE").with_uri("a.npy").build()
    assert "a.npy" == assert_config_round_trips(config).uri
