"""Config of a dataset: scenes to train on, to validate and to test with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rvcli import keys
from rvcli.augmentor.augmentor_config import AugmentorConfig
from rvcli.config import Config, ConfigBuilder, Problem, field, names_place, uris_of
from rvcli.data.dataset import Dataset
from rvcli.data.scene_config import SceneConfig
from rvcli.filesystem import absolute_uri


class DatasetConfig(Config):
    """Describes the scenes of an experiment."""

    message = "dataset_pb2:DatasetConfig"

    train_scenes: list[SceneConfig] = field(
        default_factory=list, doc="Scenes to train on.", parameter="scenes"
    )
    validation_scenes: list[SceneConfig] = field(
        default_factory=list, doc="Scenes to predict and evaluate.", parameter="scenes"
    )
    test_scenes: list[SceneConfig] = field(
        default_factory=list, doc="Scenes to predict, without evaluation.", parameter="scenes"
    )
    augmentors: list[AugmentorConfig] = field(
        default_factory=list,
        doc="Augmentors that training chips pass, in this order.",
        group=keys.AUGMENTOR,
    )

    def problems(self) -> Iterable[Problem]:
        """Check that every scene has a name for its predictions."""
        for part in ("train_scenes", "validation_scenes", "test_scenes"):
            for i, scene in enumerate(getattr(self, part)):
                if not scene.id:
                    yield Problem(f"$.{part}[{i}].id", names_place.text + ", not ''")

    def all_scenes(self) -> list[SceneConfig]:
        """List every scene once: a scene that is given twice counts as one."""
        return unique_scenes([*self.train_scenes, *self.validation_scenes, *self.test_scenes])

    def overlaps(self) -> list[str]:
        """Say which scenes and imagery are in both the training and the validation scenes.

        An image may be in both where areas of interest limit each of its scenes, and those of
        training are other ones than those of validation.
        """
        found: list[str] = []
        validation_ids = {s.id for s in self.validation_scenes}
        shared_ids = sorted({s.id for s in self.train_scenes} & validation_ids)
        found += [f"scene {scene_id!r} is in both train and validation" for scene_id in shared_ids]
        train = _by_place(s for s in self.train_scenes if s.id not in shared_ids)
        validation = _by_place(self.validation_scenes)
        for place in sorted(train.keys() & validation.keys()):
            if not _are_apart(train[place], validation[place]):
                uri = validation[place][-1][0]
                found.append(f"image {uri} is in both train and validation")
        return found

    def create_dataset(
        self,
        task_config: Any,
        tmp_dir: str,
        include_train: bool = True,
        include_val: bool = True,
        include_test: bool = True,
    ) -> Dataset:
        """Create the scenes of the parts that are asked for."""

        def create(scenes: list[SceneConfig], wanted: bool) -> list[Any]:
            return [s.create_scene(task_config, tmp_dir) for s in scenes] if wanted else []

        return Dataset(
            create(self.train_scenes, include_train),
            create(self.validation_scenes, include_val),
            create(self.test_scenes, include_test),
            [a.create_augmentor() for a in self.augmentors],
        )


def unique_scenes(scenes: Iterable[SceneConfig]) -> list[SceneConfig]:
    """Drop scenes that say the same as an earlier one."""
    kept: list[SceneConfig] = []
    seen_ids: set[int] = set()
    by_name: dict[str, list[SceneConfig]] = {}
    for scene in scenes:
        same_name = by_name.setdefault(scene.id, [])
        if id(scene) in seen_ids:
            continue
        if any(scene.to_plain() == other.to_plain() for other in same_name):
            continue
        seen_ids.add(id(scene))
        same_name.append(scene)
        kept.append(scene)
    return kept


def imagery(scene: SceneConfig) -> list[str]:
    """List the URIs of the imagery of a scene."""
    return uris_of(scene.raster_source, keys.RASTER_SOURCE)


_Uses = list[tuple[str, SceneConfig]]


def _by_place(scenes: Iterable[SceneConfig]) -> dict[str, _Uses]:
    """Return the URIs of imagery, with their scenes, by where they lead, however written."""
    found: dict[str, _Uses] = {}
    for scene in scenes:
        for uri in imagery(scene):
            found.setdefault(absolute_uri(uri), []).append((uri, scene))
    return found


def _are_apart(train: _Uses, validation: _Uses) -> bool:
    """Tell whether areas of interest of their own keep the scenes of an image apart."""

    def areas(uses: _Uses) -> list[set[str]]:
        return [{absolute_uri(uri) for uri in scene.aoi_uris} for _, scene in uses]

    learned, judged = areas(train), areas(validation)
    return all([*learned, *judged]) and not set().union(*learned) & set().union(*judged)


class DatasetConfigBuilder(ConfigBuilder):
    """Builds DatasetConfig."""

    config_class = DatasetConfig

    def _add(self, name: str, item: Any) -> Any:
        return self.set(**{name: [*(self.config.get(name) or []), item]})

    def with_train_scene(self, scene: SceneConfig) -> Any:
        """Add one scene to train on."""
        return self._add("train_scenes", scene)

    def with_validation_scene(self, scene: SceneConfig) -> Any:
        """Add one scene to predict and evaluate."""
        return self._add("validation_scenes", scene)

    def with_test_scene(self, scene: SceneConfig) -> Any:
        """Add one scene to predict."""
        return self._add("test_scenes", scene)

    def with_augmentor(self, augmentor: AugmentorConfig) -> Any:
        """Add one augmentor."""
        return self._add("augmentors", augmentor)
