"""The experiment of these tests, with arguments for what they vary."""

from __future__ import annotations

from typing import Any

import town

import rvcli as rv


class Town(rv.ExperimentSet):
    """Finds buildings."""

    def exp_main(self, root_uri: str = "Ausgabe ü", iterations: int = 10, id: str = "Stadt 1"):
        """Train in the east, with an index beside the bands, and validate in the west."""
        of = town.task()
        return town.experiment(
            id,
            root_uri,
            task=of,
            backend=town.backend(of, iterations),
            train=[self.scene(town.EAST)],
            validation=[self.scene(town.WEST)],
        )

    def scene(self, name: str) -> Any:
        """Return a scene whose imagery passes the plugin's transformer."""
        index = (
            rv.RasterTransformerConfig.builder("NORMALIZED_DIFFERENCE")
            .with_first_channel(0)
            .with_second_channel(1)
            .build()
        )
        return town.scene(name, imagery=town.imagery(town.image(name), transformers=[index]))
