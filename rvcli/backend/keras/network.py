"""Networks of keras.applications, for imagery with any number of bands."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from rvcli.backend.keras.options import IMAGENET, KerasOptions
from rvcli.errors import ConfigError, MissingDependencyError, nearest

log = logging.getLogger(__name__)

# Modules of keras.applications are lower case, its networks are not.
_RGB_BANDS = 3


def import_keras() -> Any:
    """Import Keras, on torch where TensorFlow is not installed and nothing else is said.

    Raises:
        MissingDependencyError: Keras or the engine below it is not installed.
    """
    if "KERAS_BACKEND" not in os.environ and find_spec("tensorflow") is None:
        os.environ["KERAS_BACKEND"] = "torch"
    try:
        import keras
    except ImportError as error:
        raise MissingDependencyError(
            f"KERAS_CLASSIFICATION needs the package {error.name}",
            hint="pip install 'rvcli[keras]'",
        ) from error
    return keras


def make_network(
    options: KerasOptions,
    bands: int,
    class_count: int,
    *,
    mean: Sequence[float],
    std: Sequence[float],
    weights: str | None = None,
) -> Any:
    """Make a network that takes images with the values of the imagery.

    It scales each band to mean 0 and variance 1; pixels without data, which are 0 in all
    bands or not finite in one, become 0.

    Args:
        options: name the network.
        bands: number of bands.
        class_count: number of scores, which sum to 1.
        mean: of each band.
        std: standard deviation of each band.
        weights: "imagenet" for published weights, which are fetched; None for random ones.

    Returns:
        a keras.Model from float32 (n, height, width, bands) to (n, classes).

    Raises:
        ConfigError: there is no such network.
    """
    keras = import_keras()
    images = keras.Input((None, None, bands), name="images")
    finite = keras.ops.all(keras.ops.isfinite(images), axis=-1, keepdims=True)
    shown = keras.ops.any(keras.ops.not_equal(images, 0), axis=-1, keepdims=True)
    has_data = keras.ops.logical_and(finite, shown)
    scaled = keras.layers.Normalization(mean=np.array(mean), variance=np.array(std) ** 2)(images)
    scaled = keras.ops.where(has_data, scaled, 0.0)
    features = _features(keras, options.model_type, bands, weights)(scaled)
    scores = keras.layers.Dense(class_count, activation="softmax", name="scores")(features)
    return keras.Model(images, scores)


def _features(keras: Any, name: str, bands: int, weights: str | None) -> Any:
    make = _network_function(keras, name)
    if weights is None:
        return _quietly(make, bands, None)
    try:
        published = _quietly(make, _RGB_BANDS, weights)
    except Exception as error:  # urllib's, h5py's and Keras's own, with nothing in common
        log.warning(
            "published weights of %s cannot be had, training starts at random: %s", name, error
        )
        return _quietly(make, bands, None)
    if bands == _RGB_BANDS:
        return published
    adapted = _quietly(make, bands, None)
    for layer, source in zip(adapted.layers, published.layers, strict=True):
        layer.set_weights(
            [
                _for_bands(s, t.shape)
                for s, t in zip(source.get_weights(), layer.weights, strict=True)
            ]
        )
    return adapted


def _for_bands(values: Any, shape: Any) -> Any:
    """Fit the kernel of a first layer to another number of bands.

    Each band gets the mean over red, green and blue, so scaled that the sum over all bands
    stays what it was.
    """
    if tuple(values.shape) == tuple(shape):
        return values
    bands = shape[-2]
    mean = values.mean(axis=-2, keepdims=True) * (values.shape[-2] / bands)
    return np.repeat(mean, bands, axis=-2)


def _network_function(keras: Any, name: str) -> Any:
    found = {
        function.upper(): getattr(keras.applications, function)
        for function in dir(keras.applications)
        if function[0].isupper()
    }
    if name not in found:
        near = nearest(name, found)
        raise ConfigError(
            f"keras.applications has no network {name!r}",
            hint=f"did you mean {near!r}?" if near else f"it has {', '.join(sorted(found)[:10])}",
        )
    return found[name]


def _quietly(make: Any, bands: int, weights: str | None) -> Any:
    import inspect
    import warnings

    more = {}
    if "include_preprocessing" in inspect.signature(make).parameters:
        more["include_preprocessing"] = False  # it is for RGB from 0 to 255
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it expects 1 or 3 bands
        return make(
            include_top=False,
            weights=weights,
            input_shape=(None, None, bands),
            pooling="avg",
            **more,
        )


def wants_imagenet(options: KerasOptions) -> str | None:
    """Return the weights to start from.

    Raises:
        ConfigError: they are others than "imagenet".
    """
    if options.weights not in (None, IMAGENET):
        raise ConfigError(
            f"there are no published weights {options.weights!r}",
            hint=f"use {IMAGENET!r}, or with_pretrained_model(uri) for a model of your own",
        )
    return options.weights
