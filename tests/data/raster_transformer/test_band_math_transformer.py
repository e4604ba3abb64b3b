"""BandMathTransformer and its expressions: arithmetic, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli import keys
from rvcli.config import InvalidConfigError
from rvcli.data.raster_transformer.band_expression import BandExpression
from rvcli.data.raster_transformer.band_math_transformer import BandMathTransformer
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfig
from rvcli.data.raster_transformer.values import TINY
from rvcli.errors import ConfigError, DataError

NDVI = "(b4 - b3) / (b4 + b3)"


def builder() -> Any:
    """Give the builder of the transformer."""
    return RasterTransformerConfig.builder(keys.BAND_MATH_TRANSFORMER)


def chip_of(*channels: list[float], dtype: str = "uint16") -> Any:
    """Make a chip of one row from the values of each channel."""
    return np.array(channels, dtype=dtype).T[np.newaxis]


def test_ndvi_is_appended() -> None:
    """NDVI of unsigned bands is right, and comes after them as float32."""
    chip = chip_of([1, 1], [2, 2], [3000, 1000], [1000, 3000])
    result = builder().with_expression(NDVI).build().create_transformer().transform(chip)
    assert (np.float32, (1, 2, 5)) == (result.dtype, result.shape)
    assert [-0.5, 0.5] == result[0, :, 4].tolist()
    np.testing.assert_array_equal(chip, result[:, :, :4])


def test_results_in_the_place_of_the_bands() -> None:
    """Without append the results are all there is, in the order of the expressions."""
    config = builder().with_expressions(["b1 + b2", "b1 * 2"]).with_append(False).build()
    result = config.create_transformer().transform(chip_of([3, 5], [10, 20]))
    assert [[13, 25], [6, 10]] == result[0].T.tolist()


def test_results_as_bytes() -> None:
    """With limits the results are uint8 from 1 to 255, and chips of bytes stay so."""
    config = builder().with_expression("(b2 - b1) / (b2 + b1)").with_scale((-1, 1)).build()
    result = config.create_transformer().transform(chip_of([9, 9, 0], [9, 1, 9], dtype="uint8"))
    assert (np.uint8, [128, 26, 0]) == (result.dtype, result[0, :, 2].tolist())


def test_nodata_and_division_by_zero_are_0() -> None:
    """Where a band that is used has no data, or something is divided by 0, the result is 0."""
    transformer = BandMathTransformer(["b1 / (b1 - b2)"], append=False)
    chip = chip_of([6, 0, 4, np.nan], [3, 3, 4, 1], dtype="float32")
    assert [2, 0, 0, 0] == transformer.transform(chip).ravel().tolist()


def test_valid_0_is_not_nodata() -> None:
    """A result that is 0 where there is data is tiny instead."""
    transformer = BandMathTransformer(["b1 - b2"], append=False)
    assert [TINY, 2] == transformer.transform(chip_of([3, 5], [3, 3])).ravel().tolist()


def test_bands_that_are_not_used_do_not_count() -> None:
    """Nodata in another band does not matter."""
    result = BandMathTransformer(["b1 * 1"]).transform(chip_of([3], [0]))
    assert [3, 0, 3] == result.ravel().tolist()


def test_band_that_the_chip_lacks() -> None:
    """A band beyond the channels of the chip is named."""
    with pytest.raises(DataError, match="b4 is none of the 3 channels of the chip"):
        BandMathTransformer([NDVI]).transform(np.ones((1, 1, 3)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b1 + 2 * b2", 23.0),
        ("b1 ** 2 - -b2", 19.0),
        ("+b1 / 2", 1.5),
        ("where(b1 > 2, b2, b1)", 10.0),
        ("where((b1 < 2) | (b2 == 10), 1, 2)", 1.0),
        ("where((b1 <= 2) & (b2 != 10), 1, 2)", 2.0),
        ("where(b1 >= 3, 5, 6)", 5.0),
        ("max(b1, b2) - min(b1, b2) + abs(b1 - b2)", 14.0),
        ("sqrt(b1 * 3) + exp(b1 - 3) + log(b2 / 10)", 4.0),
        ("b2 * 1e2", 1000.0),
    ],
)
def test_operators_and_functions(text: str, expected: float) -> None:
    """Every operator and function does what it says."""
    planes = {0: np.full((1, 1), 3.0, np.float32), 1: np.full((1, 1), 10.0, np.float32)}
    result = BandExpression(text).evaluate(planes)
    assert (expected, np.float32) == (result.item(), result.dtype)


def test_numbers_beyond_the_dtype_are_no_warning() -> None:
    """Powers that exceed the range of floats are infinite, without a warning."""
    result = BandExpression("b1 * 10 ** 300").evaluate({0: np.ones((1, 1), np.float32)})
    assert [np.inf] == result.ravel().tolist()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b1 +",
        "1 + 2",
        "b0",
        "band1",
        "b1.real",
        "b1[0]",
        "__import__('os')",
        "open(b1)",
        "(lambda: b1)()",
        "b1 if b1 else b2",
        "b1 < b2 < b3",
        "b1 and b2",
        "not b1",
        "b1 % b2",
        "b1 @ b2",
        "b1 is b2",
        "where(b1, b2)",
        "max(b1, b2, b3)",
        "max(b1, *b2)",
        "abs(x=b1)",
        "b1 + True",
        "b1 + 'a'",
        "b1 + 1j",
        "b1; b2",
        "b1\0",
        "[b1 for b1 in b2]",
        "b1 := 2",
        "f'{b1}'",
        "b1 * " + "9" * 400,
        "+".join(["b1"] * 500),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """What is no arithmetic of bands is refused, and never executed."""
    with pytest.raises(ConfigError, match="the band expression"):
        BandExpression(text)


def test_misspelt_functions_are_recognised() -> None:
    """A function that does not exist is named, with the nearest one."""
    with pytest.raises(ConfigError, match="calls sqr: did you mean sqrt"):
        BandExpression("sqr(b1)")


@given(st.text("b12+-*/(). <>=&|,wherminax", max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text breaks the parser, and what it reads can be computed."""
    try:
        expression = BandExpression(text)
    except ConfigError:
        return
    planes = {band: np.ones((1, 2), np.float32) for band in expression.bands}
    assert (1, 2) == np.broadcast_shapes(expression.evaluate(planes).shape, (1, 2))


def test_config_is_checked() -> None:
    """Mistakes in expressions and limits are found when the config is built, all at once."""
    with pytest.raises(InvalidConfigError) as caught:
        builder().with_expressions(["b1", "b2 +", "x"]).with_scale((1, 1)).build()
    text = str(caught.value)
    assert ["$.expressions[1]" in text, "$.expressions[2]" in text, "$.scale" in text] == [True] * 3
    with pytest.raises(InvalidConfigError, match="must not be empty"):
        builder().with_expressions([]).build()


def test_message_keeps_the_config() -> None:
    """The message gives the same config again."""
    config = builder().with_expression(NDVI).with_append(False).with_scale((-1, 1)).build()
    again = RasterTransformerConfig.from_proto(config.to_proto())
    assert config.to_plain() == again.to_plain()
