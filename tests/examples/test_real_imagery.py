"""The examples on real imagery, where it is there: RV_TEST_IMAGERY names its folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvcli.backend.chip_files import ChipFile

Figures = Callable[[Path], dict[str, dict[str, Any]]]

IMAGERY = Path(os.environ.get("RV_TEST_IMAGERY", Path(__file__).parents[3] / "shared" / "data"))


def mean_iou(figures: dict[str, dict[str, Any]]) -> float:
    """Average the intersection over union of classes, which follows from their F1."""
    scores = [value["f1"] for name, value in figures.items() if name != "average"]
    return sum(f1 / (2 - f1) for f1 in scores) / len(scores)


def run(
    example: str, data: str, copy_example: Callable[[str], Path], run_rv: Callable[..., str]
) -> Path:
    """Run an example and give its folder."""
    if not (IMAGERY / data).is_dir():
        pytest.skip(f"there is no imagery in {IMAGERY / data}")
    folder = copy_example(example)
    run_rv(folder, "run", "inprocess", "experiment.py", "-a", "data_dir", str(IMAGERY / data))
    return folder


def test_buildings_of_zanzibar(
    copy_example: Callable[[str], Path], run_rv: Callable[..., str], figures: Figures
) -> None:
    """Buildings are found better than by plain scikit-learn: F1 .702, mean IoU .734."""
    folder = run("zanzibar", "zanzibar_buildings", copy_example, run_rv)
    found = figures(folder / "out/eval/zanzibar-buildings-embedded/eval.json")
    assert found["building"]["f1"] > 0.74
    assert mean_iou(found) > 0.76


@pytest.mark.slow
def test_land_cover_of_north_carolina(
    copy_example: Callable[[str], Path], run_rv: Callable[..., str], figures: Figures
) -> None:
    """Land cover is found better than by plain scikit-learn: accuracy .716, mean IoU .383."""
    folder = run("nc_landcover", "nc_landcover", copy_example, run_rv)
    found = figures(folder / "out/eval/nc-landcover/eval.json")
    # The recall of all classes, weighted by their pixels, is the accuracy.
    assert found["average"]["recall"] > 0.725
    assert mean_iou(found) > 0.395


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "accuracy", "f1"), [("zanzibar_buildings", 0.92, 0.915), ("eurosat100", 0.7, 0.69)]
)
def test_cells(
    data: str,
    accuracy: float,
    f1: float,
    copy_example: Callable[[str], Path],
    run_rv: Callable[..., str],
    figures: Figures,
) -> None:
    """Cells are classified better than by plain scikit-learn: accuracy .897, and .675."""
    folder = run("chip_classification", data, copy_example, run_rv)
    found = figures(folder / f"out/eval/cells-{data}-embedded/eval.json")
    assert found["average"]["recall"] > accuracy
    scores = [value["f1"] for name, value in found.items() if name != "average"]
    assert sum(scores) / len(scores) > f1


def test_boxes_of_zanzibar_lie_on_the_image(
    copy_example: Callable[[str], Path], run_rv: Callable[..., str]
) -> None:
    """Each building that a chip can hold has one around it, and is a label there."""
    data = IMAGERY / "zanzibar_buildings"
    if not data.is_dir():
        pytest.skip(f"there is no imagery in {data}")
    folder = copy_example("object_detection")
    arguments = ("-m", "exp_buildings", "-a", "data_dir", str(data))
    run_rv(folder, "run", "inprocess", "experiment.py", "analyze", "chip", *arguments)
    (path,) = (folder / "out/chip").glob("*/train/zanzibar_west.npz")
    with ChipFile(path, str(path)) as chips:
        boxes = chips.counts[:, 1]
    assert (boxes[boxes > 0].size, boxes[boxes == 0].size) == (121, 60)
