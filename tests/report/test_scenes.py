"""Previews of scenes, from files as a run leaves them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning

import rvcli as rv
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.core.color import to_rgb
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label_store.semantic_segmentation_raster_store import (
    SemanticSegmentationRasterStore,
)
from rvcli.data.utils import boxes_to_geojson
from rvcli.registry import Registrar
from rvcli.report import scenes as scenes_module
from rvcli.report.content import ERROR_COLORS, LAYERS, Layer, ScenePreview
from rvcli.report.grid import place_scene
from rvcli.report.scene_preview import SceneReader
from rvcli.report.scenes import collect_scenes
from rvcli.report.shapes import MAX_RINGS, outlines
from rvcli.report.sources import Source
from rvcli.testing.registries import temporary_registry
from rvcli.utils.files import upload_or_copy
from rvcli.utils.misc import png_to_numpy

Array = npt.NDArray[Any]

CLASSES = {"house": (1, "#ff0000"), "tree": (2, "#00ff00"), "background": (3, "#0000ff")}
RED, GREEN, BLUE = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)
MERCATOR = Affine(2.0, 0, 1_600_000, 0, -2.0, 6_000_000)
CRS = "EPSG:3857"
SIDE = 32


def pixels(layer: Layer) -> Array:
    """Return the picture of a layer: red, green, blue, alpha."""
    assert layer.picture is not None
    found = png_to_numpy(layer.picture.data)
    if found.shape[2] == 3:
        return np.dstack([found, np.full(found.shape[:2], 255, np.uint8)])
    return np.asarray(found)


def layers(preview: ScenePreview) -> dict[str, Layer]:
    """Return layers by name."""
    return {layer.name: layer for layer in preview.layers}


def where(layer: Layer, color: tuple[int, ...]) -> list[tuple[int, int]]:
    """List the pixels (row, column) of a colour."""
    return [(int(y), int(x)) for y, x in np.argwhere((pixels(layer) == color).all(axis=2))]


def shown(layer: Layer) -> int:
    """Count the pixels that are not transparent."""
    return int((pixels(layer)[:, :, 3] > 0).sum())


class Folder:
    """Files of scenes, and an experiment with these."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.task_key = rv.SEMANTIC_SEGMENTATION

    def raster(
        self, name: str, bands: Array, crs: str | None = CRS, affine: Affine = MERCATOR, **more: Any
    ) -> str:
        """Write bands, shape (count, height, width) or (height, width)."""
        bands = bands if bands.ndim == 3 else bands[np.newaxis]
        uri = str(self.path / name)
        place = {} if crs is None else {"crs": crs, "transform": affine}
        count, height, width = bands.shape
        profile = {"count": count, "height": height, "width": width, "dtype": bands.dtype}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(uri, "w", **profile, **place, **more) as dataset:
                dataset.write(bands)
        return uri

    def predicted(self, scene_id: str, ids: Array, crs: str | None = CRS) -> None:
        """Write predictions where the experiment looks for them."""
        from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels

        extent = Box(0, 0, *ids.shape)
        grid = IdentityCRSTransformer() if crs is None else RasterioCRSTransformer(MERCATOR, crs)
        store = SemanticSegmentationRasterStore(
            str(self.path / f"out/predict/one/{scene_id}.tif"),
            extent,
            grid,
            str(self.path),
            class_map=ClassMap.construct_from(CLASSES),
        )
        store.save(
            SemanticSegmentationLabels([extent], lambda w: ids[w.ymin : w.ymax, w.xmin : w.xmax])
        )

    def boxes(self, name: str, boxes: Iterable[Any], ids: Iterable[int], scores: Any = None) -> str:
        """Write boxes as GeoJSON."""
        uri = self.path / name
        uri.parent.mkdir(parents=True, exist_ok=True)
        grid = RasterioCRSTransformer(MERCATOR, CRS)
        rows = np.array(list(boxes), np.float64).reshape(-1, 4)
        class_map = ClassMap.construct_from(CLASSES)
        uri.write_text(json.dumps(boxes_to_geojson(rows, ids, grid, class_map, scores)))
        return str(uri)

    def task(self) -> Any:
        """Describe the task."""
        return rv.TaskConfig.builder(self.task_key).with_classes(CLASSES).with_chip_size(8).build()

    def scene(self, scene_id: str, imagery: Any, labels: Any = None, aoi: str | None = None) -> Any:
        """Describe a scene."""
        builder = rv.SceneConfig.builder().with_task(self.task()).with_id(scene_id)
        builder = builder.with_raster_source(imagery)
        if labels is not None:
            builder = builder.with_label_source(labels)
        return (builder.with_aoi_uri(aoi) if aoi else builder).build()

    def collect(self, *validation: Any, train: Iterable[Any] = ()) -> dict[str, ScenePreview]:
        """Make the previews of scenes, by their ids."""
        keys = {
            rv.SEMANTIC_SEGMENTATION: rv.SKLEARN_SEMANTIC_SEGMENTATION,
            rv.OBJECT_DETECTION: rv.SKLEARN_OBJECT_DETECTION,
            rv.CHIP_CLASSIFICATION: rv.SKLEARN_CHIP_CLASSIFICATION,
        }
        task = self.task()
        dataset = rv.DatasetConfig.builder().with_train_scenes(list(train))
        config = (
            rv.ExperimentConfig.builder()
            .with_id("one")
            .with_root_uri(str(self.path / "out"))
            .with_task(task)
            .with_backend(rv.BackendConfig.builder(keys[self.task_key]).with_task(task).build())
            .with_dataset(dataset.with_validation_scenes(list(validation)).build())
            .build()
            .fully_resolve()
        )
        source = Source("one", str(self.path / "out"), "", {})
        return {p.id: p for p in collect_scenes(source, config, str(self.path))}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Give a folder with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Folder(tmp_path)


def imagery(dtype: str = "uint8", count: int = 3) -> Array:
    """Draw something that is bright at the upper left."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    return np.stack([200 - 2 * rows - 3 * columns + i for i in range(count)]).astype(dtype)


def test_wrong_pixels_are_errors_and_no_others(folder: Folder) -> None:
    """A pixel is wrong where label and prediction differ: in a colour that no class has."""
    truth = np.full((SIDE, SIDE), 3, np.uint8)
    truth[4:8, 4:8], truth[0, :] = 1, 0
    predicted = truth.copy()
    predicted[4, 4] = 2  # a house taken for a tree
    predicted[20, 21] = 1  # a house where there is none
    predicted[5, 6] = 3  # a house not found
    predicted[6, 6] = 0  # nor here: nothing was predicted
    predicted[0, 3] = 1  # not labelled
    folder.predicted("a", predicted)
    found = folder.collect(
        folder.scene("a", folder.raster("a.tif", imagery()), folder.raster("l.tif", truth))
    )["a"]
    assert found.problem == ""
    each = layers(found)
    assert list(each) == list(LAYERS)
    for name, wrong in (
        ("false positives", [(4, 4), (20, 21)]),
        ("false negatives", [(4, 4), (5, 6), (6, 6)]),
    ):
        color = (*to_rgb(ERROR_COLORS[name]), 255)
        assert (where(each[name], color), shown(each[name])) == (wrong, len(wrong))
    # The background hides nothing.
    assert shown(each["labels"]) == 16
    assert where(each["predictions"], BLUE) == []


def test_errors_are_those_within_areas_of_interest(folder: Folder) -> None:
    """What lies outside is no error; the area is an outline on the map."""
    truth, predicted = np.full((SIDE, SIDE), 3, np.uint8), np.full((SIDE, SIDE), 3, np.uint8)
    predicted[2, 2] = predicted[20, 20] = 1
    folder.predicted("a", predicted)
    aoi = folder.boxes("area.geojson", [(0, 0, 10, 10)], [1])
    labels = folder.raster("l.tif", truth)
    found = folder.collect(folder.scene("a", folder.raster("a.tif", imagery()), labels, aoi))["a"]
    wrong = layers(found)["false positives"]
    assert where(wrong, (*to_rgb(ERROR_COLORS["false positives"]), 255)) == [(2, 2)]
    assert len(found.aois) == 1
    west, _, east, north = found.bounds_xyxy
    lons, lats = np.array(found.aois[0]).T
    assert lons.min() == pytest.approx(west, abs=1e-5)
    assert lats.max() == pytest.approx(north, abs=1e-5)
    assert lons.max() == pytest.approx(west + (east - west) * 10 / SIDE, abs=1e-5)


def test_areas_of_interest_have_holes() -> None:
    """What lies in a hole does not count, so the map draws its outline too; of crumbs, not all."""
    grid = place_scene(Box(0, 0, SIDE, SIDE), IdentityCRSTransformer(), SIDE)
    area = shapely.box(0, 0, 20, 20) - shapely.box(5, 5, 10, 10)
    outer, hole = outlines([area], grid)
    assert np.array(outer).min(axis=0).tolist() == [0, -20]
    assert sorted(set(np.array(hole)[:, 0])) == [5, 10]

    crumbs = [shapely.box(i, 0, i + 2, 2) for i in range(2 * MAX_RINGS)]
    rings = outlines([*crumbs, shapely.box(0, 0, 9000, 9000)], grid)
    assert (len(rings), max(x for x, _ in rings[0])) == (MAX_RINGS, 9000)


def test_labels_and_predictions_are_compared_at_the_same_pixels(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a large scene is thinned out, equal rasters and drawn polygons show no error."""
    monkeypatch.setattr("rvcli.report.layers._SIDES_PX", (16, 16))
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 180, (40, 2))
    boxes = np.hstack([corners, corners + rng.integers(2, 20, (40, 2))])
    truth = np.zeros((200, 203), np.uint8)
    for ymin, xmin, ymax, xmax in boxes:
        truth[ymin:ymax, xmin:xmax] = 1
    uri = folder.boxes("l.geojson", boxes, [1] * 40)
    image = folder.raster("a.tif", np.full((3, 200, 203), 9, np.uint8))
    raster = folder.raster("l.tif", truth)
    for scene_id in "ab":
        folder.predicted(scene_id, np.where(truth == 0, 3, truth).astype(np.uint8))
    found = folder.collect(folder.scene("a", image, uri), folder.scene("b", image, raster))
    for preview in found.values():
        each = layers(preview)
        assert shown(each["labels"]) > 20
        assert max(pixels(each["labels"]).shape) == 16
        assert shown(each["false negatives"]) == 0
    assert shown(layers(found["a"])["false positives"]) == 0


@pytest.mark.parametrize("crs", ["EPSG:32633", "EPSG:4326", None])
def test_imagery_lies_where_it_is(folder: Folder, crs: str | None) -> None:
    """A bright spot of a scene is bright at its place on the map, or in its pixels."""
    bands = np.full((3, SIDE, SIDE), 20, np.uint8)
    bands[:, 8:12, 24:28] = 250
    affine = {"EPSG:4326": Affine(1e-4, 0, 15, 0, -1e-4, 47)}.get(
        crs or "", Affine(5, 0, 530_000, 0, -5, 5_200_000)
    )
    found = folder.collect(folder.scene("a", folder.raster("a.tif", bands, crs, affine)))["a"]
    picture = pixels(layers(found)["imagery"])
    rows, columns = np.nonzero(picture[:, :, 0] > 128)
    y, x = rows.mean() / picture.shape[0], columns.mean() / picture.shape[1]
    assert y == pytest.approx(10 / SIDE, abs=0.03)
    assert x == pytest.approx(26 / SIDE, abs=0.03)
    assert found.georeferenced == (crs is not None)
    if crs is None:
        assert found.bounds_xyxy == (0, -SIDE, SIDE, 0)
        assert found.facts["CRS"] == "none"


def test_what_has_no_data_is_transparent(folder: Folder) -> None:
    """Nodata, NaN and a mask leave holes; a few dark pixels do not."""
    bands = imagery()
    bands[:, :16] = 255
    nan = imagery("float32")
    nan[:, :16] = np.nan
    alpha = np.concatenate([imagery(), np.full((1, SIDE, SIDE), 255, np.uint8)])
    alpha[3, :16] = 0
    black = imagery()
    black[:, :16] = 0
    black[:, 20:22, 3:5] = 0
    masked = folder.raster("alpha.tif", alpha, photometric="RGB", alpha="YES")
    found = folder.collect(
        folder.scene("nodata", folder.raster("nodata.tif", bands, nodata=255)),
        folder.scene("nan", folder.raster("nan.tif", nan)),
        folder.scene("alpha", masked),
        folder.scene("black", folder.raster("black.tif", black)),
    )
    for name, preview in found.items():
        picture = pixels(layers(preview)["imagery"])
        assert (picture[:16, :, 3].max(), picture[16:, :, 3].min()) == (0, 255), name


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_imagery_of_any_range_is_stretched(folder: Folder, dtype: str) -> None:
    """Values far from 0 to 255 are seen from dark to bright, in the order of channels asked for."""
    scale = {"uint8": 1, "uint16": 100, "int16": 10, "float32": 0.001}[dtype]
    bands = (imagery("float64", count=5) * scale).astype(dtype)
    bands[4] = bands[4].max() - bands[4]  # bright at the lower right
    uri = folder.raster("a.tif", bands)
    source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri(uri)
    found = folder.collect(folder.scene("a", source.with_channel_order([4, 0, 1]).build()))["a"]
    picture = pixels(layers(found)["imagery"])[:, :, :3].astype(int)
    assert picture[2, 2, 1] > 200 > 60 > picture[2, 2, 0]
    assert found.facts["shown"] == "bands 5, 1, 2 as red, green, blue"
    assert found.facts["dtype"] == dtype


def test_bands_are_shown_in_the_colours_that_they_are_of(folder: Folder) -> None:
    """Descriptions of bands say which are red, green and blue."""
    uri = folder.raster("a.tif", imagery("uint16", count=4))
    with rasterio.open(uri, "r+") as dataset:
        dataset.descriptions = ("B02", "B03", "B04", "B08")
    found = folder.collect(folder.scene("a", uri))["a"]
    assert found.facts["shown"] == "bands 3, 2, 1 as red, green, blue"


def test_stacks_mosaics_and_other_sources_are_shown(folder: Folder) -> None:
    """Several files on one another, or side by side, and sources with transformers, show alike."""
    whole = folder.raster("a.tif", imagery())
    each = [folder.raster(f"{i}.tif", imagery()[i]) for i in range(3)]
    left = folder.raster("left.tif", imagery()[:, :, :16])
    right = folder.raster(
        "right.tif", imagery()[:, :, 16:], affine=MERCATOR * Affine.translation(16, 0)
    )
    stack = rv.RasterSourceConfig.builder(rv.MULTI_RASTER_SOURCE).with_raster_sources(each).build()
    cast = rv.RasterTransformerConfig.builder(rv.CAST_TRANSFORMER).with_dtype("float32").build()
    members = [
        rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri(u).with_transformer(cast).build()
        for u in each
    ]
    changed = rv.RasterSourceConfig.builder(rv.MULTI_RASTER_SOURCE).with_raster_sources(members)
    mosaic = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uris([left, right]).build()
    found = folder.collect(
        train=[
            folder.scene("whole", whole),
            folder.scene("stack", stack),
            folder.scene("changed", changed.build()),
            folder.scene("mosaic", mosaic),
        ]
    )
    assert [p.problem for p in found.values()] == [""] * 4
    pictures = [pixels(layers(p)["imagery"]).astype(int) for p in found.values()]
    for picture in pictures[1:]:
        assert np.abs(picture - pictures[0])[:, :, :3].mean() < 16
        assert (picture[:, :, 3] == 255).all()


def test_large_sources_that_gdal_does_not_read_are_shown_by_places(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a source that has to be asked for its windows, some are enough."""
    monkeypatch.setattr("rvcli.report.imagery._MAX_PIXELS", 100)
    monkeypatch.setattr("rvcli.report.imagery._FEW", 8)
    uri = folder.raster("a.tif", imagery())
    source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri(uri).with_nodata(7)
    found = folder.collect(folder.scene("a", source.build()), folder.scene("b", uri))
    by_places, all_of_it = (pixels(layers(p)["imagery"]).astype(int) for p in found.values())
    assert np.abs(by_places - all_of_it)[:, :, :3].mean() < 16


def test_one_bad_scene_does_not_stop_the_others(folder: Folder) -> None:
    """What is missing is said; what is there is shown."""
    good, labels = (
        folder.raster("a.tif", imagery()),
        folder.raster("l.tif", np.ones((SIDE, SIDE), np.uint8)),
    )
    small = folder.raster("small.tif", np.ones((3, 4), np.uint8), affine=MERCATOR * Affine.scale(3))
    found = folder.collect(
        folder.scene("missing", str(folder.path / "none.tif")),
        folder.scene("unlabelled", good, str(folder.path / "none.geojson")),
        folder.scene("off", good, small),
        folder.scene("area", good, labels, str(folder.path / "none.geojson")),
        train=[folder.scene("good", good, labels)],
    )
    assert "the imagery cannot be shown" in found["missing"].problem
    assert found["missing"].footprint == ()
    assert "none.geojson" in found["unlabelled"].problem
    assert "not on the grid" in found["off"].problem
    assert "area of interest" in found["area"].problem
    for name in ("unlabelled", "off", "area"):
        assert "no predictions yet" in found[name].problem
        assert "imagery" in layers(found[name])
    assert (found["good"].problem, found["good"].split) == ("", "train")
    assert list(layers(found["good"])) == ["imagery", "labels"]


def test_boxes_are_wrong_as_the_evaluation_says(folder: Folder) -> None:
    """A box that hits none is a false positive with its score; a true one not hit is missed."""
    folder.task_key = rv.OBJECT_DETECTION
    labels = folder.boxes("l.geojson", [(2, 2, 8, 8), (20, 20, 28, 28)], [1, 2])
    folder.boxes(
        "out/predict/one/a.json",
        [(2, 2, 8, 7), (2, 2, 8, 8), (20, 20, 28, 28)],
        [1, 1, 1],
        [0.5, 0.9, 0.7],
    )
    image = folder.raster("a.tif", imagery())
    each = layers(folder.collect(folder.scene("a", image, labels))["a"])
    assert [(s.class_id, s.score) for s in each["predictions"].shapes] == [
        (1, 0.9),
        (1, 0.7),
        (1, 0.5),
    ]
    assert [(s.class_id, s.score) for s in each["labels"].shapes] == [(1, None), (2, None)]
    assert [s.score for s in each["false positives"].shapes] == [0.7, 0.5]
    assert [(s.class_id, s.score) for s in each["false negatives"].shapes] == [(2, None)]
    ring = each["false negatives"].shapes[0].rings[0]
    transformer = RasterioCRSTransformer(MERCATOR, CRS)
    on_image = transformer.map_to_pixel_exact(np.array(ring))
    assert np.allclose(on_image.min(axis=0), 20, atol=0.3)
    assert np.allclose(on_image.max(axis=0), 28, atol=0.3)


def test_layers_of_very_many_boxes_keep_the_best(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shapes are limited, the best stay, and how many are left out is known."""
    monkeypatch.setattr("rvcli.report.layers._SHAPES_A_LAYER", (3, 3))
    folder.task_key = rv.OBJECT_DETECTION
    boxes = [(i, i, i + 2, i + 2) for i in range(10)]
    labels = folder.boxes("l.geojson", boxes, [1] * 10)
    scores = [i / 10 for i in range(10)]
    folder.boxes("out/predict/one/a.json", boxes, [1] * 10, scores)
    image = folder.raster("a.tif", imagery())
    each = layers(folder.collect(folder.scene("a", image, labels))["a"])
    assert [s.score for s in each["predictions"].shapes] == [0.9, 0.8, 0.7]
    assert (each["predictions"].omitted, each["labels"].omitted) == (7, 7)
    assert len(each["labels"].shapes) == 3


def test_cells_are_shapes(folder: Folder) -> None:
    """Cells have the colour of their class; those that are wrong are errors twice."""
    folder.task_key = rv.CHIP_CLASSIFICATION
    cells = [(0, 0, 8, 8), (0, 8, 8, 16), (8, 0, 16, 8), (8, 8, 16, 16)]
    labels = folder.boxes("l.geojson", cells, [1, 2, 3, 2])
    scores = [[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.7, 0.2, 0.1], [0, 0.2, 0.8]]
    folder.boxes("out/predict/one/a.json", cells, [1, 1, 1, 3], scores)
    image = folder.raster("a.tif", imagery())
    each = layers(folder.collect(folder.scene("a", image, labels))["a"])
    assert [s.class_id for s in each["labels"].shapes] == [1, 2, 3, 2]
    assert [(s.class_id, s.score) for s in each["false positives"].shapes] == [(1, 0.7), (1, 0.6)]
    assert [s.class_id for s in each["false negatives"].shapes] == [2, 2]


def test_previews_are_kept(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second report takes what the first one made, until a file is another."""
    made: list[str] = []
    preview = SceneReader.preview

    def counted(self: Any) -> ScenePreview:
        found = preview(self)
        made.append(found.id)
        return found

    monkeypatch.setattr(SceneReader, "preview", counted)
    folder.predicted("a", np.ones((SIDE, SIDE), np.uint8))
    labels = folder.boxes("l.geojson", [(2, 2, 8, 8)], [1])
    aoi = folder.boxes("aoi.geojson", [(0, 0, 10, 10)], [1])
    scenes = [
        folder.scene("a", folder.raster("a.tif", imagery()), labels, aoi),
        folder.scene("broken", str(folder.path / "none.tif")),
    ]
    first, second = folder.collect(*scenes), folder.collect(*scenes)
    assert first == second
    assert sorted(made) == ["a", "broken", "broken"]
    as_training = folder.collect(train=[scenes[0]])["a"]
    assert as_training == replace(first["a"], split="train")
    folder.predicted("a", np.full((SIDE, SIDE), 2, np.uint8))
    assert where(layers(folder.collect(scenes[0])["a"])["predictions"], GREEN)


def test_of_very_many_scenes_the_rest_has_footprints(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Validation scenes come first; the others say that there are too many."""
    monkeypatch.setattr(scenes_module, "MAX_PREVIEWS", 1)
    uri = folder.raster("a.tif", imagery())
    found = folder.collect(folder.scene("b", uri), train=[folder.scene("a", uri)])
    assert list(found) == ["a", "b"]
    assert (len(found["a"].layers), len(found["b"].layers)) == (0, 1)
    assert "too many scenes" in found["a"].problem
    assert found["a"].footprint == found["b"].footprint


def test_of_very_many_pixels_some_are_read(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes beyond what may be read have footprints, until those before them are kept."""
    monkeypatch.setattr(scenes_module, "MAX_PIXELS", 1)
    monkeypatch.setattr(scenes_module, "_MAX_THREADS", 1)
    uri = folder.raster("a.tif", imagery())
    scenes = [folder.scene(name, uri) for name in "ab"]
    first, second = folder.collect(train=scenes), folder.collect(train=scenes)
    assert [len(p.layers) for p in first.values()] == [1, 0]
    assert "too many pixels" in first["b"].problem
    assert [len(p.layers) for p in second.values()] == [1, 1]


def test_imagery_on_s3_is_read_in_place(folder: Folder, s3_root: str) -> None:
    """Scenes on S3 are shown, kept by their ETags, and read again when these are others."""
    uri = f"{s3_root}/a.tif"
    upload_or_copy(folder.raster("a.tif", imagery()), uri)
    first = folder.collect(train=[folder.scene("a", uri)])["a"]
    assert first.problem == ""
    assert shown(layers(first)["imagery"]) == SIDE * SIDE
    assert folder.collect(train=[folder.scene("a", uri)])["a"] == first
    upload_or_copy(folder.raster("b.tif", imagery()[:, ::-1]), uri)
    assert folder.collect(train=[folder.scene("a", uri)])["a"] != first


def test_pictures_of_noise_are_made_smaller(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit into the share of a scene has fewer pixels."""
    monkeypatch.setattr("rvcli.report.layers._MAX_PICTURE_BYTES", 20_000)
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (3, 256, 256), dtype=np.uint8)
    labels = folder.raster("l.tif", rng.integers(1, 3, (256, 256), dtype=np.uint8))
    found = folder.collect(folder.scene("a", folder.raster("a.tif", noise), labels))["a"]
    for layer in found.layers:
        assert layer.picture is not None
        assert layer.picture.size_hw[0] < 256
        assert len(layer.picture.data) <= 8_000


class GradientConfig(rv.RasterSourceConfig):
    """A raster source of a plugin."""

    key = "GRADIENT"
    plain: bool = rv.field(default=False, doc="Without georeference.")

    def create_source(self, tmp_dir: str, *_: Any, **__: Any) -> Any:
        """Create it."""
        return Gradient(self.plain)


class Gradient(rv.RasterSource):
    """Pixels that no file holds."""

    def __init__(self, plain: bool) -> None:
        super().__init__(None, 3)
        self.plain = plain

    def get_extent(self) -> Box:
        """Return its size."""
        return Box(0, 0, 300, 200)

    def get_dtype(self) -> Any:
        """Return the data type."""
        return np.dtype(np.float32)

    def get_crs_transformer(self) -> Any:
        """Return where it lies."""
        return IdentityCRSTransformer() if self.plain else RasterioCRSTransformer(MERCATOR, CRS)

    def _get_chip(self, window: Box) -> Array:
        rows, columns = np.mgrid[window.ymin : window.ymax, window.xmin : window.xmax]
        return np.stack([rows + 1, columns + 1, rows + columns + 1], axis=-1).astype(np.float32)


def test_sources_of_plugins_are_read_through_their_windows(folder: Folder) -> None:
    """What only its own class can read is shown as well, and never kept: no one knows its files."""
    with temporary_registry() as registry:
        Registrar(registry).register_config(GradientConfig)
        builder = rv.RasterSourceConfig.builder("GRADIENT")
        found = folder.collect(
            train=[
                folder.scene("map", builder.build()),
                folder.scene("plain", builder.with_plain(True).build()),
            ]
        )
    for preview in found.values():
        picture = pixels(layers(preview)["imagery"]).astype(int)
        assert preview.problem == ""
        assert picture.shape == (300, 200, 4)
        assert picture[290, 100, 0] > picture[150, 100, 0] > picture[10, 100, 0]
        assert picture[150, 190, 1] > picture[150, 10, 1]
    assert [p.georeferenced for p in found.values()] == [True, False]
    assert list((folder.path / "cache/rvcli/previews").glob("*.json")) == []


def test_assets_of_a_stac_item_are_a_stack(folder: Folder) -> None:
    """A STAC item is shown in the bands of its assets."""
    assets = {
        f"band-{i}": {"href": folder.raster(f"{i}.tif", imagery()[i]), "roles": ["data"]}
        for i in range(3)
    }
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "item",
        "geometry": None,
        "properties": {"datetime": "2024-01-01T00:00:00Z"},
        "links": [],
        "assets": assets,
    }
    uri = folder.path / "item.json"
    uri.write_text(json.dumps(item))
    source = rv.RasterSourceConfig.builder(rv.STAC_ITEM_SOURCE).with_uri(str(uri)).build()
    found = folder.collect(train=[folder.scene("a", source)])["a"]
    assert (found.problem, found.facts["bands"]) == ("", "3")
    assert pixels(layers(found)["imagery"])[:, :, 3].min() == 255


def test_polygons_that_touch_a_pixel_are_drawn_as_in_training(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels that are drawn wherever polygons touch are those of the raster, thinned out."""
    monkeypatch.setattr("rvcli.report.layers._SIDES_PX", (16, 16))
    places = [(y + 0.4, x + 0.4) for y in range(3, 64, 4) for x in range(3, 64, 4)]
    boxes = [(y, x, y + 0.2, x + 0.2) for y, x in places]
    uri = folder.boxes("l.geojson", boxes, [1] * len(boxes))
    drawn = rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE).with_vector_source(uri)
    drawn = drawn.with_rasterizer_options(3, all_touched=True).build()
    labels = rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION).with_raster_source(drawn)
    image = folder.raster("a.tif", np.full((3, 64, 64), 9, np.uint8))
    found = folder.collect(train=[folder.scene("a", image, labels.build())])["a"]
    # Each fourth pixel of each fourth row is a house, and the pixels that are read are others.
    assert shown(layers(found)["labels"]) == 0
