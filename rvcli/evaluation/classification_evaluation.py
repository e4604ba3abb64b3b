"""ClassificationEvaluation: figures of all classes, of one scene or of several."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem

AVERAGE = "average"


class ClassificationEvaluation(ABC):
    """Figures of all classes, of one scene or of several merged.

    Attributes:
        class_to_eval_item: {class id: figures}.
        scene_to_eval: {scene id: evaluation} of what was merged in.
        avg_item: average over the classes, weighted by gt_count; None before it is computed.
        warnings: what a reader of the figures must know.
        scene_id: of the scene that is evaluated, where it is one.
    """

    def __init__(self) -> None:
        self.clear()
        self.warnings: list[str] = []
        self.scene_id: str | None = None

    def clear(self) -> None:
        """Forget all figures."""
        self.class_to_eval_item: dict[int, ClassEvaluationItem] = {}
        self.scene_to_eval: dict[str, ClassificationEvaluation] = {}
        self.avg_item: ClassEvaluationItem | None = None
        self._is_empty = True

    def is_empty(self) -> bool:
        """Tell whether there are no figures yet."""
        return self._is_empty

    def set_class_to_eval_item(self, class_to_eval_item: Mapping[int, ClassEvaluationItem]) -> None:
        """Set the figures of all classes."""
        self.class_to_eval_item = dict(class_to_eval_item)

    def get_by_id(self, key: int) -> ClassEvaluationItem:
        """Return the figures of a class."""
        return self.class_to_eval_item[key]

    def has_id(self, key: int) -> bool:
        """Tell whether there are figures of a class."""
        return key in self.class_to_eval_item

    def to_json(self) -> Any:
        """Return the figures as JSON can hold them.

        Returns:
            A list with an item for each class and their average; if scenes were merged in,
            {"overall": such a list, "per_scene": {scene id: such a list}, "warnings": [...],
            "curves": see curves}.
        """
        items = [item.to_json() for item in self.class_to_eval_item.values()]
        if self.avg_item is not None:
            items.append(self.avg_item.to_json())
        return items if not self.scene_to_eval else self._with_scenes(items)

    def curves(self) -> dict[str, Any] | None:
        """Return curves of precision over recall, as curves_json does; None if there are none."""
        return None

    def _with_scenes(self, items: list[Any]) -> dict[str, Any]:
        curves = self.curves()
        return {
            "overall": items,
            "per_scene": {
                scene_id: evaluation.to_json()
                for scene_id, evaluation in self.scene_to_eval.items()
            },
            "warnings": list(self.warnings),
            **({} if curves is None else {"curves": curves}),
        }

    def save(self, output_uri: str) -> None:
        """Write the figures as JSON, at once; see to_json."""
        from rvcli.utils.files import json_to_file

        figures = self.to_json()
        if not isinstance(figures, dict):
            figures = self._with_scenes(figures)
        json_to_file(figures, output_uri, indent=2)

    def merge(self, evaluation: Any, scene_id: str | None = None) -> None:
        """Take another evaluation in, weighted by gt_count.

        Args:
            evaluation: of the same classes; it is not changed.
            scene_id: of the scene that it is of; a second one of the same scene is merged
                with the first.
        """
        self._merge_figures(evaluation)
        self._is_empty = False
        self.compute_avg()
        if scene_id is None:
            return
        if scene_id in self.scene_to_eval:
            self.scene_to_eval[scene_id].merge(evaluation)
        else:
            self.scene_to_eval[scene_id] = copy.deepcopy(evaluation)

    def _merge_figures(self, evaluation: Any) -> None:
        for class_id, item in evaluation.class_to_eval_item.items():
            if class_id in self.class_to_eval_item:
                self.class_to_eval_item[class_id].merge(item)
            else:
                self.class_to_eval_item[class_id] = copy.deepcopy(item)

    def compute_avg(self) -> None:
        """Compute the average over the classes, weighted by gt_count."""
        self.avg_item = average(self.class_to_eval_item.values())

    @abstractmethod
    def compute(self, ground_truth_labels: Any, prediction_labels: Any) -> None:
        """Compute the figures of one scene.

        Args:
            ground_truth_labels: what is there.
            prediction_labels: what was predicted.
        """


def average(items: Iterable[ClassEvaluationItem]) -> ClassEvaluationItem:
    """Return the average of classes, weighted by gt_count."""
    merged = ClassEvaluationItem(class_name=AVERAGE)
    for item in items:
        without_matrix = copy.copy(item)
        without_matrix.conf_mat = None
        merged.merge(without_matrix)
    return merged
