"""Config of a scene: imagery with its labels, predictions and areas of interest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import (
    BundledConfigMixin,
    Config,
    ConfigBuilder,
    Problem,
    field,
    names_place_if_any,
    taken,
    uris_of,
)
from rvcli.config.providers import construct_default
from rvcli.data.label_source.label_source_config import LabelSourceConfig
from rvcli.data.label_store.label_store_config import LabelStoreConfig
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig, as_raster_source
from rvcli.errors import ConfigError
from rvcli.filesystem import absolute_uri

if TYPE_CHECKING:
    from rvcli.core.command_io_definition import CommandIODefinition
    from rvcli.data.scene import Scene


class SceneConfig(BundledConfigMixin, Config):
    """Describes one scene."""

    message = "scene_pb2:SceneConfig"

    id: str = field(
        doc="Name of the scene, unique in the experiment; names its predictions.",
        check=names_place_if_any,
    )
    raster_source: RasterSourceConfig = field(doc="The imagery.", group=keys.RASTER_SOURCE)
    label_source: LabelSourceConfig | None = field(
        default=None,
        doc="The ground truth, for training and evaluation.",
        group=keys.LABEL_SOURCE,
        proto="ground_truth_label_source",
    )
    label_store: LabelStoreConfig | None = field(
        default=None,
        doc="Where predictions are kept; the task's default if not set.",
        group=keys.LABEL_STORE,
        proto="prediction_label_store",
    )
    aoi_uris: list[str] = field(
        default_factory=list,
        doc="GeoJSON files of the areas to which work is limited; the whole scene if none.",
        input_of=(keys.CHIP, keys.PREDICT, keys.EVAL),
        used_by=(keys.CHIP, keys.PREDICT, keys.EVAL),
        parameter="uris",
    )

    def problems(self) -> Iterable[Problem]:
        """Check that predictions are not written over what they are made from."""
        if self.label_store is None:
            return
        sources = [c for c in (self.raster_source, self.label_source) if c is not None]
        read = {absolute_uri(uri) for c in sources for uri in uris_of(c)}
        read |= {absolute_uri(uri) for uri in self.aoi_uris}
        for uri in uris_of(self.label_store):
            if absolute_uri(uri) in read:
                yield Problem("$.label_store.uri", f"is {uri}, which the scene reads")

    def create_scene(self, task_config: Any, tmp_dir: str) -> Scene:
        """Create the scene; its files are opened when it is activated."""
        from rvcli.data.aoi import read_aoi_polygons
        from rvcli.data.scene import Scene

        create = self.raster_source.create_source
        class_map = getattr(task_config, "class_map", None)
        grid_less = taken(create, crs_transformer=None, extent=None, class_map=class_map)
        raster_source = create(tmp_dir, **grid_less)
        extent = raster_source.get_extent()
        crs_transformer = raster_source.get_crs_transformer()
        grid = (task_config, extent, crs_transformer, tmp_dir)
        label_source = self.label_source and self.label_source.create_source(*grid)
        label_store = self.label_store and self.label_store.create_store(*grid)
        aoi_polygons = [
            polygon
            for uri in self.aoi_uris
            for polygon in read_aoi_polygons(uri, crs_transformer, extent)
        ]
        return Scene(self.id, raster_source, label_source, label_store, aoi_polygons or None)

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Give a scene that has predictions the label store of its task."""
        if self.label_store is None and command_type in (keys.PREDICT, keys.EVAL, keys.BUNDLE):
            self.label_store = default_label_store(experiment_config.task.task_type)
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def without_labels(self) -> Any:
        """Return a copy without ground truth, for commands that must not depend on it."""
        new = self.clone()
        new.label_source = None
        return new

    def for_prediction(
        self,
        image_uri: str,
        label_uri: str | None = None,
        *,
        aoi_uri: str | None = None,
        assets: Sequence[str] = (),
    ) -> Any:
        """Return a copy that reads another image and writes its predictions to `label_uri`.

        Args:
            image_uri: of the image, or of a STAC item; see `source_for_image`.
            label_uri: where predictions go.
            aoi_uri: of the areas to which work is limited.
            assets: of the item, those that are read.
        """
        from rvcli.data.raster_source.image_for_prediction import source_for_image

        new = self.without_labels()
        new.raster_source = source_for_image(self.raster_source, image_uri, assets)
        new.aoi_uris = [aoi_uri] if aoi_uri else []
        if label_uri is not None and self.label_store is not None:
            new.label_store = self.label_store.for_prediction(label_uri)
        return new

    def create_local(self, tmp_dir: str) -> Any:
        """Return a copy whose imagery is local, fetched if need be."""
        new = self.clone()
        new.raster_source = self.raster_source.create_local(tmp_dir)
        return new

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Put the files of the raster source into the package."""
        raster_source, files = self.raster_source.save_bundle_files(bundle_dir)
        new = self.clone()
        new.raster_source = raster_source
        return new, files

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the files of the raster source where the package was unpacked."""
        new = self.clone()
        new.raster_source = self.raster_source.load_bundle_files(bundle_dir)
        return new


def default_label_store(task_type: str, uri: str | None = None) -> Any:
    """Return the label store of a task, for a URI or for where the experiment says."""
    if uri is None:
        return construct_default(
            keys.DEFAULT_LABEL_STORE, task_type, using="is_default_for", arguments=()
        )
    return construct_default(
        keys.DEFAULT_LABEL_STORE, task_type, uri, using="handles", arguments=(uri,)
    )


class SceneConfigBuilder(ConfigBuilder):
    """Builds SceneConfig."""

    config_class = SceneConfig
    task: Any = None

    def with_task(self, task: Any) -> SceneConfigBuilder:
        """Set the task, which decides what plain URIs of labels mean."""
        new = self.set()
        new.task = task
        return new

    def with_raster_source(
        self, raster_source: str | RasterSourceConfig, channel_order: list[int] | None = None
    ) -> SceneConfigBuilder:
        """Set the imagery, by config or by URI."""
        return self.set(raster_source=as_raster_source(raster_source, channel_order))

    def with_label_source(self, label_source: str | LabelSourceConfig) -> SceneConfigBuilder:
        """Set the ground truth, by config or by URI."""
        if isinstance(label_source, str):
            label_source = construct_default(
                keys.DEFAULT_LABEL_SOURCE,
                self._task_type("with_label_source"),
                label_source,
                using="handles",
                arguments=(label_source,),
            )
        return self.set(label_source=label_source)

    def clear_label_source(self) -> SceneConfigBuilder:
        """Set no ground truth."""
        return self.set(label_source=None)

    def with_label_store(
        self, label_store: str | LabelStoreConfig | None = None
    ) -> SceneConfigBuilder:
        """Set where predictions are kept, by config, by URI, or as the task does it."""
        if isinstance(label_store, str):
            label_store = default_label_store(self._task_type("with_label_store"), label_store)
        elif label_store is None and self.task is not None:
            label_store = default_label_store(self.task.task_type)
        return self.set(label_store=label_store)

    def clear_label_store(self) -> SceneConfigBuilder:
        """Keep predictions as the task does it."""
        return self.set(label_store=None)

    def with_aoi_uri(self, uri: str) -> SceneConfigBuilder:
        """Limit work to the polygons of one GeoJSON file."""
        return self.set(aoi_uris=[uri])

    def clear_aois(self) -> SceneConfigBuilder:
        """Work on the whole scene."""
        return self.set(aoi_uris=[])

    def from_proto(self, msg: Any) -> SceneConfigBuilder:
        """Return a copy with the values of a message; the single old AOI counts as well."""
        new = super().from_proto(msg)
        if msg.HasField("aoi_uri"):
            return new.set(aoi_uris=[msg.aoi_uri, *new.config["aoi_uris"]])
        return new

    def _task_type(self, method: str) -> str:
        if self.task is None:
            raise ConfigError(
                f"{method} got a URI, and the scene does not know its task",
                hint="call with_task(task) first",
            )
        return str(self.task.task_type)
