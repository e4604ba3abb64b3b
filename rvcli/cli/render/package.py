"""A predict package in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rvcli.cli.say import style
from rvcli.filesystem import shown

if TYPE_CHECKING:
    from rvcli.package.check import PackageReport
    from rvcli.package.facts import ImageFacts

_MOST = 12
_COLOURS = {"passed": "green", "failed": "red", "absent": "yellow"}


def print_package(report: PackageReport, *, only_result: bool) -> None:
    """Print what a package is, and how its self-test went.

    Args:
        only_result: print the last part alone, and that only if something is wrong.
    """
    if only_result and report.result == "passed":
        return
    if not only_result:
        rows = [row for row in _rows(report) if row[1]]
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            click.echo(f"{name.ljust(width)}  {value}")
        click.echo()
    result = style(report.result, fg=_COLOURS[report.result], bold=True)
    click.echo(f"self-test: {result}: {report.says}")
    for name in report.changed:
        click.echo(f"  {name} is not what was packed")
    if report.result == "failed":
        for line in report.versions:
            click.echo(f"  another version: {line}")
        if not report.versions:
            click.echo("  the versions of all packages are those with which it was made")


def _rows(report: PackageReport) -> list[tuple[str, str]]:
    rv = f"rv {report.rv}" if report.rv else "an older rv"
    made = f"by {rv}" + (f", written {report.modified}" if report.modified else "")
    framework = " ".join(str(part) for part in report.framework.values() if part)
    classes = [f"{item['id']} {item['name']}" for item in report.classes]
    plugins = [
        " ".join(filter(None, (p["name"], p["version"], p["digest"] and p["digest"][:12])))
        for p in report.plugins
    ]
    test = report.of + (" (synthetic)" if report.is_synthetic else "")
    return [
        ("package", shown(report.uri)),
        ("size", "" if report.size_bytes is None else _size(report.size_bytes)),
        ("made", made),
        ("task", report.task),
        ("backend", report.backend),
        ("framework", framework),
        ("classes", _listed(classes)),
        *_training_rows(report.training),
        ("plugins", _listed(plugins)),
        ("tested on", test),
    ]


def _training_rows(facts: ImageFacts) -> list[tuple[str, str]]:
    bands = "" if facts.bands is None else str(facts.bands)
    if facts.band_names:
        bands += f": {_listed(list(facts.band_names))}"
    resolution = ""
    if facts.pixel_size is not None:
        size = " x ".join(f"{side:g}" for side in dict.fromkeys(facts.pixel_size))
        resolution = f"{size} {facts.unit or ''}".strip()
        if facts.pixel_size_m is not None:
            resolution += f", {facts.pixel_size_m:.3g} m on the ground"
    crs = "" if facts.crs is None else facts.crs if len(facts.crs) <= 60 else facts.crs[:57] + "..."
    values = ""
    if facts.percentiles:
        low, high = facts.percentiles["2"], facts.percentiles["98"]
        ranges = [f"{a:.4g} to {b:.4g}" for a, b in zip(low, high, strict=True)]
        values = f"{_listed(ranges)} (2 to 98 %, {facts.measured_on})"
    return [
        ("bands", bands),
        ("dtype", facts.dtype or ""),
        ("resolution", resolution),
        ("CRS", crs),
        ("values", values),
    ]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _size(size_bytes: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size_bytes < 1000 or unit == "MB":
            return f"{size_bytes:.3g} {unit}" if unit != "bytes" else f"{size_bytes} bytes"
        size_bytes = size_bytes / 1000  # type: ignore[assignment]
    return ""
