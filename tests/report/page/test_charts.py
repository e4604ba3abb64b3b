"""Line charts."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.report.content import Chart, Curve
from rvcli.report.page.charts import MOST_POINTS, line_chart, ticks

FINITE = st.floats(-1e9, 1e9).filter(lambda x: not 0 < abs(x) < 1e-9)


@given(st.lists(FINITE, min_size=1, max_size=20))
def test_ticks_enclose_all_values(values):
    """Whatever the values, there are a few ticks, evenly spaced, the values between them."""
    found = ticks(values)

    slack = 1e-6 * max(map(abs, values), default=1)
    assert found[0] <= min(values) + slack
    assert found[-1] >= max(values) - slack
    assert 2 <= len(found) <= 9


def test_ticks_of_epochs_are_whole():
    """There is no epoch 1.5."""
    assert [1, 2, 3] == ticks([1, 2, 3], of="epoch")


def test_a_value_that_stays_has_zero_at_an_edge():
    """A constant learning rate is no line through negative numbers."""
    assert (0.0, 0.2) == (ticks([0.08, 0.08])[0], ticks([0.08, 0.08])[-1])


@pytest.mark.parametrize(
    "points",
    [(), ((1.0, 2.0),), ((0.0, math.nan), (1.0, math.inf)), ((0.0, 1.0), (1.0, math.nan))],
)
def test_few_or_no_points_are_a_chart(points):
    """No point, one, and numbers that are none: the chart is whole, without nan in it."""
    text = str(line_chart(Chart("loss", "epoch", "loss", (Curve("train", points),), math.nan)))

    ElementTree.fromstring(text)
    assert "nan" not in text.replace("aria", "")
    assert "inf" not in text


def test_many_points_are_thinned_out():
    """Of a hundred thousand points there are some hundred, the last among them."""
    points = tuple((float(i), float(i)) for i in range(100_001))
    text = str(line_chart(Chart("loss", "step", "loss", (Curve("train", points),))))

    path = re.search(r'class="curve[^>]*d="([^"]*)"', text)[1]
    assert path.count("L") <= MOST_POINTS
    assert path.endswith("406.0 14.0")
