"""Pictures, nested dicts, groups."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.errors import ConfigError, DataError
from rvcli.filesystem.process import start_time
from rvcli.utils.misc import (
    grouped,
    numpy_to_png,
    png_to_numpy,
    replace_nones_in_dict,
    save_img,
    set_nested_keys,
    split_evenly,
    split_into_groups,
)


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3), (3, 5, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_png_round_trip(shape: tuple[int, ...], dtype: str) -> None:
    """Pixels survive PNG, in one channel or several."""
    array = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    png = numpy_to_png(array)
    assert png.startswith(b"\x89PNG")
    np.testing.assert_array_equal(array, png_to_numpy(png, dtype=dtype))


@pytest.mark.parametrize("name", ["a b.png", "ü.jpg", "c.TIF"])
def test_pictures_in_files(tmp_path: Path, name: str) -> None:
    """A picture is written in the format of its extension, and nothing beside it."""
    array = np.full((16, 16, 3), 200, dtype=np.uint8)
    save_img(array, str(tmp_path / "new" / name))
    assert [name] == [path.name for path in (tmp_path / "new").iterdir()]
    pixels = png_to_numpy((tmp_path / "new" / name).read_bytes())
    assert np.abs(pixels.astype(int) - array).max() < 4


@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.zeros((0, 2), "uint8"), [1, 2]])
def test_no_pictures(tmp_path: Path, array: Any) -> None:
    """Arrays of other shapes and types, other extensions, and other bytes are refused."""
    with pytest.raises(DataError, match="is no picture"):
        numpy_to_png(array)
    with pytest.raises(DataError, match="cannot be written as a picture"):
        save_img(array, str(tmp_path / "a.bmp"))
    with pytest.raises(DataError, match="no PNG"):
        png_to_numpy(b"text")


def test_nones_are_replaced_at_any_depth() -> None:
    """Each None in dicts and lists is replaced, in place."""
    target = {"a": None, "b": {"c": None, "d": 0}, "e": [None, {"f": None}]}
    result = replace_nones_in_dict(target, 7)
    assert result is target
    assert target == {"a": 7, "b": {"c": 7, "d": 0}, "e": [7, {"f": 7}]}


def test_nested_keys_are_found() -> None:
    """A key is set where it is found, at its own level or below."""
    target = {"model": {"lr": 1, "head": {"size": 2}}, "train": {"steps": 3}}
    set_nested_keys(target, {"size": 20, "train": {"steps": 30}})
    assert target == {"model": {"lr": 1, "head": {"size": 20}}, "train": {"steps": 30}}


def test_missing_nested_keys() -> None:
    """A key found nowhere is an error, is passed over, or is set, as asked."""
    target: dict[str, Any] = {"a": {"b": 1}}
    with pytest.raises(ConfigError, match="no key 'c'"):
        set_nested_keys(target, {"a": {"c": 2}})
    set_nested_keys(target, {"c": 2}, ignore_missing_keys=True)
    assert target == {"a": {"b": 1}}
    set_nested_keys(target, {"a": {"c": 2}, "d": 3}, set_missing_keys=True)
    assert target == {"a": {"b": 1, "c": 2}, "d": 3}
    with pytest.raises(ConfigError, match="'a' is a dict"):
        set_nested_keys(target, {"a": 1})


@given(st.lists(st.integers(), max_size=40), st.integers(1, 10))
def test_groups_hold_all_in_order(items: list[int], number: int) -> None:
    """Groups together are the list; their sizes are as promised."""
    by_size = grouped(items, number)
    assert items == [item for group in by_size for item in group]
    assert all(len(group) == number for group in by_size[:-1])
    by_count = split_evenly(items, number)
    assert items == [item for group in by_count for item in group]
    assert len(by_count) == min(number, len(items))
    assert max(map(len, by_count), default=0) - min(map(len, by_count), default=0) <= 1


def test_groups_of_one_size() -> None:
    """A number of groups gives their size; the last is smaller, and there may be fewer."""
    items = list(range(1, 9))
    assert [[1, 2], [3, 4], [5, 6]] == split_into_groups(items[:6], 3)
    assert [[1, 2, 3], [4, 5, 6], [7]] == split_into_groups(items[:7], 3)
    assert [[1]] == split_into_groups(items[:1], 3)
    assert [[1, 2], [3, 4], [5, 6], [7, 8]] == split_into_groups(items, 5)
    assert [] == split_into_groups([], 2)


def test_child_ends_with_its_parent() -> None:
    """A child that is registered ends when the parent does; one that has ended is left."""
    code = (
        "import subprocess, sys; from rvcli.utils.misc import terminate_at_exit\n"
        "done = subprocess.Popen([sys.executable, '-c', '']); done.wait()\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "terminate_at_exit(done); terminate_at_exit(child); print(child.pid)"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    pid = int(ended.stdout)
    for _ in range(200):
        if start_time(pid) in ("", "dead"):
            break
        time.sleep(0.02)
    assert start_time(pid) in ("", "dead")


def test_light_to_import() -> None:
    """The facade loads neither numpy nor rasterio nor boto3 nor protobuf."""
    code = (
        "import sys, rvcli.utils.files, rvcli.utils.misc, rvcli.utils.progress;"
        "print([m for m in ('numpy', 'rasterio', 'boto3', 'google.protobuf', 'http.client')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
