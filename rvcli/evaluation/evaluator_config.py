"""Family of evaluator configs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import Config, ConfigBuilder

if TYPE_CHECKING:
    from rvcli.evaluation.evaluator import Evaluator


class EvaluatorConfig(Config):
    """Describes an evaluator, which compares predictions to ground truth."""

    group = keys.EVALUATOR
    message = "evaluator_pb2:EvaluatorConfig"

    evaluator_type: str

    def create_evaluator(self) -> Evaluator:
        """Create the evaluator."""
        raise NotImplementedError(f"{type(self).__name__} has no create_evaluator")


class EvaluatorConfigBuilder(ConfigBuilder):
    """Base of evaluator config builders."""

    config_class = EvaluatorConfig
