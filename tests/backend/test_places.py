"""Where backends keep their files."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.backend.places import Places, chips_uri
from rvcli.errors import ConfigError


def test_a_scene_has_one_file() -> None:
    """Chips lie in one file below the chip URI, spaces and all."""
    assert "s3://b/chip/train/Stone Town é.npz" == chips_uri("s3://b/chip", "Stone Town é")


@given(st.text(alphabet=string.ascii_letters + "/\\%?#:. é\n", min_size=1), st.text(min_size=1))
def test_different_scenes_have_different_files(one: str, other: str) -> None:
    """No two ids share a file, and none leaves the directory."""
    file, other_file = chips_uri("/c", one), chips_uri("/c", other)
    assert (one == other) == (file == other_file)
    assert "/" not in file.removeprefix("/c/train/")


def test_training_and_validation_chips_lie_apart() -> None:
    """A scene that serves both has two files."""
    places = Places(chip_uri="/c")
    assert ["/c/train/a.npz", "/c/validation/a.npz"] == [
        places.chips("a", use) for use in ("train", "validation")
    ]


def test_the_model_lies_below_the_train_uri() -> None:
    """Unless it has a place of its own."""
    assert "/t/model.zip" == Places(train_uri="/t").model()
    assert "/m.zip" == Places(train_uri="/t", model_uri="/m.zip").model()


def test_a_missing_place_is_named() -> None:
    """Each place that is needed and not set is named."""
    with pytest.raises(ConfigError, match="no chip_uri"):
        Places().chips("a", "train")
    with pytest.raises(ConfigError, match="no train_uri"):
        Places().model()
