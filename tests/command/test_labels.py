"""Tests of scenes without labels in commands that need labels."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli.data.dataset_config import DatasetConfig


@pytest.fixture
def unlabelled(experiment: Any) -> Any:
    """Give an experiment whose second training scene and whose validation scene lack labels."""
    dataset = experiment.dataset
    first, second = dataset.train_scenes
    bare = [scene.without_labels() for scene in (second, *dataset.validation_scenes)]
    builder = DatasetConfig.builder().with_train_scenes([first, bare[0]])
    experiment.dataset = builder.with_validation_scene(bare[1]).build()
    return experiment


@pytest.mark.parametrize(
    ("command", "scenes"), [("ANALYZE", []), ("CHIP", ["t2"]), ("PREDICT", []), ("EVAL", ["v"])]
)
def test_missing_labels_are_reported(unlabelled: Any, command: str, scenes: list[str]) -> None:
    """What cuts chips or measures tells of scenes without labels before it runs."""
    messages = unlabelled.make_command_config(command).report_io().missing_input_messages
    assert {
        f"scene '{name}' has no labels: give it with_label_source(...), or leave it out"
        for name in scenes
    } == messages
