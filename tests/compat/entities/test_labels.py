"""Labels of old code, what is done with their boxes, and where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label.tfod_utils import np_box_list_ops, np_box_ops
from rvcli.data.label.tfod_utils.np_box_list import BoxList
from rvcli.data.label_source.chip_classification_label_source import (
    ChipClassificationLabelSource,
    infer_labels,
    read_labels,
)
from rvcli.data.label_source.object_detection_label_source import ObjectDetectionLabelSource
from rvcli.data.label_source.segmentation_class_transformer import SegmentationClassTransformer
from rvcli.data.label_source.semantic_segmentation_label_source import (
    SemanticSegmentationLabelSource,
)
from rvcli.data.label_source.utils import color_to_integer, color_to_triple, rgb_to_int_array
from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource
from rvcli.utils.files import json_to_file

CLASSES = ClassMap([ClassItem(1, "car"), ClassItem(2, "house")])


def square(y: float, x: float, size: float, **properties: Any) -> dict[str, Any]:
    """Return a feature without `type`, as files of that time had."""
    ring = Box.make_square(y, x, size).geojson_coordinates()
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"geometry": geometry, "properties": properties}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    """Return a FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


class TestChipClassificationLabels:
    """ChipClassificationLabels."""

    cell1, cell2, cell3 = (Box.make_square(0, x, 2) for x in (0, 2, 4))

    def make(self) -> ChipClassificationLabels:
        """Make labels of two cells."""
        labels = ChipClassificationLabels()
        labels.set_cell(self.cell1, 1)
        labels.set_cell(self.cell2, 2, np.array([0.25, 0.75]))
        return labels

    def test_cells(self) -> None:
        """Values of a cell can be taken apart; a cell that is not known gives None."""
        labels = self.make()
        assert ([self.cell1, self.cell2], [1, 2]) == (labels.get_cells(), labels.get_class_ids())
        class_id, scores = labels.get_cell_values(self.cell2) or (None, None)
        assert (2, [0.25, 0.75]) == (class_id, list(scores or ()))
        assert (1, None) == labels.get_cell_values(self.cell1)
        assert [(1, None), (2, [0.25, 0.75])] == labels.get_values()
        assert (None, None) == (labels.get_cell_class_id(self.cell3), labels.get_scores()[0])
        assert [self.cell1] == labels.get_singleton_labels(self.cell1).get_cells()
        assert 2 == len(labels)

    def test_extend_and_sum(self) -> None:
        """Extending changes the labels; a sum is new, and equal to them."""
        labels, more = self.make(), ChipClassificationLabels()
        more.set_cell(self.cell3, 1)
        total = labels + more
        assert total != labels
        labels.extend(more)
        assert total == labels
        labels += self.make()
        assert [self.cell1, self.cell2, self.cell3] == labels.get_cells()

    def test_areas_of_interest(self) -> None:
        """What lies in an area is returned, and the labels stay."""
        labels, expected = self.make(), ChipClassificationLabels()
        expected.set_cell(self.cell1, 1)
        assert expected == labels.filter_by_aoi([self.cell1.to_shapely()])
        nothing = labels.filter_by_aoi([Box.make_square(4, 4, 2).to_shapely()])
        assert (ChipClassificationLabels(), 2) == (nothing, len(labels))


class TestObjectDetectionLabels:
    """ObjectDetectionLabels."""

    npboxes = np.array([[0.0, 0.0, 2.0, 2.0], [2.0, 2.0, 4.0, 4.0]])
    labels = ObjectDetectionLabels(npboxes, np.array([1, 2]), scores=np.array([0.9, 0.9]))

    def test_ways_to_make_them(self) -> None:
        """From a list of boxes, GeoJSON or nothing."""
        boxlist = BoxList(self.npboxes)
        boxlist.add_field("classes", np.array([1, 2]))
        boxlist.add_field("scores", np.array([0.9, 0.9]))
        ObjectDetectionLabels.from_boxlist(boxlist).assert_equal(self.labels)
        geojson = collection(
            square(0, 0, 2, class_id=1, score=0.9), square(2, 2, 2, class_id=2, score=0.9)
        )
        ObjectDetectionLabels.from_geojson(geojson).assert_equal(self.labels)
        first = ObjectDetectionLabels.from_geojson(geojson, extent=Box.make_square(0, 0, 2.1))
        assert [Box(0, 0, 2, 2)] == first.get_boxes()
        empty = ObjectDetectionLabels(np.empty((0, 4)), np.empty((0,)), np.empty((0,)))
        ObjectDetectionLabels.make_empty().assert_equal(empty)
        ObjectDetectionLabels.from_geojson(collection()).assert_equal(empty)

    def test_equal_in_any_order(self) -> None:
        """Labels are equal if they hold the same boxes with class and score."""
        other = ObjectDetectionLabels(self.npboxes[::-1], np.array([2, 1]), np.array([0.9, 0.9]))
        assert self.labels == other
        assert self.labels != ObjectDetectionLabels(self.npboxes, np.array([1, 1]))
        with pytest.raises(AssertionError):
            self.labels.assert_equal(other)
        assert {Box(0, 0, 2, 2): (1, 0.9), Box(2, 2, 4, 4): (2, 0.9)} == self.labels.to_dict()

    def test_frames(self) -> None:
        """Boxes go between scene, window and window from 0 to 1."""
        local, window = np.array([[0.0, 0.0, 2.0, 2.0]]), Box(10, 10, 14, 14)
        in_scene = ObjectDetectionLabels.local_to_global(local, window)
        assert [[10, 10, 12, 12]] == in_scene.tolist()
        np.testing.assert_array_equal(
            local, ObjectDetectionLabels.global_to_local(in_scene, window)
        )
        shares = ObjectDetectionLabels.local_to_normalized(local, window)
        assert [[0, 0, 0.5, 0.5]] == shares.tolist()
        np.testing.assert_array_equal(
            local, ObjectDetectionLabels.normalized_to_local(shares, window)
        )

    def test_overlapping(self) -> None:
        """Boxes that touch a window, whole or clipped, and from some share on."""
        get = ObjectDetectionLabels.get_overlapping
        get(self.labels, Box.make_square(0, 0, 2.01)).assert_equal(self.labels)
        half = get(self.labels, Box.make_square(0, 0, 3), ioa_thresh=0.5)
        assert [[0, 0, 2, 2]] == half.get_npboxes().tolist()
        clipped = get(self.labels, Box.make_square(0, 0, 3), clip=True)
        assert [[0, 0, 2, 2], [2, 2, 3, 3]] == clipped.get_npboxes().tolist()

    def test_areas_and_sums(self) -> None:
        """Boxes within an area; boxes of both."""
        kept = self.labels.filter_by_aoi([Box.make_square(0, 0, 2).to_shapely()])
        assert ObjectDetectionLabels(self.npboxes[:1], np.array([1]), np.array([0.9])) == kept
        assert 0 == len(self.labels.filter_by_aoi([Box.make_square(4, 4, 2).to_shapely()]))
        both = ObjectDetectionLabels.concatenate(self.labels, kept)
        both.assert_equal(self.labels + kept)
        assert [1, 2, 1] == both.get_class_ids().tolist()

    def test_duplicates_of_any_class(self) -> None:
        """A box goes for one that overlaps it and is better, whatever their classes.

        The first box has too low a score; the third goes before the second, which has its score;
        the fourth overlaps them too little.
        """
        npboxes = np.array(
            [[0.0, 0, 2, 2], [2, 2, 4, 4], [2.1, 2.1, 4.1, 4.1], [3.5, 3.5, 5.5, 5.5]]
        )
        labels = ObjectDetectionLabels(
            npboxes, np.array([1, 2, 1, 2]), scores=np.array([0.2, 0.9, 0.9, 1.0])
        )
        pruned = ObjectDetectionLabels.prune_duplicates(labels, 0.5, 0.1)
        expected = ObjectDetectionLabels(npboxes[2:], np.array([1, 2]), np.array([0.9, 1.0]))
        assert expected == pruned


def test_lists_of_boxes() -> None:
    """What is wrong with a list of boxes is a ValueError; operations give new lists."""
    for wrong in (
        [[0, 0, 1, 1]],
        np.zeros((2, 3)),
        np.zeros((2, 4), int),
        np.array([[1.0, 0, 0, 1]]),
    ):
        with pytest.raises(ValueError):
            BoxList(wrong)
    boxlist = BoxList(np.array([[0.0, 0, 10, 10], [0, 0, 1, 1], [0, 0, 10, 11]]))
    with pytest.raises(ValueError, match="no field"):
        np_box_list_ops.non_max_suppression(boxlist, 3, 1.0)
    boxlist.add_field("scores", np.array([0.9, 0.75, 0.95]))
    with pytest.raises(ValueError, match="already"):
        boxlist.add_field("scores", np.zeros(3))
    with pytest.raises(ValueError, match="order"):
        np_box_list_ops.sort_by_field(boxlist, "scores", "Descending")
    kept = np_box_list_ops.non_max_suppression(boxlist, 2, 0.5)
    assert [0.95, 0.75] == kept.get_field("scores").tolist()
    inside, positions = np_box_list_ops.prune_outside_window(boxlist, [0, 0, 10, 10])
    assert (2, [0, 1]) == (inside.num_boxes(), positions.tolist())
    assert [[1.0, 1.0, 1.0]] == np_box_ops.ioa(boxlist.get()[2:], boxlist.get()).round(3).tolist()
    moved = np_box_list_ops.change_coordinate_frame(boxlist, [0, 0, 10, 10])
    assert [0, 0, 1, 1] == moved.get()[0].tolist()
    assert (["scores"], 4) == (boxlist.get_extra_fields(), len(boxlist.get_coordinates()))


class TestSemanticSegmentationLabels:
    """SemanticSegmentationLabels."""

    windows = [Box.make_square(0, 0, 10), Box.make_square(0, 10, 10)]

    def make(self) -> SemanticSegmentationLabels:
        """Make labels that are 1 in the first window and 2 in the second."""
        return SemanticSegmentationLabels(
            self.windows[:], lambda window: np.full((10, 10), 1 + window.xmin // 10)
        )

    def test_windows(self) -> None:
        """Windows are given, and can be added."""
        labels = self.make()
        labels.add_window(Box.make_square(10, 0, 10))
        assert 3 == len(labels.get_windows())
        assert 200 == labels.get_label_arr(self.windows[1]).sum()
        assert (5, 3) == labels.get_label_arr(self.windows[0], clip_extent=Box(0, 0, 5, 3)).shape

    def test_areas_of_interest(self) -> None:
        """Outside of the areas all is 0."""
        labels = self.make().filter_by_aoi([Box.make_square(5, 15, 2).to_shapely()])
        expected = np.zeros((10, 10))
        expected[5:7, 5:7] = 2
        np.testing.assert_array_equal(expected, labels.get_label_arr(self.windows[1]))
        assert 0 == labels.get_label_arr(self.windows[0]).sum()


class TestLabelSources:
    """Where labels come from: files whose coordinates are half of the pixels."""

    geojson = collection(
        square(0, 0, 2, class_id=1, class_name="car", score=0.0),
        square(2, 2, 2, class_id=2, class_name="house", score=0.0),
    )
    box1, box2 = Box.make_square(0, 0, 4), Box.make_square(4, 4, 4)

    def source_of(self, tmp_path: Path, transformer: CRSTransformer) -> GeoJSONVectorSource:
        """Make a vector source over the file."""
        uri = str(tmp_path / "labels.json")
        json_to_file(self.geojson, uri)
        return GeoJSONVectorSource(uri, transformer)

    def test_object_detection(self, tmp_path: Path, doubling: CRSTransformer) -> None:
        """Boxes in pixels; those of a window are whole, not clipped."""
        vectors = self.source_of(tmp_path, doubling)
        source = ObjectDetectionLabelSource(vectors, doubling, CLASSES, Box.make_square(0, 0, 10))
        npboxes = np.array([[0.0, 0.0, 4.0, 4.0], [4.0, 4.0, 8.0, 8.0]])
        expected = ObjectDetectionLabels(npboxes, np.array([1, 2]), np.zeros(2))
        source.get_labels().assert_equal(expected)
        source.get_labels(window=Box.make_square(0, 0, 5)).assert_equal(expected)
        alone = source.get_labels(window=Box.make_square(0, 0, 4))
        assert [self.box1] == alone.get_boxes()

    def test_scores_of_boxes(self, tmp_path: Path, doubling: CRSTransformer) -> None:
        """Boxes have the scores that the file gives; one that is cut by the image keeps its own."""
        uri = str(tmp_path / "scored.json")
        scored = square(1, 1, 1, class_id=2, score=0.75)
        json_to_file(collection(square(0, 0, 1, class_id=1), scored), uri)
        source = ObjectDetectionLabelSource(
            GeoJSONVectorSource(uri, doubling), doubling, CLASSES, Box(0, 0, 3.9, 3.9)
        )
        npboxes = np.array([[0.0, 0.0, 2.0, 2.0], [2.0, 2.0, 3.9, 3.9]])
        expected = ObjectDetectionLabels(npboxes, np.array([1, 2]), np.array([1.0, 0.75]))
        source.get_labels().assert_equal(expected)

    def test_read_cells(self, tmp_path: Path, doubling: CRSTransformer) -> None:
        """Cells are read as they are; one that is asked for is given alone."""
        vectors = self.source_of(tmp_path, doubling)
        source = ChipClassificationLabelSource(
            vectors, doubling, CLASSES, Box.make_square(0, 0, 8), infer_cells=False
        )
        labels = source.get_labels()
        assert [(self.box1, 1), (self.box2, 2)] == list(
            zip(labels.get_cells(), labels.get_class_ids(), strict=True)
        )
        assert [self.box2] == source.get_labels(window=self.box2).get_cells()
        small = ChipClassificationLabelSource(vectors, doubling, CLASSES, Box.make_square(0, 0, 3))
        assert [self.box1] == small.get_labels().get_cells()

    def test_infer_cells(self, tmp_path: Path, doubling: CRSTransformer) -> None:
        """Cells that nothing covers get the background."""
        source = ChipClassificationLabelSource(
            self.source_of(tmp_path, doubling),
            doubling,
            ClassMap([ClassItem(1, "car"), ClassItem(2, "house"), ClassItem(3, "background")]),
            Box.make_square(0, 0, 8),
            ioa_thresh=0.5,
            use_intersection_over_cell=False,
            pick_min_class_id=False,
            background_class_id=3,
            cell_size=4,
            infer_cells=True,
        )
        labels = source.get_labels()
        cells = [Box.make_square(y, x, 4) for y, x in ((0, 0), (0, 4), (4, 0), (4, 4))]
        assert [1, 3, 3, 2] == [labels.get_cell_class_id(cell) for cell in cells]
        assert 4 == len(labels)

    def test_functions_over_geojson(self) -> None:
        """read_labels and infer_labels take GeoJSON in pixels."""
        geojson = collection(square(0, 0, 4, class_id=1), square(4, 4, 4, class_id=2))
        assert [self.box1] == read_labels(geojson, Box.make_square(0, 0, 3)).get_cells()
        assert 2 == len(read_labels(geojson, Box.make_square(0, 0, 8)))
        assert 2 == len(read_labels(geojson))
        labels = infer_labels(geojson, Box.make_square(0, 0, 8), 4, 0.5, False, True, 3)
        assert [1, 3, 3, 2] == labels.get_class_ids()
        without = infer_labels(geojson, Box.make_square(0, 0, 8), 4, 0.5, False, True, None)
        assert [1, None, None, 2] == without.get_class_ids()

    def test_a_single_channel_is_taken(self, mocked_source: Any) -> None:
        """A label raster of one channel serves a source that was told of three."""
        source = mocked_source([0, 1, 2], 3)
        source.set_raster(np.full((4, 4, 1), 2, np.uint8))
        labels = SemanticSegmentationLabelSource(source=source).get_labels()
        assert 2 * np.ones((4, 4)) == pytest.approx(labels.get_label_arr(Box(0, 0, 4, 4)))

    def test_semantic_segmentation(self, mocked_source: Any) -> None:
        """Labels of a mocked raster, with and without activation."""
        source = mocked_source([0], 1)
        data = np.zeros((10, 10, 1), np.uint8)
        data[4:, 4:] = 1
        source.set_raster(data)
        labels = SemanticSegmentationLabelSource(source=source)
        extent = Box(0, 0, 10, 10)
        with labels.activate():
            assert labels.enough_target_pixels(extent, 30, [1])
            assert not labels.enough_target_pixels(extent, 37, [1])
        np.testing.assert_array_equal(data[:, :, 0], labels.get_labels().get_label_arr(extent))
        window = Box.make_square(7, 7, 3)
        [found] = labels.get_labels(window=window).get_windows()
        assert window == found

    def test_colours(self, mocked_source: Any) -> None:
        """Colours of classes without names become class ids."""
        source = mocked_source([0, 1, 2], 3)
        data = np.zeros((10, 10, 3), np.uint8)
        data[7:, 7:] = [1, 1, 1]
        source.set_raster(data)
        classes = ClassMap([ClassItem(id=1, color="#010101")])
        labels = SemanticSegmentationLabelSource(source=source, rgb_class_map=classes)
        with labels.activate():
            window = Box.make_square(7, 7, 3)
            array = labels.get_labels(window=window).get_label_arr(window)
            np.testing.assert_array_equal(np.ones((3, 3)), array)


def test_class_transformer() -> None:
    """Classes become colours and come back; an unknown colour is class 0."""
    classes = ClassMap(
        [ClassItem(1, "a", "red"), ClassItem(2, "b", "lime"), ClassItem(3, "c", "blue")]
    )
    classes.add_nodata_item()
    transformer = SegmentationClassTransformer(classes)
    ids = np.array([[1, 2], [3, 0]])
    colours = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [0, 0, 0]]])
    np.testing.assert_array_equal(colours, transformer.class_to_rgb(ids))
    np.testing.assert_array_equal(ids, transformer.rgb_to_class(colours))


def test_colours_as_numbers() -> None:
    """Colours as PIL reads them; no colour is a random one."""
    assert (0x46, 0x82, 0xB4) == color_to_triple("steelblue")
    assert 0x4682B4 == color_to_integer("#4682b4")
    assert (255, 0, 0) == color_to_triple("hsl(0, 100%, 50%)")
    assert (255, 128, 0) == color_to_triple("rgb(100%, 50%, 0%)")
    assert 3 == len(color_to_triple(None))
    with pytest.raises(ValueError, match="is no colour"):
        color_to_triple("not a colour")
    assert [[0x010203]] == rgb_to_int_array(np.array([[[1, 2, 3]]], np.uint8)).tolist()


class TestClassInference:
    """GeoJSONVectorSource and what tells the class of its features."""

    @pytest.mark.parametrize(
        ("properties", "default", "expected"),
        [
            ({"class_id": 1}, None, [1]),
            ({"class_name": "house"}, None, [2]),
            ({"label": "house"}, None, [2]),
            ({"type": "auto"}, None, [1]),
            ({}, 3, [3]),
            ({}, None, []),
            (None, 3, [3]),
        ],
    )
    def test_rules(self, tmp_path: Path, properties: Any, default: Any, expected: Any) -> None:
        """Id, name, label, filter, default; features without a class go."""
        point = {"type": "Point", "coordinates": [1, 1]}
        uri = str(tmp_path / "vectors.json")
        json_to_file(collection({"properties": properties, "geometry": point}), uri)
        options = ClassInferenceOptions(
            class_map=CLASSES,
            class_id_to_filter={1: ["any", ["==", "type", "car"], ["==", "type", "auto"]]},
            default_class_id=default,
        )
        source = GeoJSONVectorSource(uri, IdentityCRSTransformer(), class_inf_opts=options)
        features = source.get_geojson()["features"]
        assert expected == [feature["properties"]["class_id"] for feature in features]
