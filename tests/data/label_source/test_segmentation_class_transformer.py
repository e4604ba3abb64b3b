"""Between class ids and colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from rvcli.core.class_map import ClassMap
from rvcli.data.label_source.segmentation_class_transformer import SegmentationClassTransformer
from rvcli.errors import ConfigError

COLORS = {"car": (1, "red"), "tree": (2, "#00ff00"), "road": (7, "rgb(10, 20, 30)")}


def transformer() -> SegmentationClassTransformer:
    """Make a transformer of three classes."""
    return SegmentationClassTransformer(ClassMap.construct_from(COLORS))


def test_colors_become_classes() -> None:
    """Each colour becomes its class, and a colour of no class 0."""
    rgb = np.array([[[255, 0, 0], [0, 255, 0]], [[10, 20, 30], [10, 20, 31]]], dtype=np.uint8)
    assert transformer().rgb_to_class(rgb).tolist() == [[1, 2], [7, 0]]


def test_classes_become_colors() -> None:
    """Each class becomes its colour, and an id of no class black."""
    rgb = transformer().class_to_rgb(np.array([[1, 7], [0, 9]], dtype=np.uint8))
    assert rgb.tolist() == [[[255, 0, 0], [10, 20, 30]], [[0, 0, 0], [0, 0, 0]]]


@given(arrays(np.uint8, (4, 5), elements={"min_value": 0, "max_value": 9}))
def test_classes_come_back(labels: np.ndarray) -> None:  # type: ignore[type-arg]
    """From classes to colours and back, all ids of the class map return."""
    both = transformer()
    expected = np.where(np.isin(labels, [1, 2, 7]), labels, 0)
    assert expected.tolist() == both.rgb_to_class(both.class_to_rgb(labels)).tolist()


def test_every_class_needs_a_color() -> None:
    """A class without a colour is named."""
    with pytest.raises(ConfigError, match="'tree' has no colour"):
        SegmentationClassTransformer(ClassMap.construct_from({"car": (1, "red"), "tree": 2}))


def test_colors_must_differ() -> None:
    """Two classes of one colour are refused."""
    with pytest.raises(ConfigError, match="same colour"):
        SegmentationClassTransformer(
            ClassMap.construct_from({"car": (1, "red"), "tree": (2, "#f00")})
        )


def test_no_classes_give_0() -> None:
    """Without classes every colour is 0."""
    empty = SegmentationClassTransformer(ClassMap([]))
    assert empty.rgb_to_class(np.ones((1, 2, 3), dtype=np.uint8)).tolist() == [[0, 0]]
