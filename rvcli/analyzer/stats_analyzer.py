"""StatsAnalyzer: mean and standard deviation of each channel over all scenes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rvcli.analyzer.analyzer import Analyzer
from rvcli.core.raster_stats import RasterStats

if TYPE_CHECKING:
    from rvcli.data.scene import Scene


class StatsAnalyzer(Analyzer):
    """Measures mean and standard deviation of each channel over all scenes.

    Args:
        stats_uri: where the statistics are written, as JSON.
        sample_prob: share of the windows to read, above 0 and up to 1; all by default.
    """

    def __init__(self, stats_uri: str, sample_prob: float | None = None) -> None:
        self.stats_uri = stats_uri
        self.sample_prob = sample_prob

    def process(self, scenes: Iterable[Scene], tmp_dir: str) -> None:
        """Measure the raw imagery of the scenes and write the statistics."""
        stats = RasterStats()
        stats.compute([scene.raster_source for scene in scenes], self.sample_prob)
        stats.save(self.stats_uri)
