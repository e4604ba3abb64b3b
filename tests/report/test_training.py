"""Charts of training, from histories and logs of any backend."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rvcli.backend.history import ROUND, History
from rvcli.report.sources import Source
from rvcli.report.training import MAX_POINTS, collect_training


@pytest.fixture
def source(tmp_path):
    """Give the files of an experiment whose train folder is empty."""
    return Source("one", str(tmp_path), "", {"trainUri": str(tmp_path)})


def titles(charts):
    """Name the curves by chart."""
    return {chart.title: [curve.name for curve in chart.curves] for chart in charts}


def test_the_history_of_pytorch_is_drawn(source, tmp_path):
    """Loss, metrics, those of classes, and the learning rate; the best epoch is marked."""
    history = History("mean_iou", "random")
    for epoch in range(4):
        metrics = {"accuracy": 0.9, "mean_iou": [0.1, 0.5, 0.4, float("nan")][epoch]}
        history.add(1 / (epoch + 1), 0.01 * epoch, 3.0, metrics | {"iou <b>road</b>": 0.3})
    history.resumed_from.append(2)
    history.save(str(tmp_path))
    charts = collect_training(source, None)
    assert {
        "loss": ["training"],
        "validation metrics": ["accuracy", "mean iou"],
        "iou by class": ["<b>road</b>"],
        "learning rate": ["learning rate"],
    } == titles(charts)
    loss = charts[0]
    assert ("epoch", "loss") == (loss.x_label, loss.y_label)
    assert ((1, 1), (2, 0.5), (3, 1 / 3), (4, 0.25)) == loss.curves[0].points
    assert (2, "best mean iou") == (loss.marked_x, loss.marked_label)
    assert "resumed after epoch 2" == loss.curves[0].note
    assert 3 == len(charts[1].curves[1].points)


def test_the_history_of_keras_is_drawn(source, tmp_path):
    """Figures of training and of validation are told apart by their prefix."""
    row = {"loss": 0.5, "accuracy": 0.7, "val_loss": 0.6, "val_accuracy": 0.6}
    history = {"epochs": [row | {"learning_rate": 0.01}] * 3, "best": 3, "resumed_from": []}
    (tmp_path / "history.json").write_text(json.dumps(history))
    charts = collect_training(source, None)
    assert {
        "loss": ["training", "validation"],
        "validation metrics": ["accuracy"],
        "training metrics": ["accuracy"],
    } == titles(charts)
    assert "learning rate 0.01" == charts[0].curves[0].note
    assert (3, "best epoch") == (charts[0].marked_x, charts[0].marked_label)


def test_rounds_of_boosting_are_drawn(source, tmp_path):
    """Rounds are counted as such, and none of them is the best: all are used."""
    history = History("", "none", unit=ROUND)
    for loss in (0.7, 0.4):
        history.add(loss, 0.1, 0.0, {})
    history.save(str(tmp_path))
    (loss,) = collect_training(source, None)
    assert ("loss", "learning rate 0.1") == (loss.title, loss.curves[0].note)
    assert ("round", None) == (loss.x_label, loss.marked_x)
    assert History.from_dict(json.loads((tmp_path / "history.json").read_text())).unit == ROUND


@pytest.mark.parametrize("name", ["history.csv", "log.csv"])
def test_a_plain_log_is_drawn(source, tmp_path, name):
    """A CSV file of any plugin is enough; what is no number is left out."""
    (tmp_path / name).write_text("epoch, loss, accuracy, note\n0, 0.5, 0.25, x\n1, nan, 0.5, y\n")
    loss, metrics = collect_training(source, None)
    assert ((0.0, 0.5),) == loss.curves[0].points
    assert ((0.0, 0.25), (1.0, 0.5)) == metrics.curves[0].points


def test_a_plugin_may_keep_as_little_as_it_has(source, tmp_path):
    """Epochs without numbers, metrics beyond 1 and very many epochs: all are drawn."""
    epochs = [{"metrics": {"error_px": 9.0 - i / 1000, "f1": 0.5}} for i in range(5000)]
    (tmp_path / "history.json").write_text(json.dumps({"epochs": epochs}))
    charts = {chart.title: chart for chart in collect_training(source, None)}
    assert {"error px": ["validation"], "validation metrics": ["f1"]} == titles(charts.values())
    points = charts["error px"].curves[0].points
    assert len(points) <= MAX_POINTS + 1
    assert 5000 == points[-1][0]


def test_what_is_missing_or_damaged_is_told(source, tmp_path):
    """Without a history there is nothing to say, and a damaged one is named."""
    notes = []
    assert () == collect_training(source, None, notes)
    assert [] == notes
    (tmp_path / "history.json").write_text('{"epochs": [')
    assert () == collect_training(source, None, notes)
    assert "is no whole JSON file" in notes[0]
    assert () == collect_training(Source("one", "", "", {}), None)


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["epochs", "epoch", "metrics", "loss", "best", "unit", "resumed_from"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_json)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_in_a_history_breaks_the_report(source, content):
    """Whatever JSON is there, charts or a note are what comes of it."""
    Path(source.message["trainUri"], "history.json").write_text(json.dumps(content))
    for chart in collect_training(source, None):
        assert all(curve.points for curve in chart.curves)
