"""Config of the transformer that scales by statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import field
from rvcli.data.raster_transformer.raster_transformer_config import (
    RasterTransformerConfig,
    RasterTransformerConfigBuilder,
)
from rvcli.filesystem import join_uri

if TYPE_CHECKING:
    from rvcli.core.command_io_definition import CommandIODefinition
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer

STATS_FILE = "stats.json"


class StatsTransformerConfig(RasterTransformerConfig):
    """Scale every band to uint8 by the mean and deviation that the analyze command measured."""

    key = keys.STATS_TRANSFORMER
    part = ""

    stats_uri: str | None = field(
        default=None,
        doc="URI of the statistics; those of the experiment's analyze command if not set.",
        input_of=(keys.CHIP, keys.PREDICT, keys.BUNDLE),
        used_by=(keys.CHIP, keys.PREDICT, keys.BUNDLE),
    )

    def create_transformer(self) -> RasterTransformer:
        """Read the statistics and create the transformer."""
        from rvcli.core.raster_stats import RasterStats
        from rvcli.data.raster_transformer.stats_transformer import StatsTransformer

        # Without statistics, as while they are measured, chips pass unchanged.
        if self.stats_uri is None:
            from rvcli.data.raster_transformer.noop_transformer import NoopTransformer

            return NoopTransformer()
        return StatsTransformer(RasterStats.load(self.stats_uri))

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Take the statistics of the experiment's own analyzer."""
        if self.stats_uri is None and command_type in (keys.CHIP, keys.PREDICT, keys.BUNDLE):
            chosen = [
                a.stats_uri
                for a in experiment_config.analyzers or []
                if getattr(a, "stats_uri", None)
            ]
            self.stats_uri = (
                chosen[0] if chosen else join_uri(experiment_config.analyze_uri, STATS_FILE)
            )
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def for_channel_order(
        self, old_order: list[int] | None, new_order: list[int], tmp_dir: str
    ) -> Any:
        """Let the statistics follow their channels to other places."""
        from rvcli.core.raster_stats import RasterStats

        if self.stats_uri is None:
            return self
        old = list(range(len(new_order))) if old_order is None else old_order
        uri = join_uri(tmp_dir, "reordered", STATS_FILE)
        RasterStats.load(self.stats_uri).reordered(old, new_order).save(uri)
        return StatsTransformerConfig(uri)

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Copy the statistics into the package."""
        if self.stats_uri is None:
            return self, []
        local_path, name = self.bundle_file(self.stats_uri, bundle_dir)
        return StatsTransformerConfig(name), [local_path]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the statistics where the package was unpacked."""
        if self.stats_uri is None:
            return self
        return StatsTransformerConfig(join_uri(bundle_dir, self.stats_uri))


class StatsTransformerConfigBuilder(RasterTransformerConfigBuilder):
    """Builds StatsTransformerConfig."""

    config_class = StatsTransformerConfig
