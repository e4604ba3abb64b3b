"""Registers everything by name: nothing is imported before it is used."""

from __future__ import annotations

from typing import Any

import rvcli as rv


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what the siblings of this file bring."""
    r = plugin_registry
    r.register_config_builder(
        rv.RASTER_SOURCE, "CLASSIC_ARRAY_SOURCE", "classic_sources:ArraySourceConfigBuilder"
    )
    r.register_config_builder(
        rv.VECTOR_SOURCE, "CLASSIC_SHAPES", "classic_sources:ShapesConfigBuilder"
    )
    r.register_config_builder(
        rv.LABEL_SOURCE, "CLASSIC_LABELS", "classic_sources:LabelsConfigBuilder"
    )
    r.register_config_builder(
        rv.LABEL_STORE, "CLASSIC_ARRAY_STORE", "classic_sources:ArrayStoreConfigBuilder"
    )
    r.register_config_builder(rv.EVALUATOR, "SHARE", "declared_measures:ShareConfig")
    r.register_command_config_builder("HISTOGRAM", "classic_commands:HistogramCommandConfigBuilder")
    r.register_command_config_builder("COUNT_CLASSES", "declared_measures:CountClassesConfig")
    r.register_aux_command("TICK", "classic_commands:TickCommand")
    r.register_filesystem("classic_places:AtticFileSystem")
    r.register_default_raster_source("classic_places:ArrayProvider")
    r.register_default_vector_source("classic_places:ShapesProvider")
    r.register_default_label_source("classic_places:LabelsProvider")
    r.register_default_label_store("classic_places:StoreProvider")
    r.register_default_evaluator("classic_places:AccuracyProvider")
    r.register_experiment_runner("ONE_BY_ONE", "classic_places:OneByOneRunner")
