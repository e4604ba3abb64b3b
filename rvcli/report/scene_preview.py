"""One scene as a map shows it: as much of it as there is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rvcli import keys
from rvcli.config import uris_of
from rvcli.core.class_map import ClassMap
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.aoi import read_aoi_polygons
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import RvError
from rvcli.filesystem import shown
from rvcli.profile.secrets import mask_uris
from rvcli.report.content import IMAGERY, Layer, ScenePreview
from rvcli.report.facts import facts_of
from rvcli.report.grid import Grid, place_scene
from rvcli.report.imagery import picture_of, shown_channels
from rvcli.report.layers import Limits, class_layers
from rvcli.report.pictures import photo
from rvcli.report.shapes import outlines
from rvcli.utils.files import file_exists

log = logging.getLogger(__name__)

TRAIN, VALIDATION, TEST = "train", "validation", "test"


class Budget:
    """How many pixels of scenes may be read, so that a report does not take as long as a run."""

    def __init__(self, pixels: int) -> None:
        self._left = pixels
        self._lock = threading.Lock()

    def take(self, pixels: int) -> bool:
        """Tell whether a scene of so many pixels may be read: as long as anything is left."""
        with self._lock:
            may = self._left > 0
            self._left -= pixels if may else 0
        return may


@dataclass(frozen=True)
class Context:
    """What the previews of an experiment have in common.

    Attributes:
        is_predicted: whether the command PREDICT has finished.
        tmp_dir: local directory for downloads.
    """

    task: Any
    class_map: ClassMap
    tmp_dir: str
    is_predicted: bool
    budget: Budget


class SceneReader:
    """Shows one scene.

    Attributes:
        problems: what could not be shown, in words.
        is_lasting: whether its files, if they stay as they are, would show the same again.
    """

    def __init__(
        self, config: SceneConfig, split: str, limits: Limits | None, context: Context
    ) -> None:
        """Take a scene.

        Args:
            config: of the scene.
            split: "train", "validation" or "test".
            limits: of its preview; None shows its footprint alone.
            context: of all scenes.
        """
        self._config = config
        self._split = split
        self._limits = limits
        self._context = context
        self.problems: list[str] = []
        self.is_lasting = True

    def preview(self) -> ScenePreview:
        """Return the preview."""
        empty = ScenePreview(self._config.id, self._split, False, (0.0, 0.0, 0.0, 0.0), ())
        found = empty
        try:
            found = self._with_imagery(empty)
        except Exception as error:  # a plugin may raise anything
            self._note("the imagery cannot be shown", error)
        return replace(found, problem="; ".join(self.problems))

    def _with_imagery(self, empty: ScenePreview) -> ScenePreview:
        bare = self._config.clone()
        bare.label_source = bare.label_store = None
        bare.aoi_uris = []
        raster_source = bare.create_scene(self._context.task, self._context.tmp_dir).raster_source
        limits = self._limits
        if limits is None:
            self.problems.append("only its outline is shown: there are too many scenes")
        elif not self._context.budget.take(raster_source.get_extent().get_area()):
            self.problems.append("only its outline is shown: there are too many pixels to read")
            self.is_lasting = False
            limits = None
        grid = place_scene(
            raster_source.get_extent(),
            raster_source.get_crs_transformer(),
            limits.max_side_px if limits else 1,
        )
        if grid.problem:
            self.problems.append(grid.problem)
        found = replace(
            empty,
            georeferenced=grid.georeferenced,
            bounds_xyxy=grid.bounds_xyxy,
            footprint=(grid.outline(),),
        )
        if limits is None:
            return found
        layers: list[Layer] = []
        with ActivateMixin.with_activation(raster_source):
            channels = None
            try:
                channels = shown_channels(raster_source)
                picture = picture_of(raster_source, channels, grid)
                layers.append(Layer(IMAGERY, photo(picture, limits.imagery_bytes)))
            except Exception as error:  # see above
                self._note("the imagery cannot be read", error)
            uris = uris_of(self._config.raster_source, keys.RASTER_SOURCE)
            facts = facts_of(raster_source, uris, channels)
        polygons, is_known = self._areas(grid, raster_source)
        layers += self._classes(grid, raster_source, polygons, with_errors=is_known)
        aois = outlines(polygons, grid) if polygons else ()
        return replace(found, facts=facts, aois=aois, layers=tuple(layers))

    def _areas(self, grid: Grid, raster_source: Any) -> tuple[list[Any], bool]:
        """Return the areas of interest, and whether all are known."""
        polygons: list[Any] = []
        for uri in self._config.aoi_uris:
            try:
                crs_transformer = raster_source.get_crs_transformer()
                polygons += read_aoi_polygons(uri, crs_transformer, grid.extent)
            except Exception as error:  # see above
                self._note("its area of interest cannot be read, nor errors be shown", error)
                return [], False
        return polygons, True

    def _classes(
        self, grid: Grid, raster_source: Any, polygons: Sequence[Any], with_errors: bool
    ) -> list[Layer]:
        """Return the layers of labels, predictions and errors that there are."""
        where = (
            self._context.task,
            grid.extent,
            raster_source.get_crs_transformer(),
            self._context.tmp_dir,
        )
        truth = predicted = None
        if self._config.label_source is not None:
            try:
                truth = self._config.label_source.create_source(*where)
            except Exception as error:  # see above
                self._note("its labels cannot be read", error)
        if self._config.label_store is not None and self._has_predictions():
            try:
                predicted = self._config.label_store.create_store(*where)
            except Exception as error:  # see above
                self._note("its predictions cannot be read", error)
        assert self._limits is not None
        made = class_layers(
            truth,
            predicted,
            grid,
            self._context.class_map,
            polygons,
            self._limits,
            with_errors=with_errors,
        )
        for what, reason in made.problems:
            self._note(what, reason)
        return made.layers

    def _has_predictions(self) -> bool:
        """Tell whether there is a file of predictions; says so where there should be one."""
        uri = getattr(self._config.label_store, "uri", None)
        if not uri or file_exists(uri, include_dir=False):
            return True
        if self._split != TRAIN and self._context.is_predicted:
            self.problems.append(f"there are no predictions at {shown(uri)}")
        elif self._split != TRAIN:
            self.problems.append("no predictions yet")
        return False

    def _note(self, what: str, error: Exception) -> None:
        """Keep in words what went wrong."""
        reason = error.message if isinstance(error, RvError) else f"{type(error).__name__}: {error}"
        text = mask_uris(f"{what}: {reason}")
        log.debug("scene %s: %s", self._config.id, text, exc_info=error)
        self.problems.append(text)
        self.is_lasting = False
