"""Config of the analyzer that measures mean, deviation and percentiles of every band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.analyzer.analyzer_config import AnalyzerConfig, AnalyzerConfigBuilder
from rvcli.config import between, field
from rvcli.data.raster_transformer.measured_transformer_config import STATS_FILE, scene_stats_uri
from rvcli.filesystem import join_uri

if TYPE_CHECKING:
    from rvcli.analyzer.analyzer import Analyzer
    from rvcli.core.command_io_definition import CommandIODefinition


class StatsAnalyzerConfig(AnalyzerConfig):
    """Measure the mean, deviation and percentiles of every band over all scenes."""

    key = keys.STATS_ANALYZER
    part = "stats_analyzer_config"
    positional = ("stats_uri", "sample_prob")

    stats_uri: str | None = field(
        default=None,
        doc="Where the statistics are written; `stats.json` below the analyze URI if not set.",
        output_of=(keys.ANALYZE,),
        input_of=(keys.BUNDLE,),
    )
    sample_prob: float | None = field(
        default=None,
        doc="Share of the windows that is measured; all of them if not set.",
        check=between(0, 1),
    )
    per_scene: bool = field(
        default=False,
        doc="Measure each scene by itself as well, for transformers that ask for it.",
    )
    scene_stats_uris: list[str] = field(
        default_factory=list,
        doc="Where the statistics of each scene are written; filled in when a plan is made.",
        output_of=(keys.ANALYZE,),
        used_by=(keys.ANALYZE,),
    )

    def create_analyzer(self) -> Analyzer:
        """Create the analyzer."""
        from rvcli.analyzer.stats_analyzer import StatsAnalyzer

        return StatsAnalyzer(self.stats_uri or STATS_FILE, self.sample_prob, self.per_scene)

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Put the statistics below the analyze URI."""
        if not self.stats_uri:
            self.stats_uri = join_uri(experiment_config.analyze_uri, STATS_FILE)
        if self.per_scene and command_type == keys.ANALYZE:
            scenes = experiment_config.dataset.all_scenes()
            ids = dict.fromkeys(scene.id for scene in scenes)
            self.scene_stats_uris = [scene_stats_uri(self.stats_uri, name) for name in ids]
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Copy the statistics of all scenes into the package."""
        if self.stats_uri is None:
            return self, []
        local_path, name = self.bundle_file(self.stats_uri, bundle_dir)
        return self._over_all(name), [local_path]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the statistics where the package was unpacked."""
        if self.stats_uri is None:
            return self
        return self._over_all(join_uri(bundle_dir, self.stats_uri))

    def _over_all(self, stats_uri: str) -> Any:
        new = self.clone()
        new.stats_uri, new.per_scene = stats_uri, False
        return new


class StatsAnalyzerConfigBuilder(AnalyzerConfigBuilder):
    """Builds StatsAnalyzerConfig."""

    config_class = StatsAnalyzerConfig

    def from_proto(self, msg: Any) -> StatsAnalyzerConfigBuilder:
        """Return a copy with the values of a message, of the older form as well."""
        if msg.WhichOneof("raster_transformer_config") == "stats_uri":
            return self.set(stats_uri=msg.stats_uri)
        return super().from_proto(msg)
