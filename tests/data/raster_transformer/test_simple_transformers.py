"""Transformers of single values: cast, NaN, nodata and reclass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rvcli import keys
from rvcli.config import InvalidConfigError
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfig


def built(key: str, **values: Any) -> Any:
    """Build the config of a transformer, send it through its message, and create it."""
    config = RasterTransformerConfig.builder(key).set(**values).build()
    again = RasterTransformerConfig.from_proto(config.to_proto())
    assert config.to_plain() == again.to_plain()
    return again.create_transformer()


def pixels(*values: Any, dtype: str = "float32") -> Any:
    """Make a chip of one row and one channel."""
    return np.array(values, dtype=dtype).reshape(1, -1, 1)


def test_cast_rounds_and_clips() -> None:
    """Values are rounded and clipped to the dtype, and nothing wraps around."""
    cast = built(keys.CAST_TRANSFORMER, dtype="uint8").transform(pixels(-3, 1.6, 300, np.nan))
    assert ([0, 2, 255, 0], np.uint8) == (cast.ravel().tolist(), cast.dtype)


def test_cast_to_the_same_dtype_copies_nothing() -> None:
    """A chip that has the dtype passes."""
    chip = pixels(1, dtype="uint16")
    assert chip is built(keys.CAST_TRANSFORMER, dtype="uint16").transform(chip)


def test_cast_needs_a_dtype() -> None:
    """A data type that imagery cannot have is refused."""
    with pytest.raises(InvalidConfigError, match="must be one of 'uint8'"):
        RasterTransformerConfig.builder(keys.CAST_TRANSFORMER).with_dtype("complex64").build()


def test_nan_becomes_a_value() -> None:
    """NaN and infinities become the value, and integers pass."""
    transformer = built(keys.NAN_TRANSFORMER, to_value=-1.5)
    changed = transformer.transform(pixels(np.nan, 2, np.inf, -np.inf))
    assert ([-1.5, 2, -1.5, -1.5], np.float32) == (changed.ravel().tolist(), changed.dtype)
    chip = pixels(1, dtype="uint8")
    assert chip is transformer.transform(chip)


def test_nodata_values_become_0() -> None:
    """Each of the values becomes 0, in the dtype of the chip, channel by channel."""
    chip = np.array([[[255, 7], [254, 255], [1, 2]]], dtype=np.uint8)
    changed = built(keys.NODATA_TRANSFORMER, values=[255, 254, -9999]).transform(chip)
    assert ([[[0, 7], [0, 0], [1, 2]]], np.uint8) == (changed.tolist(), changed.dtype)


def test_nodata_values_become_another() -> None:
    """Another value than 0 may be named; it is clipped to what the chip holds."""
    changed = built(keys.NODATA_TRANSFORMER, values=[0], to_value=300).transform(
        pixels(0, 5, dtype="uint8")
    )
    assert [255, 5] == changed.ravel().tolist()


def test_nodata_of_all_channels() -> None:
    """With all_channels a pixel counts only where every channel has one of the values."""
    chip = np.array([[[255, 255], [255, 9], [255, 254]]], dtype=np.uint8)
    transformer = built(keys.NODATA_TRANSFORMER, values=[255, 254], all_channels=True)
    assert [[[0, 0], [255, 9], [0, 0]]] == transformer.transform(chip).tolist()


def test_reclass_is_done_at_once() -> None:
    """Two values can be exchanged, and others stay."""
    transformer = built(keys.RECLASS_TRANSFORMER, mapping={0: 1, 1: 0})
    changed = transformer.transform(pixels(0, 1, 2, dtype="uint8"))
    assert ([1, 0, 2], np.uint8) == (changed.ravel().tolist(), changed.dtype)


def test_reclass_of_all_others() -> None:
    """With a default all values that are not named become it."""
    transformer = built(keys.RECLASS_TRANSFORMER, mapping={5: 1}, default=0)
    assert [0, 1, 0] == transformer.transform(pixels(4, 5, 9, dtype="int32")).ravel().tolist()


def test_reclass_to_values_that_need_more_room() -> None:
    """The dtype grows where new values do not fit the old one."""
    changed = built(keys.RECLASS_TRANSFORMER, mapping={1: -2, 2: 400}).transform(
        pixels(1, 2, 200, dtype="uint8")
    )
    assert ([-2, 400, 200], np.int32) == (changed.ravel().tolist(), changed.dtype)


@given(
    chip=st.sampled_from(["uint8", "int8", "uint16", "int32", "float32"]).flatmap(
        lambda dtype: hnp.arrays(dtype, (2, 3, 2), elements=st.integers(0, 6))
    ),
    mapping=st.dictionaries(st.integers(0, 6), st.integers(0, 100), min_size=1),
    default=st.none() | st.integers(0, 9),
)
def test_reclass_is_a_look_up(chip: Any, mapping: dict[int, int], default: int | None) -> None:
    """Every value becomes what the mapping says, in any dtype and layout of memory."""
    transformer = built(keys.RECLASS_TRANSFORMER, mapping=mapping, default=default)
    view = np.moveaxis(np.ascontiguousarray(np.moveaxis(chip, -1, 0)), 0, -1)
    expected = [mapping.get(int(v), int(v) if default is None else default) for v in chip.flat]
    assert expected == transformer.transform(view).ravel().tolist()


@pytest.mark.parametrize(
    ("key", "values"),
    [
        (keys.RECLASS_TRANSFORMER, {"mapping": {}}),
        (keys.RECLASS_TRANSFORMER, {"mapping": {"a": 1}}),
        (keys.NODATA_TRANSFORMER, {"values": []}),
    ],
)
def test_empty_and_wrong_values_are_refused(key: str, values: dict[str, Any]) -> None:
    """A transformer that changes nothing, or no numbers, is a mistake."""
    with pytest.raises(InvalidConfigError):
        RasterTransformerConfig.builder(key).set(**values).build()
