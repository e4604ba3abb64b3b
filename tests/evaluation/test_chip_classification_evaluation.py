"""Predicted cells measured, against scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, jaccard_score, precision_recall_fscore_support

from rvcli import keys
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label_store.chip_classification_geojson_store import (
    ChipClassificationGeoJSONStore,
)
from rvcli.data.scene import Scene
from rvcli.evaluation.chip_classification_evaluation import ChipClassificationEvaluation
from rvcli.evaluation.chip_classification_evaluator import ChipClassificationEvaluator
from rvcli.evaluation.evaluator_config import EvaluatorConfig

# Ids neither in order nor without gaps.
CLASSES = ClassMap.construct_from({"wood": 7, "house": 1, "ship": 3})
IDS = [1, 3, 7]

Classes = list[int | None]


def labels_of(class_ids: Classes, skip: bool = False) -> ChipClassificationLabels:
    """Make labels of cells in a row; with skip those without class are left out."""
    labels = ChipClassificationLabels()
    for x, class_id in enumerate(class_ids):
        if class_id is not None or not skip:
            labels.set_cell(Box(0, 10 * x, 10, 10 * x + 10), class_id)
    return labels


def evaluate(truth: Classes, predicted: Classes) -> ChipClassificationEvaluation:
    """Evaluate cells in a row."""
    evaluation = ChipClassificationEvaluation(CLASSES)
    evaluation.compute(labels_of(truth), labels_of(predicted, skip=True))
    return evaluation


_rows = st.lists(
    st.tuples(st.sampled_from(IDS), st.sampled_from([*IDS, None])), min_size=1, max_size=30
)


@given(_rows)
def test_figures_agree_with_scikit_learn(rows: list[tuple[int, int | None]]) -> None:
    """Precision, recall, F1, IoU, support and matrix are those of scikit-learn."""
    truth, predicted = [a for a, _ in rows], [b for _, b in rows]
    evaluation = evaluate(list(truth), list(predicted))
    y = truth, [b or 0 for b in predicted]
    expected = [
        *precision_recall_fscore_support(*y, labels=IDS, zero_division=0),
        jaccard_score(*y, labels=IDS, average=None, zero_division=0),
    ]
    items = [evaluation.get_by_id(class_id) for class_id in IDS]
    names = ("precision", "recall", "f1", "gt_count", "iou")
    assert np.allclose(expected, [[getattr(i, name) or 0 for i in items] for name in names])
    matrix = confusion_matrix(*y, labels=[0, *IDS])
    assert matrix.tolist() == evaluation.conf_mat.tolist()
    assert matrix.tolist()[1:] == [item.conf_mat for item in items]
    counts = [(truth.count(i), predicted.count(i)) for i in IDS]
    errors = [abs(b - a) if a or b else None for a, b in counts]
    assert errors == [item.count_error for item in items]


def test_a_class_that_never_occurs_is_null() -> None:
    """A class that neither occurs nor is predicted has null figures, and counts 0."""
    figures = evaluate([1, 1], [1, 7]).to_json()
    [ship] = [item for item in figures if item["class_name"] == "ship"]
    values = {name: ship[name] for name in ("precision", "recall", "f1", "iou", "count_error")}
    assert {None} == set(values.values())
    assert 0 == ship["gt_count"]


def test_cells_without_prediction_are_missed_and_told() -> None:
    """A labelled cell without a prediction lowers the recall, and a warning counts it."""
    evaluation = evaluate([1, 1, 1, 7], [1, None, 7, 7])
    assert pytest.approx(1 / 3) == evaluation.get_by_id(1).recall
    assert [
        "1 of 4 labelled cells of the labels have no prediction and count as missed"
    ] == evaluation.warnings


def test_cells_without_label_do_not_count() -> None:
    """Cells that are not labelled, or of no class, are not counted whatever is predicted."""
    evaluation = evaluate([1, None, 0, 99], [1, 7, 7, 7])
    assert 1 == evaluation.conf_mat.sum()
    assert [] == evaluation.warnings
    assert 1 == evaluation.get_by_id(1).f1


def test_the_function_of_the_reference() -> None:
    """compute_eval_items gives the figures by class id."""
    items = ChipClassificationEvaluation.compute_eval_items(
        labels_of([1, 7]), labels_of([1, 1]), CLASSES
    )
    assert {1: 1.0, 3: None, 7: 0.0} == {class_id: item.recall for class_id, item in items.items()}


class Given:
    """A label source of given labels."""

    def __init__(self, labels: ChipClassificationLabels) -> None:
        self.labels = labels

    def get_labels(self) -> ChipClassificationLabels:
        """Give them."""
        return self.labels


def scene_of(
    tmp_path: Path, name: str, truth: Classes, predicted: Classes, aoi: Any = None
) -> Scene:
    """Make a scene with labels, and predictions in a file."""
    uri = str(tmp_path / f"{name}.json")
    store = ChipClassificationGeoJSONStore(uri, IdentityCRSTransformer(), CLASSES)
    store.save(labels_of(predicted))
    return Scene(name, None, Given(labels_of(truth)), store, aoi)  # type: ignore[arg-type]


def figures_of(tmp_path: Path, *scenes: Scene, **options: Any) -> Any:
    """Evaluate scenes by the config's evaluator and read what was written."""
    uri = str(tmp_path / "out" / "eval.json")
    builder = EvaluatorConfig.builder(keys.CHIP_CLASSIFICATION_EVALUATOR)
    config = builder.with_class_map(CLASSES).with_output_uri(uri).with_warnings(["known"]).build()
    evaluator = config.create_evaluator()
    assert isinstance(evaluator, ChipClassificationEvaluator)
    evaluator.process(scenes, str(tmp_path))
    return json.loads(Path(uri).read_text())


def test_scenes_are_apart_and_together(tmp_path: Path) -> None:
    """Figures are given by scene and overall, with an average weighted by count."""
    scenes = [scene_of(tmp_path, "a", [1, 7], [1, 1]), scene_of(tmp_path, "b", [1, 1], [1, 7])]
    figures = figures_of(tmp_path, *scenes)
    recall = {
        name: [item["recall"] for item in items]
        for name, items in [("all", figures["overall"]), *figures["per_scene"].items()]
    }
    assert [1.0, None, 0.0, 0.5] == recall["a"]
    assert [0.5, None, None, 0.5] == recall["b"]
    assert pytest.approx([2 / 3, 0.0, 0.5]) == [v for v in recall["all"] if v is not None]
    assert ["house", "ship", "wood", "average"] == [i["class_name"] for i in figures["overall"]]
    assert ["known"] == figures["warnings"]


def test_only_areas_of_interest_count(tmp_path: Path) -> None:
    """Cells that do not lie within an area of interest do not count."""
    area = shapely.box(0, 0, 25, 10)
    figures = figures_of(tmp_path, scene_of(tmp_path, "a", [1, 7, 7], [1, 7, 1], [area]))
    assert (2, 1.0) == tuple(figures["overall"][-1][name] for name in ("gt_count", "f1"))


def test_scenes_without_labels_are_told(tmp_path: Path) -> None:
    """A scene that has no labelled cell is named in the file."""
    figures = figures_of(tmp_path, scene_of(tmp_path, "a", [None], [1]))
    assert ["known", "the scene a has no labelled cells to evaluate"] == figures["warnings"]


def test_missing_predictions_are_told_by_scene(tmp_path: Path) -> None:
    """The warning of cells without prediction names the scene."""
    figures = figures_of(tmp_path, scene_of(tmp_path, "a", [1, 1], [1]))
    assert "1 of 2 labelled cells of the scene a" in figures["warnings"][1]
