"""Figures of an experiment, from what evaluators wrote."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rvcli as rv
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.evaluation.chip_classification_evaluation import ChipClassificationEvaluation
from rvcli.evaluation.object_detection_evaluation import ObjectDetectionEvaluation
from rvcli.report.figures import MAX_NOTES, MAX_SCENES, collect_metrics
from rvcli.report.sources import Source

CLASSES = ClassMap.construct_from({"car": (1, "red"), "<b>tree</b>": 2, "ship": 3})


class Config:
    """As much of an experiment's config as is looked at."""

    class task:  # noqa: N801 - as the config has it
        """The task."""

        class_map = CLASSES

    evaluators = ()


@pytest.fixture
def source(tmp_path):
    """Give the files of an experiment whose eval folder is empty."""
    (tmp_path / "eval").mkdir()
    message = {"evalUri": str(tmp_path / "eval"), "task": {"taskType": rv.OBJECT_DETECTION}}
    return Source("one", str(tmp_path), "", message)


def write(source, content, name="eval.json"):
    """Write a file of EVAL."""
    text = content if isinstance(content, str) else json.dumps(content)
    Path(source.message["evalUri"], name).write_text(text, encoding="utf-8")


def boxes(rows, class_ids, scores=None):
    """Make boxes."""
    rows = np.array(rows, np.float64).reshape(-1, 4)
    return ObjectDetectionLabels(rows, np.array(class_ids), scores)


def detection():
    """Evaluate two scenes: one of two cars is found in each, and one box is none."""
    evaluation = ObjectDetectionEvaluation(CLASSES)
    truth = boxes([[0, 0, 10, 10], [20, 20, 30, 30]], [1, 1])
    found = boxes([[0, 0, 10, 10], [40, 40, 50, 50]], [1, 1], np.array([0.9, 0.8]))
    for scene_id in ("a", "b"):
        one = ObjectDetectionEvaluation(CLASSES)
        one.compute(truth, found)
        evaluation.merge(one, scene_id)
    return evaluation


def test_figures_of_classes_and_scenes(source, tmp_path):
    """Classes have their figures and colours, and no value is None, never 0."""
    detection().save(str(tmp_path / "eval" / "eval.json"))
    metrics = collect_metrics(source, Config())
    car, tree, _ = metrics.overall.classes
    assert ("car", "#ff0000", 0.5) == (car.name, car.color, car.figures["recall"])
    assert "<b>tree</b>" == tree.name
    assert tree.figures["precision"] is None
    assert 0.0 == tree.figures["gt_count"]
    assert "class_id" not in car.figures
    assert 51 / 101 == pytest.approx(metrics.overall.average.figures["ap50"])
    assert ["a", "b"] == [figures.title for figures in metrics.scenes]
    assert any("have nothing of <b>tree</b>, ship" in note for note in metrics.notes)


def test_the_curve_of_boxes_has_the_area_of_their_ap50(source, tmp_path):
    """The mean of the curve, 0 where it ends, is AP50 of all scenes; absent classes have none."""
    detection().save(str(tmp_path / "eval" / "eval.json"))
    metrics = collect_metrics(source, Config())
    (curve,) = metrics.precision_recall.curves
    assert ("car", "#ff0000") == (curve.name, curve.color)
    ap50 = metrics.overall.classes[0].figures["ap50"]
    assert ap50 == pytest.approx(sum(y for _, y in curve.points) / 101, abs=1e-6)
    assert f"AP {ap50:.3f}" == curve.note
    assert (0.5, 0.0) == curve.points[-1]
    assert any("union of 0.5" in note for note in metrics.notes)


def test_a_confusion_matrix_names_its_rows(source, tmp_path):
    """Cells that were not predicted are in a column of their own, else that is left out."""
    for skipped, names in ((1, ("nothing", "car", "<b>tree</b>", "ship")), (0, ("car",))):
        truth, found = ChipClassificationLabels(), ChipClassificationLabels()
        for x in range(6):
            truth.set_cell(Box(0, x, 1, x + 1), 1 + x % 2)
            if x >= skipped:
                found.set_cell(Box(0, x, 1, x + 1), 1)
        evaluation = ChipClassificationEvaluation(CLASSES)
        evaluation.compute(truth, found)
        evaluation.save(str(tmp_path / "eval" / "eval.json"))
        overall = collect_metrics(source, Config()).overall
        assert names == overall.confusion_names[: len(names)]
        assert len(overall.confusion) == len(overall.confusion_names)
        row = overall.confusion[overall.confusion_names.index("car")]
        assert 3 == sum(row)


def test_files_of_older_releases_are_read(source):
    """A bare list of classes, with NaN for no value and without curves, is shown."""
    rows = [
        {"class_id": 1, "class_name": "car", "f1": math.nan, "gt_count": 3, "conf_mat": [0, 2, 1]},
        {"class_id": 2, "class_name": "road", "f1": 0.5, "gt_count": 1, "conf_mat": [0, 0, 1]},
        {"class_id": None, "class_name": "average", "f1": 0.4, "gt_count": 4},
    ]
    write(source, rows)
    metrics = collect_metrics(source, None)
    assert [None, 0.5] == [one.figures["f1"] for one in metrics.overall.classes]
    assert ((2, 1), (0, 1)) == metrics.overall.confusion
    assert ("car", "road") == metrics.overall.confusion_names
    assert metrics.precision_recall is None
    assert any("run the command EVAL again" in note for note in metrics.notes)


def test_what_other_evaluators_wrote_is_shown_in_bounds(source, tmp_path):
    """Files of figures of classes are tables, others are shown as they are, in part."""
    detection().save(str(tmp_path / "eval" / "eval.json"))
    items = [{"mode": "buildings", "class_id": 1, "class_name": "car", "tp": 3}]
    write(source, {"overall": items, "per_scene": {}, "warnings": ["few"]}, "vector_eval.json")
    write(source, {"area": list(range(1000)), "text": "x" * 9999}, "areas.json")
    write(source, {"schema": 1}, "command-record-0.json")
    metrics = collect_metrics(source, Config())
    (polygons,) = metrics.more
    assert "vector_eval.json" == polygons.title
    assert ("car, buildings", "#ff0000") == (polygons.classes[0].name, polygons.classes[0].color)
    assert "vector_eval.json: few" in metrics.notes
    assert ["areas.json"] == list(metrics.others)
    assert len(json.dumps(metrics.others)) < 2000


def test_damaged_and_missing_files_are_told(source, tmp_path):
    """A file that is cut off is named in a note, and without any there is nothing but notes."""
    assert "no evaluation was found" in collect_metrics(source, Config()).notes[0]
    write(source, '{"overall": [{"class_na')
    metrics = collect_metrics(source, Config())
    assert metrics.overall is None
    assert "eval.json is no whole JSON file" in metrics.notes[0]
    gone = Source("one", "", "", {"evalUri": str(tmp_path / "gone")})
    assert collect_metrics(gone, None).overall is None


def test_many_scenes_and_warnings_are_bounded(source):
    """Of very many scenes and warnings some are shown, and how many more there are."""
    items = [{"class_id": 1, "class_name": "car", "f1": 0.5, "gt_count": 1}]
    scenes = {f"scene {i}": items for i in range(500)}
    warnings = [f"warning {i}" for i in range(500)]
    write(source, {"overall": items, "per_scene": scenes, "warnings": warnings})
    metrics = collect_metrics(source, Config())
    assert len(metrics.scenes) == MAX_SCENES
    assert len(metrics.notes) == MAX_NOTES + 1


_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
_json = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "overall",
                    "per_scene",
                    "warnings",
                    "curves",
                    "class_name",
                    "class_id",
                    "recall",
                    "classes",
                    "precision",
                    "conf_mat",
                    "gt_count",
                    "mode",
                    "share",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(_json)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_in_a_file_breaks_the_report(source, content):
    """Whatever JSON is there: figures or a note, never an error."""
    write(source, content)
    metrics = collect_metrics(source, Config())
    for figures in (metrics.overall, *metrics.scenes):
        if figures is not None and figures.confusion is not None:
            assert len(figures.confusion) == len(figures.confusion_names)
