"""The page in a browser: it works from disk, asks for nothing, and does only what it should."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from rvcli.report import content
from rvcli.report.account import File, LastRun, Message, PlanStep, Plugin, Provenance
from rvcli.report.page.render import render

MADE = "2026-03-04T05:06:07+00:00"
HOSTILE = (
    "<script>window.hit=1</script><img src=x onerror=window.hit=1>\"'`--></script><!--"
    "<svg onload=window.hit=1>{{ 7 * 7 }}\u2028&amp;"
)
BAD_COLOR = 'red;background:url(https://example.org/x)"/><script>window.hit=1</script>'


def pixels_of(png: bytes) -> np.ndarray:
    """Return a screenshot as an array of shape (height, width, bands)."""
    from rasterio.io import MemoryFile

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a screenshot is not georeferenced
        with MemoryFile(png) as file, file.open(driver="PNG") as dataset:
            return np.moveaxis(dataset.read(), 0, -1)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_it_shows_everything_and_asks_for_nothing(opened, town, html, width, scheme):
    """No error, no request, nothing beyond the window's edge, and pixels that vary."""
    one = opened(html, width, scheme) if scheme == "dark" else town
    one.page.locator(".layer-predictions").first.wait_for()

    assert width == one.page.evaluate("document.documentElement.scrollWidth")
    one.page.locator(".map").scroll_into_view_if_needed()
    place = one.page.locator(".map").bounding_box()
    window = pixels_of(one.page.screenshot())
    y, x, height = (round(place[name]) for name in ("y", "x", "height"))
    image = window[max(y, 0) : y + height, x : x + round(place["width"])]
    assert (scheme == "dark") == (np.median(window) < 100)
    assert 200 < len(np.unique(image.reshape(-1, image.shape[2]), axis=0))
    assert [] == one.problems


def test_layers_switch(town):
    """A layer is on the map while its box is checked: predictions at first, errors not."""
    one = town
    predictions = one.page.locator(".layer-predictions")
    errors = one.page.locator(".leaflet-false-positives-pane canvas, .leaflet-pane canvas")
    predictions.first.wait_for()
    assert (2, 0) == (predictions.count(), one.page.locator(".layer-labels").count())

    one.page.locator("[data-layer=predictions]").uncheck()
    one.page.locator("[data-layer=labels]").check()
    assert (0, 2) == (predictions.count(), one.page.locator(".layer-labels").count())

    before = errors.count()
    one.page.get_by_label("False positives").check()
    assert before + 1 == errors.count()
    one.page.get_by_label("Outlines").uncheck()
    assert 0 == one.page.locator("path.outline").count()
    for name in ("outlines", "predictions"):
        one.page.locator(f"[data-layer={name}]").check()
    for name in ("false positives", "labels"):
        one.page.locator(f"[data-layer='{name}']").uncheck()
    assert [] == one.problems


def test_the_map_is_moved_by_keys_and_buttons(town):
    """A scene's button leads to it, and the slider makes what lies over imagery fainter."""
    one = town
    image = one.page.locator(".layer-imagery").first
    image.wait_for()
    before = image.bounding_box()["width"]
    button = one.page.get_by_role("button", name="west")
    button.focus()
    one.page.keyboard.press("Enter")

    assert 1.2 * before < image.bounding_box()["width"]
    assert "true" == button.get_attribute("aria-pressed")
    one.page.locator("[data-opacity]").fill("20")
    faint = "getComputedStyle(document.querySelector('.leaflet-predictions-pane')).opacity"
    assert "0.2" == one.page.evaluate(faint)
    one.page.locator("[data-opacity]").fill("75")
    one.page.get_by_role("button", name="All 2").click()


def test_plain_images_lie_side_by_side(opened, make):
    """Images without a place on earth are on a map of their own, none over another."""
    scenes = [make.scene(name, "train", georeferenced=False) for name in ("a", "b", "c")]
    one = opened(render("", [make.report(scenes=(*scenes, make.scene("d", "train")))], made=MADE))
    plain = one.page.locator("[data-map=e0-map-1]")
    plain.scroll_into_view_if_needed()
    plain.locator(".layer-imagery").first.wait_for()

    boxes = [image.bounding_box() for image in plain.locator(".layer-imagery").all()]
    assert 3 == len(boxes)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        apart_x = abs(boxes[a]["x"] - boxes[b]["x"]) >= boxes[a]["width"]
        apart_y = abs(boxes[a]["y"] - boxes[b]["y"]) >= boxes[a]["height"]
        assert apart_x or apart_y
    assert [] == one.problems


@pytest.mark.slow
def test_scenes_far_apart_are_found(opened, make):
    """Scenes that would be specks: one is shown, and the others are dots that lead to them."""
    scenes = (make.scene("near", "train"), make.scene("far", "validation", 90.0))
    one = opened(render("", [make.report(scenes=scenes)], made=MADE))
    one.page.locator(".layer-imagery").first.wait_for()
    assert 200 < one.page.locator(".layer-imagery").first.bounding_box()["width"]

    one.page.get_by_role("button", name="All 2").click()
    assert 2 == one.page.locator("path.leaflet-interactive").count()


def hostile(make) -> content.ExperimentReport:
    """Return a report of which every text is an attack."""
    h = HOSTILE
    shape = content.Shape((make.box(9.0, 50.0, 9.005, 50.005),), 1, float("nan"))
    layers = (content.Layer(content.PREDICTIONS, make.picture(1), (shape,)),)
    figures = make.figures(h, 0.5, (h, h + "2"))
    bad = content.ClassFigures(h, BAD_COLOR, {h: 0.5, "f1": 0.5})
    figures = content.Figures(h, (bad, *figures.classes), bad, figures.confusion, (h, h))
    chart = content.Chart(h, h, h, (content.Curve(h, ((0, 0), (1, 1)), BAD_COLOR, h),), 0.5, h)
    tile = content.Tile(h, {h: make.picture(3)}, 0.5)
    files = (File(h, h, h, 1, (h,)),)
    steps = (PlanStep(f"{h}/CHIP", h, h, h, h, h), PlanStep("b", "", "", "failed", h, h, (h,)))
    return make.report(
        h,
        root_uri=h,
        task=h,
        classes={1: (h, BAD_COLOR)},
        scenes=(
            make.scene(h, h, layers=layers, facts={h: h}, problem=h),
            make.scene("b", "test", facts={h: "b"}),
        ),
        metrics=content.Metrics(figures, (figures, figures), chart, (h,), {h: [h]}, (figures,)),
        chips=(tile,),
        worst=(tile,),
        training=(chart,),
        commands=tuple(
            content.CommandRun(h, h, h, h, h, 1.0, versions={h: str(i)}) for i in range(2)
        ),
        last_run=LastRun(steps, h, h, h, h, h, h, h),
        provenance=Provenance({h: (h,)}, (Plugin(h, h, h, (h,)),), files, files, (Message(h, h),)),
        settings={h: h},
        notes=(h,),
    )


def test_texts_from_files_do_nothing(opened, make):
    """Ids, names, colours, hosts and messages with HTML in them are shown as they are."""
    reports = [hostile(make), make.report(settings={})]
    one = opened(render(HOSTILE, reports, made=MADE, notes=(HOSTILE,)))
    one.page.locator("#e0-map").scroll_into_view_if_needed()
    one.page.locator(".layer-predictions").first.wait_for()
    one.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    one.page.locator(".map").first.hover()
    one.page.wait_for_timeout(100)

    assert one.page.evaluate("window.hit === undefined")
    assert [] == one.problems
    assert 2 == one.page.locator("script").count()
    assert 0 == one.page.locator("img[src=x], [onerror], [onload], [style*=background]").count()
    shown = one.page.locator("#e0-title").text_content()
    assert HOSTILE == shown
    assert "{{ 7 * 7 }}" in one.page.locator("footer").text_content()
    assert 1280 == one.page.evaluate("document.documentElement.scrollWidth")


def test_experiments_are_compared_at_any_width(opened, make):
    """Two experiments stand side by side, without a scroll bar for the page."""
    long = "an-experiment-of-which-the-id-is-as-long-as-ids-of-sweeps-are-lr-0.0001-batch-32"
    text = render("/data/out", [make.report(), make.report(long, 0.95)], made=MADE)
    one = opened(text, 400)
    assert 400 == one.page.evaluate("document.documentElement.scrollWidth")
    assert 2 == one.page.locator(".map").count()
    one.page.locator("#e1-map .layer-imagery").first.wait_for()  # without scrolling there
    assert [] == one.problems
