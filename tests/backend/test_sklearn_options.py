"""Where the embedded backend keeps its files."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from rvcli.backend.sklearn_options import chips_uri


def test_a_scene_has_one_file() -> None:
    """Chips lie in one file below the chip URI, spaces and all."""
    assert "s3://b/chip/train/Stone Town é.npz" == chips_uri("s3://b/chip", "Stone Town é")


@given(st.text(alphabet=string.ascii_letters + "/\\%?#:. é\n", min_size=1), st.text(min_size=1))
def test_different_scenes_have_different_files(one: str, other: str) -> None:
    """No two ids share a file, and none leaves the directory."""
    file, other_file = chips_uri("/c", one), chips_uri("/c", other)
    assert (one == other) == (file == other_file)
    assert "/" not in file.removeprefix("/c/train/")
