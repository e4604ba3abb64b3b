"""The scenes of an experiment as a map shows them: imagery, labels, predictions and errors."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, replace
from functools import partial

from rasterio.errors import NotGeoreferencedWarning

from rvcli import keys
from rvcli.core.class_map import ClassMap
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.data.gdal import limit_cache
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import RvError
from rvcli.experiment.experiment_config import ExperimentConfig
from rvcli.filesystem.threads import in_threads
from rvcli.report.content import ScenePreview
from rvcli.report.layers import Limits
from rvcli.report.preview_cache import PreviewCache, default_preview_cache
from rvcli.report.scene_preview import TEST, TRAIN, VALIDATION, Budget, Context, SceneReader
from rvcli.report.sources import Source
from rvcli.utils.progress import Progress, track

MAX_PREVIEWS = 60
# Some 30 seconds of two processors where there are no overviews.
MAX_PIXELS = 5_000_000_000
_MAX_THREADS = 4


@dataclass(frozen=True)
class _Job:
    """A scene to show.

    Attributes:
        number: its place among the scenes of the experiment.
        key: names its preview in the cache; None if it has none there.
        limits: None if only its footprint is shown.
    """

    number: int
    split: str
    config: SceneConfig
    limits: Limits | None
    key: str | None = None


def collect_scenes(
    source: Source, config: ExperimentConfig, tmp_dir: str
) -> tuple[ScenePreview, ...]:
    """Make previews of the scenes of an experiment, those to train on first.

    Scenes that were shown before, and whose files are the same, come from the user's cache. A
    scene that cannot be shown says so in its `problem`. Of more than 60 scenes, or of scenes with
    very many pixels that have to be read, the rest has footprints alone: those to train on first.
    Memory is that of a few blocks of pixels and of the polygons of some scenes.

    Args:
        source: the files of the experiment.
        config: the experiment, all URIs absolute, as `source.config()` gives it.
        tmp_dir: local directory for downloads.
    """
    limit_cache()
    cache = default_preview_cache()
    context = Context(
        task=config.task,
        class_map=getattr(config.task, "class_map", None) or ClassMap([]),
        tmp_dir=tmp_dir,
        is_predicted=any(command.record for command in source.of_type(keys.PREDICT)),
        budget=Budget(MAX_PIXELS),
    )
    jobs = _jobs(config, cache)
    with track(f"drawing scenes of {source.id}", len(jobs), "scenes") as progress:
        make = partial(_make, context=context, cache=cache, progress=progress)
        with warnings.catch_warnings():
            # Threads share what is set here: one that sets it for itself, as when it opens a plain
            # image, must not take it away from another.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            # GDAL reads without Python's lock.
            previews = in_threads(make, jobs, min(_MAX_THREADS, max(2, os.cpu_count() or 1)))
    cache.prune()
    in_order = {job.number: preview for job, preview in zip(jobs, previews, strict=True)}
    return tuple(in_order[number] for number in range(len(jobs)))


def _jobs(config: ExperimentConfig, cache: PreviewCache) -> list[_Job]:
    """List what is to be done, what people look at first: what a model has not seen."""
    from google.protobuf.json_format import MessageToDict

    dataset = config.dataset
    scenes = [
        *((TRAIN, scene) for scene in dataset.train_scenes),
        *((VALIDATION, scene) for scene in dataset.validation_scenes),
        *((TEST, scene) for scene in dataset.test_scenes),
    ]
    by_interest = sorted(range(len(scenes)), key=lambda i: scenes[i][0] == TRAIN)
    limits = Limits.of(min(len(scenes), MAX_PREVIEWS))
    task = MessageToDict(config.task.to_proto())
    inputs = [_inputs(scene) for _, scene in scenes]
    cache.look(uri for uris in inputs for uri in uris or ())
    jobs = [_Job(i, *scenes[i], None) for i in by_interest]
    for place, job in enumerate(jobs[:MAX_PREVIEWS]):
        uris, plain = inputs[job.number], MessageToDict(job.config.to_proto())
        key = None if uris is None else cache.key(uris, [plain, task, limits.to_plain()])
        jobs[place] = replace(job, limits=limits, key=key)
    return jobs


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


def _make(job: _Job, *, context: Context, cache: PreviewCache, progress: Progress) -> ScenePreview:
    """Make one preview, whatever happens."""
    found = cache.get(job.key)
    if found is None:
        reader = SceneReader(job.config, job.split, job.limits, context)
        found = reader.preview()
        if reader.is_lasting:  # what went wrong may go right the next time
            cache.put(job.key, found)
    progress.advance()
    return replace(found, split=job.split)
