"""Default evaluators for tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rvcli import keys
from rvcli.evaluation.evaluator_config import EvaluatorConfig


class EvaluatorDefaultProvider(ABC):
    """Turns a task into the config of the evaluator that it gets when nothing is said."""

    @staticmethod
    @abstractmethod
    def is_default_for(task_type: str) -> bool:
        """True if this provider's evaluator is what the task uses."""

    @abstractmethod
    def construct(self, task: Any) -> Any:
        """Return the config of the evaluator."""


class SemanticSegmentationEvaluatorDefaultProvider(EvaluatorDefaultProvider):
    """Evaluates semantic segmentation."""

    @staticmethod
    def is_default_for(task_type: str) -> bool:
        """True for semantic segmentation."""
        return task_type == keys.SEMANTIC_SEGMENTATION

    @staticmethod
    def construct(task: Any) -> Any:
        """Return the evaluator of semantic segmentation."""
        builder = EvaluatorConfig.builder(keys.SEMANTIC_SEGMENTATION_EVALUATOR)
        return builder.with_task(task).build()


class ChipClassificationEvaluatorDefaultProvider(EvaluatorDefaultProvider):
    """Evaluates chip classification."""

    @staticmethod
    def is_default_for(task_type: str) -> bool:
        """True for chip classification."""
        return task_type == keys.CHIP_CLASSIFICATION

    @staticmethod
    def construct(task: Any) -> Any:
        """Return the evaluator of chip classification."""
        return EvaluatorConfig.builder(keys.CHIP_CLASSIFICATION_EVALUATOR).with_task(task).build()


class ObjectDetectionEvaluatorDefaultProvider(EvaluatorDefaultProvider):
    """Evaluates object detection."""

    @staticmethod
    def is_default_for(task_type: str) -> bool:
        """True for object detection."""
        return task_type == keys.OBJECT_DETECTION

    @staticmethod
    def construct(task: Any) -> Any:
        """Return the evaluator of object detection."""
        return EvaluatorConfig.builder(keys.OBJECT_DETECTION_EVALUATOR).with_task(task).build()
