"""A classifier of cells: a random forest, trained by scikit-learn, applied by onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.model_file import check_features, pack_model, unpack_model
from rvcli.backend.onnx_session import open_session, processors
from rvcli.backend.sklearn.cell_features import VERSION as FEATURES_VERSION
from rvcli.backend.sklearn.cell_features import cell_features, grow_with_brightness
from rvcli.backend.sklearn.options import CellOptions
from rvcli.backend.sklearn.tree_ensemble import INPUT, OUTPUT, forest_to_onnx
from rvcli.errors import DataError, MissingDependencyError
from rvcli.progress import track

Array: TypeAlias = npt.NDArray[Any]

FORMAT = "rv cell classifier"
VERSION = 1
_TREES = "model.onnx"
# Brightness of copies: scenes are darker or brighter than those trained on.
_GAIN = (0.8, 1.2)
# Share of the features that a split may choose from: many of them say nothing of a class.
_MAX_FEATURES = 0.2


@dataclass(frozen=True)
class CellModel:
    """A classifier of cells.

    Attributes:
        bands: of the imagery.
        class_ids: the classes, in the order of its scores.
        onnx: gives the scores of rows of features, see tree_ensemble.
        notes: what is good to know about the training, by name.
    """

    bands: int
    class_ids: tuple[int, ...]
    onnx: bytes
    notes: Mapping[str, Any]


def train_model(features: Array, labels: Array, bands: int, options: CellOptions) -> CellModel:
    """Train a classifier on cells.

    The same cells and options give the same model, whatever the number of threads.

    Args:
        features: float32, shape (cells, features).
        labels: class ids, at least two different ones, shape (cells,).
        bands: of the imagery.
        options: see CellOptions.

    Raises:
        MissingDependencyError: scikit-learn or onnx is not installed.
    """
    # A forest needs no libgomp; but what else this process trains does, see pixel_classifier.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import onnx  # noqa: F401 - so that it is missed before the work, not after it
        from sklearn.ensemble import RandomForestClassifier
    except ImportError as error:
        raise MissingDependencyError(
            f"training the embedded backend needs the package {error.name}",
            hint="pip install 'rvcli[local]'",
        ) from error
    rng = np.random.default_rng(options.seed)
    grows = grow_with_brightness(bands)
    rows = [features]
    for _ in range(options.copies):
        gains = rng.uniform(*_GAIN, (len(features), 1))
        rows.append(np.where(grows, features * gains, features).astype(np.float32))
    estimator = RandomForestClassifier(
        options.trees,
        max_features=_MAX_FEATURES,
        class_weight="balanced",
        random_state=options.seed,
        n_jobs=processors(),
    )
    with track(f"growing {options.trees} trees", None):
        estimator.fit(np.concatenate(rows), np.tile(labels, len(rows)))
    class_ids, counts = np.unique(labels, return_counts=True)
    return CellModel(
        bands=bands,
        class_ids=tuple(class_ids.tolist()),
        onnx=forest_to_onnx(estimator),
        notes={
            "trees": options.trees,
            "copies": options.copies,
            "seed": options.seed,
            "cells": dict(zip(map(str, class_ids.tolist()), counts.tolist(), strict=True)),
        },
    )


def model_bytes(model: CellModel) -> bytes:
    """Encode a model; the same model gives the same bytes."""
    header = {
        "bands": model.bands,
        "features": FEATURES_VERSION,
        "classes": list(model.class_ids),
        "notes": dict(model.notes),
    }
    return pack_model(FORMAT, VERSION, header, {_TREES: model.onnx})


def read_model(path: Path, uri: str) -> CellModel:
    """Read a model.

    Args:
        path: the file.
        uri: its name in messages.

    Raises:
        DataError: it is no model of this kind, not whole, or of another version.
    """
    header, parts = unpack_model(path, uri, FORMAT, VERSION)
    check_features(header["features"], FEATURES_VERSION, uri)
    return CellModel(
        int(header["bands"]), tuple(map(int, header["classes"])), parts[_TREES], header["notes"]
    )


class CellClassifier:
    """Applies a model to chips."""

    def __init__(self, model: CellModel, uri: str) -> None:
        """Prepare a model.

        Args:
            model: the model.
            uri: its name in messages.

        Raises:
            DataError: the trees cannot be read.
            MissingDependencyError: onnxruntime is not installed.
        """
        self.model = model
        # One thread: several would sum the trees in another order, on each machine its own.
        self._session = open_session(model.onnx, uri, threads=1)

    def predict_scores(self, chips: Sequence[Array]) -> npt.NDArray[np.float32]:
        """Give how probable every class is for each chip.

        Args:
            chips: each of shape (height, width, bands).

        Returns:
            Shape (chips, classes of the model); rows sum to 1.

        Raises:
            DataError: a chip has another number of bands than those trained on.
        """
        for chip in chips:
            if chip.shape[2] != self.model.bands:
                raise DataError(
                    f"the imagery has {chip.shape[2]} bands, but the model was trained on"
                    f" {self.model.bands}",
                    hint="predict imagery with the bands of the training imagery, in their order",
                )
        features = np.stack([cell_features(chip) for chip in chips])
        (scores,) = self._session.run([OUTPUT], {INPUT: features})
        return np.asarray(scores / scores.sum(axis=1, keepdims=True))
