"""Scenes evaluated from real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from rasterio.features import rasterize
from shapely.geometry import box, mapping
from sklearn.metrics import precision_recall_fscore_support

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.aoi import read_aoi_polygons
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_source.semantic_segmentation_label_source import (
    SemanticSegmentationLabelSource,
)
from rvcli.data.label_store.probability_raster import new_probability_raster
from rvcli.data.label_store.semantic_segmentation_raster_store import (
    SemanticSegmentationRasterStore,
)
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.data.raster_source.rasterized_source import RasterizedSource
from rvcli.data.scene import Scene
from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource
from rvcli.errors import DataError, NotReadableError, RvError
from rvcli.evaluation.semantic_segmentation_evaluator import (
    SemanticSegmentationEvaluator,
    filter_geojson_by_aoi,
)

CLASSES = ClassMap.construct_from({"house": 1, "road": 2, "ship": 3, "ground": 4})
EXTENT = Box(0, 0, 60, 80)
GRID = RasterioCRSTransformer(Affine(0.5, 0, 530000, 0, -0.5, 9330000), "EPSG:32737")
HOUSES = [(box(5.2, 5.2, 25.2, 25.2), "house"), (box(40.2, 0.2, 46.2, 60.2), "road")]


class Options:
    """How to draw labels."""

    background_class_id = 4
    all_touched = False


def geojson(shapes: list[tuple[Any, str]]) -> dict[str, Any]:
    """Draw shapes, given in pixels, in WGS 84."""
    features = []
    for shape, name in shapes:
        ring = [list(GRID.pixel_to_map(point)) for point in shape.exterior.coords]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        properties = {"class_name": name}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


def pixels(shapes: list[tuple[Any, str]]) -> Any:
    """Draw shapes into an array of class ids."""
    ids = [(shape, CLASSES.get_by_name(name).id) for shape, name in shapes]
    if not ids:
        return np.full((60, 80), 4, dtype=np.uint8)
    return rasterize(ids, out_shape=(60, 80), fill=4, dtype="uint8", transform=Affine.identity())


MakeScene = Callable[..., Scene]


@pytest.fixture
def make_scene(tmp_path: Path) -> MakeScene:
    """Give a function that writes labels and predictions of a scene and opens it."""

    def make(
        name: str,
        truth: list[tuple[Any, str]],
        predicted: Any,
        aoi: list[Any] | None = None,
        outputs: Any = (),
    ) -> Scene:
        label_path = tmp_path / f"{name}.geojson"
        label_path.write_text(json.dumps(geojson(truth)))
        vectors = GeoJSONVectorSource(
            str(label_path), GRID, class_inf_opts=ClassInferenceOptions(CLASSES)
        )
        source = SemanticSegmentationLabelSource(RasterizedSource(vectors, Options(), EXTENT, GRID))
        store = SemanticSegmentationRasterStore(
            str(tmp_path / f"{name}.tif"), EXTENT, GRID, str(tmp_path), outputs, CLASSES
        )
        store.save(SemanticSegmentationLabels([EXTENT], lambda _: predicted))
        areas = []
        if aoi is not None:
            aoi_path = tmp_path / f"{name}-aoi.geojson"
            aoi_path.write_text(json.dumps(geojson([(area, "any") for area in aoi])))
            areas = read_aoi_polygons(str(aoi_path), GRID)
        return Scene(name, None, source, store, areas)  # type: ignore[arg-type]

    return make


def figures_of(tmp_path: Path, *scenes: Scene, **options: Any) -> Any:
    """Evaluate scenes and read what was written."""
    uri = str(tmp_path / "out" / "eval.json")
    SemanticSegmentationEvaluator(CLASSES, uri, **options).process(scenes, str(tmp_path))
    return json.loads(Path(uri).read_text())


def test_figures_agree_with_scikit_learn(tmp_path: Path, make_scene: MakeScene) -> None:
    """Figures from files are those of scikit-learn from the arrays, overall and per scene."""
    noise = np.random.default_rng(3)
    predictions = [noise.integers(0, 5, (60, 80), dtype=np.uint8) for _ in range(2)]
    truths = [HOUSES, HOUSES[:1]]
    scenes = [make_scene(n, t, p) for n, t, p in zip("ab", truths, predictions, strict=True)]
    figures = figures_of(tmp_path, *scenes)
    arrays = [pixels(truth) for truth in truths]
    for items, truth, predicted in (
        (figures["overall"], np.concatenate(arrays), np.concatenate(predictions)),
        (figures["per_scene"]["a"], arrays[0], predictions[0]),
        (figures["per_scene"]["b"], arrays[1], predictions[1]),
    ):
        expected = precision_recall_fscore_support(
            truth.ravel(), predicted.ravel(), labels=[1, 2, 3, 4], zero_division=0
        )
        names = ("precision", "recall", "f1", "gt_count")
        found = [[item[name] or 0 for item in items[:4]] for name in names]
        assert np.allclose(expected, found)


def test_class_that_never_occurs_is_null(tmp_path: Path, make_scene: MakeScene) -> None:
    """A class that no scene has is in the file, with null figures."""
    figures = figures_of(tmp_path, make_scene("a", HOUSES, pixels(HOUSES)))
    [ship] = [item for item in figures["overall"] if item["class_name"] == "ship"]
    assert (ship["precision"], ship["recall"], ship["f1"], ship["gt_count"]) == (None,) * 3 + (0,)
    assert figures["overall"][-1]["class_name"] == "average"
    assert figures["overall"][-1]["f1"] == 1


def test_scene_without_polygons_is_background(tmp_path: Path, make_scene: MakeScene) -> None:
    """A scene whose label file is empty counts as background throughout."""
    figures = figures_of(tmp_path, make_scene("a", [], pixels([])))
    ground = figures["per_scene"]["a"][3]
    assert (ground["class_name"], ground["gt_count"], ground["f1"]) == ("ground", 4800, 1)


def test_only_areas_of_interest_count(tmp_path: Path, make_scene: MakeScene) -> None:
    """Pixels outside the areas of interest do not count, right or wrong."""
    predicted = pixels(HOUSES)
    predicted[:, 50:] = 3
    scene = make_scene("a", HOUSES, predicted, aoi=[box(0, 0, 50, 60)])
    figures = figures_of(tmp_path, scene)
    average = figures["overall"][-1]
    assert (average["f1"], average["gt_count"]) == (1, 50 * 60)


def test_areas_without_labels_are_warned_of(
    tmp_path: Path, make_scene: MakeScene, caplog: pytest.LogCaptureFixture
) -> None:
    """A scene that has nothing to evaluate is named in log and file; its figures are null."""
    scene = make_scene("a", HOUSES, pixels(HOUSES), aoi=[box(500, 500, 510, 510)])
    figures = figures_of(tmp_path, scene)
    assert {item["f1"] for item in figures["per_scene"]["a"]} == {None}
    assert "scene a has no labelled pixels to evaluate within its areas" in caplog.text
    assert figures["warnings"] == [
        "the scene a has no labelled pixels to evaluate within its areas of interest"
    ]


def test_warnings_are_written_down(tmp_path: Path, make_scene: MakeScene) -> None:
    """Warnings about train and validation data are in the file."""
    scene = make_scene("a", HOUSES, pixels(HOUSES))
    figures = figures_of(tmp_path, scene, warnings=["the scene a is in both"])
    assert figures["warnings"] == ["the scene a is in both"]


def vector_figures_of(tmp_path: Path, *scenes: Scene) -> Any:
    """Evaluate scenes and read what was written about polygons."""
    uri = str(tmp_path / "out" / "vectors.json")
    figures_of(tmp_path, *scenes, vector_output_uri=uri)
    return json.loads(Path(uri).read_text())


def counts_of(item: dict[str, Any]) -> tuple[int, int, int]:
    """Give hits, false alarms and misses."""
    return item["tp"], item["fp"], item["fn"]


OUTPUTS = [
    {"mode": "polygons", "class_id": 1},
    {"mode": "buildings", "class_id": 1, "denoise": 1},
    {"mode": "polygons", "class_id": 2},
]


def test_polygons_are_evaluated(tmp_path: Path, make_scene: MakeScene) -> None:
    """Each vector output is compared with the true polygons of its class, in each scene."""
    speck = [*HOUSES, (box(70, 50, 71, 51), "house")]
    truth = [*HOUSES, (box(60, 40, 70, 50), "house")]
    scenes = [
        make_scene("a", truth, pixels(speck), outputs=OUTPUTS),
        make_scene("b", HOUSES, pixels(HOUSES), outputs=OUTPUTS),
    ]
    figures = vector_figures_of(tmp_path, *scenes)
    polygons, buildings, road = figures["per_scene"]["a"]
    assert ("house", "polygons", (1, 1, 1)) == (
        *(polygons["class_name"], polygons["mode"], counts_of(polygons)),
    )
    assert ("buildings", (1, 0, 1)) == (buildings["mode"], counts_of(buildings))
    assert ("road", (1, 0, 0)) == (road["class_name"], counts_of(road))
    assert [(2, 1, 1), (2, 0, 1), (2, 0, 0)] == [counts_of(item) for item in figures["overall"]]


def test_vector_outputs_of_any_format(tmp_path: Path, make_scene: MakeScene) -> None:
    """GeoPackages and FlatGeobufs are read as well."""
    outputs = [
        {"mode": "polygons", "class_id": 1, "uri": str(tmp_path / f"p.{extension}")}
        for extension in ("gpkg", "fgb", "geojson")
    ]
    for output in outputs:
        figures = vector_figures_of(
            tmp_path, make_scene("a", HOUSES, pixels(HOUSES), outputs=[output])
        )
        assert [(1, 0, 0)] == [counts_of(item) for item in figures["overall"]]


def test_polygons_that_areas_cut_off_do_not_count(tmp_path: Path, make_scene: MakeScene) -> None:
    """What lies in an area in part only is left out: true polygons, and predictions on them."""
    truth = [*HOUSES[:1], (box(45, 10, 65, 30), "house"), (box(60, 40, 70, 50), "house")]
    predicted = pixels(truth)
    predicted[:, 50:] = 0
    predicted[50:55, 10:15] = 1
    scene = make_scene("a", truth, predicted, aoi=[box(0, 0, 50, 60)], outputs=OUTPUTS[:1])
    [item] = vector_figures_of(tmp_path, scene)["overall"]
    assert (1, 1, 0) == counts_of(item)


def test_polygons_that_the_image_cuts_off_do_not_count(
    tmp_path: Path, make_scene: MakeScene
) -> None:
    """What reaches beyond the image counts no more than what lies beyond it."""
    truth = [*HOUSES[:1], (box(-20, 40, 5, 50), "house"), (box(200, 0, 210, 10), "house")]
    scene = make_scene("a", truth, pixels(truth), outputs=OUTPUTS[:1])
    [item] = vector_figures_of(tmp_path, scene)["overall"]
    assert (1, 0, 0) == counts_of(item)


def test_truth_of_a_raster_is_polygonized(tmp_path: Path, make_scene: MakeScene) -> None:
    """Where labels are pixels, patches of them are what is there."""
    scene = make_scene("a", HOUSES, pixels(HOUSES), outputs=OUTPUTS)
    labels = tmp_path / "labels.tif"
    store = SemanticSegmentationRasterStore(str(labels), EXTENT, GRID, str(tmp_path))
    store.save(SemanticSegmentationLabels([EXTENT], lambda _: pixels(HOUSES)))
    scene.ground_truth_label_source = SemanticSegmentationLabelSource(
        RasterioSource([str(labels)], [], str(tmp_path))
    )
    figures = vector_figures_of(tmp_path, scene)
    assert [(1, 0, 0)] * 3 == [counts_of(item) for item in figures["overall"]]


def test_no_vector_outputs(
    tmp_path: Path, make_scene: MakeScene, caplog: pytest.LogCaptureFixture
) -> None:
    """Where figures of polygons are asked for and there are none, log and file say so."""
    figures = vector_figures_of(tmp_path, make_scene("a", [], pixels([])))
    assert ([], {"a": []}) == (figures["overall"], figures["per_scene"])
    assert ["no scene has vector outputs to evaluate"] == figures["warnings"]
    assert "no scene has vector outputs" in caplog.text


def test_predictions_without_their_polygons(tmp_path: Path, make_scene: MakeScene) -> None:
    """A file of polygons that is not there is named."""
    scene = make_scene("a", HOUSES, pixels(HOUSES), outputs=OUTPUTS[:1])
    (tmp_path / "a-1-polygons.json").unlink()
    with pytest.raises(RvError, match=r"a-1-polygons\.json"):
        vector_figures_of(tmp_path, scene)


def test_missing_predictions_leave_no_file(tmp_path: Path, make_scene: MakeScene) -> None:
    """Without predictions nothing is written, and the error says what is missing."""
    scene = make_scene("a", HOUSES, pixels(HOUSES))
    (tmp_path / "a.tif").unlink()
    with pytest.raises(NotReadableError, match="no predictions"):
        figures_of(tmp_path, scene)
    assert not (tmp_path / "out" / "eval.json").exists()


@pytest.mark.parametrize("missing", ["label source", "label store"])
def test_scene_without_a_part_is_named(tmp_path: Path, make_scene: MakeScene, missing: str) -> None:
    """A scene that lacks ground truth or predictions is named."""
    scene = make_scene("a", HOUSES, pixels(HOUSES))
    if missing == "label source":
        scene.ground_truth_label_source = None
    else:
        scene.prediction_label_store = None
    with pytest.raises(DataError, match=f"'a' cannot be evaluated: it has no {missing}"):
        figures_of(tmp_path, scene)


def test_filter_geojson_by_aoi() -> None:
    """Features that lie within an area are kept; without areas all are."""
    shapes = [box(0, 0, 2, 2), box(5, 5, 9, 9)]
    features = [{"type": "Feature", "geometry": mapping(shape)} for shape in shapes]
    collection = {"type": "FeatureCollection", "features": features}
    kept = filter_geojson_by_aoi(collection, [box(-1, -1, 3, 3)])
    assert kept["features"] == features[:1]
    assert filter_geojson_by_aoi(collection, [])["features"] == features


def test_curves_are_made_of_probabilities(tmp_path: Path, make_scene: MakeScene) -> None:
    """Where the store has kept probabilities there are curves of pixels, else none."""
    scene = make_scene("a", HOUSES, pixels(HOUSES))
    assert "curves" not in figures_of(tmp_path, scene)
    uri = str(tmp_path / "p.tif")
    truth = pixels(HOUSES)
    with new_probability_raster(Path(uri), EXTENT, GRID, CLASSES, "uint8", "p") as writer:
        writer.write(EXTENT, np.stack([truth == i for i in (1, 2, 3, 4)]).astype(np.float32))
    scene.prediction_label_store.probabilities_uri = uri
    curves = figures_of(tmp_path, scene)["curves"]
    assert ("pixels", 1.0) == (curves["counted"], curves["share"])
    assert [1.0, 1.0, None, 1.0] == [c["average_precision"] for c in curves["classes"]]


def test_probabilities_that_are_gone_are_warned_of(tmp_path: Path, make_scene: MakeScene) -> None:
    """Figures do not depend on curves: what cannot be read is a warning in the file."""
    scene = make_scene("a", HOUSES, pixels(HOUSES))
    scene.prediction_label_store.probabilities_uri = str(tmp_path / "gone.tif")
    figures = figures_of(tmp_path, scene)
    assert "curves" not in figures
    assert "no precision-recall curves of the scene a: there are no prob" in figures["warnings"][0]
