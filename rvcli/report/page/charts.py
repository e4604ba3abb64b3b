"""Line charts as SVG, made without JavaScript; colours follow the page's, light or dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rvcli.report.content import Chart, Curve, Point
from rvcli.report.page.formats import color

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH, HEIGHT = 420, 270
LEFT, RIGHT, TOP, BOTTOM = 60, 14, 14, 46
SERIES = 8
MOST_POINTS = 400
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def line_chart(chart: Chart) -> Markup:
    """Return an SVG with axes, ticks and curves; the legend stands beside it, as text."""
    from markupsafe import Markup, escape

    curves = [(i, curve, _drawable(curve)) for i, curve in enumerate(chart.curves)]
    points = [point for _, _, drawable in curves for point in drawable]
    marked = [x for x in (chart.marked_x,) if x is not None and math.isfinite(x)]
    x_ticks = ticks([*(x for x, _ in points), *marked], of=chart.x_label)
    y_ticks = ticks([y for _, y in points], of=chart.y_label)
    scale = _Scale(x_ticks, y_ticks)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(describe(chart))}">',
        *_grid(scale, x_ticks, y_ticks),
        f'<text class="axis" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 5}"'
        f' text-anchor="middle">{escape(chart.x_label)}</text>',
        f'<text class="axis" transform="translate(11 {(TOP + HEIGHT - BOTTOM) / 2:.0f})'
        f' rotate(-90)" text-anchor="middle">{escape(chart.y_label)}</text>',
    ]
    for x in marked if points else ():
        parts += _mark(scale, x, str(escape(chart.marked_label)))
    for i, curve, drawable in curves:
        parts.append(_curve(scale, i, curve, drawable, str(escape(curve.name))))
    return Markup("".join([*parts, "</svg>"]))


def describe(chart: Chart) -> str:
    """Say in words what a chart shows, for those who hear it."""
    ends = []
    for curve in chart.curves[:SERIES]:
        drawable = _drawable(curve)
        if drawable:
            ends.append(f"{curve.name} ends at {drawable[-1][1]:.3g}")
    text = f"{chart.title}: {chart.y_label} over {chart.x_label}"
    return f"{text}; {', '.join(ends)}" if ends else text


def ticks(values: Sequence[float], *, of: str = "", most: int = 6) -> list[float]:
    """Return round numbers around values, at least two; 0 to 1 for precision, recall and so on."""
    if of.lower() in ("precision", "recall"):
        return [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    finite = [v for v in values if math.isfinite(v)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if low == high:  # the value in the middle, and zero at an edge
        low, high = sorted((0.0, 2 * low)) if low else (0.0, 1.0)
    raw = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in _STEPS if s * power >= raw * 0.999999)
    if of.lower() in ("epoch", "epochs", "step", "steps", "round", "iteration"):
        step = max(1.0, math.ceil(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


class _Scale:
    """Places values of two axes on the drawing."""

    def __init__(self, x_ticks: Sequence[float], y_ticks: Sequence[float]) -> None:
        self._x0, self._x1 = x_ticks[0], x_ticks[-1]
        self._y0, self._y1 = y_ticks[0], y_ticks[-1]

    def x(self, value: float) -> float:
        share = (value - self._x0) / ((self._x1 - self._x0) or 1.0)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self._y0) / ((self._y1 - self._y0) or 1.0)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _grid(scale: _Scale, x_ticks: Sequence[float], y_ticks: Sequence[float]) -> list[str]:
    parts = []
    for value in y_ticks:
        y = f"{scale.y(value):.1f}"
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text x="{LEFT - 7}" y="{y}" dy="0.32em" text-anchor="end">{tick_text(value)}</text>'
        )
    for value in x_ticks:
        x = f"{scale.x(value):.1f}"
        parts.append(f'<path class="tick" d="M{x} {HEIGHT - BOTTOM}v4"/>')
        parts.append(
            f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
            f"{tick_text(value)}</text>"
        )
    return [*parts, f'<path class="base" d="M{LEFT} {HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>']


def tick_text(value: float) -> str:
    """Write the number at a tick."""
    if value and (abs(value) >= 100_000 or abs(value) < 0.001):
        return f"{value:.0e}"
    return f"{value:g}"


def _mark(scale: _Scale, value: float, label: str) -> list[str]:
    x = scale.x(value)
    anchor, shift = ("end", -5) if x > WIDTH * 0.7 else ("start", 5)
    return [
        f'<path class="mark" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>',
        f'<text class="mark-label" x="{x + shift:.1f}" y="{TOP + 9}" text-anchor="{anchor}">'
        f"{label}</text>",
    ]


def _curve(scale: _Scale, i: int, curve: Curve, points: Sequence[Point], name: str) -> str:
    if not points:
        return ""
    stroke = f' stroke="{color(curve.color)}"' if curve.color else ""
    kind = "curve" if curve.color else f"curve series-{i % SERIES}"
    places = [f"{scale.x(x):.1f} {scale.y(y):.1f}" for x, y in points]
    title = f"<title>{name}</title>"
    if len(places) == 1:
        x, y = places[0].split()
        return f'<circle class="{kind} dot"{stroke} cx="{x}" cy="{y}" r="3">{title}</circle>'
    path = "M" + "L".join(places)
    return f'<path class="halo" d="{path}"/><path class="{kind}"{stroke} d="{path}">{title}</path>'


def _drawable(curve: Curve) -> list[Point]:
    """Return the points that can be drawn; of very many, some, the last among them."""
    points = [(x, y) for x, y in curve.points if math.isfinite(x) and math.isfinite(y)]
    if len(points) <= MOST_POINTS:
        return points
    step = math.ceil(len(points) / MOST_POINTS)
    return [*points[:-1:step], points[-1]]
