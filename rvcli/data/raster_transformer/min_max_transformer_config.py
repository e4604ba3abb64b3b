"""Config of the transformer that scales between minimum and maximum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import Problem, field, one_of
from rvcli.core.raster_stats import PERCENTILES, RasterStats
from rvcli.data.raster_transformer.measured_transformer_config import MeasuredTransformerConfig
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfigBuilder

if TYPE_CHECKING:
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


class MinMaxTransformerConfig(MeasuredTransformerConfig):
    """Scale every band between two limits: given ones, or percentiles that were measured."""

    key = keys.MIN_MAX_TRANSFORMER
    positional = ("minimum", "maximum")

    minimum: float | list[float] | None = field(
        default=None,
        doc="What becomes the least value: one number for all channels of the chip, or one for"
        " each. If not set, limits are percentiles.",
    )
    maximum: float | list[float] | None = field(
        default=None, doc="What becomes the greatest value; set together with `minimum`."
    )
    percentiles: tuple[float, float] = field(
        default=(0.0, 100.0),
        doc="Limits in percent of the pixels, as the analyze command measured them: 0, 0.1, 0.5,"
        " 1, 2, 5, 50, 95, 98, 99, 99.5, 99.9 or 100.",
    )
    dtype: str = field(
        default="uint8",
        doc="'uint8' for values from 1 to 255, 'float32' for values from 0 to 1.",
        check=one_of("uint8", "float32"),
    )

    @property
    def uses_image_bands(self) -> bool:
        """True if limits are not given."""
        return self.minimum is None

    def needs_stats(self) -> bool:
        """True if limits are not given."""
        return self.minimum is None and super().needs_stats()

    def problems(self) -> Iterable[Problem]:
        """Check that the limits make a range."""
        if (self.minimum is None) != (self.maximum is None):
            name = "minimum" if self.minimum is None else "maximum"
            yield Problem(f"$.{name}", "is not set, but the other limit is")
        sizes = {len(_listed(self.minimum)), len(_listed(self.maximum))} - {0, 1}
        if len(sizes) > 1:
            yield Problem("$.maximum", "must have as many values as minimum")
        low, high = self.percentiles
        if low not in PERCENTILES or high not in PERCENTILES or low >= high:
            known = ", ".join(f"{share:g}" for share in PERCENTILES)
            yield Problem(
                "$.percentiles", f"must be two of {known}, the lower first, not {low:g}, {high:g}"
            )

    def create_transformer(self) -> RasterTransformer:
        """Create the transformer; without limits read the statistics."""
        from rvcli.data.raster_transformer.min_max_transformer import (
            MinMaxTransformer,
            PercentileTransformer,
        )

        if self.minimum is not None:
            return MinMaxTransformer(_listed(self.minimum), _listed(self.maximum), self.dtype)
        # Without statistics, as while they are measured, chips pass unchanged.
        if self.stats_uri is None:
            from rvcli.data.raster_transformer.noop_transformer import NoopTransformer

            return NoopTransformer()
        stats = RasterStats.load(self.stats_uri)
        return PercentileTransformer(stats, self.percentiles, self.dtype)


def _listed(limits: float | list[float] | None) -> list[float]:
    if limits is None:
        return []
    return list(limits) if isinstance(limits, list) else [limits]


class MinMaxTransformerConfigBuilder(RasterTransformerConfigBuilder):
    """Builds MinMaxTransformerConfig."""

    config_class = MinMaxTransformerConfig
