"""Chips that were trained on, and the worst and best windows of validation scenes."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile
from shapely.geometry import box as rectangle

import rvcli as rv
from rvcli.backend.chip_files import write_chips
from rvcli.backend.chip_kind import ChipKind
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_store.object_detection_geojson_store import ObjectDetectionGeoJSONStore
from rvcli.report.tiles import MOST, Candidate, choose, collect_tiles
from rvcli.report.windows import Window, box_windows, cell_windows, pixel_windows

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

CLASSES = {"road": (1, "#ff0000"), "tree": (2, "#00ff00")}
CLASS_MAP = ClassMap.construct_from(CLASSES)
SIDE = 64


def labels_of(array):
    """Give labels of an array of class ids."""
    return SemanticSegmentationLabels(
        [Box(0, 0, *array.shape)], lambda w: array[w.ymin : w.ymax, w.xmin : w.xmax]
    )


def stripes(height, width):
    """Draw two classes in stripes."""
    return np.broadcast_to(1 + np.arange(width, dtype=np.uint8) // 8 % 2, (height, width)).copy()


def test_windows_of_pixels_have_the_share_that_is_right():
    """Unlabelled pixels do not count, nor windows that are mostly unlabelled."""
    truth = stripes(2 * SIDE, 2 * SIDE)
    predicted = truth.copy()
    predicted[: SIDE // 2, :SIDE] = 0
    truth[:SIDE, SIDE:] = 0
    truth[SIDE:, :SIDE] = 1
    extent = Box(0, 0, *truth.shape)
    found = list(pixel_windows(*map(labels_of, (truth, predicted)), extent, SIDE, [1, 2], 1 << 20))
    assert [Box(0, 0, SIDE, SIDE), Box(SIDE, 0, 128, SIDE), Box(SIDE, SIDE, 128, 128)] == [
        w.box for w in found
    ]
    assert [0.5, 0.5, 1.0] == [w.score for w in found]
    assert [False, True, False] == [w.is_dull for w in found]


def test_of_a_large_scene_some_parts_are_read():
    """What is read is bounded, whatever the size of the scene."""
    read = []

    def label(window):
        read.append(window)
        return np.ones((window.get_height(), window.get_width()), np.uint8)

    labels = SemanticSegmentationLabels([], label)
    extent = Box(0, 0, 100_000, 100_000)
    windows = list(pixel_windows(labels, labels, extent, 256, [1], 4 << 20))
    assert 4 << 20 == sum(window.get_area() for window in read) // 2
    assert 4 * 16 == len(windows)


def boxes(rows, scores=None):
    """Make boxes of class 1."""
    return ObjectDetectionLabels(np.array(rows, float).reshape(-1, 4), np.ones(len(rows)), scores)


def test_windows_of_boxes_count_hits_and_misses():
    """A window's score is the share of right boxes among predicted and missed ones."""
    truth = boxes([[0, 0, 10, 10], [20, 20, 30, 30], [100, 100, 110, 110]])
    found = boxes([[0, 0, 10, 10], [40, 40, 50, 50]], np.array([0.9, 0.8]))
    windows = list(box_windows(truth, found, Box(0, 0, 128, 128), SIDE, CLASS_MAP))
    assert [(1 / 3, 3.0), (0.0, 1.0)] == [(w.score, w.weight) for w in windows]
    assert "1 of 2 found, 1 false" == windows[0].caption
    assert Box(64, 64, 128, 128) == windows[1].box


def test_windows_of_cells_have_the_score_of_the_true_class():
    """A cell is as good as the score that the true class got; without scores it is 1 or 0."""
    cells = [Box(0, x, 1, x + 1) for x in range(4)]
    truth, found = ChipClassificationLabels(), ChipClassificationLabels()
    for cell in cells:
        truth.set_cell(cell, 1)
    found.set_cell(cells[0], 2, [0.3, 0.7])
    found.set_cell(cells[1], 1)
    found.set_cell(cells[2], 2)
    windows = list(cell_windows(truth, found, CLASS_MAP))
    assert [0.3, 1.0, 0.0, 0.0] == [w.score for w in windows]
    assert [
        "road, taken for tree",
        "road, found",
        "road, taken for tree",
        "road, not predicted",
    ] == [w.caption for w in windows]


def test_windows_are_chosen_from_different_places_and_scenes():
    """Neighbours of a chosen window are passed over, and each scene has its turn."""
    ranked = [
        Candidate(scene, Window(Box(0, x, SIDE, x + SIDE), x / 1000, 1.0))
        for scene in (0, 0, 0, 1)
        for x in (0, 64, 128, 256)
    ]
    ranked.sort(key=lambda c: c.scene)
    chosen = choose(ranked, 4, 2)
    assert {0: 2, 1: 2} == {n: sum(c.scene == n for c in chosen) for n in (0, 1)}
    for one in chosen:
        assert not any(one is not other and one.is_near(other) for other in chosen)


def write_raster(path, array):
    """Write an image of shape (height, width, bands)."""
    height, width, count = array.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=count, dtype=array.dtype
    ) as dataset:
        dataset.write(np.moveaxis(array, -1, 0))
    return str(path)


def size_of(picture):
    """Decode a picture, and give its size."""
    with MemoryFile(picture.data) as file, file.open() as dataset:
        return dataset.height, dataset.width


@pytest.fixture
def experiment(tmp_path):
    """Give a function that makes as much of an experiment as is looked at."""

    def make(task_key, label_source, label_store, bands=3, dtype="uint16", **scene):
        task = rv.TaskConfig.builder(task_key).with_classes(CLASSES).with_chip_size(SIDE).build()
        rng = np.random.default_rng(0)
        image = rng.integers(200, 3000, (4 * SIDE, 4 * SIDE, bands)).astype(dtype)
        image[:SIDE, :SIDE] = 0
        uri = write_raster(tmp_path / "image.tif", image)
        builder = (
            rv.SceneConfig.builder()
            .with_task(task)
            .with_id("<east>")
            .with_raster_source(uri)
            .with_label_store(label_store)
        )
        builder = builder.with_label_source(label_source) if label_source else builder
        dataset = SimpleNamespace(
            train_scenes=[builder.build()], validation_scenes=[builder.build()]
        )
        chip_uri = str(tmp_path / "chip")
        (tmp_path / "chip" / "train").mkdir(parents=True, exist_ok=True)
        return SimpleNamespace(
            task=task, dataset=dataset, backend=SimpleNamespace(), chip_uri=chip_uri
        )

    return make


def classes_at(tmp_path, array, name):
    """Write a raster of class ids."""
    return write_raster(tmp_path / name, array[:, :, np.newaxis])


def segmentation(tmp_path, experiment, **options):
    """Make an experiment whose predictions get worse from left to right."""
    truth = stripes(4 * SIDE, 4 * SIDE)
    predicted = truth.copy()
    for column in range(4):
        predicted[: 8 * column, column * SIDE : (column + 1) * SIDE] = 2
    labels = (
        rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
        .with_raster_source(classes_at(tmp_path, truth, "truth.tif"))
        .build()
    )
    store = classes_at(tmp_path, predicted, "predicted.tif")
    return experiment(rv.SEMANTIC_SEGMENTATION, labels, store, **options)


@pytest.mark.parametrize(("bands", "dtype"), [(1, "float32"), (3, "uint8"), (6, "uint16")])
def test_windows_of_a_scene_are_drawn(tmp_path, experiment, bands, dtype):
    """Worst and best windows have four pictures each; those without imagery do not count."""
    config = segmentation(tmp_path, experiment, bands=bands, dtype=dtype)
    notes = []
    chips, worst, best = collect_tiles(None, config, str(tmp_path), notes)
    assert () == chips
    assert "there are no files of chips" in notes[0]
    assert 0 < len(worst) <= MOST
    assert 0 < len(best) <= MOST
    assert worst[0].score < best[0].score == 1.0
    assert [t.score for t in worst] == sorted(t.score for t in worst)
    assert worst[0].caption.startswith("<east>, rows 0 to 64, columns 192 to 256")
    assert "mostly road taken for tree" in worst[0].caption
    shown = {tile.caption.split(":")[0] for tile in (*worst, *best)}
    assert len(shown) == len(worst) + len(best)
    assert not any("rows 0 to 64, columns 0 to 64" in caption for caption in shown)
    for tile in (*worst, *best):
        assert ["imagery", "labels", "predictions", "errors"] == list(tile.pictures)
        assert {(128, 128)} == {size_of(picture) for picture in tile.pictures.values()}


def test_of_two_windows_each_is_shown_once(tmp_path, experiment):
    """Where there are few windows, half of them are the worst, and the others the best."""
    config = segmentation(tmp_path, experiment)
    config.task.chip_size = 3 * SIDE
    _, worst, best = collect_tiles(None, config, str(tmp_path))
    assert (1, 1) == (len(worst), len(best))
    assert worst[0].score < best[0].score


def test_windows_of_boxes_are_drawn(tmp_path, experiment):
    """Windows with boxes show these, and which are right, false and missed."""
    places = [(y, x) for y in range(0, 256, 64) for x in range(0, 256, 64)]
    truth = boxes([[y + 5, x + 5, y + 30, x + 30] for y, x in places])
    found = boxes([[y + 5, x + 5 + x // 16, y + 30, x + 30 + x // 16] for y, x in places])
    uris = [str(tmp_path / f"{name}.json") for name in ("truth", "found")]
    for labels, uri in zip((truth, found), uris, strict=True):
        ObjectDetectionGeoJSONStore(uri, IdentityCRSTransformer(), CLASS_MAP).save(labels)
    config = experiment(rv.OBJECT_DETECTION, uris[0], uris[1])
    notes = []
    _, worst, best = collect_tiles(None, config, str(tmp_path), notes)
    assert 0.0 == worst[0].score
    assert worst[0].caption.endswith("0 of 1 found, 1 false")
    assert 1.0 == best[0].score
    assert ["imagery", "labels", "predictions", "errors"] == list(best[0].pictures)


@pytest.mark.parametrize("kind", list(ChipKind))
def test_chips_of_any_kind_are_drawn(tmp_path, experiment, kind):
    """Chips of all classes are drawn beside their labels; a cell's class is in the caption."""
    config = segmentation(tmp_path, experiment)
    rng = np.random.default_rng(1)

    def chips():
        for number in range(30):
            chip = rng.integers(1, 4000, (SIDE, SIDE, 5)).astype(np.int16)
            class_id = 1 if number < 29 else 2
            labels = {
                ChipKind.PIXELS: np.full((SIDE, SIDE), class_id),
                ChipKind.CLASS: np.array(class_id),
                ChipKind.BOXES: np.array([[2.0, 3, 40, 50, class_id]]),
            }[kind]
            yield chip, Box(0, number, SIDE, SIDE + number), labels

    write_chips(tmp_path / "chip" / "train" / "%3ceast%3e.npz", chips(), "<east>", [1, 2], kind)
    notes = []
    shown, _, _ = collect_tiles(None, config, str(tmp_path), notes)
    assert [] == notes
    assert 12 == len(shown) == len({tile.caption for tile in shown})
    assert any("columns 29 to 93" in tile.caption for tile in shown)
    assert {None} == {tile.score for tile in shown}
    expected = ["imagery"] if kind is ChipKind.CLASS else ["imagery", "labels"]
    assert all(expected == list(tile.pictures) for tile in shown)
    if kind is ChipKind.CLASS:
        assert any(tile.caption.endswith(": tree") for tile in shown)


def test_damaged_chips_and_missing_predictions_are_told(tmp_path, experiment):
    """Whatever is missing or damaged is left out, and a note says so."""
    config = segmentation(tmp_path, experiment)
    (tmp_path / "chip" / "train" / "%3ceast%3e.npz").write_bytes(b"PK\x03\x04 cut off")
    (tmp_path / "truth.tif").unlink()
    notes = []
    assert ((), (), ()) == collect_tiles(None, config, str(tmp_path), notes)
    assert 2 == len(notes)
    assert "is no whole file of chips" in notes[0]
    assert "predictions of scene <east> are not shown" in notes[1]
    (tmp_path / "predicted.tif").unlink()
    assert ((), (), ()) == collect_tiles(None, config, str(tmp_path))


def test_areas_of_interest_are_heeded():
    """Outside of the areas nothing is labelled, so that windows there do not count."""
    truth = stripes(2 * SIDE, 2 * SIDE)
    inside = labels_of(truth).filter_by_aoi([rectangle(0, 0, SIDE, 2 * SIDE)])
    extent = Box(0, 0, *truth.shape)
    found = pixel_windows(inside, labels_of(truth), extent, SIDE, [1, 2], 1 << 20)
    assert {0} == {window.box.xmin for window in found}


def test_boxes_that_are_shown_are_those_of_the_best_f1(tmp_path, experiment):
    """Of a detector that says all it thinks of, what is less sure than the best F1 is left out."""
    truth = boxes([[5, 5, 30, 30]])
    found = boxes(
        [[5, 5, 30, 30], [70, 70, 90, 90], [130, 130, 150, 150]], np.array([0.9, 0.5, 0.1])
    )
    uris = [str(tmp_path / f"{name}.json") for name in ("truth", "found")]
    for labels, uri in zip((truth, found), uris, strict=True):
        ObjectDetectionGeoJSONStore(uri, IdentityCRSTransformer(), CLASS_MAP).save(labels)
    config = experiment(rv.OBJECT_DETECTION, uris[0], uris[1])
    rows = [{"class_id": 1, "class_name": "road", "best_score_thresh": 0.3}]
    (tmp_path / "eval.json").write_text(json.dumps({"overall": rows, "per_scene": {}}))
    config.evaluators = [SimpleNamespace(output_uri=str(tmp_path / "eval.json"))]
    notes = []
    _, worst, best = collect_tiles(None, config, str(tmp_path), notes)
    assert [0.0] == [tile.score for tile in worst]
    assert [] == [tile.score for tile in best]  # the right one is where there is no imagery
    assert notes[-1].endswith("above that of the best F1: road 0.30")
