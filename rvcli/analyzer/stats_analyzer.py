"""StatsAnalyzer: mean, deviation and percentiles of each channel over all scenes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rvcli.analyzer.analyzer import Analyzer
from rvcli.core.channel_figures import ChannelFigures
from rvcli.core.raster_stats import RasterStats, measure_each
from rvcli.data.raster_transformer.measured_transformer_config import scene_stats_uri

if TYPE_CHECKING:
    from rvcli.data.scene import Scene


class StatsAnalyzer(Analyzer):
    """Measures mean, standard deviation and percentiles of each channel over all scenes.

    Args:
        stats_uri: where the statistics are written, as JSON.
        sample_prob: share of the windows to read, above 0 and up to 1; all by default.
        per_scene: write the statistics of each scene by itself as well, beside the others.
    """

    def __init__(
        self, stats_uri: str, sample_prob: float | None = None, per_scene: bool = False
    ) -> None:
        self.stats_uri = stats_uri
        self.sample_prob = sample_prob
        self.per_scene = per_scene

    def process(self, scenes: Iterable[Scene], tmp_dir: str) -> None:
        """Measure the raw imagery of the scenes and write the statistics."""
        RasterStats.over(self._measured(list(scenes))).save(self.stats_uri)

    def _measured(self, scenes: Sequence[Scene]) -> Iterator[list[ChannelFigures]]:
        figures = measure_each([scene.raster_source for scene in scenes], self.sample_prob)
        for scene, channels in zip(scenes, figures, strict=True):
            if self.per_scene:
                RasterStats.of(channels).save(scene_stats_uri(self.stats_uri, scene.id))
            yield channels
