"""A classifier of pixels: boosted trees, trained by scikit-learn, applied by onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.history import History
from rvcli.backend.onnx_session import open_session, processors
from rvcli.backend.sklearn.boosting_rounds import history_of
from rvcli.backend.sklearn.pixel_features import FeatureSpec, PixelFeatures
from rvcli.backend.sklearn.pixel_model import PixelModel
from rvcli.backend.sklearn.pixel_sample import PixelSample
from rvcli.backend.sklearn.tree_ensemble import INPUT, OUTPUT, trees_to_onnx
from rvcli.errors import DataError, MissingDependencyError
from rvcli.progress import track

Array: TypeAlias = npt.NDArray[Any]

# Between 0 (all classes count the same) and 1 (as frequent as in the chips): a balanced sample
# finds too much of what is rare, the natural one too little.
_PRIOR_POWER = 0.75
_INSTALL = "pip install 'rvcli[local]'"


def train_model(
    sample: PixelSample,
    spec: FeatureSpec,
    *,
    iterations: int,
    learning_rate: float,
    seed: int,
    watch: Callable[[History], None] | None = None,
) -> PixelModel:
    """Train a classifier on a sample of pixels.

    The same sample and seed give the same model, whatever the number of threads.

    Args:
        sample: pixels of at least two classes.
        spec: the features of the sample.
        iterations: rounds of boosting.
        learning_rate: weight of each round.
        seed: of the estimator.
        watch: is given how it went.

    Raises:
        MissingDependencyError: scikit-learn or onnx is not installed.
    """
    # Read when scikit-learn loads libgomp, whose threads otherwise spin while they wait: beside
    # another process on the same processors a fit of 3 s was seen to take a minute.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import onnx  # noqa: F401 - so that it is missed before the work, not after it
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError as error:
        raise MissingDependencyError(
            f"training the embedded backend needs the package {error.name}", hint=_INSTALL
        ) from error
    estimator = HistGradientBoostingClassifier(
        max_iter=iterations, learning_rate=learning_rate, early_stopping=False, random_state=seed
    )
    with track(f"growing {iterations} trees a class", None):
        estimator.fit(sample.features, sample.labels)
    if watch is not None:
        watch(history_of(estimator, sample.features, sample.labels))
    class_ids = tuple(int(class_id) for class_id in estimator.classes_)
    return PixelModel(
        spec=spec,
        class_ids=class_ids,
        onnx=trees_to_onnx(estimator, _prior_offsets(sample, class_ids)),
        notes={
            "iterations": iterations,
            "learning_rate": learning_rate,
            "seed": seed,
            "labelled_pixels": {str(c): sample.labelled[c] for c in class_ids},
            "chosen_pixels": {str(c): sample.chosen[c] for c in class_ids},
        },
    )


def _prior_offsets(sample: PixelSample, class_ids: tuple[int, ...]) -> list[float]:
    """Give what leads the scores from the class frequencies of the sample to natural ones."""
    shares = np.array([sample.labelled[c] / sample.chosen[c] for c in class_ids])
    offsets = _PRIOR_POWER * np.log(shares)
    # The single score of two classes is that of the second over the first.
    return [float(offsets[1] - offsets[0])] if len(offsets) == 2 else offsets.tolist()


class PixelClassifier:
    """Applies a model to chips, in as many threads as there are processors."""

    def __init__(self, model: PixelModel, uri: str, *, threads: int | None = None) -> None:
        """Prepare a model.

        Args:
            model: the model.
            uri: its name in messages.
            threads: how many; the results do not depend on it.

        Raises:
            DataError: the trees cannot be read.
            MissingDependencyError: onnxruntime is not installed.
        """
        self.model = model
        self._class_ids = np.array(model.class_ids, _label_dtype(model.class_ids))
        # One thread within a call: several would sum the trees in another order, and the last bits
        # of a probability would depend on the machine. Calls run side by side instead.
        self._session = open_session(model.onnx, uri, threads=1)
        self._pool = ThreadPoolExecutor(threads or processors(), "rv-pixels")

    def predict(self, chip: Array, *, has_margin: bool) -> Array:
        """Classify the pixels of a chip.

        Args:
            chip: shape (height, width, bands).
            has_margin: the chip has the margin of the features on each side, which is not
                classified.

        Returns:
            Class ids, shape (height, width) without the margin; 0 where there is no data.

        Raises:
            DataError: the chip has another number of bands than those trained on.
        """
        features = self._features(chip, has_margin)
        labels = np.zeros(features.shape, self._class_ids.dtype)

        def store(rows: slice, scores: Array) -> None:
            best = np.argmax(scores, axis=1) if scores.shape[1] > 1 else scores[:, 0] > 0
            labels[rows] = self._class_ids[best.astype(np.intp)].reshape(-1, labels.shape[1])

        self._score(features, store)
        labels[~features.valid] = 0
        return labels

    def predict_scores(self, chip: Array, *, has_margin: bool) -> Array:
        """Give how probable every class is at every pixel of a chip.

        Args:
            chip: as for `predict`.
            has_margin: as for `predict`.

        Returns:
            float32, shape (classes of the model, height, width); they sum to 1, or are 0 where
            there is no data.

        Raises:
            DataError: as for `predict`.
        """
        features = self._features(chip, has_margin)
        found = np.zeros((len(self._class_ids), *features.shape), np.float32)

        def store(rows: slice, scores: Array) -> None:
            planes = _probabilities(scores).T
            found[:, rows] = planes.reshape(len(found), -1, found.shape[2])

        self._score(features, store)
        found[:, ~features.valid] = 0
        return found

    def _features(self, chip: Array, has_margin: bool) -> PixelFeatures:
        spec = self.model.spec
        if chip.shape[2] != spec.bands:
            raise DataError(
                f"the imagery has {chip.shape[2]} bands, but the model was trained on {spec.bands}",
                hint="predict imagery with the bands of the training imagery, in their order",
            )
        return PixelFeatures(chip, spec, has_margin=has_margin)

    def _score(self, features: PixelFeatures, store: Callable[[slice, Array], None]) -> None:
        """Hand the scores of some rows of pixels at a time to a function, from several threads."""
        if not features.valid.any():
            return
        height, step = features.shape[0], features.rows_per_block()

        def score(start: int) -> None:
            stop = min(start + step, height)
            (scores,) = self._session.run([OUTPUT], {INPUT: features.rows(start, stop)})
            store(slice(start, stop), scores)

        list(self._pool.map(score, range(0, height, step)))


def _probabilities(scores: Array) -> Array:
    """Turn scores into float32 probabilities, shape (n, classes): their softmax."""
    if scores.shape[1] == 1:
        # The score of the second of two classes over the first.
        scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Array = powers / powers.sum(axis=1, keepdims=True)
    return found


def _label_dtype(class_ids: tuple[int, ...]) -> type[np.unsignedinteger[Any]]:
    return np.uint8 if max(class_ids) < 256 else np.uint16
