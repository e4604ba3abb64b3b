"""The self-test of a package: a small image, what is predicted of it, and facts of training.

It lies in the folder `self_test` of the package: `image.tif` or several files, `expected` with the
extension of what the task writes, and `self_test.json`.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from rvcli import profile, registry
from rvcli.config import uris_of
from rvcli.data.raster_source.stac_item_source_config import STACItemSourceConfig
from rvcli.errors import DataError, RvError
from rvcli.filesystem import base_name, is_local, to_path
from rvcli.package.facts import ImageFacts, active, image_facts, percentiles_of
from rvcli.package.match import TOLERANCES
from rvcli.package.sample import (
    SIDE,
    Part,
    argument,
    image_names,
    open_source,
    parts_of,
    write_image,
    write_item,
    write_sample,
)
from rvcli.package.synthetic import draw
from rvcli.package.versions import installed_versions
from rvcli.predictor import Predictor
from rvcli.progress import track, use_sink
from rvcli.records.digests import sha256_of
from rvcli.version import __version__

FOLDER = "self_test"
FILE = "self_test.json"
SCHEMA = 1

log = logging.getLogger(__name__)


def add_self_test(bundle_dir: str, command_config: Any, tmp_dir: str) -> None:
    """Put a self-test into a package that is complete otherwise.

    The image is read where it happens to be: it is no input of the command, which does without.
    Whatever cannot be had is left out, and the log says why: a package is made in any case.

    Args:
        bundle_dir: what will be in the package.
        command_config: of the bundle command, with the URIs of the experiment.
        tmp_dir: local directory for what is thrown away afterwards.
    """
    mode = str(profile.current().get("RV", "self_test"))
    folder = Path(bundle_dir) / FOLDER
    content: dict[str, Any] = {"schema": SCHEMA, "rv": __version__}
    try:
        work_dir = str(Path(tmp_dir) / FOLDER)
        predictor = Predictor(bundle_dir, work_dir, parent=registry.current())
        content |= _describe(predictor)
        # What is predicted on the way is no work of the experiment.
        with track("trying the package", None, ""), use_sink(None), predictor.in_force():
            test = _SelfTest(predictor, command_config.scene, folder, work_dir)
            content["training"] = test.facts.to_dict()
            content |= {"test": None, "reason": "RV.self_test is none"}
            if mode != "none":
                content |= {"test": test.make(mode), "reason": None}
    except Exception as error:  # of a plugin, an engine, a file: none of them costs the package
        reason = _words(error, command_config.scene)
        log.warning("the package gets no self-test: %s", reason)
        log.debug("where that comes from", exc_info=True)
        content |= {"test": None, "reason": reason}
        for path in folder.glob("*"):
            path.unlink()
    folder.mkdir(exist_ok=True)
    _write(folder / FILE, content)


def add_digests(bundle_dir: str) -> None:
    """Note in the self-test what each file of a package is; the last that is done to a package."""
    own = Path(bundle_dir) / FOLDER / FILE
    digests = {
        path.relative_to(bundle_dir).as_posix(): sha256_of(path)
        for path in sorted(Path(bundle_dir).rglob("*"))
        if path.is_file() and path != own
    }
    _write(own, {**json.loads(own.read_text(encoding="utf-8")), "sha256": digests})


def _write(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def _describe(predictor: Predictor) -> dict[str, Any]:
    """Say what a package does, and with what."""
    versions = installed_versions()
    framework = getattr(predictor.backend_config, "framework", "")
    framework = framework if isinstance(framework, str) else ""
    return {
        "task": str(predictor.task_config.task_type),
        "backend": str(predictor.backend_config.backend_type),
        "framework": {"name": framework, "version": versions.get(framework)},
        "classes": classes_of(predictor.task_config),
        "versions": versions,
    }


def classes_of(task_config: Any) -> list[dict[str, Any]]:
    """Return the classes of a task that has some."""
    class_map: Any = getattr(task_config, "class_map", None)
    items = class_map.get_items() if hasattr(class_map, "get_items") else []
    return [{"id": item.id, "name": item.name, "color": item.color} for item in items]


def stats_facts(predictor: Predictor) -> ImageFacts | None:
    """Return what the statistics in a package say of the training imagery; None without any."""
    from rvcli.core.raster_stats import RasterStats

    transformers = getattr(predictor.scene_config.raster_source, "transformers", None) or []
    for config in (*predictor.analyzer_configs, *transformers):
        uri = getattr(config, "stats_uri", None)
        if isinstance(uri, str) and Path(uri).is_file():
            percentiles = percentiles_of(RasterStats.load(uri))
            if percentiles is not None:
                bands = len(percentiles["50"])
                return ImageFacts(bands=bands, percentiles=percentiles, measured_on="all scenes")
    return None


class _SelfTest:
    """Makes the self-test of one package."""

    def __init__(self, predictor: Predictor, scene: Any, folder: Path, tmp_dir: str) -> None:
        self._predictor = predictor
        self._scene = scene
        self._folder = folder
        self._tmp_dir = tmp_dir
        self._unread = ""
        self.facts = self._find_facts()

    def make(self, mode: str) -> dict[str, Any]:
        """Write image and expected prediction; say what they are.

        Raises:
            DataError: there is nothing to make an image of, or nothing is predicted of it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        is_synthetic = mode == "synthetic" or bool(self._unread)
        if is_synthetic:
            images, of = self._draw(), "values drawn from the statistics of the training imagery"
            if self._unread:
                of += f"; the image could not be read: {self._unread}"
        else:
            images, window = write_sample(
                self._scene.raster_source, self._folder, self._tmp_dir, self._chip_size()
            )
            place = f"rows {window.ymin}-{window.ymax}, columns {window.xmin}-{window.xmax}"
            of = f"the scene {self._scene.id}, {place}"
        return {
            "images": images,
            "expected": self._predict(images),
            "synthetic": is_synthetic,
            "of": of,
            "tolerances": TOLERANCES,
        }

    def _find_facts(self) -> ImageFacts:
        known = stats_facts(self._predictor)
        try:
            facts = self._look_at_image()
        except Exception as error:  # an image that is not there any more, most often
            log.info("the image of the scene %s is not read: %s", self._scene.id, error)
            self._unread = _words(error, self._scene)
            if known is None:
                raise
            return known
        if known is None or known.bands != facts.bands:
            return facts
        return replace(facts, percentiles=known.percentiles, measured_on=known.measured_on)

    def _look_at_image(self) -> ImageFacts:
        source = self._scene.raster_source.clone()
        source.transformers = getattr(
            self._predictor.scene_config.raster_source, "transformers", []
        )
        opened = open_source(source, self._tmp_dir)
        with active(opened):
            return image_facts(opened)

    def _chip_size(self) -> int:
        task = self._predictor.task_config
        sizes = [getattr(task, name, None) for name in ("predict_chip_size", "chip_size")]
        return next((size for size in sizes if isinstance(size, int)), SIDE)

    def _draw(self) -> list[str]:
        """Write a synthetic image, divided among the files that the model reads."""
        source = self._predictor.scene_config.raster_source
        if isinstance(source, STACItemSourceConfig):
            parts = [Part(source, name) for name in source.assets or []]
        else:
            parts = parts_of(source)
        percentiles, bands = self.facts.percentiles, self.facts.bands
        if not percentiles or not bands or not parts or bands % len(parts):
            raise DataError("it is not known which bands the files of an image have")
        image, names = draw(percentiles, self.facts.dtype, SIDE), image_names(parts)
        each = bands // len(parts)
        for i, name in enumerate(names):
            write_image(self._folder / name, image[:, :, i * each : (i + 1) * each])
        return write_item(self._folder, parts, names)

    def _predict(self, images: list[str]) -> str:
        """Write what the predictor makes of the images; return the name of the file."""
        name = f"expected{self._predictor.ending}"
        # Some stores write more than one file; only the first counts.
        made = Path(self._tmp_dir) / "expected" / name
        self._predictor.predict(argument(self._folder, images), str(made))
        if not made.is_file():
            raise DataError("the label store does not write the file that it is told to write")
        made.replace(self._folder / name)
        return name


def _words(error: Exception, scene: Any) -> str:
    """Return what an error says, in one line, without the places of the experiment."""
    text = error.message if isinstance(error, RvError) else f"{type(error).__name__}: {error}"
    for uri in uris_of(scene.raster_source):
        for place in {uri, str(to_path(uri)) if is_local(uri) else uri}:
            text = text.replace(place, base_name(uri))
    return " ".join(text.split())[:300]
