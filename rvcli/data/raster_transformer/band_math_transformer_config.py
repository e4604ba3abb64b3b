"""Config of the transformer that computes bands from others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Problem, field, not_empty
from rvcli.data.raster_transformer.band_expression import BandExpression
from rvcli.data.raster_transformer.raster_transformer_config import (
    RasterTransformerConfig,
    RasterTransformerConfigBuilder,
)
from rvcli.errors import ConfigError

if TYPE_CHECKING:
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


class BandMathTransformerConfig(RasterTransformerConfig):
    """Compute bands from others, such as the vegetation index "(b4 - b3) / (b4 + b3)"."""

    key = keys.BAND_MATH_TRANSFORMER

    expressions: list[str] = field(
        doc="One for each new channel; b1 is the first channel of the chip, as channel_order"
        " chooses them.",
        check=not_empty,
        example=["(b2 - b1) / (b2 + b1)"],
    )
    append: bool = field(
        default=True, doc="Put them after the channels of the chip, instead of in their place."
    )
    scale: tuple[float, float] | None = field(
        default=None,
        doc="Limits of what becomes uint8, from 1 to 255, such as -1 and 1; float32 if not set.",
    )

    @property
    def replaces_bands(self) -> bool:
        """True if the channels of a chip are not bands of the image any more."""
        return not self.append

    def problems(self) -> Iterable[Problem]:
        """Check the expressions and the limits."""
        for i, text in enumerate(self.expressions):
            try:
                BandExpression(text)
            except ConfigError as error:
                yield Problem(f"$.expressions[{i}]", f"{error.message} ({error.hint})")
        if self.scale is not None and self.scale[0] >= self.scale[1]:
            yield Problem("$.scale", f"must have the lower limit first, not {self.scale}")

    def create_transformer(self) -> RasterTransformer:
        """Create the transformer."""
        from rvcli.data.raster_transformer.band_math_transformer import BandMathTransformer

        return BandMathTransformer(self.expressions, self.append, self.scale)


class BandMathTransformerConfigBuilder(RasterTransformerConfigBuilder):
    """Builds BandMathTransformerConfig."""

    config_class = BandMathTransformerConfig

    def with_expression(self, expression: str) -> Any:
        """Add one expression after those that are set."""
        return self.set(expressions=[*(self.config.get("expressions") or []), expression])
