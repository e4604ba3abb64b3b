"""What the guide says that a plugin may write is shown."""

import json
import re
import textwrap
from pathlib import Path

import pytest

from rvcli.report.figures import collect_metrics
from rvcli.report.sources import Source
from rvcli.report.training import collect_training

PAGE = next(Path(__file__).parents[2].joinpath("docs").rglob("report-figures.md"))


def block(language, number=0):
    """Return the text of a fenced block of the page."""
    pattern = rf"^ *```{language}\n(.*?)^ *```$"
    found = re.findall(pattern, PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return textwrap.dedent(found[number])


@pytest.mark.parametrize(
    ("name", "text", "titles"),
    [
        (
            "history.json",
            block("json", 0),
            ["loss", "validation metrics", "iou by class", "learning rate"],
        ),
        ("history.csv", block("csv"), ["loss", "validation metrics"]),
    ],
)
def test_a_history_of_the_guide_is_shown(tmp_path, name, text, titles):
    """The examples of a history and of a log give the charts that the page speaks of."""
    (tmp_path / name).write_text(text)
    charts = collect_training(Source("one", "", "", {"trainUri": str(tmp_path)}), None)
    assert titles == [chart.title for chart in charts]
    assert {2} == {len(curve.points) for chart in charts for curve in chart.curves}


def test_figures_of_the_guide_are_shown(tmp_path):
    """The example of an evaluator's file is a table with an average, a scene and a warning."""
    (tmp_path / "own.json").write_text(block("json", 1))
    metrics = collect_metrics(Source("one", "", "", {"evalUri": str(tmp_path)}), None)
    assert 0.61 == metrics.overall.average.figures["f1"]
    assert ["east"] == [figures.title for figures in metrics.scenes]
    assert "what a reader of the figures must know" in metrics.notes
    content = json.loads(block("json", 1))
    told = re.search(r"`(\{\"counted\".*?\})`", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "own.json").write_text(json.dumps(content | {"curves": json.loads(told.group(1))}))
    metrics = collect_metrics(Source("one", "", "", {"evalUri": str(tmp_path)}), None)
    assert ((0.0, 1.0), (0.5, 0.8), (1.0, 0.3)) == metrics.precision_recall.curves[0].points
