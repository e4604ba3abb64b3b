"""Trees of scikit-learn as ONNX, which runs without scikit-learn and executes no code.

The operator is TreeEnsembleRegressor of ai.onnx.ml (https://onnx.ai/onnx/operators): it gives the
sum of the leaves that a row of features reaches, for each class, or one sum for the two classes of
boosted trees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.errors import RvError

Array: TypeAlias = npt.NDArray[Any]

INPUT = "features"
OUTPUT = "scores"
# Of the format, not of the package: what runtimes of the last years read.
_IR_VERSION = 8
_UNKNOWN_FORM = (AttributeError, ValueError, KeyError, IndexError)
_OPSETS = (("", 15), ("ai.onnx.ml", 1))


def trees_to_onnx(estimator: Any, offsets: Sequence[float]) -> bytes:
    """Encode a fitted HistGradientBoostingClassifier.

    Args:
        estimator: fitted on float32 features without NaN or categories.
        offsets: added to the scores: one for each class, or a single one for two classes.

    Returns:
        A model that takes float32 `features` of shape (n, features) and gives float32 `scores` of
        shape (n, classes); with two classes of shape (n, 1), positive for the second. The same
        trees give the same bytes.

    Raises:
        RvError: this release of scikit-learn keeps its trees in another form.
    """
    try:
        base = np.ravel(estimator._baseline_prediction) + np.asarray(offsets, np.float64)
        attributes = _attributes(
            [[tree.nodes for tree in trees] for trees in estimator._predictors]
        )
    except _UNKNOWN_FORM as error:
        raise _unknown_form(error) from error
    return _encode(attributes, base, estimator.n_features_in_)


def regressors_to_onnx(estimators: Sequence[Any]) -> bytes:
    """Encode fitted HistGradientBoostingRegressors, of equally many rounds, in one model.

    Args:
        estimators: fitted on float32 features without NaN or categories.

    Returns:
        A model that takes float32 `features` of shape (n, features) and gives float32 `scores` of
        shape (n, estimators). The same trees give the same bytes.

    Raises:
        RvError: this release of scikit-learn keeps its trees in another form.
    """
    try:
        base = np.concatenate([np.ravel(one._baseline_prediction) for one in estimators])
        rounds = zip(*(one._predictors for one in estimators), strict=True)
        attributes = _attributes([[trees[0].nodes for trees in one] for one in rounds])
    except _UNKNOWN_FORM as error:
        raise _unknown_form(error) from error
    return _encode(attributes, base, estimators[0].n_features_in_)


def forest_to_onnx(estimator: Any) -> bytes:
    """Encode a fitted RandomForestClassifier.

    Args:
        estimator: fitted on float32 features without NaN, with one label for each row.

    Returns:
        A model that takes float32 `features` of shape (n, features) and gives float32 `scores` of
        shape (n, classes): the probabilities of the classes. The same trees give the same bytes.

    Raises:
        RvError: this release of scikit-learn keeps its trees in another form.
    """
    try:
        attributes = _forest_attributes([tree.tree_ for tree in estimator.estimators_])
        classes = len(estimator.classes_)
    except _UNKNOWN_FORM as error:
        raise _unknown_form(error) from error
    return _encode(attributes, np.zeros(classes), estimator.n_features_in_)


def _unknown_form(error: Exception) -> RvError:
    import sklearn

    return RvError(
        f"scikit-learn {sklearn.__version__} keeps its trees in a form that is not known here:"
        f" {error}",
        hint="install an earlier release of scikit-learn",
    )


def _encode(attributes: Mapping[str, Any], base: Array, features: int) -> bytes:
    """Return the model of one node."""
    from onnx import TensorProto, checker, helper

    node = helper.make_node(
        "TreeEnsembleRegressor",
        [INPUT],
        [OUTPUT],
        domain="ai.onnx.ml",
        n_targets=len(base),
        base_values=base.astype(np.float32).tolist(),
        **attributes,
    )
    graph = helper.make_graph(
        [node],
        "trees",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, features])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None, len(base)])],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS]
    model = helper.make_model(
        graph, producer_name="rv", ir_version=_IR_VERSION, opset_imports=opsets
    )
    checker.check_model(model)
    encoded: bytes = model.SerializeToString(deterministic=True)
    return encoded


def _attributes(iterations: Sequence[Sequence[Array]]) -> dict[str, Any]:
    """Give the attributes of the operator; each iteration has a tree for each target."""
    trees = [tree for iteration in iterations for tree in iteration]
    targets = [target for iteration in iterations for target in range(len(iteration))]
    sizes = [len(tree) for tree in trees]
    nodes = np.concatenate(trees)
    if nodes["is_categorical"].any():
        raise ValueError("a tree splits by category")
    tree_ids = np.repeat(np.arange(len(trees)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    leaf = nodes["is_leaf"].astype(bool)
    modes = np.where(leaf, "LEAF", "BRANCH_LEQ")
    return {
        "nodes_treeids": tree_ids.tolist(),
        "nodes_nodeids": node_ids.tolist(),
        "nodes_featureids": np.where(leaf, 0, nodes["feature_idx"]).tolist(),
        "nodes_values": np.where(leaf, 0, _round_down(nodes["num_threshold"])).tolist(),
        "nodes_modes": modes.tolist(),
        "nodes_truenodeids": np.where(leaf, 0, nodes["left"]).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, nodes["right"]).tolist(),
        "target_treeids": tree_ids[leaf].tolist(),
        "target_nodeids": node_ids[leaf].tolist(),
        "target_ids": np.repeat(targets, sizes)[leaf].tolist(),
        "target_weights": nodes["value"][leaf].astype(np.float32).tolist(),
    }


def _forest_attributes(trees: Sequence[Any]) -> dict[str, Any]:
    """Give the attributes of the operator; each tree has a share in every target."""
    sizes = [tree.node_count for tree in trees]
    tree_ids = np.repeat(np.arange(len(trees)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    left = np.concatenate([tree.children_left for tree in trees])
    right = np.concatenate([tree.children_right for tree in trees])
    leaf = left < 0
    counts = np.concatenate([tree.value[:, 0, :] for tree in trees])
    weights = counts / counts.sum(axis=1, keepdims=True) / len(trees)
    # Most leaves are of one class: what adds nothing is left out.
    at, target = np.nonzero(weights * leaf[:, np.newaxis])
    features = np.concatenate([tree.feature for tree in trees])
    thresholds = np.concatenate([tree.threshold for tree in trees])
    return {
        "nodes_treeids": tree_ids.tolist(),
        "nodes_nodeids": node_ids.tolist(),
        "nodes_featureids": np.where(leaf, 0, features).tolist(),
        "nodes_values": np.where(leaf, 0, _round_down(thresholds)).tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_truenodeids": np.where(leaf, 0, left).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, right).tolist(),
        "target_treeids": tree_ids[at].tolist(),
        "target_nodeids": node_ids[at].tolist(),
        "target_ids": target.tolist(),
        "target_weights": weights[at, target].astype(np.float32).tolist(),
    }


def _round_down(thresholds: Array) -> npt.NDArray[np.float32]:
    """Give the largest float32 up to each threshold: float32 features then compare as before."""
    rounded = thresholds.astype(np.float32)
    above = rounded > thresholds
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return rounded
