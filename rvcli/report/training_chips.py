"""Some of the chips that a model was trained on, from the files that CHIP wrote."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.backend.chip_files import ChipFile
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.places import CHIPS_EXTENSION, TRAIN, chips_uri
from rvcli.core.class_map import ClassMap
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.errors import DataError, FileSystemError
from rvcli.filesystem import is_local, join_uri, resolve, shown
from rvcli.report.content import Tile
from rvcli.report.pictures import palette_of
from rvcli.report.shapes import Boxes
from rvcli.report.tile_pictures import (
    box_tile,
    caption_of,
    channels_of,
    imagery_tile,
    pixel_tile,
    thin_rgb,
    thin_step,
)
from rvcli.utils.files import download_if_needed, list_paths

if TYPE_CHECKING:
    from rvcli.experiment.experiment_config import ExperimentConfig

log = logging.getLogger(__name__)

MOST = 12
# A chip that shows so many classes is as good as one that shows more.
_MANY_CLASSES = 3
# Files of other machines are fetched as a whole.
_MAX_FETCHED_BYTES = 256 << 20


def training_tiles(
    config: ExperimentConfig, class_map: ClassMap, tmp_dir: str, notes: list[str]
) -> tuple[Tile, ...]:
    """Draw some chips, of all classes and of many scenes, always the same.

    Args:
        config: the experiment.
        class_map: the classes.
        tmp_dir: local directory for chip files that have to be fetched.
        notes: takes what could not be shown, and why.
    """
    uris = _chip_uris(config)
    with ExitStack() as stack:
        files = []
        for uri in uris:
            try:
                path = _fetched(uri, tmp_dir, notes)
                if path is not None:
                    files.append(stack.enter_context(ChipFile(path, uri)))
            except (DataError, FileSystemError) as error:
                notes.append(f"chips are not shown: {error}")
        if not any(len(file) for file in files):
            if not uris:
                notes.append(
                    f"no chips to train on are shown: there are no files of chips at"
                    f" {shown(str(config.chip_uri))}; the backend may keep chips of its own"
                )
            return ()
        drawer = _Drawer(config, class_map, tmp_dir)
        tiles = []
        for file, index in choose(files, MOST):
            try:
                tiles.append(drawer.tile(file, index))
            except DataError as error:
                notes.append(f"a chip is not shown: {error}")
    return tuple(tiles)


def _chip_uris(config: ExperimentConfig) -> list[str]:
    """Return at most twelve files of chips that are there, of scenes spread over all."""
    chip_uri = str(getattr(config.backend, "chip_uri", None) or config.chip_uri)
    named = list(getattr(config.backend, "train_chip_uris", None) or ())
    named = named or [chips_uri(chip_uri, s.id) for s in config.dataset.train_scenes]
    try:
        there = set(list_paths(join_uri(chip_uri, TRAIN), CHIPS_EXTENSION))
    except FileSystemError:
        there = set()
    found = [uri for uri in dict.fromkeys(named) if uri in there or _exists(uri, bool(there))]
    places = np.linspace(0, len(found) - 1, min(MOST, len(found))).astype(int)
    return [found[place] for place in places]


def _exists(uri: str, is_listed: bool) -> bool:
    """Look for a file that is in no listing; each look may take long where there is none."""
    if is_listed:
        return False
    try:
        return bool(resolve(uri).file_exists(uri, include_dir=False))
    except FileSystemError:
        return False


def _fetched(uri: str, tmp_dir: str, notes: list[str]) -> Path | None:
    if not is_local(uri):
        found = resolve(uri).stat(uri)
        if found is not None and found.size_bytes > _MAX_FETCHED_BYTES:
            notes.append(f"chips of {shown(uri)} are not shown: {found.size_bytes:,} bytes")
            return None
    return Path(download_if_needed(uri, tmp_dir))


def choose(files: Sequence[ChipFile], most: int) -> list[tuple[ChipFile, int]]:
    """Choose chips: of each class in turn one that shows it well, from the scene least shown."""
    rng = np.random.default_rng(0)
    class_ids = [class_id for class_id in files[0].class_ids if class_id != 0]
    chosen: list[tuple[int, int]] = []
    shown_of = dict.fromkeys(range(len(files)), 0)
    for turn in range(most * 2):
        if len(chosen) == most or not class_ids:
            break
        class_id = class_ids[turn % len(class_ids)]
        for number in sorted(shown_of, key=lambda n: shown_of[n]):
            left = _showing(files[number], class_id, {i for n, i in chosen if n == number})
            if len(left):
                # Of the half of them that show most of it.
                best = left[: max(1, len(left) // 2)]
                chosen.append((number, int(best[rng.integers(len(best))])))
                shown_of[number] += 1
                break
    return [(files[number], index) for number, index in sorted(chosen)]


def _showing(file: ChipFile, class_id: int, without: set[int]) -> Any:
    """Return the chips that show a class, those first that show others too, and most of it."""
    if class_id not in file.class_ids:
        return np.empty(0, np.int64)
    counts = file.counts[:, file.class_ids.index(class_id)]
    seen = (file.counts[:, 1:] > 0).sum(axis=1)
    order = np.lexsort([-counts, -np.minimum(seen, _MANY_CLASSES)])
    return np.array([i for i in order.tolist() if counts[i] and i not in without], np.int64)


class _Drawer:
    """Draws chips of any kind."""

    def __init__(self, config: ExperimentConfig, class_map: ClassMap, tmp_dir: str) -> None:
        self._config = config
        self._class_map = class_map
        self._palette = palette_of(class_map)
        self._tmp_dir = tmp_dir
        self._channels: dict[str, tuple[int, ...]] = {}

    def tile(self, file: ChipFile, index: int) -> Tile:
        """Draw one chip.

        Raises:
            DataError: the file is damaged.
        """
        chip, labels = file.read(index)
        box = file.windows()[index]
        shown_rgb, step = thin_rgb(chip, self._shown(file.scene_id)), thin_step(chip.shape)
        if file.kind is ChipKind.PIXELS:
            made = pixel_tile(shown_rgb, step, self._palette, labels, None)
            return Tile(caption_of(file.scene_id, box), made)
        if file.kind is ChipKind.BOXES:
            boxes = Boxes(labels[:, :4], labels[:, 4].astype(np.int64))
            made = box_tile(shown_rgb, step, self._class_map, boxes)
            return Tile(caption_of(file.scene_id, box), made)
        known = self._class_map.class_item_map.get(int(labels))
        name = (known.name if known else None) or str(int(labels))
        return Tile(caption_of(file.scene_id, box, name), imagery_tile(shown_rgb))

    def _shown(self, scene_id: str) -> tuple[int, ...]:
        """Return the channels that are shown of a scene, the first three if it cannot be read."""
        if scene_id not in self._channels:
            self._channels[scene_id] = self._looked_up(scene_id)
        return self._channels[scene_id]

    def _looked_up(self, scene_id: str) -> tuple[int, ...]:
        for scene in self._config.dataset.train_scenes:
            if scene.id == scene_id:
                bare = scene.without_labels()
                bare.label_store, bare.aoi_uris = None, []
                try:
                    source = bare.create_scene(self._config.task, self._tmp_dir).raster_source
                    with ActivateMixin.with_activation(source):
                        return channels_of(source)
                except Exception as error:  # the imagery may be gone, and chips still be there
                    log.debug("channels of scene %s", scene_id, exc_info=error)
        return (0, 1, 2)
