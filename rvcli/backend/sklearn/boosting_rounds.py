"""The loss of boosted trees, round by round."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.history import ROUND, History

Array: TypeAlias = npt.NDArray[Any]

# So few show how the loss falls, in a hundredth of the time of the fit.
_ROWS = 2000
_LEAST_PROBABILITY = 1e-9


def history_of(estimator: Any, features: Array, labels: Array) -> History:
    """Return the loss after each round, on some of the rows that were learned from.

    Args:
        estimator: fitted HistGradientBoostingClassifier; it is not changed.
        features: that it was fitted on, shape (n, features).
        labels: likewise, shape (n,).
    """
    step = -(-len(labels) // _ROWS)
    rows, truth = features[::step], np.searchsorted(estimator.classes_, labels[::step])
    losses = []
    for probabilities in estimator.staged_predict_proba(rows):
        of_truth = probabilities[np.arange(len(truth)), truth]
        losses.append(float(-np.log(np.maximum(of_truth, _LEAST_PROBABILITY)).mean()))
    history = History(metric="", initial_weights="none", unit=ROUND)
    for loss in losses:
        # Without the time that it took: equal trainings have equal outputs.
        history.add(loss, float(estimator.learning_rate), None, {})
    return history
