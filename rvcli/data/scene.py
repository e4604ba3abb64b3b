"""Scene: one image with its labels, its predictions and the area that counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rvcli.data.activate_mixin import ActivateMixin

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from rvcli.data.raster_source.raster_source import RasterSource


class Scene(ActivateMixin):
    """One image with its labels, its predictions and the area that counts.

    Activating a scene opens its raster source, label source and label store, where these
    need it, and closes them after use.

    Attributes:
        id: names the scene within its experiment.
        raster_source: the imagery.
        ground_truth_label_source: the known labels, or None.
        prediction_label_store: where predictions go, or None.
        aoi_polygons: areas of interest, pixel (x, y); empty means the whole extent.
    """

    def __init__(
        self,
        id: str,
        raster_source: RasterSource,
        ground_truth_label_source: Any = None,
        prediction_label_store: Any = None,
        aoi_polygons: Sequence[BaseGeometry] | None = None,
    ) -> None:
        self.id = id
        self.raster_source = raster_source
        self.ground_truth_label_source = ground_truth_label_source
        self.prediction_label_store = prediction_label_store
        self.aoi_polygons: list[BaseGeometry] = list(aoi_polygons or ())

    def _subcomponents_to_activate(self) -> list[Any]:
        return [self.raster_source, self.ground_truth_label_source, self.prediction_label_store]

    def _activate(self) -> None:
        """Nothing of the scene's own is held open."""

    def _deactivate(self) -> None:
        """Nothing of the scene's own is held open."""
