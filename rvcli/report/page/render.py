"""Reports as one HTML file: templates, styles, script and data, with no request to any network."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rvcli.report.content import ERROR_COLORS, ExperimentReport, Figures, ScenePreview
from rvcli.report.page import comparison, formats, graph, map_data, summary
from rvcli.report.page.charts import line_chart
from rvcli.report.page.confusion import matrix_of
from rvcli.version import __version__

HERE = Path(__file__).parent
LEAFLET = HERE / "vendor" / "leaflet"
MOST_SCENE_ROWS = 60
MOST_SCENE_FIGURES = 30
MOST_STEPS = 120
CONTENTS = (
    ("map", "Map"),
    ("metrics", "Metrics"),
    ("training", "Training"),
    ("chips", "Chips"),
    ("predictions", "Predictions"),
    ("plan", "Plan"),
    ("commands", "Commands"),
    ("provenance", "Provenance"),
)
# Ahead of the others where a class has them; the rest follows as it came.
_COLUMNS = ("f1", "iou", "ap50", "ap", "precision", "recall", "gt_count", "count_error")


@dataclass(frozen=True)
class Section:
    """What the page says of one experiment, with what follows from its values.

    Attributes:
        key: before the ids of its elements; its name may be anything.
    """

    key: str
    report: ExperimentReport

    @cached_property
    def maps(self) -> list[list[ScenePreview]]:
        """Its scenes, those on earth apart from plain images."""
        return map_data.maps_of(self.report)

    @property
    def sentence(self) -> str:
        """What came of it."""
        return summary.sentence(self.report)

    @property
    def facts(self) -> list[summary.Fact]:
        """Its main figures."""
        return summary.facts(self.report)

    @property
    def groups(self) -> list[summary.Group]:
        """The rows of its table of commands."""
        return summary.groups_of(self.report.commands)

    @property
    def failed(self) -> list[str]:
        """The commands that failed in its newest run."""
        return summary.failed(self.report)

    def is_done(self, command_type: str) -> bool:
        """Tell whether a command has finished, or a split of it."""
        return any(c.command_type == command_type and c.finished for c in self.report.commands)

    @property
    def finished(self) -> str:
        """When its last command finished."""
        return summary.finished(self.report)

    @property
    def problems(self) -> dict[str, list[str]]:
        """What is missing of scenes, in words, with their ids."""
        found: dict[str, list[str]] = {}
        for scene in self.report.scenes:
            if scene.problem:
                found.setdefault(scene.problem, []).append(scene.id)
        return found

    @cached_property
    def common_facts(self) -> dict[str, str]:
        """What all its scenes have in common, if it has more than one."""
        first, *others = [scene.facts for scene in self.report.scenes]
        if not others:
            return {}
        return {k: v for k, v in first.items() if all(facts.get(k) == v for facts in others)}

    @property
    def fact_names(self) -> list[str]:
        """What else is known of scenes: the columns of their table."""
        names = dict.fromkeys(name for scene in self.report.scenes for name in scene.facts)
        return [name for name in names if name not in self.common_facts]


def render(
    root_uri: str, reports: Sequence[ExperimentReport], *, made: str, notes: Sequence[str] = ()
) -> str:
    """Return the page as HTML.

    Args:
        root_uri: below which the experiments have run.
        reports: one, or some that are compared.
        made: when the report is made, ISO 8601.
        notes: what the reader should know of the report as a whole.

    Raises:
        ModuleNotFoundError: jinja2 is not installed; see `errors.known_error`.
    """
    sections = [Section(f"e{i}", report) for i, report in enumerate(reports)]
    pictures = map_data.Pictures()
    maps = {
        f"{section.key}-map-{i}": map_data.map_of(section.report, scenes, pictures)
        for section in sections
        for i, scenes in enumerate(section.maps)
    }
    data = map_data.escaped_json({"pictures": pictures.uris, "maps": maps, "errors": ERROR_COLORS})
    style = _read(LEAFLET / "leaflet.css") + _read(HERE / "assets" / "report.css")
    script = ""
    if maps:
        leaflet = re.sub(r"//# sourceMappingURL=.*", "", _read(LEAFLET / "leaflet.js"))
        script = f"{leaflet}\n{_read(HERE / 'assets' / 'report.js')}"
    means = class_figure = classes = differences = None
    if len(reports) > 1:
        means = comparison.rows_of_means(reports)
        class_figure, classes = comparison.rows_of_classes(reports)
        differences = comparison.differences_of(reports)
    text: str = (
        _environment()
        .get_template("report.html.j2")
        .render(
            root_uri=root_uri,
            sections=sections,
            contents=CONTENTS,
            made=made,
            notes=notes,
            version=__version__,
            style=_markup(style),
            style_hash=_hash(style),
            script=_markup(script),
            script_hash=_hash(script),
            data=_markup(data) if maps else "",
            means=means,
            class_figure=class_figure,
            classes=classes,
            differences=differences,
            most_differences=comparison.MOST_DIFFERENCES,
        )
    )
    return text


def columns_of(figures: Figures) -> list[str]:
    """Return the names of the figures that any class has, the main ones first."""
    there = dict.fromkeys(
        name for one in figures.classes for name, value in one.figures.items() if value is not None
    )
    first = [name for name in _COLUMNS if name in there]
    return [*first, *(name for name in there if name not in first)]


def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(formats.FILTERS)
    environment.globals.update(
        chart=line_chart,
        columns_of=columns_of,
        error_colors=ERROR_COLORS,
        differing_versions=summary.differing_versions,
        matrix_of=matrix_of,
        is_ratio=formats.is_ratio,
        layers_of=map_data.layers_of,
        metric=formats.metric,
        most_steps=MOST_STEPS,
        most_scene_figures=MOST_SCENE_FIGURES,
        most_scene_rows=MOST_SCENE_ROWS,
        nodes_of=graph.nodes_of,
        nothing=formats.NOTHING,
        plan_graph=graph.plan_graph,
        plural=formats.plural,
        series=8,
        statuses=graph.STATUSES,
    )
    return environment


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _markup(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


def _hash(text: str) -> str:
    """Return what a content security policy calls an inline script or style."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
