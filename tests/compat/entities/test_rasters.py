"""Raster sources, transformers, transformers of coordinates and label stores of old code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp

from rvcli import keys
from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.core.raster_stats import RasterStats
from rvcli.data.activate_mixin import ActivationError
from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_store.chip_classification_geojson_store import (
    ChipClassificationGeoJSONStore,
)
from rvcli.data.label_store.label_store import LabelStore
from rvcli.data.label_store.object_detection_geojson_store import ObjectDetectionGeoJSONStore
from rvcli.data.label_store.semantic_segmentation_raster_store import (
    SemanticSegmentationRasterStore,
)
from rvcli.data.raster_source.raster_source import ChannelOrderError
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.raster_source.rasterio_source import (
    RasterioSource,
    build_vrt,
    download_and_build_vrt,
    load_window,
)
from rvcli.data.raster_transformer.noop_transformer import NoopTransformer
from rvcli.data.raster_transformer.raster_transformer import RasterTransformer
from rvcli.data.raster_transformer.stats_transformer import StatsTransformer
from rvcli.errors import NotReadableError
from rvcli.utils.files import file_to_json, json_to_file
from rvcli.utils.misc import save_img

CLASSES = ClassMap([ClassItem(1, "car"), ClassItem(2, "house")])
PLACE = Affine(10, 0, 500_000, 0, -10, 4_600_000)


def write_tiff(path: Path, image: Any, **profile: Any) -> str:
    """Write an image of shape (height, width, channels), georeferenced."""
    height, width, count = image.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=count, dtype=image.dtype,
        **{"crs": "EPSG:32618", "transform": PLACE, **profile},
    ) as dataset:  # fmt: skip
        dataset.write(np.moveaxis(image, -1, 0))
    return str(path)


def whole(source: Any) -> Any:
    """Read all of a source."""
    with source.activate():
        return source.get_image_array()


class TestRasterioSource:
    """RasterioSource."""

    image = np.random.default_rng(0).integers(0, 2, (20, 30, 3)).astype(np.uint8)

    def test_nodata_and_mask_are_0(self, tmp_path: Path) -> None:
        """A nodata value other than 0, and what a mask hides, become 0."""
        by_value = write_tiff(tmp_path / "a.tif", self.image, nodata=1)
        masked = write_tiff(tmp_path / "b.tif", self.image)
        with rasterio.open(masked, "r+") as dataset:
            dataset.write_mask(np.zeros((20, 30), bool))
        for uri in (by_value, masked):
            config = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(uri).build()
            found = whole(config.create_source(tmp_dir=str(tmp_path)))
            np.testing.assert_equal(found, np.zeros((20, 30, 3)))

    def test_channels(self, tmp_path: Path) -> None:
        """Chips have the channels of the order, raw chips all; what does not exist is refused."""
        image = np.ones((2, 2, 4), np.uint8) * [1, 2, 3, 4]
        uri = write_tiff(tmp_path / "a.tif", image.astype(np.uint8))
        source = RasterioSource([uri], [], str(tmp_path), channel_order=[2, 0])
        with source.activate():
            assert [3, 1] == source.get_image_array()[0, 0].tolist()
            assert [1, 2, 3, 4] == source.get_raw_image_array()[0, 0].tolist()
            assert [3, 1] == source.get_chip(Box(0, 0, 1, 1))[0, 0].tolist()
            assert (2, 2, 4) == source.get_raw_chip(Box(0, 0, 2, 2)).shape
        assert ([2, 0], 4) == (source.channel_order, source.num_channels)
        assert np.uint8 == source.get_dtype()
        with pytest.raises(ChannelOrderError):
            RasterioSource([uri], [], str(tmp_path), [4, 1, 0])

    def test_alpha_is_left_out(self, tmp_path: Path) -> None:
        """Without an order the channels are all but alpha."""
        image = (np.ones((2, 2, 3)) * [1, 2, 3]).astype(np.uint8)
        uri = write_tiff(tmp_path / "a.tif", image)
        with rasterio.open(uri, "r+") as dataset:
            dataset.colorinterp = (ColorInterp.alpha, ColorInterp.blue, ColorInterp.green)
        found = whole(RasterioSource([uri], [], str(tmp_path)))
        np.testing.assert_equal(found, image[:, :, 1:])

    def test_without_georeference(self, tmp_path: Path) -> None:
        """Map coordinates of a plain image are its pixels."""
        uri, image = str(tmp_path / "img.png"), np.ones((2, 2, 3), np.uint8)
        save_img(image, uri)
        source = RasterioSource([uri], [], str(tmp_path))
        np.testing.assert_equal(whole(source), image)
        transformer = source.get_crs_transformer()
        assert isinstance(transformer, IdentityCRSTransformer)
        assert (3, 4) == transformer.map_to_pixel((3, 4)) == transformer.pixel_to_map((3, 4))

    def test_windows_are_read_while_active(self, tmp_path: Path) -> None:
        """Before activation the extent is known, but nothing can be read."""
        source = RasterioSource([write_tiff(tmp_path / "a.tif", self.image)], [], str(tmp_path))
        assert Box(0, 0, 20, 30) == source.get_extent()
        with pytest.raises(ActivationError):
            source.get_chip(Box(0, 0, 2, 2))
        with source.activate():
            chip = source.get_chip(Box(15, 25, 25, 35))
            assert (10, 10, 3) == chip.shape
            np.testing.assert_equal(chip[:5, :5], self.image[15:, 25:])
            assert 0 == chip[5:].sum() == chip[:, 5:].sum()

    def test_shifts(self, tmp_path: Path) -> None:
        """The view moves to the east and to the north."""
        source = RasterioSource(
            [write_tiff(tmp_path / "a.tif", self.image)], [], str(tmp_path), None, 20.0, 30.0
        )
        with source.activate():
            chip = source.get_chip(Box(5, 5, 8, 8))
        np.testing.assert_equal(chip, self.image[2:5, 7:10])

    def test_own_subclass(self, tmp_path: Path) -> None:
        """A subclass may read from the open dataset with load_window."""

        class Source(RasterioSource):
            def _get_chip(self, window: Box) -> Any:
                return load_window(self.image_dataset, window=window.rasterio_format()) + 1

        source = Source([write_tiff(tmp_path / "a.tif", self.image)], [], str(tmp_path))
        np.testing.assert_equal(whole(source), self.image + 1)

    def test_functions(self, tmp_path: Path) -> None:
        """Several images become a VRT; windows are read with masks or without."""
        first = write_tiff(tmp_path / "a.tif", self.image)
        second = write_tiff(
            tmp_path / "b.tif", self.image, transform=PLACE * Affine.translation(30, 0)
        )
        build_vrt(str(tmp_path / "whole.vrt"), [first, second])
        for path in (
            str(tmp_path / "whole.vrt"),
            download_and_build_vrt([first, second], str(tmp_path)),
        ):
            with rasterio.open(path) as dataset:
                assert (20, 60) == (dataset.height, dataset.width)
                image = load_window(dataset)
                np.testing.assert_equal(image[:, 30:], self.image)
                window = rasterio.windows.Window(2, 1, 4, 3)
                np.testing.assert_equal(load_window(dataset, window), self.image[1:4, 2:6])
                part = load_window(dataset, ((1, 4), (2, 6)), is_masked=True)
                np.testing.assert_equal(part, self.image[1:4, 2:6])


class TestRasterizedSource:
    """Vectors drawn over an extent of ten pixels."""

    def build(self, tmp_path: Path, *features: Any, all_touched: bool = False) -> Any:
        """Make a source by way of its config and its message."""
        uri = str(tmp_path / "temp.json")
        json_to_file({"type": "FeatureCollection", "features": list(features)}, uri)
        builder = RasterSourceConfig.builder(keys.RASTERIZED_SOURCE)
        config = (
            builder.with_vector_source(uri)
            .with_rasterizer_options(3, all_touched=all_touched)
            .build()
        )
        config = builder.from_proto(config.to_proto()).build()
        return config.create_source(
            str(tmp_path), IdentityCRSTransformer(), Box.make_square(0, 0, 10)
        )

    @staticmethod
    def feature(kind: str, coordinates: Any) -> Any:
        """Make a feature of class 2."""
        geometry = {"type": kind, "coordinates": coordinates}
        return {"type": "Feature", "geometry": geometry, "properties": {"class_id": 2}}

    def test_polygons_and_lines(self, tmp_path: Path) -> None:
        """Polygons are filled, lines one pixel to each side; the rest is background."""
        ring = Box(0, 0, 5, 5).geojson_coordinates()
        source = self.build(
            tmp_path,
            self.feature("Polygon", [ring]),
            self.feature("LineString", [[7.0, 0.0], [7.0, 9.0]]),
        )
        expected = 3 * np.ones((10, 10, 1))
        expected[0:5, 0:5] = 2
        expected[0:10, 6:8] = 2
        np.testing.assert_array_equal(expected, whole(source))
        assert Box(0, 0, 10, 10) == source.get_extent()

    def test_nothing_to_draw(self, tmp_path: Path) -> None:
        """Without features all is background."""
        np.testing.assert_array_equal(3 * np.ones((10, 10, 1)), whole(self.build(tmp_path)))

    def test_all_touched(self, tmp_path: Path) -> None:
        """What covers no centre of a pixel is drawn if asked for."""
        small = self.feature("Polygon", [Box(0, 0, 0.4, 0.4).geojson_coordinates()])
        assert 0 == (whole(self.build(tmp_path, small)) == 2).sum()
        assert 1 == (whole(self.build(tmp_path, small, all_touched=True)) == 2).sum()


class TestTransformers:
    """StatsTransformer, NoopTransformer, and those of plugins."""

    def test_stats(self) -> None:
        """One deviation above the mean is 170, in any channel order; nodata stays 0."""
        stats = RasterStats()
        stats.means, stats.stds = list(np.ones((4,))), list(np.ones((4,)) * 2)
        chip = np.ones((2, 2, 4)) * 3
        transformed = StatsTransformer(stats).transform(chip)
        np.testing.assert_equal(transformed, np.ones((2, 2, 4)) * 170)
        assert np.uint8 == transformed.dtype
        stats.means = [0.0, 1.0, 10.0, 20.0]
        chip = np.array([[[22.0, 3.0, 0.0]]])
        transformed = StatsTransformer(stats).transform(chip, channel_order=[3, 1, 2])
        assert [[[170, 170, 0]]] == transformed.tolist()
        with pytest.raises(ValueError, match="no statistics"):
            StatsTransformer().transform(chip)
        assert NoopTransformer().transform(chip) is chip

    def test_of_plugins(self, tmp_path: Path, mocked_source: Any) -> None:
        """A class with `transform` is enough, also one that is derived from nothing."""

        class Add(RasterTransformer):
            def transform(self, chip: Any, channel_order: Any = None) -> Any:
                return chip + channel_order[0]

        class Double:
            def transform(self, chip: Any, channel_order: Any = None) -> Any:
                return chip * 2

        source = mocked_source([2, 0], 3, [Add(), Double()])
        assert [6.0, 6.0] == source.get_chip(Box(0, 0, 2, 2))[0, 0].tolist()
        uri = write_tiff(tmp_path / "a.tif", np.ones((2, 2, 3), np.uint8))
        found = whole(RasterioSource([uri], [Add(), Double()], str(tmp_path), [1]))
        assert [4] == found[0, 0].tolist()


class TestCRSTransformers:
    """Points on the map and pixels."""

    def test_rasterio(self, tmp_path: Path) -> None:
        """Map coordinates are longitude and latitude; a pixel is its upper left corner."""
        uri = write_tiff(tmp_path / "a.tif", np.ones((4, 4, 1), np.uint8))
        with rasterio.open(uri) as dataset:
            transformer = RasterioCRSTransformer.from_dataset(dataset)
        lon, lat = transformer.pixel_to_map((0, 0))
        assert (-75.0, 41.55) == (pytest.approx(lon), pytest.approx(lat, abs=0.01))
        pixel = transformer.map_to_pixel((lon, lat))
        assert (tuple, int, (0, 0)) == (type(pixel), type(pixel[0]), pixel)
        assert (3, 2) == transformer.map_to_pixel(transformer.pixel_to_map((3, 2)))
        assert "epsg:4326" == transformer.get_map_crs()
        assert transformer.get_affine_transform() == PLACE
        same = RasterioCRSTransformer(PLACE, transformer.get_image_crs(), "epsg:32618")
        assert (500_000, 4_600_000) == same.pixel_to_map((0, 0))

    def test_of_a_plugin(self, doubling: CRSTransformer) -> None:
        """One that defines two methods and no constructor has no georeference."""

        class Silent(CRSTransformer):
            def __init__(self) -> None:
                self.own = 1

        for transformer in (doubling, Silent()):
            assert transformer.get_image_crs() is None
            assert transformer.get_map_crs() is None
            assert transformer.get_affine_transform() is None


class TestStores:
    """Label stores."""

    def test_boxes(self, tmp_path: Path, doubling: CRSTransformer) -> None:
        """What is saved comes back; in the file a box has class and score."""
        uri = str(tmp_path / "a.json")
        store = ObjectDetectionGeoJSONStore(uri, doubling, CLASSES)
        labels = ObjectDetectionLabels(
            np.array([[0.0, 0.0, 4.0, 4.0]]), np.array([2]), np.array([0.5])
        )
        with pytest.raises(NotReadableError, match="there are no predictions"):
            store.get_labels()
        store.save(labels)
        store.get_labels().assert_equal(labels)
        [feature] = file_to_json(uri)["features"]
        assert {"class_id": 2, "class_name": "house", "score": 0.5} == feature["properties"]
        assert 0 == len(store.empty_labels())

    def test_cells(self, tmp_path: Path, doubling: CRSTransformer) -> None:
        """What is saved comes back; in the file a cell has class and scores."""
        uri = str(tmp_path / "a.json")
        store = ChipClassificationGeoJSONStore(uri, doubling, CLASSES)
        labels = store.empty_labels()
        labels.set_cell(Box(0, 0, 4, 4), 1, [0.75, 0.25])
        store.save(labels)
        assert labels == store.get_labels()
        [feature] = file_to_json(uri)["features"]
        expected = {"class_id": 1, "class_name": "car", "scores": [0.75, 0.25]}
        assert expected == feature["properties"]
        assert ChipClassificationLabels() == store.empty_labels()

    def test_rasters(self, tmp_path: Path) -> None:
        """What is saved comes back, in windows of any size."""
        extent, uri = Box(0, 0, 10, 10), str(tmp_path / "a.tif")
        store = SemanticSegmentationRasterStore(
            uri, extent, IdentityCRSTransformer(), str(tmp_path), class_map=CLASSES
        )
        labels = SemanticSegmentationLabels(
            extent.get_windows(6, 6), lambda window: np.full((6, 6), 1 + window.xmin // 6)
        )
        store.save(labels)
        with store.activate():
            found = store.get_labels(chip_size=10).get_label_arr(extent)
        np.testing.assert_array_equal(found, [[1] * 6 + [2] * 4] * 10)
        assert [] == store.empty_labels().get_windows()

    def test_of_a_plugin(self) -> None:
        """A class with the three abstract methods is a store, and can be activated."""

        class Store(LabelStore):
            def save(self, labels: Any) -> None:
                self.saved = labels

            def get_labels(self) -> Any:
                return self.saved

            def empty_labels(self) -> Any:
                return []

        store = Store()
        with store.activate():
            store.save("labels")
        assert "labels" == store.get_labels()


class TestDefaultProviders:
    """What a plain URI stands for."""

    def test_handles(self) -> None:
        """By extension, in any case, and by task."""
        from rastervision.data.label_source.default import (
            SemanticSegmentationLabelSourceDefaultProvider as SegmentationSources,
        )
        from rastervision.data.label_store.default import (
            ObjectDetectionGeoJSONStoreDefaultProvider as BoxStores,
        )
        from rastervision.data.raster_source.default import (
            RasterioSourceDefaultProvider as Rasters,
        )
        from rastervision.data.vector_source.default import (
            GeoJSONVectorSourceDefaultProvider as Vectors,
        )
        from rastervision.data.vector_source.default import (
            VectorTileVectorSourceDefaultProvider as Tiles,
        )

        assert all(Rasters.handles(f"a.{e}") for e in ("tif", "TIFF", "png", "jpg", "jp2", "vrt"))
        assert not Rasters.handles("a.json")
        assert (True, True, False) == tuple(map(Vectors.handles, ("a.json", "a.geojson", "a.tif")))
        assert Tiles.handles("https://a/{z}/{x}/{y}.mvt")
        assert BoxStores.is_default_for(keys.OBJECT_DETECTION)
        assert not BoxStores.is_default_for(keys.CHIP_CLASSIFICATION)
        assert (True, False) == (
            BoxStores.handles(keys.OBJECT_DETECTION, "a.json"),
            BoxStores.handles(keys.SEMANTIC_SEGMENTATION, "a.json"),
        )
        assert "a.json" == BoxStores.construct("a.json").uri
        assert BoxStores.construct().uri is None
        assert SegmentationSources.handles(keys.SEMANTIC_SEGMENTATION, "a.tif")
        assert [0, 1] == Rasters.construct("a.tif", [0, 1]).channel_order
