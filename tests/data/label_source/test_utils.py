"""Colours as triples and integers."""

from __future__ import annotations

import numpy as np
import pytest

from rvcli.data.label_source.utils import color_to_integer, color_to_triple, rgb_to_int_array
from rvcli.errors import ConfigError


def test_color_to_triple() -> None:
    """A colour is red, green and blue."""
    assert color_to_triple("red") == (255, 0, 0)
    assert color_to_triple("#010203") == (1, 2, 3)


def test_no_color_gives_any() -> None:
    """None gives some colour."""
    assert all(0 <= part < 256 for part in color_to_triple(None))


def test_wrong_color_is_refused() -> None:
    """What is no colour is refused."""
    with pytest.raises(ConfigError):
        color_to_triple("reddish")


def test_integers_of_colors_and_arrays_agree() -> None:
    """An array of colours gives the integers that the colours give, without its alpha."""
    assert color_to_integer("#010203") == 0x010203
    assert rgb_to_int_array(np.array([[[1, 2, 3, 9]]], dtype=np.uint8)).tolist() == [[0x010203]]
