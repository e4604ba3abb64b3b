"""What of an experiment is for another task than its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rvcli import keys
from rvcli.config import Problem

# The one task that each of the built-ins works with; what plugins bring may work with any.
_TASK_OF = {
    keys.BACKEND: {
        keys.SKLEARN_CHIP_CLASSIFICATION: keys.CHIP_CLASSIFICATION,
        keys.SKLEARN_OBJECT_DETECTION: keys.OBJECT_DETECTION,
        keys.SKLEARN_PIXELS_TO_BOXES: keys.OBJECT_DETECTION,
        keys.SKLEARN_SEMANTIC_SEGMENTATION: keys.SEMANTIC_SEGMENTATION,
        keys.PYTORCH_CHIP_CLASSIFICATION: keys.CHIP_CLASSIFICATION,
        keys.PYTORCH_OBJECT_DETECTION: keys.OBJECT_DETECTION,
        keys.PYTORCH_SEMANTIC_SEGMENTATION: keys.SEMANTIC_SEGMENTATION,
        keys.KERAS_CLASSIFICATION: keys.CHIP_CLASSIFICATION,
    },
    keys.LABEL_SOURCE: {task: task for task in keys.TASKS},
    keys.LABEL_STORE: {
        keys.CHIP_CLASSIFICATION_GEOJSON: keys.CHIP_CLASSIFICATION,
        keys.OBJECT_DETECTION_GEOJSON: keys.OBJECT_DETECTION,
        keys.SEMANTIC_SEGMENTATION_RASTER: keys.SEMANTIC_SEGMENTATION,
    },
    keys.EVALUATOR: {
        keys.CHIP_CLASSIFICATION_EVALUATOR: keys.CHIP_CLASSIFICATION,
        keys.OBJECT_DETECTION_EVALUATOR: keys.OBJECT_DETECTION,
        keys.SEMANTIC_SEGMENTATION_EVALUATOR: keys.SEMANTIC_SEGMENTATION,
    },
}


def misfits(experiment: Any) -> Iterator[Problem]:
    """Yield what works with another task than that of the experiment.

    Args:
        experiment: an ExperimentConfig. Where its task is a plugin's, everything may fit.
    """
    task_type = getattr(experiment.task, "task_type", None)
    if task_type not in keys.TASKS:
        return
    for path, config in _parts(experiment):
        key = str(getattr(config, config.type_field() or "", ""))
        other = _TASK_OF[str(config.group)].get(key)
        if other not in (None, task_type):
            yield Problem(path, f"is {key}, which works with {other}, not with {task_type}")


def _parts(experiment: Any) -> Iterator[tuple[str, Any]]:
    """Yield what depends on the task, each after its path."""
    yield "$.backend", experiment.backend
    for part in ("train_scenes", "validation_scenes", "test_scenes"):
        for i, scene in enumerate(getattr(experiment.dataset, part)):
            for name in ("label_source", "label_store"):
                if getattr(scene, name) is not None:
                    yield f"$.dataset.{part}[{i}].{name}", getattr(scene, name)
    for i, evaluator in enumerate(experiment.evaluators):
        yield f"$.evaluators[{i}]", evaluator
