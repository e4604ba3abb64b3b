"""What the page says, without a browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from rvcli.report.account import LastRun
from rvcli.report.content import ExperimentReport, Figures, Metrics
from rvcli.report.page import comparison, formats, map_data, summary
from rvcli.report.page.confusion import matrix_of
from rvcli.report.page.render import render


class Elements(HTMLParser):
    """Collects ids, links within the page, and attributes that may do something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.names: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        for name, value in attrs:
            self.names.append(name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "aria-labelledby") and tag not in ("link",):
                self.targets.append((value or "").removeprefix("#"))


def test_ids_are_unique_and_links_lead_somewhere(make):
    """Experiments of the same parts have ids of their own; no style or event is an attribute."""
    page = Elements(render("/r", [make.report("a"), make.report("b", 0.8)], made=""))

    assert len(page.ids) == len(set(page.ids))
    assert set() == set(page.targets) - set(page.ids)
    assert [] == [name for name in page.names if name == "style" or name.startswith("on")]


def test_nothing_at_all_says_what_to_do(make):
    """An experiment that has only been planned: each part says in a sentence why it is empty."""
    html = render("/r", [ExperimentReport("new", "/r")], made="")

    assert 7 <= html.count('class="empty"')
    assert "no evaluation has finished" in html
    assert "<script" not in html  # no map, so nothing to run


def test_the_script_s_data_cannot_end_the_script():
    """What could end a script element, or a line of JavaScript, is escaped, and read back."""
    value = {"</script><!--": "]]>&\u2028\u2029"}
    text = map_data.escaped_json(value)

    assert not set("<>&\u2028\u2029") & set(text)
    assert value == json.loads(text)


@pytest.mark.parametrize(
    ("wests", "shifts"),
    [((179.98, -180.0), [0, 360]), ((-179.99, -179.5), [0, 0]), ((-70.0, 9.0), [0, 0])],
)
def test_neighbours_across_the_antimeridian_are_drawn_as_such(make, wests, shifts):
    """A map of Fiji is not one of the whole world with a half of Fiji at either end."""
    scenes = [make.scene(str(west), "test", west) for west in wests]
    assert [(shift, 0.0) for shift in shifts] == map_data.on_one_world(scenes)


def test_the_same_picture_stands_there_once(make):
    """Two experiments on the same scenes share their imagery."""
    one = render("/r", [make.report("a")], made="")
    two = render("/r", [make.report("a"), make.report("b")], made="")

    data = [re.search(r'id="map-data">(.*?)</script>', text)[1] for text in (one, two)]
    assert 1 == len({len(json.loads(text)["pictures"]) for text in data})


def test_the_sentence_names_best_worst_and_absent_classes(make):
    """The header says how good it is on average, and which classes never occur."""
    figures = make.figures("all scenes", 0.9)
    absent = type(figures.classes[0])("lava", "red", {"f1": None, "gt_count": 0})
    figures = Figures("all", (*figures.classes, absent))
    text = summary.sentence(make.report(metrics=Metrics(figures, (figures,))))

    assert (
        "A mean F1 of 0.850 and a mean IoU of 0.500 over 2 classes on 1 scene. Best is house"
        " with 0.900, weakest tree with 0.800. lava never occurs in the labels."
    ) == text


def test_a_failed_command_is_told_first(make):
    """The header says what failed, and the steps, with the reasons, are not folded away."""
    steps = (make.step("CHIP"), make.step("TRAIN", "town/CHIP", status="failed"))
    report = make.report(last_run=LastRun(steps, "r1"))
    assert summary.sentence(report).endswith(" In the newest run TRAIN failed.")
    assert "<details open>\n<summary>What ran" in render("/r", [report], made="")


def test_a_comparison_marks_the_best_and_the_difference(make):
    """The best of a row is marked, unless all are the same; differences are to the first."""
    rows = comparison.rows_of_means([make.report("a", 0.8), make.report("b", 0.9)])
    by_label = {row.label: row.cells for row in rows}

    first, second = by_label["Mean F1"]
    assert (False, "", True, "+0.100", "better") == (
        *(first.is_best, first.delta),
        *(second.is_best, second.delta, second.trend),
    )
    assert {False} == {cell.is_best for cell in by_label["Mean IoU"]}


def test_classes_of_one_experiment_alone_are_compared_too(make):
    """A class that one experiment lacks has no value there."""
    a, b = make.report("a"), make.report("b")
    b = make.report("b", metrics=Metrics(Figures("all", b.metrics.overall.classes[:1])))
    _, rows = comparison.rows_of_classes([a, b])
    assert ["0.800", formats.NOTHING] == [cell.text for cell in rows[1].cells]


def test_more_splits_than_a_few_are_one_row(make):
    """The table of commands has one row for a hundred splits: time of all, peak of one."""
    from rvcli.report.account import CommandRun

    runs = [
        CommandRun(f"CHIP/{i}", "CHIP", "s", "f", f"h{i % 2}", 2.0, 1.0, 1e6 + i)
        for i in range(100)
    ]
    (group,) = summary.groups_of(runs)
    assert ("CHIP x 100", 200.0, 1e6 + 99, ["h0", "h1"]) == (
        *(group.name, group.wall_s),
        *(group.peak_memory_bytes, group.hosts),
    )


def test_differing_versions_are_told(make):
    """Which commands ran with which version of a package is said where they differ."""
    (line,) = summary.differing_versions(make.report().commands)
    assert "numpy: 2.4.6 in CHIP and TRAIN; 2.5.0 in EVAL" == line


def test_what_is_no_class_has_no_empty_row(make):
    """The row of "nothing" is left out where it is empty; a class that never occurs is not."""
    classes = make.figures("all", 0.9).classes
    counts = ((0, 0, 0), (3, 7, 0), (0, 0, 0))
    matrix = matrix_of(Figures("all", classes, None, counts, ("nothing", "house", "tree")))

    assert ("nothing", "house", "tree") == matrix.names
    assert ["house", "tree"] == [row.name for row in matrix.rows]
    assert ("70.0 %", 7, True) == (
        *(matrix.rows[0].cells[1].percent, matrix.rows[0].cells[1].heat),
        matrix.rows[0].cells[1].is_right,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formats.figure(0.98765), "0.988"),
        (formats.figure(float("nan")), formats.NOTHING),
        (formats.count(1234567), "1,234,567"),
        (formats.seconds(59.94), "59.9 s"),
        (formats.seconds(3725), "1 h 2 min"),
        (formats.size(1536), "1.5 KiB"),
        (formats.size(None), formats.NOTHING),
        (formats.moment("2026-03-04T07:06:07+02:00"), "4 Mar 2026, 05:06:07 UTC"),
        (formats.moment("soon"), "soon"),
        (formats.moment(5), "5"),
        (formats.identity(f"sha256:{'ab' * 32}"), "sha256:abababababab…"),
        (formats.color("red;background:url(x)"), formats.NEUTRAL),
        (formats.color("Red"), "#ff0000"),
        (formats.listed(["a", "b", "c"]), "a, b and c"),
        (formats.listed(list("abcdefg")), "a, b, c, d, e and 2 more"),
        (formats.metric_label("count_error"), "Count error"),
        (formats.metric_label("new_figure"), "New figure"),
    ],
)
def test_values_as_people_write_them(text, expected):
    """Numbers, moments, sizes, digests and colours."""
    assert expected == text
