"""Precision over recall, of cells and of pixels, against scikit-learn and brute force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box
from sklearn.metrics import precision_recall_curve

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_store.probability_raster import new_probability_raster
from rvcli.data.raster_source.raster_source import sample_grid
from rvcli.errors import DataError
from rvcli.evaluation import probabilities
from rvcli.evaluation.chip_classification_evaluation import ChipClassificationEvaluation
from rvcli.evaluation.precision_recall import ScoreTally, tally_rows

CLASSES = ClassMap.construct_from({"wood": 7, "house": 1, "ship": 3})
IDS = [1, 3, 7]


def best_precisions(is_class: Any, scores: Any) -> Any:
    """Give what scikit-learn says, as the highest precision at each of 101 recalls or more."""
    precision, recall, thresholds = precision_recall_curve(is_class, scores)
    # Its last point, at recall 0, is that of no threshold.
    precision, recall = precision[: len(thresholds)], recall[: len(thresholds)]
    return [max(precision[recall >= r - 1e-12], default=0.0) for r in np.linspace(0, 1, 101)]


def drawn(count: int, seed: int) -> tuple[Any, Any]:
    """Draw true classes, and scores that tell something of them and are often equal."""
    rng = np.random.default_rng(seed)
    truth = rng.choice([0, 1, 7], count)
    scores = rng.random((count, 3)) + 0.4 * (truth[:, None] == IDS)
    return truth, np.round(scores / scores.sum(axis=1, keepdims=True), 2)


def test_curves_of_cells_are_those_of_scikit_learn() -> None:
    """Equal scores are one threshold; unlabelled cells do not count; scenes are ranked together."""
    total = ChipClassificationEvaluation(CLASSES)
    parts = [drawn(200, 1), drawn(100, 2)]
    for name, (truth, scores) in zip("ab", parts, strict=True):
        truth_labels = ChipClassificationLabels()
        cells = [Box(0, x, 1, x + 1) for x in range(len(truth))]
        for cell, class_id in zip(cells, truth.tolist(), strict=True):
            truth_labels.set_cell(cell, class_id or None)
        one = ChipClassificationEvaluation(CLASSES)
        one.compute(truth_labels, ChipClassificationLabels.from_scores(cells, scores, IDS))
        total.merge(one, name)
    figures = total.to_json()
    assert "curves" == list(figures)[-1]
    truth, scores = (np.concatenate(part) for part in zip(*parts, strict=True))
    known = truth > 0
    for column, curve in enumerate(figures["curves"]["classes"]):
        if curve["class_id"] == 3:
            assert (None, None) == (curve["precision"], curve["average_precision"])
            continue
        expected = best_precisions(truth[known] == IDS[column], scores[known, column])
        assert np.allclose(expected, curve["precision"], atol=1e-6)
        assert np.mean(expected) == pytest.approx(curve["average_precision"])


def test_cells_without_prediction_are_never_found() -> None:
    """What was not predicted lowers the recall that is reached."""
    tally = tally_rows(np.array([1, 1]), [[1.0, 0, 0], None], IDS)
    assert tally is not None
    assert [1.0] * 51 + [0.0] * 50 == tally.best_precisions(1).tolist()


def test_predictions_without_scores_give_no_curves() -> None:
    """Where no cell has scores, or other ones than of the classes, there are no curves."""
    assert tally_rows(np.array([1, 3]), [None, None], IDS) is None
    assert tally_rows(np.array([1, 3]), [[1.0], [0.5]], IDS) is None
    assert tally_rows(np.array([], np.int64), [], IDS) is None


def test_memory_of_a_tally_is_bounded() -> None:
    """However many cells there are, as many scores are kept as differ by 1/10,000."""
    tally = ScoreTally()
    for seed in range(3):
        scores = np.random.default_rng(seed).random(50_000)
        tally.add(1, scores, scores > 0.5, np.ones(50_000))
    assert len(tally._levels[1][0]) <= 10_001
    assert 150_000 == tally._levels[1][2].sum()


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Give a function that writes probabilities of shape (classes, height, width)."""

    def write_one(scores: Any, dtype: str = "uint8") -> str:
        extent = Box(0, 0, *scores.shape[1:])
        path = tmp_path / f"{dtype}.tif"
        grid = IdentityCRSTransformer()
        with new_probability_raster(path, extent, grid, CLASSES, dtype, "p") as writer:
            writer.write(extent, scores)
        return str(path)

    return write_one


def labels_of(truth: Any) -> SemanticSegmentationLabels:
    """Give labels of an array of class ids."""
    extent = Box(0, 0, *truth.shape)
    return SemanticSegmentationLabels([extent], lambda w: truth[w.ymin : w.ymax, w.xmin : w.xmax])


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32"])
def test_curves_of_pixels_are_those_of_scikit_learn(write: Any, tmp_path: Path, dtype: str) -> None:
    """All pixels within the areas count, those that were not predicted as missed."""
    truth, scores = (part.reshape(300, 280, -1) for part in drawn(300 * 280, 5))
    truth = truth[:, :, 0].astype(np.uint8)
    scores = np.rint(np.moveaxis(scores, 2, 0) * 255).astype(np.float32) / 255
    scores[:, :40] = 0
    area = box(0, 0, 280, 200)
    labels = labels_of(truth).filter_by_aoi([area])
    extent = Box(0, 0, 300, 280)
    uri = write(scores, dtype)
    tally = probabilities.tally_probabilities(labels, uri, extent, IDS, str(tmp_path))
    known = truth[:200] > 0
    assert known.sum() == tally.labelled
    assert tally.best_precisions(3) is None
    for row, class_id in ((0, 1), (2, 7)):
        found = np.where(scores.any(axis=0), scores[row], -1)[:200][known]
        is_class = truth[:200][known] == class_id
        expected = np.array(best_precisions(is_class, found))
        reached = is_class[found >= 0].sum() / is_class.sum()
        expected[np.linspace(0, 1, 101) > reached] = 0
        # Below that recall, scikit-learn also counts what was not predicted.
        assert np.allclose(expected, tally.best_precisions(class_id), atol=1e-3)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_of_a_large_scene_tiles_of_all_parts_are_read(
    write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pixels that are looked at are bounded, the same each time, and say their share."""
    chosen = sample_grid(Box(0, 0, 10_000, 10_000), 256, 1 << 22)
    assert 64 == len(chosen) == len(set(chosen))
    assert 4 == len({(tile.ymin > 5000, tile.xmin > 5000) for tile in chosen})
    assert chosen == sample_grid(Box(0, 0, 10_000, 10_000), 256, 1 << 22)
    monkeypatch.setattr(probabilities, "MAX_PIXELS", 256 * 256)
    truth = np.ones((256, 1024), np.uint8)
    uri = write(np.ones((3, 256, 1024), np.float32))
    extent = Box(0, 0, 256, 1024)
    tally = probabilities.tally_probabilities(labels_of(truth), uri, extent, IDS, str(tmp_path))
    assert 256 * 256 == tally.labelled


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_probabilities_of_another_image_are_told(write: Any, tmp_path: Path) -> None:
    """A raster that is missing, or does not fit the image, is an error that says so."""
    uri = write(np.ones((3, 20, 20), np.float32))
    truth = labels_of(np.ones((20, 30), np.uint8))
    for at, match in ((uri, "another image"), (f"{uri}.no", "no probabilities")):
        with pytest.raises(DataError, match=match):
            probabilities.tally_probabilities(truth, at, Box(0, 0, 20, 30), IDS, str(tmp_path))
