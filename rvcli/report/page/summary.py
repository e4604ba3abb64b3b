"""What an experiment came to, in a sentence and a few figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rvcli.report.account import CommandRun
from rvcli.report.content import ClassFigures, ExperimentReport, Figures
from rvcli.report.page import formats

# The figure that is told first, by what there is: for boxes, classes have no IoU.
_MAIN = ("f1", "iou", "ap50", "ap", "precision", "recall")
# A class that neither labels nor predictions have.
_COUNT = "gt_count"


@dataclass(frozen=True)
class Fact:
    """A figure of the header."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Group:
    """Commands in one row of a table: one, or many splits of one.

    Attributes:
        share: of the longest row's time, 0 to 1.
    """

    name: str
    runs: tuple[CommandRun, ...]
    wall_s: float | None = None
    share: float = 0.0

    @property
    def finished(self) -> tuple[CommandRun, ...]:
        """Those that have ended well."""
        return tuple(run for run in self.runs if run.finished)

    @property
    def started(self) -> str:
        """When the first began; empty if none has ended."""
        return min((run.started for run in self.finished), default="")

    @property
    def cpu_s(self) -> float | None:
        """Processor time of all."""
        return total(run.cpu_s for run in self.runs)

    @property
    def peak_memory_bytes(self) -> float | None:
        """That of the one that took most."""
        return highest(run.peak_memory_bytes for run in self.runs)

    @property
    def gpu_peak_memory_bytes(self) -> float | None:
        """That of the one that took most."""
        return highest(run.gpu_peak_memory_bytes for run in self.runs)

    @property
    def hosts(self) -> list[str]:
        """Where they ran."""
        return list(dict.fromkeys(run.host for run in self.finished if run.host))


MOST_SPLITS = 4


def groups_of(commands: Iterable[CommandRun]) -> list[Group]:
    """Return the rows of the table of commands: more splits than a few become one row."""
    by_type: dict[str, list[CommandRun]] = {}
    for run in commands:
        by_type.setdefault(run.command_type, []).append(run)
    groups: list[Group] = []
    for name, runs in by_type.items():
        if len(runs) > MOST_SPLITS:
            groups.append(_group(f"{name} x {len(runs)}", runs))
        else:
            groups += [_group(run.id, [run]) for run in runs]
    longest = max((group.wall_s or 0.0 for group in groups), default=0.0)
    return [
        Group(g.name, g.runs, g.wall_s, (g.wall_s or 0.0) / longest if longest else 0.0)
        for g in groups
    ]


def differing_versions(commands: Iterable[CommandRun]) -> list[str]:
    """Say which packages had not the same version in all commands."""
    found: dict[str, dict[str, list[str]]] = {}
    for run in commands:
        for name, version in run.versions.items():
            found.setdefault(name, {}).setdefault(version, []).append(run.id)
    return [
        f"{name}: " + "; ".join(f"{v} in {formats.listed(ids)}" for v, ids in versions.items())
        for name, versions in found.items()
        if len(versions) > 1
    ]


def mean(figures: Figures | None, key: str) -> float | None:
    """Return the mean of a figure over the classes that have one."""
    values = [c.figures.get(key) for c in figures.classes] if figures is not None else []
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def never_occurring(figures: Figures | None) -> list[str]:
    """List the classes that labels have nowhere."""
    classes = figures.classes if figures is not None else ()
    return [c.name for c in classes if c.figures.get(_COUNT) == 0]


def failed(report: ExperimentReport) -> list[str]:
    """List the commands that failed in the newest run, as "PREDICT", or "CHIP/2" for a split."""
    own = f"{report.id}/"
    return [s.id.removeprefix(own) for s in report.last_run.steps if s.status == "failed"]


def sentence(report: ExperimentReport) -> str:
    """Say what came of an experiment."""
    names = failed(report)
    return _result(report) + (f" In the newest run {formats.listed(names)} failed." * bool(names))


def _result(report: ExperimentReport) -> str:
    overall = report.metrics.overall
    if overall is None:
        done = [run for run in report.commands if run.finished]
        if any(run.command_type == "EVAL" for run in done):
            return "The evaluation has written no figures that this report can read."
        last = f" The last command that has finished is {done[-1].id}." if done else ""
        return f"There are no figures yet: no evaluation has finished.{last}"
    means = [(key, value) for key in _MAIN if (value := mean(overall, key)) is not None][:2]
    if not means:
        text = "The evaluation found nothing to compare: no class has a figure"
    else:
        words = " and ".join(
            f"{'a' if i else 'A'} mean {formats.metric_in_text(key)} of {value:.3f}"
            for i, (key, value) in enumerate(means)
        )
        known = [c for c in overall.classes if c.figures.get(means[0][0]) is not None]
        text = f"{words} over {formats.plural(len(known), 'class', 'classes')}"
    scenes = len(report.metrics.scenes)
    if scenes:
        text += f" on {formats.plural(scenes, 'scene')}"
    text += "."
    if means:
        text += _extremes(known, means[0][0])
    absent = never_occurring(overall)
    if absent:
        verb = "occurs" if len(absent) == 1 else "occur"
        text += f" {formats.listed(absent)} never {verb} in the labels."
    return text


def facts(report: ExperimentReport) -> list[Fact]:
    """Return the figures of the header."""
    found: list[Fact] = []
    overall = report.metrics.overall
    for key in _MAIN:
        value = mean(overall, key)
        if value is not None and len(found) < 2:
            label = f"Mean {formats.metric_in_text(key)}"
            found.append(Fact(label, f"{value:.3f}", _weighted(overall, key, value)))
    if overall is not None and overall.confusion:
        labelled = sum(map(sum, overall.confusion))
        right = sum(row[i] for i, row in enumerate(overall.confusion) if i < len(row))
        if labelled:
            found.append(Fact("Accuracy", f"{right / labelled:.3f}", "of all that is labelled"))
    if report.scenes:
        splits = {s: sum(x.split == s for x in report.scenes) for s in _SPLITS}
        note = ", ".join(f"{n} {s}" for s, n in splits.items() if n)
        found.append(Fact("Scenes", str(len(report.scenes)), note))
    wall_s = total(run.wall_s for run in report.commands)
    if wall_s is not None:
        cpu_s = total(run.cpu_s for run in report.commands)
        note = f"{formats.seconds(cpu_s)} of CPU" if cpu_s is not None else "all commands"
        found.append(Fact("Time", formats.seconds(wall_s), note))
    peak = highest(run.peak_memory_bytes for run in report.commands)
    if peak is not None:
        most = next(run.id for run in report.commands if run.peak_memory_bytes == peak)
        found.append(Fact("Peak memory", formats.size(peak), most))
    return found


_SPLITS = ("train", "validation", "test")


def finished(report: ExperimentReport) -> str:
    """Return when the last command finished; empty if none has."""
    return max((run.finished for run in report.commands), default="")


def _group(name: str, runs: list[CommandRun]) -> Group:
    return Group(name, tuple(runs), total(run.wall_s for run in runs))


def _extremes(classes: list[ClassFigures], key: str) -> str:
    ranked = sorted(classes, key=lambda c: c.figures[key] or 0.0)
    if len(ranked) < 2:
        return ""
    worst, best = ranked[0], ranked[-1]
    low, high = worst.figures[key] or 0.0, best.figures[key] or 0.0
    return f" Best is {best.name} with {high:.3f}, weakest {worst.name} with {low:.3f}."


def _weighted(figures: Figures | None, key: str, plain: float) -> str:
    """Tell the average that counts each class by how much there is of it, if that is another."""
    average = figures.average if figures is not None else None
    value = average.figures.get(key) if average is not None else None
    if value is None or f"{value:.3f}" == f"{plain:.3f}":
        return ""
    return f"{value:.3f} weighted by count"


def total(values: Iterable[float | None]) -> float | None:
    """Return the sum of the values that are known; None if none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def highest(values: Iterable[float | None]) -> float | None:
    """Return the highest of the values that are known; None if none is."""
    return max((value for value in values if value is not None), default=None)
