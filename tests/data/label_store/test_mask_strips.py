"""Pixels of one class, strip by strip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from rvcli.core.box import Box
from rvcli.data.label_store import mask_strips as module
from rvcli.data.label_store.mask_strips import mask_strips

_labels = arrays(
    np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=25), elements={"max_value": 2}
)


@contextmanager
def strips_of(height: int) -> Iterator[None]:
    """Let strips have a height in pixels."""
    with mock.patch.multiple(module, _STRIP_HEIGHT=height, _MAX_STRIP_PIXELS=1):
        yield


def reader(labels: Any) -> Any:
    """Give a function that reads windows of an array, and none beyond it."""

    def read(window: Box) -> Any:
        assert window.intersection(Box(0, 0, *labels.shape)) == window
        return labels[window.ymin : window.ymax, window.xmin : window.xmax]

    return read


@given(_labels, st.integers(1, 9))
def test_strips_cover_the_image_once(labels: Any, height: int) -> None:
    """Strips are as wide as the image and lie side by side, from top to bottom."""
    with strips_of(height):
        strips = list(mask_strips(reader(labels), Box(0, 0, *labels.shape), 1))
    assert (labels == 1).tolist() == np.concatenate([mask for _, mask in strips]).tolist()
    edges = [0, *(strip.ymax for strip, _ in strips)]
    assert edges[:-1] == [strip.ymin for strip, _ in strips]
    assert {(0, labels.shape[1])} == {(strip.xmin, strip.xmax) for strip, _ in strips}


@given(_labels, st.integers(1, 4), st.integers(1, 9))
def test_denoising_is_an_opening_by_a_disk(labels: Any, radius: int, height: int) -> None:
    """Whatever the strips, the result is the opening of the whole image, going on beyond it."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    padded = np.pad(labels != 2, 2 * radius, constant_values=True)
    disk = y**2 + x**2 <= radius**2
    eroded = ndimage.binary_erosion(padded, disk, border_value=1)
    inner = slice(2 * radius, -2 * radius)
    expected = ndimage.binary_dilation(eroded, disk)[inner, inner]
    other = np.where(labels != 2, 1, 0)
    with strips_of(height):
        strips = list(mask_strips(reader(other), Box(0, 0, *labels.shape), 1, radius))
    assert expected.tolist() == np.concatenate([mask for _, mask in strips]).tolist()


def test_strips_of_a_narrow_image_are_high() -> None:
    """Strips have some millions of pixels, whatever the shape of the image."""
    image = np.broadcast_to(np.uint8(1), (5000, 10))
    assert 1 == len(list(mask_strips(reader(image), Box(0, 0, 5000, 10), 1)))
