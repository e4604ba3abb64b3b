"""Base of the configs of transformers that use what the analyze command measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import field
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfig
from rvcli.errors import ConfigError
from rvcli.filesystem import join_uri, parent_uri

if TYPE_CHECKING:
    from rvcli.core.command_io_definition import CommandIODefinition

STATS_FILE = "stats.json"
_NEEDED_BY = (keys.CHIP, keys.PREDICT, keys.BUNDLE)


class MeasuredTransformerConfig(RasterTransformerConfig):
    """Base of the transformers that use statistics of the imagery."""

    stats_uri: str | None = field(
        default=None,
        doc="URI of the statistics; those of the experiment's analyze command if not set.",
        input_of=_NEEDED_BY,
        used_by=_NEEDED_BY,
    )
    per_scene: bool = field(
        default=False,
        doc="Take the statistics of each scene by itself; the analyzer has to have this option,"
        " too.",
        used_by=_NEEDED_BY,
    )

    @property
    def uses_image_bands(self) -> bool:
        """True if the channels of a chip have to be bands of the image."""
        return True

    def needs_stats(self) -> bool:
        """True if the statistics of an analyzer are needed."""
        return not self.stats_uri

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Take the statistics of the experiment's own analyzer.

        Raises:
            ConfigError: those of each scene are asked for, and no analyzer makes them.
        """
        if command_type in _NEEDED_BY and self.needs_stats():
            analyzers = experiment_config.analyzers or []
            if self.per_scene and not any(getattr(a, "per_scene", False) for a in analyzers):
                raise ConfigError(
                    f"{self.transformer_type} asks for the statistics of each scene, and no"
                    " analyzer measures them",
                    hint="add rv.AnalyzerConfig.builder(rv.STATS_ANALYZER).with_per_scene(True)"
                    " to the experiment",
                )
            own = join_uri(experiment_config.analyze_uri, STATS_FILE)
            chosen = [a.stats_uri for a in analyzers if getattr(a, "stats_uri", None)]
            self.stats_uri = self._of_scene(chosen[0] if chosen else own, command_type, context)
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def _of_scene(self, stats_uri: str, command_type: str, context: list[Any] | None) -> str:
        """Return where the statistics of the scene are that this config is a part of."""
        # What is bundled meets other images, which are measured when they are predicted.
        if not self.per_scene or command_type == keys.BUNDLE:
            return stats_uri
        scene = next(c for c in context or [] if hasattr(c, "raster_source"))
        return scene_stats_uri(stats_uri, scene.id)

    def for_channel_order(
        self, old_order: list[int] | None, new_order: list[int], tmp_dir: str
    ) -> Any:
        """Let the statistics follow their channels to other places."""
        from hashlib import sha256

        from rvcli.core.raster_stats import RasterStats

        if self.stats_uri is None:
            return self
        old = list(range(len(new_order))) if old_order is None else old_order
        digest = sha256(self.stats_uri.encode()).hexdigest()[:16]
        uri = join_uri(tmp_dir, "reordered", f"stats-{digest}.json")
        RasterStats.load(self.stats_uri).reordered(old, new_order).save(uri)
        return self._with_stats(uri)

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Copy the statistics into the package."""
        if self.stats_uri is None:
            return self, []
        local_path, name = self.bundle_file(self.stats_uri, bundle_dir)
        return self._with_stats(name), [local_path]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the statistics where the package was unpacked."""
        if self.stats_uri is None:
            return self
        return self._with_stats(join_uri(bundle_dir, self.stats_uri))

    def _with_stats(self, stats_uri: str) -> Any:
        new = self.clone()
        new.stats_uri = stats_uri
        return new


def scene_stats_uri(stats_uri: str, scene_id: str) -> str:
    """Return where the statistics of one scene are, beside those of all."""
    return join_uri(parent_uri(stats_uri), "scene_stats", f"{scene_id}.json")
