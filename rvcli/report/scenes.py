"""The scenes of an experiment as a map shows them: imagery, labels, predictions and errors."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from rasterio.errors import NotGeoreferencedWarning

from rvcli import keys
from rvcli.config import uris_of
from rvcli.core.class_map import ClassMap
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.aoi import read_aoi_polygons
from rvcli.data.gdal import limit_cache
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import RvError
from rvcli.experiment.experiment_config import ExperimentConfig
from rvcli.filesystem import shown
from rvcli.filesystem.threads import in_threads
from rvcli.profile.secrets import mask_uris
from rvcli.report.content import IMAGERY, Layer, ScenePreview
from rvcli.report.facts import facts_of
from rvcli.report.grid import Grid, place_scene
from rvcli.report.imagery import picture_of, shown_channels
from rvcli.report.layers import Limits, class_layers
from rvcli.report.pictures import photo
from rvcli.report.preview_cache import PreviewCache, default_preview_cache
from rvcli.report.shapes import outlines
from rvcli.report.sources import Source
from rvcli.utils.files import file_exists
from rvcli.utils.progress import Progress, track

log = logging.getLogger(__name__)

TRAIN, VALIDATION, TEST = "train", "validation", "test"

MAX_PREVIEWS = 60
_MAX_THREADS = 4


@dataclass(frozen=True)
class _Job:
    """A scene to show.

    Attributes:
        key: names its preview in the cache; None if it has none there.
        limits: None if only its footprint is shown.
    """

    split: str
    config: SceneConfig
    limits: Limits | None
    key: str | None = None


def collect_scenes(
    source: Source, config: ExperimentConfig, tmp_dir: str
) -> tuple[ScenePreview, ...]:
    """Make previews of the scenes of an experiment, those to train on first.

    Scenes that were shown before, and whose files are the same, come from the user's cache. A
    scene that cannot be shown says so in its `problem`; of more than 60 scenes the rest has
    footprints alone. Memory is that of a few blocks of pixels and of the polygons of some scenes.

    Args:
        source: the files of the experiment.
        config: the experiment, all URIs absolute, as `source.config()` gives it.
        tmp_dir: local directory for downloads.
    """
    limit_cache()
    cache = default_preview_cache()
    task = config.task
    class_map = getattr(task, "class_map", None) or ClassMap([])
    is_predicted = any(command.record for command in source.of_type(keys.PREDICT))
    jobs = _jobs(config, cache)
    with track(f"preview scenes of {source.id}", len(jobs), "scenes") as progress:
        make = partial(
            _make,
            task=task,
            class_map=class_map,
            tmp_dir=tmp_dir,
            cache=cache,
            progress=progress,
            is_predicted=is_predicted,
        )
        with warnings.catch_warnings():
            # Threads share what is set here: one that sets it for itself, as when it opens a plain
            # image, must not take it away from another.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            # GDAL reads without Python's lock.
            previews = in_threads(make, jobs, min(_MAX_THREADS, max(2, os.cpu_count() or 1)))
    cache.prune()
    return tuple(previews)


def _jobs(config: ExperimentConfig, cache: PreviewCache) -> list[_Job]:
    dataset = config.dataset
    scenes = [
        *((TRAIN, scene) for scene in dataset.train_scenes),
        *((VALIDATION, scene) for scene in dataset.validation_scenes),
        *((TEST, scene) for scene in dataset.test_scenes),
    ]
    # What a model has not seen is what people look at.
    by_interest = sorted(range(len(scenes)), key=lambda i: scenes[i][0] == TRAIN)
    chosen = set(by_interest[:MAX_PREVIEWS])
    limits = Limits.of(len(chosen))
    task = str(config.task.to_proto())
    inputs = [_inputs(scene) for _, scene in scenes]
    cache.look(uri for uris in inputs for uri in uris or ())
    return [
        _Job(
            split,
            scene,
            limits if i in chosen else None,
            None
            if inputs[i] is None or i not in chosen
            else cache.key(inputs[i] or (), [str(scene.to_proto()), task, limits.to_plain()]),
        )
        for i, (split, scene) in enumerate(scenes)
    ]


def _inputs(config: SceneConfig) -> set[str] | None:
    """Return the URIs that a scene is made of; None if a plugin takes part, which may not say."""
    if any(not type(part).__module__.startswith("rvcli.") for part in config.walk()):
        return None
    io_def = CommandIODefinition()
    try:
        config.report_io(keys.EVAL, io_def)
    except RvError:
        return None
    return io_def.input_uris


def _make(
    job: _Job,
    *,
    task: Any,
    class_map: ClassMap,
    tmp_dir: str,
    cache: PreviewCache,
    progress: Progress,
    is_predicted: bool,
) -> ScenePreview:
    """Make one preview, whatever happens."""
    found = cache.get(job.key)
    if found is None:
        scene = _Scene(job, task, class_map, tmp_dir, is_predicted)
        found = scene.preview()
        if not scene.problems:  # what went wrong may go right the next time
            cache.put(job.key, found)
    progress.advance()
    return replace(found, split=job.split)


class _Scene:
    """Shows one scene, as much of it as there is."""

    def __init__(
        self, job: _Job, task: Any, class_map: ClassMap, tmp_dir: str, is_predicted: bool
    ) -> None:
        self._job = job
        self._config = job.config
        self._task = task
        self._class_map = class_map
        self._tmp_dir = tmp_dir
        self._is_predicted = is_predicted
        self.problems: list[str] = []

    def preview(self) -> ScenePreview:
        """Return the preview."""
        empty = ScenePreview(self._config.id, self._job.split, False, (0.0, 0.0, 0.0, 0.0), ())
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
        raster_source = bare.create_scene(self._task, self._tmp_dir).raster_source
        limits = self._job.limits
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
            self.problems.append(f"only its outline: the report shows {MAX_PREVIEWS} scenes")
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
        where = (self._task, grid.extent, raster_source.get_crs_transformer(), self._tmp_dir)
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
        assert self._job.limits is not None
        made = class_layers(
            truth,
            predicted,
            grid,
            self._class_map,
            polygons,
            self._job.limits,
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
        if self._job.split != TRAIN and self._is_predicted:
            self.problems.append(f"there are no predictions at {shown(uri)}")
        elif self._job.split != TRAIN:
            self.problems.append("no predictions yet")
        return False

    def _note(self, what: str, error: Exception) -> None:
        """Keep in words what went wrong."""
        reason = error.message if isinstance(error, RvError) else f"{type(error).__name__}: {error}"
        text = mask_uris(f"{what}: {reason}")
        log.debug("scene %s: %s", self._config.id, text, exc_info=error)
        self.problems.append(text)
