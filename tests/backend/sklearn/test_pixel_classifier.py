"""The classifier of pixels: what it finds, and that nothing but its model matters."""

from __future__ import annotations

import builtins
import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend import onnx_session
from rvcli.backend.history import History
from rvcli.backend.sklearn import pixel_features
from rvcli.backend.sklearn.pixel_classifier import PixelClassifier, train_model
from rvcli.backend.sklearn.pixel_features import FeatureSpec, PixelFeatures
from rvcli.backend.sklearn.pixel_model import PixelModel, model_bytes
from rvcli.backend.sklearn.pixel_sample import PixelSample
from rvcli.errors import DataError, MissingDependencyError

Halves = Callable[..., tuple[Any, Any]]
SPEC = FeatureSpec(3, (1, 2))


def hide(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a package look as if it were not installed."""
    real = builtins.__import__

    def fake(wanted: str, *args: Any, **kwargs: Any) -> Any:
        if wanted.split(".")[0] == name:
            raise ImportError(f"No module named {wanted!r}", name=name)
        return real(wanted, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", fake)


def test_classes_are_told_apart(small_model: PixelModel, halves: Halves) -> None:
    """Pixels of another image of the same kind get their class ids."""
    chip, labels = halves(seed=5)
    found = PixelClassifier(small_model, "m").predict(chip, has_margin=False)
    assert (np.uint8, labels.shape) == (found.dtype, found.shape)
    assert (found == labels).mean() > 0.95


def test_no_data_is_class_0(small_model: PixelModel, halves: Halves) -> None:
    """Pixels without data become 0, the others stay what they are."""
    chip, _ = halves(seed=5)
    chip[:, :8] = 0
    found = PixelClassifier(small_model, "m").predict(chip, has_margin=False)
    assert ({0}, {1, 4}) == (set(found[:, :8].flat), set(found[:, 8:].flat))


def test_an_empty_chip_is_class_0(small_model: PixelModel) -> None:
    """A chip without any data needs no model."""
    chip = np.zeros((9, 9, 3), np.uint16)
    found = PixelClassifier(small_model, "m").predict(chip, has_margin=False)
    assert not found.any()


def test_windows_agree_where_they_meet(small_model: PixelModel, halves: Halves) -> None:
    """Read with margins, two halves of an image get what the whole gets."""
    chip, _ = halves(seed=5)
    classifier = PixelClassifier(small_model, "m")
    whole = classifier.predict(chip, has_margin=False)
    margin = small_model.spec.margin
    padded = np.pad(chip, ((margin, margin), (margin, margin), (0, 0)))
    parts = [
        classifier.predict(padded[start : start + 24 + 2 * margin], has_margin=True)
        for start in (0, 24)
    ]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_threads_and_blocks_change_nothing(
    small_model: PixelModel, halves: Halves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is the same with any number of threads and any size of blocks."""
    chip, _ = halves(seed=5)
    expected = PixelClassifier(small_model, "m", threads=1).predict(chip, has_margin=False)
    monkeypatch.setattr(pixel_features, "_BLOCK_BYTES", 1)
    found = PixelClassifier(small_model, "m", threads=4).predict(chip, has_margin=False)
    np.testing.assert_array_equal(expected, found)


def test_training_is_reproducible(small_sample: PixelSample, small_model: PixelModel) -> None:
    """The same sample and seed give the same model, byte by byte."""
    again = train_model(small_sample, small_model.spec, iterations=10, learning_rate=0.3, seed=0)
    assert model_bytes(small_model) == model_bytes(again)


def test_the_loss_of_each_round_is_told(small_sample: PixelSample, small_model: PixelModel) -> None:
    """Who watches is given the loss after each round, and the model is the same."""
    seen: list[History] = []
    options: Any = {"iterations": 10, "learning_rate": 0.3, "seed": 0, "watch": seen.append}
    model = train_model(small_sample, small_model.spec, **options)
    assert model_bytes(small_model) == model_bytes(model)
    (history,) = seen
    losses = [epoch.train_loss for epoch in history.epochs]
    assert 10 == len(losses)
    assert losses == sorted(losses, reverse=True)
    assert 0 < losses[-1] < losses[0] < np.log(2)


def test_classes_win_pixels_by_their_natural_frequency(small_sample: PixelSample) -> None:
    """Where features tell nothing, the class wins of which a smaller share was chosen."""
    blind = dataclasses.replace(small_sample, features=np.ones_like(small_sample.features))
    found = {}
    for often in (1, 4):
        labelled = {c: n * (100 if c == often else 1) for c, n in small_sample.chosen.items()}
        sample = dataclasses.replace(blind, labelled=labelled)
        model = train_model(sample, SPEC, iterations=1, learning_rate=1, seed=0)
        chip = np.ones((2, 2, 3), np.uint8)
        found[often] = np.unique(PixelClassifier(model, "m").predict(chip, has_margin=False))
    assert {1: [1], 4: [4]} == {often: ids.tolist() for often, ids in found.items()}


def test_large_class_ids(small_sample: PixelSample, halves: Halves) -> None:
    """Class ids above 255 come back whole."""
    sample = dataclasses.replace(
        small_sample,
        labels=small_sample.labels * 100,
        labelled={100: 9, 400: 9},
        chosen={100: 9, 400: 9},
    )
    model = train_model(sample, SPEC, iterations=5, learning_rate=0.5, seed=0)
    found = PixelClassifier(model, "m").predict(halves()[0], has_margin=False)
    assert {100, 400} == set(np.unique(found).tolist())


@pytest.fixture(scope="module")
def thirds() -> tuple[PixelModel, Any, Any]:
    """Give a model of three classes, an image of them, and the classes of its pixels."""
    rng = np.random.default_rng(0)
    chip = rng.normal(np.repeat([100, 200, 300], 10)[None, :, None], 10, (30, 30, 1))
    spec = FeatureSpec(1, (1,))
    rows, columns = np.divmod(np.arange(900), 30)
    ids = columns // 10 + 1
    counts = {1: 300, 2: 300, 3: 300}
    sample = PixelSample(PixelFeatures(chip, spec).at(rows, columns), ids, counts, counts)
    model = train_model(sample, spec, iterations=20, learning_rate=0.2, seed=0)
    return model, chip, ids.reshape(30, 30)


def test_several_classes(thirds: tuple[PixelModel, Any, Any]) -> None:
    """With three classes each is found."""
    model, chip, ids = thirds
    found = PixelClassifier(model, "m").predict(chip, has_margin=False)
    assert (found == ids).mean() > 0.95


def test_scores_belong_to_classes(
    small_model: PixelModel, halves: Halves, thirds: tuple[PixelModel, Any, Any]
) -> None:
    """Of two classes or more, scores sum to 1, are highest for the class found, and tell apart."""
    for model, chip in ((small_model, halves(seed=5)[0]), thirds[:2]):
        classifier = PixelClassifier(model, "m")
        scores = classifier.predict_scores(chip, has_margin=False)
        assert (np.float32, len(model.class_ids)) == (scores.dtype, len(scores))
        np.testing.assert_allclose(1, scores.sum(axis=0), atol=1e-6)
        found = np.array(model.class_ids)[scores.argmax(axis=0)]
        np.testing.assert_array_equal(classifier.predict(chip, has_margin=False), found)
        assert 0.8 < scores.max(axis=0).mean() <= 1


def test_scores_are_0_without_data(small_model: PixelModel, halves: Halves) -> None:
    """Where there is no data no class has a chance."""
    chip, _ = halves(seed=5)
    chip[:, :8] = 0
    margin = small_model.spec.margin
    padded = np.pad(chip, ((margin, margin), (margin, margin), (0, 0)))
    scores = PixelClassifier(small_model, "m").predict_scores(padded, has_margin=True)
    assert (2, 48, 48) == scores.shape
    assert not scores[:, :, :8].any()
    assert scores[:, :, 8:].any(axis=0).all()
    assert not PixelClassifier(small_model, "m").predict_scores(chip * 0, has_margin=False).any()


def test_other_bands_are_refused(small_model: PixelModel) -> None:
    """Imagery with another number of bands is not predicted."""
    with pytest.raises(DataError, match="has 5 bands, but the model was trained on 3"):
        PixelClassifier(small_model, "m").predict(np.ones((4, 4, 5)), has_margin=False)


def test_foreign_trees_are_refused(small_model: PixelModel) -> None:
    """A model whose trees are no ONNX is refused by its name."""
    model = dataclasses.replace(small_model, onnx=b"no trees")
    with pytest.raises(DataError, match="onnxruntime cannot read the model u"):
        PixelClassifier(model, "u")


def test_onnxruntime_reports_to_nobody(tmp_path: Path) -> None:
    """Importing onnxruntime leaves no queue of reports to its maker at home."""
    code = "from rvcli.backend.onnx_session import import_onnxruntime as f; f()"
    env = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", code], env={**env, "HOME": str(tmp_path)}, check=True)
    assert [] == [str(path) for path in tmp_path.rglob("*") if path.is_file()]


def test_missing_onnxruntime_names_the_extra(
    small_model: PixelModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without onnxruntime the hint names what to install."""
    hide("onnxruntime", monkeypatch)
    with pytest.raises(MissingDependencyError, match="onnxruntime") as caught:
        PixelClassifier(small_model, "m")
    assert "pip install 'rvcli[local]'" == caught.value.hint


def test_missing_sklearn_names_the_extra(
    small_sample: PixelSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without scikit-learn the hint names what to install."""
    hide("sklearn", monkeypatch)
    with pytest.raises(MissingDependencyError, match="sklearn"):
        train_model(
            small_sample,
            SPEC,
            iterations=1,
            learning_rate=1,
            seed=0,
        )


def test_the_number_of_threads_can_be_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """OMP_NUM_THREADS holds here too; without it all processors are used."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    limited = onnx_session.processors()
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert (3, True) == (limited, onnx_session.processors() >= 1)
