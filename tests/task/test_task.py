"""What all tasks share: batches of windows, and seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely

from rvcli.core.box import Box
from rvcli.task.task import Task

Make = Callable[..., Any]


class Names:
    """Labels that are a list of window corners."""

    def __init__(self, names: list[Any]) -> None:
        self.names = names

    def __add__(self, other: Names) -> Names:
        return Names(self.names + other.names)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.names)

    def filter_by_aoi(self, aoi_polygons: Any) -> Names:
        """Keep the first."""
        return Names(self.names[:1])


class NamingTask(Task):
    """Predicts the corners of windows."""

    def get_train_windows(self, scene: Any) -> list[Box]:
        """Give none."""
        return []

    def get_train_labels(self, window: Box, scene: Any) -> Any:
        """Give none."""

    def get_predict_windows(self, extent: Box) -> list[Box]:
        """Cover the extent."""
        return extent.get_windows(10, 10)

    def post_process_predictions(self, labels: Any, scene: Any) -> Any:
        """Sort them, last first."""
        return Names(sorted(labels, reverse=True))

    def save_debug_predict_image(self, scene: Any, debug_dir_uri: str) -> None:
        """Draw nothing."""


class NamingBackend:
    """A backend of a plugin that knows nothing of margins."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def predict(self, chips: Any, windows: Any, tmp_dir: str) -> Names:
        """Give the corners."""
        self.batches.append(len(chips))
        return Names([(window.ymin, window.xmin) for window in windows])


@pytest.fixture
def scene() -> Any:
    """Give a scene of 20 x 40 pixels whose window at (10, 20) is empty."""
    array = np.ones((20, 40, 1), np.uint8)
    array[10:20, 20:30] = 0

    def get_chip(window: Box) -> Any:
        return array[window.ymin : window.ymax, window.xmin : window.xmax]

    source = SimpleNamespace(get_extent=lambda: Box(0, 0, 20, 40), get_chip=get_chip)
    store = SimpleNamespace(empty_labels=lambda: Names([]))
    return SimpleNamespace(
        id="s", raster_source=source, prediction_label_store=store, aoi_polygons=[]
    )


def test_windows_are_predicted_in_batches(scene: Any, make_config: Make) -> None:
    """Labels of batches are added up and post-processed; empty windows are left out."""
    backend: Any = NamingBackend()
    labels = NamingTask(make_config(predict_batch_size=3), backend).predict_scene(scene, "")
    assert [3, 3, 1] == backend.batches
    assert [(10, 30), (10, 10), (10, 0), (0, 30), (0, 20), (0, 10), (0, 0)] == list(labels)


def test_labels_are_those_of_the_areas(scene: Any, make_config: Make) -> None:
    """With areas of interest, windows near them are predicted, and their labels filtered."""
    scene.aoi_polygons = [shapely.box(1, 1, 15, 9)]
    backend: Any = NamingBackend()
    assert [(0, 0)] == list(NamingTask(make_config(), backend).predict_scene(scene, ""))
    assert [2] == backend.batches


def test_each_scene_has_its_own_randomness(make_config: Make) -> None:
    """Randomness depends on seed and scene id, and is the same on every machine."""

    def draw(seed: int, scene_id: str) -> float:
        task = NamingTask(make_config(seed=seed), None)  # type: ignore[arg-type]
        return task.scene_random(SimpleNamespace(id=scene_id)).random()  # type: ignore[arg-type]

    assert draw(0, "a") == draw(0, "a")
    assert 4 == len({draw(0, "a"), draw(0, "b"), draw(1, "a"), draw(1, "b")})
    assert 0.9327985645 == pytest.approx(draw(0, "a"))


def test_a_config_without_seed_will_do(make_config: Make) -> None:
    """A plugin's config without a seed counts as seed 0."""
    config = make_config()
    del config.seed
    scene: Any = SimpleNamespace(id="a")
    with_seed = NamingTask(make_config(seed=0), None)  # type: ignore[arg-type]
    without = NamingTask(config, None)  # type: ignore[arg-type]
    assert with_seed.scene_random(scene).random() == without.scene_random(scene).random()
