"""Trees as ONNX: the scores are those of scikit-learn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from rvcli.backend.sklearn.tree_ensemble import INPUT, OUTPUT, forest_to_onnx, trees_to_onnx
from rvcli.errors import RvError


def fitted(classes: int, seed: int, decimals: int = 9) -> tuple[Any, Any]:
    """Fit an estimator on random features; few decimals make many equal values."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(300, 4)).round(decimals).astype(np.float32)
    noisy = features[:, 0] + 0.5 * rng.normal(size=300)
    labels = np.digitize(noisy, np.linspace(-0.8, 0.8, classes - 1))
    estimator = HistGradientBoostingClassifier(
        max_iter=5, early_stopping=False, random_state=0
    ).fit(features, labels)
    return estimator, features


def scores(model: bytes, features: Any) -> Any:
    """Run a model."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run([OUTPUT], {INPUT: features})[0]


@given(st.integers(0, 1000), st.sampled_from([0, 1, 9]))
@settings(max_examples=10)
def test_two_classes_have_one_score(seed: int, decimals: int) -> None:
    """The score of two classes is the decision function, up to float32."""
    estimator, features = fitted(2, seed, decimals)
    found = scores(trees_to_onnx(estimator, [0.0]), features)
    np.testing.assert_allclose(
        estimator.decision_function(features), found[:, 0], rtol=1e-4, atol=1e-5
    )


@given(st.integers(0, 1000), st.sampled_from([1, 9]))
@settings(max_examples=10)
def test_several_classes_have_a_score_each(seed: int, decimals: int) -> None:
    """The scores of four classes are the decision function, up to float32."""
    estimator, features = fitted(4, seed, decimals)
    found = scores(trees_to_onnx(estimator, [0.0] * 4), features)
    np.testing.assert_allclose(estimator.decision_function(features), found, rtol=1e-4, atol=1e-5)


def test_offsets_are_added() -> None:
    """Each score is larger by its offset."""
    estimator, features = fitted(3, 0)
    plain = scores(trees_to_onnx(estimator, [0, 0, 0]), features)
    moved = scores(trees_to_onnx(estimator, [1, 2, -3]), features)
    np.testing.assert_allclose(plain + np.array([1, 2, -3]), moved, rtol=1e-5, atol=1e-5)


def test_the_same_trees_give_the_same_bytes() -> None:
    """Encoding is reproducible."""
    estimator, _ = fitted(3, 0)
    assert trees_to_onnx(estimator, [0] * 3) == trees_to_onnx(estimator, [0] * 3)


def test_trees_of_another_form_are_refused() -> None:
    """An estimator without the expected parts names the release of scikit-learn."""
    with pytest.raises(RvError, match=r"scikit-learn \d.* keeps its trees in a form"):
        trees_to_onnx(SimpleNamespace(_baseline_prediction=[0.0]), [0.0])


def test_categories_are_refused() -> None:
    """A split by category has no form here."""
    rng = np.random.default_rng(0)
    features = rng.integers(0, 5, (200, 1)).astype(np.float32)
    estimator = HistGradientBoostingClassifier(
        max_iter=1, categorical_features=[0], early_stopping=False
    ).fit(features, np.isin(features[:, 0], [1, 3]))
    with pytest.raises(RvError, match="splits by category"):
        trees_to_onnx(estimator, [0.0])


@given(st.integers(0, 1000), st.sampled_from([2, 5]), st.sampled_from([1, 9]), st.integers(1, 9))
@settings(max_examples=10)
def test_a_forest_has_probabilities(seed: int, classes: int, decimals: int, leaf: int) -> None:
    """The scores of a forest are its probabilities, up to float32, also with mixed leaves."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(200, 4)).round(decimals).astype(np.float32)
    labels = rng.integers(0, classes, 200)
    forest = RandomForestClassifier(5, random_state=0, min_samples_leaf=leaf, n_jobs=1)
    forest.fit(features, labels)
    found = scores(forest_to_onnx(forest), features)
    np.testing.assert_allclose(forest.predict_proba(features), found, atol=1e-6)


def test_a_forest_of_another_form_is_refused() -> None:
    """A forest without the expected parts names the release of scikit-learn."""
    with pytest.raises(RvError, match=r"scikit-learn \d.* keeps its trees in a form"):
        forest_to_onnx(SimpleNamespace(estimators_=[SimpleNamespace(tree_=SimpleNamespace())]))
