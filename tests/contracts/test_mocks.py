"""Mocks behave as what they stand for."""

from __future__ import annotations

import numpy as np

from rvcli.core.box import Box
from rvcli.core.training_data import TrainingData
from rvcli.testing.mocks import ConstantBackend, RecordingEvaluator, make_scene

IMAGE = np.arange(24, dtype=np.uint16).reshape(3, 4, 2)


def test_scene_of_arrays_gives_chips_and_labels() -> None:
    """Windows are cut from the arrays, with zeros beyond their edges."""
    scene = make_scene(IMAGE, [[1, 2, 0, 0]] * 3)
    source = scene.raster_source
    assert (Box(0, 0, 3, 4), np.dtype("uint16")) == (source.get_extent(), source.get_dtype())
    assert (1.5, 2.5) == source.get_crs_transformer().map_to_pixel((1.5, 2.5))
    chip = source.get_chip(Box(2, 3, 4, 5))
    assert [[[22, 23], [0, 0]], [[0, 0], [0, 0]]] == chip.tolist()
    assert [[0, 0], [0, 0]] == source.get_chip(Box(-2, -2, 0, 0))[..., 0].tolist()
    labels = scene.ground_truth_label_source.get_labels(Box(0, 0, 1, 2))
    assert [[1, 2]] == labels.get_label_arr(Box(0, 0, 1, 2)).tolist()
    everything = scene.ground_truth_label_source.get_labels()
    assert [Box(0, 0, 3, 4)] == everything.get_windows()


def test_scene_without_labels() -> None:
    """A scene may have none."""
    assert None is make_scene(IMAGE).ground_truth_label_source


def test_constant_backend_remembers() -> None:
    """The backend predicts its class and knows what it was asked."""
    backend = ConstantBackend(3)
    data = TrainingData()
    data.append(IMAGE, Box(0, 0, 3, 4), None)
    result = backend.process_scene_data(make_scene(IMAGE), data, "")
    backend.process_sceneset_results([result], [], "")
    backend.train("")
    backend.load_model("")
    window = Box(0, 0, 2, 1)
    labels = backend.predict([IMAGE], [window], "")
    assert [[3], [3]] == labels.get_label_arr(window).tolist()
    assert {"mock": 1} == backend.chips
    assert ["process_scene_data", "process_sceneset_results", "train", "load_model", "predict"] == (
        backend.calls
    )


def test_recording_evaluator_remembers() -> None:
    """The evaluator knows the scenes that it was given."""
    evaluator = RecordingEvaluator()
    evaluator.process([make_scene(IMAGE, scene_id="a"), make_scene(IMAGE, scene_id="b")], "")
    assert ["a", "b"] == evaluator.scene_ids
