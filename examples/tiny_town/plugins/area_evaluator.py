"""A plugin: an evaluator that adds up the area of each class, as labelled and as predicted.

It writes `areas.json` beside the figures of the experiment and prints them into the log.
"""

from __future__ import annotations

from typing import Any

import rvcli as rv
from rvcli.filesystem import join_uri
from rvcli.utils.files import json_to_file


class AreaEvaluator(rv.Evaluator):
    """Compares areas: a map may be wrong in many pixels and right about how much there is."""

    def __init__(self, class_map: rv.ClassMap, output_uri: str) -> None:
        self.class_map = class_map
        self.output_uri = output_uri

    def process(self, scenes: Any, tmp_dir: str) -> None:
        """Add up the areas of all scenes, in hectares."""
        import numpy as np

        highest = max(self.class_map.get_keys())
        totals = np.zeros((2, highest + 1))
        for scene in scenes:
            with scene.activate():
                known = scene.ground_truth_label_source.get_labels()
                predicted = scene.prediction_label_store.get_labels()
                hectares = pixel_hectares(scene.raster_source)
                for window in scene.raster_source.iter_blocks():
                    found = predicted.get_label_arr(window)
                    # Outside the prediction, as where there is no imagery, nothing can be compared.
                    truth = np.where(found > 0, known.get_label_arr(window), 0)
                    for row, array in enumerate((truth, found)):
                        counts = np.bincount(array.ravel(), minlength=highest + 1)
                        totals[row] += counts * hectares
        areas = {
            item.name: {
                "labelled_ha": round(float(totals[0, item.id]), 3),
                "predicted_ha": round(float(totals[1, item.id]), 3),
            }
            for item in self.class_map.get_items()
        }
        for name, area in areas.items():
            print(
                f"{name:>10}: {area['labelled_ha']:7.3f} ha labelled,"
                f" {area['predicted_ha']:7.3f} ha predicted",
                flush=True,
            )
        json_to_file(areas, self.output_uri, indent=2)


def pixel_hectares(raster_source: Any) -> float:
    """Return the area of a pixel of an image in a projection in metres."""
    transform = raster_source.get_crs_transformer().get_affine_transform()
    return float(abs(transform.determinant)) / 10_000


class AreaEvaluatorConfig(rv.EvaluatorConfig):
    """Add up the area of each class."""

    key = "AREA_EVALUATOR"
    class_map: rv.ClassMap = rv.field(doc="The classes.")
    output_uri: str | None = rv.field(
        default=None,
        doc="Where the areas are written; `areas.json` below the eval URI if not set.",
        output_of=(rv.EVAL,),
    )

    def update_for_command(
        self, command_type: str, experiment_config: Any, context: Any = None, io_def: Any = None
    ) -> Any:
        """Put the file below the eval URI of the experiment."""
        if command_type == rv.EVAL and self.output_uri is None:
            self.output_uri = join_uri(experiment_config.eval_uri, "areas.json")
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def create_evaluator(self) -> AreaEvaluator:
        """Return the evaluator that does the work."""
        return AreaEvaluator(self.class_map, self.output_uri or "areas.json")


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what this file brings."""
    plugin_registry.register_config(AreaEvaluatorConfig)
