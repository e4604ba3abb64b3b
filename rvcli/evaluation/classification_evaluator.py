"""ClassificationEvaluator: measures predicted classes, scene by scene."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from rvcli import progress
from rvcli.core.class_map import ClassMap
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.errors import DataError
from rvcli.evaluation.evaluator import Evaluator

if TYPE_CHECKING:
    from rvcli.data.scene import Scene

log = logging.getLogger(__name__)


class ClassificationEvaluator(Evaluator):
    """Measures predicted classes and writes the figures as JSON.

    A subclass defines `create_evaluation`.

    Attributes:
        counted: what its figures count, such as "pixels"; where it is set, a scene in which none
            is labelled is warned of.
    """

    counted: ClassVar[str | None] = None

    def __init__(
        self, class_map: ClassMap, output_uri: str, *, warnings: Iterable[str] | None = None
    ) -> None:
        """Make an evaluator.

        Args:
            class_map: the classes.
            output_uri: of the JSON file.
            warnings: what a reader of the figures must know; written into the file.
        """
        self.class_map = class_map
        self.output_uri = output_uri
        self.warnings = list(warnings or ())

    @abstractmethod
    def create_evaluation(self) -> Any:
        """Return a ClassificationEvaluation without figures."""

    def process(self, scenes: Iterable[Scene], tmp_dir: str) -> None:
        """Measure scenes and write the figures of each and of all.

        Args:
            scenes: with ground truth and predictions.
            tmp_dir: local directory for temporary files.

        Raises:
            DataError: a scene has no ground truth or no predictions.
        """
        evaluation = self.create_evaluation()
        evaluation.warnings = list(self.warnings)
        listed = list(scenes)
        with progress.track("evaluating", len(listed), "scenes") as bar:
            for number, scene in enumerate(listed, 1):
                log.info("evaluating the scene %s", scene.id)
                with progress.part(number, len(listed), "scene"):
                    of_scene = self._evaluate(scene)
                evaluation.merge(of_scene, scene_id=scene.id)
                evaluation.warnings += getattr(of_scene, "warnings", [])
                bar.advance()
        evaluation.save(self.output_uri)

    def add_scores(self, evaluation: Any, truth: Any, store: Any) -> None:
        """Add how sure the predictions are, where that is kept apart from them.

        Args:
            evaluation: of the scene, computed.
            truth: the labels of the scene, within its areas of interest.
            store: the active label store of the scene.
        """

    def _evaluate(self, scene: Scene) -> Any:
        source, store = scene.ground_truth_label_source, scene.prediction_label_store
        for part, what in ((source, "label source"), (store, "label store")):
            if part is None:
                raise DataError(
                    f"the scene {scene.id!r} cannot be evaluated: it has no {what}",
                    hint=f"give it one, or leave it out of the validation scenes: with_"
                    f"{what.replace(' ', '_')}",
                )
        evaluation = self.create_evaluation()
        evaluation.scene_id = scene.id
        with ActivateMixin.compose(source, store):
            truth, predictions = source.get_labels(), store.get_labels()
            if scene.aoi_polygons:
                truth = truth.filter_by_aoi(scene.aoi_polygons)
                predictions = predictions.filter_by_aoi(scene.aoi_polygons)
            evaluation.compute(truth, predictions)
            self.add_scores(evaluation, truth, store)
        if self.counted and not any(i.gt_count for i in evaluation.class_to_eval_item.values()):
            where = " within its areas of interest" if scene.aoi_polygons else ""
            warning = f"the scene {scene.id} has no labelled {self.counted} to evaluate{where}"
            log.warning(warning)
            evaluation.warnings.append(warning)
        return evaluation
