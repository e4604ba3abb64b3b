"""Predictor: applies a predict package to images, on any machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from rvcli import profile, registry
from rvcli.command.bundle_command import BUNDLE_CONFIG_FILE
from rvcli.command.command_config import CommandConfig
from rvcli.config import uris_of
from rvcli.data.raster_source.image_for_prediction import is_item, name_of_image
from rvcli.errors import DataError, FileSystemError
from rvcli.filesystem import absolute_uri, is_local, join_uri, to_path
from rvcli.plugins import from_message, load_pins
from rvcli.utils.files import download_if_needed, load_json_config, save_json_config, unzip


class Predictor:
    """Applies a predict package.

    Args:
        prediction_package_uri: the zip file that the bundle command wrote, or a local directory
            with what is in it.
        tmp_dir: local directory where the package is unpacked and temporary files go.
        update_stats: measure the statistics of each image anew, instead of using those of
            the training imagery; done anyway where each scene was scaled by its own.
        channel_order: bands to read from the images, counted from 0, where theirs differs.
        parent: what is registered in it is in force, plugins that are loaded there as well; by
            default what is built in, with the plugins of the package.

    Attributes:
        package_dir: local directory that holds the files of the package.
        plugins: pins of the plugins that the package names.
        message: the command message of the package.

    Raises:
        DataError: the file is no predict package.
        PluginError: a plugin of the package does not load.
    """

    def __init__(
        self,
        prediction_package_uri: str,
        tmp_dir: str,
        update_stats: bool = False,
        channel_order: Sequence[int] | None = None,
        *,
        parent: registry.Registry | None = None,
    ) -> None:
        self.package_uri = absolute_uri(prediction_package_uri)
        self.tmp_dir = tmp_dir
        self.update_stats = update_stats
        self.channel_order = list(channel_order) if channel_order is not None else None
        self._registry = registry.Registry(parent=parent or registry.default())
        self._task: Any = None
        self.package_dir = self._unpack(prediction_package_uri)
        config = self._read_config(prediction_package_uri)
        with registry.use(self._registry):
            self.task_config = config.task.load_bundle_files(self.package_dir)
            self.backend_config = config.backend.load_bundle_files(self.package_dir)
            self.scene_config = config.scene.load_bundle_files(self.package_dir)
            self.analyzer_configs = [
                a.load_bundle_files(self.package_dir) for a in config.analyzers
            ]
        transformers = getattr(self.scene_config.raster_source, "transformers", None) or []
        self.update_stats |= any(getattr(t, "per_scene", False) for t in transformers)

    def load_model(self) -> None:
        """Load the model, which `predict` otherwise does on its first call."""
        with registry.use(self._registry):
            self._loaded_task()

    @property
    def ending(self) -> str:
        """The usual extension of predictions, with its dot; "" if the task writes any."""
        endings = getattr(self.scene_config.label_store, "endings", None) or ("",)
        return str(endings[0])

    def check_output(self, uri: str) -> None:
        """Check that predictions can be written to a file of this name.

        Raises:
            DataError: its extension is that of another format.
        """
        _check_ending(uri, self.scene_config.label_store)

    def in_force(self) -> AbstractContextManager[registry.Registry]:
        """Return a context in which the plugins of the package are in force."""
        return registry.use(self._registry)

    def scene_for(
        self,
        image_uri: str,
        label_uri: str | None = None,
        *,
        aoi_uri: str | None = None,
        assets: Sequence[str] = (),
    ) -> Any:
        """Return the config of the scene of an image; for the arguments see `predict`."""
        scene = self.scene_config.for_prediction(
            image_uri,
            absolute_uri(label_uri) if label_uri else None,
            aoi_uri=absolute_uri(aoi_uri) if aoi_uri else None,
            assets=assets,
        )
        if self.channel_order is not None:
            self._reorder(scene.raster_source, self.channel_order)
        return scene

    def predict(
        self,
        image_uri: str,
        label_uri: str | None = None,
        config_uri: str | None = None,
        *,
        aoi_uri: str | None = None,
        assets: Sequence[str] = (),
    ) -> Any:
        """Predict one image.

        Args:
            image_uri: of the image; where a model reads several files, all of them in the
                order of its raster sources, with commas between them. Or of a STAC item.
            label_uri: where the predictions are written, in the format of its extension, with a
                STAC item in a folder beside them; nowhere if not given.
            config_uri: where the message of the scene is written; nowhere if not given.
            aoi_uri: of a vector file; what lies outside its polygons is not predicted.
            assets: of a STAC item, those that are read; see `source_for_image`.

        Returns:
            the labels: as they were written, or in memory where they are written nowhere.

        Raises:
            DataError: they would be written over the image or the package, or to a file whose
                name is that of another format.
        """
        from rvcli.stac.package_prediction import write_package_item
        from rvcli.stac.prediction_item import remove_items

        with self.in_force():
            scene_config = self.scene_for(image_uri, label_uri, aoi_uri=aoi_uri, assets=assets)
            sources = (absolute_uri(image_uri), self.package_uri, *scene_config.aoi_uris)
            sources += tuple(uris_of(scene_config.raster_source))
            outputs = [absolute_uri(uri) for uri in (label_uri, config_uri) if uri]
            if outputs[1:] and _is_same_place(*outputs):
                raise DataError(
                    f"{config_uri} is named for the predictions and for the message of the scene",
                    hint="name another file for one of them",
                )
            for uri in filter(None, (label_uri, config_uri)):
                if any(_is_same_place(absolute_uri(uri), source) for source in sources):
                    raise DataError(
                        f"{uri} would be written over what is read", hint="name another output"
                    )
            if label_uri is not None:
                self.check_output(label_uri)
            if self.update_stats:
                self._measure(scene_config)
            scene = scene_config.create_scene(self.task_config, self.tmp_dir)
            # Whoever watches knows the image, and not a scene of the training.
            scene.id = name_of_image(image_uri)
            task = self._loaded_task()
            if label_uri is not None:
                remove_items([scene_config.label_store])
            with scene.activate():
                labels = task.predict_scene(scene, self.tmp_dir)
                if label_uri is not None:
                    scene.prediction_label_store.save(labels)
                else:
                    labels = labels.in_memory()
            if label_uri is not None:
                write_package_item(
                    scene_config,
                    scene,
                    self.task_config,
                    self.package_uri,
                    self.package_dir,
                    item_uri=absolute_uri(image_uri) if is_item(image_uri) else None,
                )
            if config_uri is not None:
                save_json_config(scene_config.to_proto(), config_uri)
            return labels

    def _loaded_task(self) -> Any:
        if self._task is None:
            backend = self.backend_config.create_backend(self.task_config)
            with self._naming_the_package():
                backend.load_model(self.tmp_dir)
            self._task = self.task_config.create_task(backend)
        return self._task

    @contextmanager
    def _naming_the_package(self) -> Iterator[None]:
        """Name the package, and not where it was unpacked, in errors about its model."""
        try:
            yield
        except (DataError, FileSystemError) as e:
            text = e.message.replace(self.package_dir, self.package_uri)
            raise type(e)(text, hint=e.hint) from e

    def _reorder(self, raster_source: Any, channel_order: list[int]) -> None:
        """Read other channels, each in the place of the one that was trained on."""
        if not self.update_stats:
            raster_source.transformers = [
                t.for_channel_order(raster_source.channel_order, channel_order, self.tmp_dir)
                for t in raster_source.transformers
            ]
        raster_source.channel_order = channel_order

    def _measure(self, scene_config: Any) -> None:
        """Write the statistics of an image over those of the package's copy."""
        scene = scene_config.create_scene(self.task_config, self.tmp_dir)
        for config in self.analyzer_configs:
            config.create_analyzer().process([scene], self.tmp_dir)

    def _unpack(self, uri: str) -> str:
        package_dir = Path(self.tmp_dir) / "package"
        package_dir.mkdir(parents=True, exist_ok=True)
        if is_local(uri) and to_path(uri).is_dir():
            shutil.copytree(to_path(uri), package_dir, dirs_exist_ok=True)
        else:
            unzip(download_if_needed(uri, self.tmp_dir), str(package_dir))
        return str(package_dir)

    def _read_config(self, uri: str) -> Any:
        from rvcli.protos.command_pb2 import CommandConfig as Message

        path = Path(self.package_dir) / BUNDLE_CONFIG_FILE
        if not path.exists():
            raise DataError(
                f"{uri} is no predict package: it holds no {BUNDLE_CONFIG_FILE}",
                hint="give the predict_package.zip that the bundle command wrote",
            )
        self.message = message = load_json_config(str(path), Message())
        self.plugins = pins = [
            replace(pin, shipped_uri=join_uri(self.package_dir, pin.shipped_uri))
            if pin.shipped_uri
            else pin
            for pin in from_message(message.plugins)
        ]
        with registry.use(self._registry):
            load_pins(pins, profile.current(), self._registry)
        self._add_what_is_in_force()
        with registry.use(self._registry):
            config: Any = CommandConfig.from_proto(message)
        return config

    def _add_what_is_in_force(self) -> None:
        """Let the package's plugins come first: those of the profile may be other versions."""
        for entry in reversed(registry.current().entries()):
            if self._registry.find(entry.group, entry.key) is None:
                self._registry.add(
                    entry.group, entry.key, entry.component, origin=entry.origin, extra=entry.extra
                )


def _check_ending(uri: str, label_store: Any) -> None:
    """Refuse a file whose name says that it is something else than the store writes."""
    endings = getattr(label_store, "endings", ())
    name = PurePosixPath(uri.replace("\\", "/"))
    if name.suffix and endings and name.suffix.lower() not in endings:
        known = f"{', '.join(endings[:-1])} or {endings[-1]}" if endings[1:] else endings[0]
        raise DataError(
            f"{uri} ends with {name.suffix}, but {label_store.key} writes {known}",
            hint=f"name the output {name.stem}{endings[0]}",
        )


def _is_same_place(uri: str, other: str) -> bool:
    if is_local(uri) and is_local(other):
        return to_path(uri).resolve() == to_path(other).resolve()
    return uri == other
