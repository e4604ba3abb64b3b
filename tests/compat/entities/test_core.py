"""Values of old code: boxes, classes, statistics, training data, what is activated."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest

from rvcli.core.box import Box, BoxSizeError
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.core.raster_stats import RasterStats, parallel_mean, parallel_variance
from rvcli.core.training_data import TrainingData
from rvcli.data.activate_mixin import ActivateMixin, ActivationError
from rvcli.data.dataset import Dataset
from rvcli.data.scene import Scene
from rvcli.utils.files import file_to_json


class TestBox:
    """Box, as its unit tests had it: 2 rows, 3 columns."""

    box = Box(0, 0, 2, 3)

    def test_forms(self) -> None:
        """Each form has its order, its type and its dtype."""
        assert (2, 3, 6) == (self.box.get_height(), self.box.get_width(), self.box.get_area())
        assert ((0, 2), (0, 3)) == self.box.rasterio_format()
        assert (0, 0, 2, 3) == self.box.tuple_format()
        assert (0, 0, 3, 2) == self.box.shapely_format()
        assert [[0, 0], [0, 2], [3, 2], [3, 0], [0, 0]] == self.box.geojson_coordinates()
        assert (np.ndarray, np.float64) == (
            type(self.box.npbox_format()),
            self.box.npbox_format().dtype,
        )
        assert (0, 0, 2, 3) == tuple(self.box.npbox_format())
        assert (2, 4) == Box.to_npboxes([self.box, self.box]).shape
        assert (0.0, 0.0, 3.0, 2.0) == self.box.to_shapely().bounds
        assert {"xmin": 0, "ymin": 0, "xmax": 3, "ymax": 2} == self.box.to_dict()
        assert self.box == Box.from_dict(self.box.to_dict())

    def test_is_equal_by_its_coordinates(self) -> None:
        """Boxes of one place are one key, whatever they were made from."""
        others = [
            Box.from_npbox(np.array([0.0, 0.0, 2.0, 3.0])),
            Box.from_shapely(self.box.to_shapely()),
            Box.from_tuple((0, 0, 2, 3)),
            Box(0.2, 0.2, 2.9, 3.9).to_int(),
            self.box.make_copy(),
        ]
        assert {self.box} == set(others)
        assert self.box != Box(0, 0, 3, 3)
        assert self.box.make_copy() is not self.box

    def test_random_squares(self) -> None:
        """Containers contain, squares lie inside; what cannot be is a ValueError."""
        outer = Box(5, 5, 15, 15)
        for _ in range(50):
            container = self.box.make_random_square_container(5)
            square = outer.make_random_square(5)
            assert (5, 5) == (container.get_width(), container.get_height())
            assert container.to_shapely().contains(self.box.to_shapely())
            assert outer.to_shapely().contains(square.to_shapely())
        with pytest.raises(BoxSizeError):
            self.box.make_random_square_container(1)
        with pytest.raises(ValueError, match="no square"):
            self.box.make_random_square(9)

    def test_buffers_and_erosion(self) -> None:
        """A buffer below 1 is a share of each side; erosion undoes a buffer inside the extent."""
        assert Box(0, 0, 3, 3) == self.box.make_buffer(1, max_extent=Box.make_square(0, 0, 3))
        assert Box(0, 0, 3, 5) == self.box.make_buffer(0.5, Box.make_square(0, 0, 5))
        inner = Box(1, 1, 3, 4)
        assert inner == inner.make_buffer(1, Box.make_square(0, 0, 10)).make_eroded(1)

    def test_windows_go_beyond_the_edge(self) -> None:
        """A grid starts at each stride, row by row; windows at the edge keep their size."""
        windows = Box(0, 0, 20, 15).get_windows(10, 10)
        assert [(0, 0, 10, 10), (0, 10, 10, 20), (10, 0, 20, 10), (10, 10, 20, 20)] == [
            window.tuple_format() for window in windows
        ]
        assert 400 == len(Box(0, 0, 100, 100).get_windows(10, 5))
        with pytest.raises(ValueError, match="at least 1"):
            Box(0, 0, 2, 2).get_windows(0, 1)

    def test_others(self) -> None:
        """Intersection, reprojection and areas of interest."""
        assert Box(1, 1, 2, 3) == self.box.intersection(Box(1, 1, 5, 5))
        assert Box(0, 0, 0, 0) == self.box.intersection(Box(7, 7, 9, 9))
        assert Box(0, 0, 4, 6) == self.box.reproject(lambda point: (point[0] * 2, point[1] * 2))
        windows = [Box.make_square(0, 0, 2), Box.make_square(0, 2, 2)]
        areas = [Box.make_square(0, 0, 3).to_shapely()]
        assert windows[:1] == Box.filter_by_aoi(windows, areas)


class TestClasses:
    """ClassMap and ClassItem."""

    def test_an_unknown_id_is_a_key_error(self) -> None:
        """Code that catches what a dict or a search would raise catches ours."""
        classes = ClassMap([ClassItem(1, "one")])
        with pytest.raises(KeyError):
            classes.get_by_id(2)
        with pytest.raises(ValueError, match="no class is named 'two'"):
            classes.get_by_name("two")

    def test_classes_of_colours_alone(self) -> None:
        """Classes that serve to read colours need no names."""
        classes = ClassMap([ClassItem(id=1, color="#010101"), ClassItem(id=2, color="#020202")])
        assert classes.has_all_colors()
        assert {1: classes.get_by_id(1), 2: classes.get_by_id(2)} == classes.class_item_map

    def test_all_forms(self) -> None:
        """Names, items, messages and dicts give the same classes."""
        classes = ClassMap([ClassItem(1, "a", "red"), ClassItem(2, "b", None)])
        for form in (
            {"a": (1, "red"), "b": 2},
            classes,
            classes.get_items(),
            classes.to_proto(),
        ):
            assert classes.get_items() == ClassMap.construct_from(form).get_items()
        assert [1, 2] == ClassMap.construct_from(["a", "b"]).get_keys()
        with pytest.raises(Exception, match="no classes"):
            ClassMap.construct_from(5)

    def test_nodata(self) -> None:
        """Class 0 is added in place, black."""
        classes = ClassMap([ClassItem(1, "a", "red")])
        classes.add_nodata_item()
        assert ClassItem(0, "nodata", "black") == classes.get_by_id(0)
        assert {0: {"id": 0, "name": "nodata"}, 1: {"id": 1, "name": "a"}} == (
            classes.get_category_index()
        )
        assert (2, ["a", "nodata"]) == (len(classes), classes.get_class_names())


class TestRasterStats:
    """RasterStats: its file and what it is computed from."""

    def test_file_has_means_and_stds(self, tmp_path: Path) -> None:
        """Figures set by hand, in lists or arrays, are written and come back as lists."""
        stats, uri = RasterStats(), str(tmp_path / "stats.json")
        assert (None, None) == (stats.means, stats.stds)
        stats.means, stats.stds = np.array([1, 2], np.float32), [3.0, 4.0]
        stats.save(uri)
        assert {"means": [1.0, 2.0], "stds": [3.0, 4.0]} == file_to_json(uri)
        read = RasterStats.load(uri)
        assert ([1.0, 2.0], [3.0, 4.0]) == (read.means, read.stds)

    @pytest.mark.parametrize("sample_prob", [None, 0.5])
    def test_mocked_sources(self, mocked_source: Any, sample_prob: float | None) -> None:
        """Sources that are mocks, and need no activation, are measured; zeros are nodata."""
        sources = []
        for value in (2.0, 4.0):
            raster = np.zeros((512, 512, 3))
            raster[::2] = [value, value, 1]
            sources.append(mocked_source([0, 1, 2], 3))
            sources[-1].set_raster(raster)
        stats = RasterStats()
        stats.compute(sources, sample_prob)
        np.testing.assert_array_almost_equal([3, 3, 1], stats.means, decimal=1)
        np.testing.assert_array_almost_equal([1, 1, 0], stats.stds, decimal=1)

    @pytest.mark.parametrize("sample_prob", [None, 0.5])
    def test_sources_that_are_mocks_alone(self, sample_prob: float | None) -> None:
        """What has an extent and gives raw chips can be measured."""
        source = MagicMock()
        source.get_extent.return_value = Box(0, 0, 600, 600)
        source.get_raw_chip.side_effect = lambda window: np.full(
            (window.get_height(), window.get_width(), 2), [1, 5]
        )
        stats = RasterStats()
        stats.compute([source], sample_prob)
        assert ([1.0, 5.0], [0.0, 0.0]) == (stats.means, stats.stds)

    def test_parallel_figures(self) -> None:
        """Mean and variance of two parts are those of the whole."""
        a, b = np.arange(5.0), np.arange(7.0) * 3
        whole = np.concatenate([a, b])
        assert np.isclose(whole.mean(), parallel_mean(a.mean(), 5, b.mean(), 7))
        assert np.isclose(
            whole.var(), parallel_variance(a.mean(), 5, a.var(), b.mean(), 7, b.var())
        )


class TestTrainingData:
    """TrainingData: three lists that go together."""

    def test_lists_are_the_data(self) -> None:
        """What is done to the lists, in place or by setting them, is done to the data."""
        data = TrainingData()
        data.append("chip", Box(0, 0, 1, 1), "labels")
        data.chips[0] = "other"
        data.labels = ["none"]
        data.chips.append("second")
        data.windows.append(Box(1, 1, 2, 2))
        data.labels.append("more")
        assert [("other", Box(0, 0, 1, 1), "none"), ("second", Box(1, 1, 2, 2), "more")] == [*data]
        assert 2 == len(data)

    def test_lists_of_what_is_read_on_demand(self) -> None:
        """Asking for the chips reads them once; what is changed in them stays."""
        window = Box(0, 0, 2, 2)
        data = TrainingData.lazy([window], lambda _: (np.ones((2, 2, 3)), "labels"))
        data.chips[0][:] = 5
        [(chip, _, _)] = data
        assert 60 == chip.sum()

    def test_shuffle_moves_items(self) -> None:
        """Items stay together."""
        random.seed(1)
        data = TrainingData()
        for i in range(20):
            data.append(i, Box(i, 0, i + 1, 1), -i)
        data.shuffle()
        assert list(range(20)) != data.chips
        assert all(c == w.ymin == -x for c, w, x in data)


class _Part(ActivateMixin):
    def __init__(self, *parts: Any) -> None:
        self.activated = False
        self.parts = parts

    def _activate(self) -> None:
        self.activated = True

    def _deactivate(self) -> None:
        self.activated = False

    def _subcomponents_to_activate(self) -> Any:
        return self.parts


class TestActivation:
    """ActivateMixin."""

    def test_parts_go_with_the_whole(self) -> None:
        """The parts of a part are opened and closed with it, also when an error ends the use."""
        inner = _Part()
        outer = _Part(inner, None, object())
        seen = []
        with suppress(KeyError), outer.activate():
            seen += [outer.activated, inner.activated]
            raise KeyError
        assert [True, True] == seen
        assert (False, False) == (outer.activated, inner.activated)

    def test_twice_is_an_error(self) -> None:
        """A second activation fails when it is asked for, and when it is entered."""
        part = _Part()
        early = part.activate()
        with part.activate():
            with pytest.raises(ActivationError):
                part.activate()
            with pytest.raises(ActivationError), early:
                pass
        with part.activate():
            assert part.activated

    def test_with_activation_and_compose(self) -> None:
        """What cannot be activated is left alone, mocks too."""
        one, other = _Part(), _Part()
        with ActivateMixin.with_activation(one), ActivateMixin.with_activation(MagicMock()):
            assert one.activated
        with ActivateMixin.compose(one, None, other, object()):
            assert (True, True) == (one.activated, other.activated)
        assert (False, False) == (one.activated, other.activated)

    def test_scene(self, mocked_source: Any) -> None:
        """A scene opens its parts; what it was not given is None, or no polygons."""
        store = _Part()
        scene = Scene("a", mocked_source([0], 1), None, store)
        with scene.activate():
            assert store.activated
        assert (None, []) == (scene.ground_truth_label_source, scene.aoi_polygons)
        assert ([], [scene]) == (Dataset().test_scenes, Dataset([scene]).train_scenes)


def test_io_definition() -> None:
    """Sets of URIs; merging changes the first, None is left out."""
    one, other = CommandIODefinition(), CommandIODefinition(["a"], {"b"}, ["lacks c"])
    one.add_input("x")
    one.add_inputs(["y", None])
    one.add_output("z")
    one.add_outputs([])
    one.add_missing("lacks w")
    one.merge(other)
    assert ({"x", "y", "a"}, {"z", "b"}) == (one.input_uris, one.output_uris)
    assert {"lacks w", "lacks c"} == one.missing_input_messages
    assert {"a"} == other.input_uris


def test_errors_take_any_arguments() -> None:
    """Errors that plugins raise may have no message, or several arguments."""
    from rastervision.core.box import BoxSizeError as OldBoxSizeError
    from rastervision.filesystem import (
        NotReadableError,
        NotWritableError,
        ProtobufParseException,
    )

    assert OldBoxSizeError is BoxSizeError
    for error in (NotReadableError, NotWritableError, ProtobufParseException, ActivationError):
        assert "" == str(error())
        assert "cannot read" == str(error("cannot read", KeyError("x")))
