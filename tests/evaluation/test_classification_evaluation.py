"""Figures of classes, merged and saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem
from rvcli.evaluation.classification_evaluation import ClassificationEvaluation


class Fixed(ClassificationEvaluation):
    """A plugin's evaluation that only sets items."""

    def compute(self, ground_truth_labels: Any, prediction_labels: Any) -> None:
        """Set the figures of class 1, and class 2 if there are predictions."""
        items = {1: ClassEvaluationItem(0.5, 0.5, 0.5, 1, ground_truth_labels, 1, "a")}
        if prediction_labels:
            items[2] = ClassEvaluationItem(1, 1, 1, 0, prediction_labels, 2, "b")
        self.set_class_to_eval_item(items)
        self.compute_avg()


def evaluation(gt_count: int, more: int = 0) -> Fixed:
    """Make an evaluation with figures."""
    made = Fixed()
    made.compute(gt_count, more)
    return made


def test_one_scene_is_a_list_with_the_average() -> None:
    """The JSON of one scene is a list of classes that ends with their average."""
    items = evaluation(1, 3).to_json()
    assert [item["class_name"] for item in items] == ["a", "b", "average"]
    assert items[2]["precision"] == 0.875
    assert items[2]["gt_count"] == 4


def test_merging_keeps_scenes_apart_and_leaves_them_alone() -> None:
    """Merged scenes are shown one by one, and are not changed by further merging."""
    whole = Fixed()
    assert whole.is_empty()
    first = evaluation(1)
    whole.merge(first, scene_id="x")
    whole.merge(evaluation(3, 2), scene_id="y")
    assert not whole.is_empty()
    figures = whole.to_json()
    assert list(figures) == ["overall", "per_scene", "warnings"]
    assert [item["gt_count"] for item in figures["overall"]] == [4, 2, 6]
    assert list(figures["per_scene"]) == ["x", "y"]
    assert figures["per_scene"]["x"] == evaluation(1).to_json()
    assert first.to_json() == evaluation(1).to_json()


def test_scenes_with_one_id_are_merged() -> None:
    """Two scenes that share an id are shown as one."""
    whole = Fixed()
    whole.merge(evaluation(1), scene_id="x")
    whole.merge(evaluation(3), scene_id="x")
    assert whole.to_json()["per_scene"]["x"][0]["gt_count"] == 4


def test_merging_without_a_scene_shows_no_scenes() -> None:
    """An evaluation merged in without a scene id counts, but is not shown."""
    whole = Fixed()
    whole.merge(evaluation(1))
    assert whole.to_json()[0]["gt_count"] == 1


def test_saved_file_always_has_one_shape(tmp_path: Path) -> None:
    """The file has overall, per_scene and warnings, also without scenes."""
    whole = Fixed()
    whole.warnings = ["the scene x is in both"]
    whole.save(str(tmp_path / "a b" / "eval.json"))
    assert json.loads((tmp_path / "a b" / "eval.json").read_text()) == {
        "overall": [],
        "per_scene": {},
        "warnings": ["the scene x is in both"],
    }
    whole.merge(evaluation(1), scene_id="x")
    whole.save(str(tmp_path / "eval.json"))
    saved = json.loads((tmp_path / "eval.json").read_text())
    assert saved == json.loads(json.dumps(whole.to_json()))
