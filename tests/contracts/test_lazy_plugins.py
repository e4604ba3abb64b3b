"""Plugins that register by name, `"sibling:Name"`."""

from __future__ import annotations

import sys
from typing import Any

import rvcli as rv
from rvcli import keys
from rvcli.filesystem import resolve
from rvcli.runner.experiment_runner import ExperimentRunner


def test_nothing_is_imported_before_it_is_used(loaded: Any) -> None:
    """A plugin with heavy siblings costs nothing until one of them is needed."""
    before = set(sys.modules)
    loaded("lazy")
    imported = {name.rpartition(".")[2] for name in set(sys.modules) - before}
    assert "lazy_places" in imported
    assert not any(name.startswith(("classic_", "declared_")) for name in imported)


def test_every_kind_is_found_by_its_name(loaded: Any) -> None:
    """Each name leads to a class in a file beside the plugin."""
    registry = loaded("lazy")
    for group in keys.GROUPS:
        for entry in registry.entries(group):
            if entry.origin.kind == "file":
                assert isinstance(entry.load(), type)
    assert "AtticFileSystem" == resolve("attic://a").__name__
    assert "OneByOneRunner" == type(ExperimentRunner.get_runner("one_by_one")).__name__


def test_they_work(loaded: Any) -> None:
    """Builders and providers do what they do when they are registered as classes."""
    loaded("lazy")
    scene = rv.SceneConfig.builder().with_id("a").with_raster_source("a.npy").build()
    share = rv.EvaluatorConfig.builder("SHARE").with_uri("/share.json").build()
    tick = rv.CommandConfig.builder("TICK").with_root_uri("/root").with_config(log="/log").build()
    count = rv.CommandConfig.builder("COUNT_CLASSES").with_root_uri("/root").with_split_id(2)
    assert (["SHARE", "TICK"], "CLASSIC_ARRAY_SOURCE") == (
        [share.evaluator_type, rv.CommandConfig.from_proto(tick.to_proto()).command_type],
        rv.SceneConfig.from_proto(scene.to_proto()).raster_source.source_type,
    )
    assert 2 == count.split_id
