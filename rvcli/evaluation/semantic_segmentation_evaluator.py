"""SemanticSegmentationEvaluator: measures predicted pixels."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rvcli.core.class_map import ClassMap
from rvcli.errors import DataError
from rvcli.evaluation.classification_evaluator import ClassificationEvaluator
from rvcli.evaluation.confusion import class_ids_of
from rvcli.evaluation.semantic_segmentation_evaluation import SemanticSegmentationEvaluation

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from rvcli.data.scene import Scene

log = logging.getLogger(__name__)


class SemanticSegmentationEvaluator(ClassificationEvaluator):
    """Measures predicted pixels, and the polygons that were made of them.

    Memory is that of one window of labels, and of the polygons of one scene.
    """

    counted = "pixels"

    def __init__(
        self,
        class_map: ClassMap,
        output_uri: str,
        vector_output_uri: str | None = None,
        *,
        warnings: Iterable[str] | None = None,
    ) -> None:
        """Make an evaluator.

        Args:
            class_map: the classes.
            output_uri: of the JSON file.
            vector_output_uri: of the JSON file with the figures of polygons; None if they are
                not wanted.
            warnings: what a reader of the figures must know; written into the file.
        """
        super().__init__(class_map, output_uri, warnings=warnings)
        self.vector_output_uri = vector_output_uri

    def create_evaluation(self) -> SemanticSegmentationEvaluation:
        """Return an evaluation without figures."""
        return SemanticSegmentationEvaluation(self.class_map)

    def add_scores(self, evaluation: Any, truth: Any, store: Any) -> None:
        """Add the scores of the pixels, if the store has kept how probable each class is."""
        from rvcli.evaluation.probabilities import tally_probabilities

        uri = getattr(store, "probabilities_uri", None)
        if uri is None:
            return
        class_ids = class_ids_of(self.class_map)
        try:
            evaluation.tally = tally_probabilities(
                truth, uri, store.extent, class_ids, store.tmp_dir
            )
        except DataError as error:
            warning = f"no precision-recall curves of the scene {evaluation.scene_id}: {error}"
            log.warning(warning)
            evaluation.warnings.append(warning)

    def process(self, scenes: Iterable[Scene], tmp_dir: str) -> None:
        """Measure scenes and write the figures of each and of all.

        Args:
            scenes: with ground truth and predictions.
            tmp_dir: local directory for temporary files.

        Raises:
            DataError: a scene has no ground truth or no predictions.
        """
        scenes = list(scenes)
        super().process(scenes, tmp_dir)
        if self.vector_output_uri:
            self._process_vectors(scenes, self.vector_output_uri)

    def _process_vectors(self, scenes: Sequence[Scene], uri: str) -> None:
        from rvcli.evaluation.vector_evaluation import VectorEvaluation, evaluate_vectors

        evaluation = VectorEvaluation(self.class_map)
        evaluation.warnings = list(self.warnings)
        for scene in scenes:
            log.info("evaluating the polygons of the scene %s", scene.id)
            evaluation.merge(evaluate_vectors(scene, self.class_map), scene_id=scene.id)
        if not evaluation.class_to_eval_item:
            warning = "no scene has vector outputs to evaluate"
            log.warning(warning)
            evaluation.warnings.append(warning)
        evaluation.save(uri)


def filter_geojson_by_aoi(
    geojson: Mapping[str, Any], aoi_polygons: Sequence[BaseGeometry]
) -> dict[str, Any]:
    """Return the features that lie within one of the polygons.

    Args:
        geojson: a FeatureCollection in the coordinates of the polygons.
        aoi_polygons: shapely polygons; none at all means that everything is kept.
    """
    from shapely.geometry import shape

    features = [
        feature
        for feature in geojson["features"]
        if not aoi_polygons
        or any(shape(feature["geometry"]).within(polygon) for polygon in aoi_polygons)
    ]
    return {**geojson, "features": features}
