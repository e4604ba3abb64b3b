"""A browser without a window, and reports made by hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rvcli.report import content
from rvcli.report.account import CommandRun, File, LastRun, Message, PlanStep, Plugin, Provenance
from rvcli.report.content import Chart, ClassFigures, Curve, Figures, Layer, Metrics, Tile
from rvcli.report.page.render import render
from rvcli.report.pictures import drawing, photo

MADE = "2026-03-04T05:06:07+00:00"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Run a headless Chromium for the whole session, if there is one."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    with sync_api.sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


class Opened:
    """A page in the browser, and what it did that it should not have done.

    Attributes:
        page: of playwright.
        problems: errors, messages of the console, requests.
    """

    def __init__(self, browser: Any, path: Path, width: int, scheme: str) -> None:
        size = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, color_scheme=scheme)
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.problems: list[str] = []
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("dialog", lambda dialog: self._refuse(dialog))
        self.page.on("request", lambda request: self._note(request.url, path))
        self.page.goto(path.as_uri())

    def _refuse(self, dialog: Any) -> None:
        self.problems.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _note(self, url: str, path: Path) -> None:
        if url != path.as_uri() and not url.startswith("data:"):
            self.problems.append(f"request {url}")


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Give a function that opens HTML, at a width in pixels and in a colour scheme."""
    pages: list[Opened] = []

    def open_html(html: str, width: int = 1280, scheme: str = "light") -> Opened:
        path = tmp_path / f"{len(pages)}.html"
        path.write_text(html, encoding="utf-8")
        pages.append(Opened(browser, path, width, scheme))
        return pages[-1]

    yield open_html
    for one in pages:
        one.context.close()


@pytest.fixture(scope="session")
def town(browser: Any, html: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Give the page of one experiment, opened once: tests leave it as they find it."""
    path = tmp_path_factory.mktemp("town") / "town.html"
    path.write_text(html, encoding="utf-8")
    one = Opened(browser, path, 1280, "light")
    yield one
    one.context.close()


def picture(seed: int, size: int = 64) -> content.Picture:
    """Return imagery of noise."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size, size, 3), dtype=np.uint8)
    return photo(pixels)


def mask(color: tuple[int, int, int], size: int = 64) -> content.Picture:
    """Return a picture of which the left half has a colour and the right one is transparent."""
    pixels = np.zeros((size, size, 4), np.uint8)
    pixels[:, : size // 2] = (*color, 255)
    return drawing(pixels)


def box(west: float, south: float, east: float, north: float) -> content.Ring:
    """Return the outline of a box."""
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def scene(
    id: str, split: str, west: float = 9.0, *, georeferenced: bool = True, **values: Any
) -> content.ScenePreview:
    """Return a scene with imagery, labels, predictions and errors."""
    bounds = (west, 50.0, west + 0.01, 50.01) if georeferenced else (0.0, -300.0, 400.0, 0.0)
    west, south, east, north = bounds
    cell = box(west, south, (west + east) / 2, (south + north) / 2)
    layers = (
        Layer(content.IMAGERY, picture(1)),
        Layer(content.LABELS, mask((0, 90, 200)), (content.Shape((cell,), 1),)),
        Layer(content.PREDICTIONS, mask((200, 30, 0))),
        Layer(content.FALSE_POSITIVES, shapes=(content.Shape((cell,), 2, 0.75),), omitted=3),
    )
    given: dict[str, Any] = {
        "layers": layers,
        "aois": (cell,),
        "facts": {"CRS": "EPSG:32632", "resolution": f"0.{len(id)} m"},
        **values,
    }
    return content.ScenePreview(id, split, georeferenced, bounds, (box(*bounds),), **given)


def figures(title: str, f1: float, names: tuple[str, ...] = ("house", "tree")) -> Figures:
    """Return figures of two classes, of which the second is a bit worse."""
    classes = tuple(
        ClassFigures(
            name,
            color,
            {"precision": f1, "recall": f1, "f1": f1 - 0.1 * i, "iou": 0.5, "gt_count": 12345},
        )
        for i, (name, color) in enumerate(zip(names, ("#d33", "green"), strict=True))
    )
    return Figures(title, classes, None, ((90, 10), (0, 12345)), names)


def step(name: str, *depends_on: str, status: str = "done", split: int | None = None) -> PlanStep:
    """Return a step of the experiment "town"."""
    own = f"town/{name}" if split is None else f"town/{name}/{split}"
    return PlanStep(own, name, "town", status, "asked to run", depends_on=depends_on, seconds=1.5)


STEPS = (
    step("ANALYZE"),
    step("CHIP", "town/ANALYZE"),
    step("TRAIN", "town/CHIP", "town/ANALYZE"),
    step("PREDICT", "town/TRAIN", "town/ANALYZE"),
    step("EVAL", "town/PREDICT"),
)
COMMANDS = (
    *(
        CommandRun(name, name, MADE, MADE, "node-1", 61.0, 59.0, 3e8, None, {"numpy": "2.4.6"})
        for name in ("CHIP", "TRAIN")
    ),
    CommandRun("EVAL", "EVAL", MADE, MADE, "node-2", 2.0, versions={"numpy": "2.5.0"}),
    CommandRun("BUNDLE", "BUNDLE"),
)


def report(id: str = "town", f1: float = 0.9, **values: Any) -> content.ExperimentReport:
    """Return a report that has something in every part."""
    pictures = {"imagery": picture(2), "labels": mask((0, 90, 200))}
    curve = Curve("house", tuple((i / 10, 1 - i / 20) for i in range(11)), "#d33")
    loss = Curve("train", tuple((float(i), 1 / (i + 1)) for i in range(8)))
    given: dict[str, Any] = {
        "root_uri": "/data/out",
        "task": "SEMANTIC_SEGMENTATION",
        "classes": {1: ("house", "#d33"), 2: ("tree", "green")},
        "scenes": (scene("west", "train"), scene("east side", "validation", 9.02)),
        "metrics": Metrics(
            overall=figures("all scenes", f1),
            scenes=(figures("west", f1), figures("east side", f1)),
            precision_recall=Chart("precision and recall", "recall", "precision", (curve,)),
            others={"areas.json": {"house": 1.5}},
        ),
        "chips": (Tile("west, 0 to 64", pictures),),
        "worst": (Tile("east side, 0 to 64", pictures, 0.25),),
        "best": (Tile("east side, 64 to 128", pictures, 1.0),),
        "training": (Chart("loss", "epoch", "loss", (loss,), 5.0, "best"),),
        "commands": COMMANDS,
        "last_run": LastRun(STEPS, "20260304-1", "local", MADE, MADE, "node-1", "rv run local x"),
        "provenance": Provenance(
            versions={"numpy": ("2.4.6", "2.5.0")},
            plugins=(Plugin("areas", "/p/areas.py", f"sha256:{'ab' * 32}", ("EVAL",)),),
            inputs=(File("/data/west.tif", f"sha256:{'cd' * 32}", commands=("CHIP",)),),
            outputs=(File("/data/out/eval.json", "sha256:ef", "EVAL", 1234),),
            messages=(Message("EVAL", '{"commandType": "EVAL"}', 7),),
        ),
        "settings": {"backend.iterations": "60", "dataset.trainScenes[west].uri": "west.tif"},
        **values,
    }
    return content.ExperimentReport(id, **given)


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Give the functions that make parts of a report."""
    return SimpleNamespace(
        report=report, scene=scene, figures=figures, step=step, picture=picture, mask=mask, box=box
    )


@pytest.fixture(scope="session")
def html() -> str:
    """Give the page of one experiment."""
    return render("/data/out", [report()], made=MADE)
