"""Config of the analyzer that measures mean and deviation of every band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.analyzer.analyzer_config import AnalyzerConfig, AnalyzerConfigBuilder
from rvcli.config import between, field
from rvcli.data.raster_transformer.stats_transformer_config import STATS_FILE
from rvcli.filesystem import join_uri

if TYPE_CHECKING:
    from rvcli.analyzer.analyzer import Analyzer
    from rvcli.core.command_io_definition import CommandIODefinition


class StatsAnalyzerConfig(AnalyzerConfig):
    """Measure the mean and deviation of every band over all scenes."""

    key = keys.STATS_ANALYZER
    part = "stats_analyzer_config"

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

    def create_analyzer(self) -> Analyzer:
        """Create the analyzer."""
        from rvcli.analyzer.stats_analyzer import StatsAnalyzer

        return StatsAnalyzer(self.stats_uri or STATS_FILE, self.sample_prob)

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Put the statistics below the analyze URI."""
        if self.stats_uri is None:
            self.stats_uri = join_uri(experiment_config.analyze_uri, STATS_FILE)
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Copy the statistics into the package."""
        if self.stats_uri is None:
            return self, []
        local_path, name = self.bundle_file(self.stats_uri, bundle_dir)
        return StatsAnalyzerConfig(name, self.sample_prob), [local_path]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the statistics where the package was unpacked."""
        if self.stats_uri is None:
            return self
        return StatsAnalyzerConfig(join_uri(bundle_dir, self.stats_uri), self.sample_prob)


class StatsAnalyzerConfigBuilder(AnalyzerConfigBuilder):
    """Builds StatsAnalyzerConfig."""

    config_class = StatsAnalyzerConfig

    def from_proto(self, msg: Any) -> StatsAnalyzerConfigBuilder:
        """Return a copy with the values of a message, of the older form as well."""
        if msg.WhichOneof("raster_transformer_config") == "stats_uri":
            return self.set(stats_uri=msg.stats_uri)
        return super().from_proto(msg)
