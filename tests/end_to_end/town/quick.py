"""An experiment with the plugin's backend, which is quick to start."""

from __future__ import annotations

import town

import rvcli as rv


class Quick(rv.ExperimentSet):
    """Finds buildings by their mean colour."""

    def exp_quick(self, root_uri: str = "Ausgabe ü", id: str = "schnell"):
        """Train in the east and validate in the west."""
        of = town.task()
        return town.experiment(id, root_uri, task=of, backend=town.quick_backend(of))
