"""Plugins that are written the short declared way: no message, no builder, no report by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rvcli as rv
from rvcli.config.families import family_message_class
from rvcli.errors import RegistryError
from rvcli.registry import Registrar
from rvcli.testing import assert_builder_copies, assert_config_round_trips, temporary_registry

# By group and key: values of its fields.
VALUES: dict[tuple[str, str], dict[str, Any]] = {
    (rv.TASK, "GRID_TASK"): {"class_map": {"a": (1, "red")}, "chip_size": 64, "debug": False},
    (rv.BACKEND, "THRESHOLD"): {"weights": {1: 0.5, 2: float("inf")}, "seed": 2**60},
    (rv.RASTER_SOURCE, "ARRAY"): {
        "uri": Path("a.npy"),
        "limits": [3, 2.5],
        "channel_order": (2, 1),
    },
    (rv.VECTOR_SOURCE, "BOXES"): {"uri": "a.json", "line_bufs": {1: None, 2: 3}},
    (rv.LABEL_STORE, "ARRAY_STORE"): {"uri": "out.npy"},
    (rv.RASTER_TRANSFORMER, "GAIN"): {"gain": 3.0, "names": {"a": None}},
    (rv.AUGMENTOR, "FLIP"): {"axes": map(int, "10"), "strength": 1},
    (rv.ANALYZER, "SCENE_COUNT"): {"count_uri": "count.json", "enabled": False},
    (rv.EVALUATOR, "SHARE"): {"uri": "share.json", "class_map": ["a", "b"]},
}


@pytest.mark.parametrize("component", VALUES, ids=lambda c: c[0])
def test_it_round_trips(component: tuple[str, str], loaded: Any) -> None:
    """A member of each group comes back from its message as JSON, and from its builder."""
    loaded("declared")
    group, key = component
    family = getattr(rv, family_message_class(group).__name__)
    config = assert_builder_copies(family.builder(key), **VALUES[component]).build()
    assert_config_round_trips(config)


def test_configs_in_configs_round_trip(loaded: Any) -> None:
    """A label source holds a vector source, a command holds scenes and a task."""
    loaded("declared")
    boxes = rv.VectorSourceConfig.builder("BOXES").with_uri("/a.json").build()
    labels = rv.LabelSourceConfig.builder("BOX_LABELS").with_vector_source(boxes).build()
    array = rv.RasterSourceConfig.builder("ARRAY").with_uri("/a.npy").build()
    scene = rv.SceneConfig.builder().with_id("a").with_raster_source(array)
    command = (
        rv.CommandConfig.builder("COUNT_CLASSES")
        .with_root_uri("/root")
        .with_task(rv.TaskConfig.builder("GRID_TASK").with_class_map(["a"]).build())
        .with_scenes(iter([scene.with_label_source(labels).build()]))
        .with_output_uri("/root/counts.json")
        .build()
    )
    again = rv.CommandConfig.from_proto(command.to_proto())
    assert command.to_plain() == again.to_plain()
    assert "/a.json" == again.scenes[0].label_source.vector_source.uri
    io_def = command.report_io()
    assert ({"/a.npy"}, {"/root/counts.json"}) == (io_def.input_uris, io_def.output_uris)


def test_a_command_needs_a_config_with_a_key() -> None:
    """What cannot be registered is refused with a hint."""
    with temporary_registry() as registry, pytest.raises(RegistryError, match="its key is None"):
        Registrar(registry).register_config(rv.CommandConfig)


def test_they_work_in_processes_and_are_proven(lay_out: Any, tmp_path: Path) -> None:
    """Each message pins the plugins that the command uses, and nothing runs a second time."""
    project = lay_out(tmp_path / "my project ß", "declared")
    project.rv("run", "local", "X")
    assert {"three": 1.0} == project.read("eval/declared/share.json")
    assert {"three": [720, 3376]} == project.read("count_classes/declared/counts.json")
    pins = {
        command: project.pins(f"{command}/declared/command-config-0.json")
        for command in ("chip", "train", "predict", "eval")
    }
    learning, measures, sources = "declared_learning", "declared_measures", "declared_sources"
    assert {
        "chip": [learning, sources],
        "train": [learning],
        "predict": [learning, sources],
        "eval": [learning, measures, sources],
    } == pins

    assert {} == project.to_run()
    plugin = project.path / f"{measures}.py"
    plugin.write_text(plugin.read_text() + "# changed\n")
    affected = {f"declared/{name}" for name in ("ANALYZE", "EVAL", "BUNDLE", "COUNT_CLASSES")}
    assert affected == set(project.to_run())
