"""Tests that an experiment consists of what its task can work with."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli import keys
from rvcli.backend.backend_config import BackendConfig
from rvcli.config import InvalidConfigError
from rvcli.data.label_source.label_source_config import LabelSourceConfig
from rvcli.data.label_store.label_store_config import LabelStoreConfig
from rvcli.evaluation.evaluator_config import EvaluatorConfig
from rvcli.experiment.fit import misfits
from rvcli.task.task_config import TaskConfig


def test_all_of_one_task_fits(experiment: Any) -> None:
    """An experiment whose parts are all for its task has no misfits."""
    assert [] == list(misfits(experiment))


def test_parts_for_other_tasks_are_named(experiment: Any) -> None:
    """Backend, label sources, label stores and evaluators of other tasks are named at once."""
    cells = TaskConfig.builder(keys.CHIP_CLASSIFICATION).with_classes(["a"]).build()
    store = LabelStoreConfig.builder(keys.OBJECT_DETECTION_GEOJSON).build()
    boxes = LabelSourceConfig.builder(keys.OBJECT_DETECTION).with_uri("a.geojson").build()
    scene = experiment.dataset.test_scenes[0].to_builder()
    dataset = experiment.dataset.to_builder().with_train_scenes([])
    dataset = dataset.with_validation_scene(scene.with_label_source(boxes).build())
    dataset = dataset.with_test_scenes([scene.with_label_store(store).build()]).build()
    backend = BackendConfig.builder(keys.SKLEARN_CHIP_CLASSIFICATION).with_task(cells).build()
    evaluator = EvaluatorConfig.builder(keys.CHIP_CLASSIFICATION_EVALUATOR).with_task(cells)
    builder = experiment.to_builder().with_backend(backend).with_evaluators([evaluator.build()])
    with pytest.raises(InvalidConfigError) as caught:
        builder.with_dataset(dataset).build()
    wrong = "which works with {}, not with SEMANTIC_SEGMENTATION"
    for part, key, task in (
        ("$.backend", "SKLEARN_CHIP_CLASSIFICATION", "CHIP_CLASSIFICATION"),
        ("validation_scenes[1].label_source", "OBJECT_DETECTION", "OBJECT_DETECTION"),
        ("test_scenes[0].label_store", "OBJECT_DETECTION_GEOJSON", "OBJECT_DETECTION"),
        ("$.evaluators[0]", "CHIP_CLASSIFICATION_EVALUATOR", "CHIP_CLASSIFICATION"),
    ):
        assert f"{part} is {key}, {wrong.format(task)}" in str(caught.value)


def test_to_a_plugins_task_everything_fits(experiment: Any) -> None:
    """Which labels a task of a plugin works with only the plugin knows."""
    task = experiment.task.clone()
    task.task_type = "A_PLUGINS"
    experiment.task = task
    experiment.backend.backend_type = keys.SKLEARN_OBJECT_DETECTION
    assert [] == list(misfits(experiment))
