"""Tables, plans, outcomes and progress, as they are printed."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from rvcli.cli import logs
from rvcli.cli.render import outcome, plan, progress, table, verification
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.dag import Change, Plan, Step
from rvcli.dag.definition import CommandDefinition
from rvcli.errors import CommandError
from rvcli.profile import load_settings
from rvcli.runner.events import RunEvent
from rvcli.runner.job import Job, JobState
from rvcli.runner.outcome import JobResult, Outcome
from rvcli.verify import Finding, PluginReport, Report


class Config:
    """As much of a command config as is printed."""

    root_uri = "/root"
    split_id = 0

    def __init__(self, command_type: str) -> None:
        self.command_type = command_type


def step(name: str, status: str = "run", outputs: tuple[str, ...] = (), **kwargs) -> Step:
    """Make a step of a plan."""
    command_type = name.rpartition("/")[2]
    io_def = CommandIODefinition(output_uris=set(outputs))
    definition = CommandDefinition(None, Config(command_type), io_def)
    return Step(name, definition, status, kwargs.pop("reason", "because"), **kwargs)


def test_plain_tables_are_aligned():
    """Columns stand below one another, without trailing blanks."""
    assert ["A   BB", "xx  y", "z"] == table.plain_table(["a", "bb"], [["xx", "y"], ["z", ""]])


def test_tables_and_events_hide_credentials(capsys):
    """A URI is printed without its password."""
    table.print_table(["uri"], [["https://me:hunter2@host/x"]])
    progress.Lines(sys.stdout)(RunEvent("failed", "e/CHIP", "no s3://me:hunter2@host/x"))

    printed = capsys.readouterr().out
    assert (True, False) == ("https://********@host/x" in printed, "hunter2" in printed)


def test_a_long_plan_is_cut_before_a_run(capsys):
    """Of a hundred commands to run, thirty are printed; a dry run prints all."""
    steps = Plan(tuple(step(f"e{i}/TRAIN") for i in range(100)))

    plan.print_plan(steps, only_to_run=True)
    cut = capsys.readouterr().out.splitlines()
    plan.print_plan(steps)

    assert ["and 70 more", "100 commands: 100 to run"] == cut[-2:]
    assert 102 == len(capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["run", "up_to_date"], "2 commands: 1 to run, 1 up to date"),
        (["up_to_date"], "nothing to run: 1 command up to date"),
        (["up_to_date", "duplicate"], "nothing to run: 2 commands up to date"),
        (["blocked", "run", "duplicate"], "3 commands: 1 to run, 1 duplicate, 1 blocked"),
        (["blocked"], "1 command: 1 blocked"),
        ([], "0 commands: nothing to run"),
    ],
)
def test_summary(statuses, expected):
    """The last line counts the commands of each kind."""
    steps = [step(f"e{i}/TRAIN", status) for i, status in enumerate(statuses)]

    assert expected == plan.summary(Plan(tuple(steps)))


def test_many_changes_are_cut(capsys):
    """Of many changes, twenty are printed unless all are asked for."""
    changes = tuple(Change(f"config.x{i}", 1, 2) for i in range(25))

    plan.print_explanation([step("e/TRAIN", changes=changes)], everything=False)
    cut = capsys.readouterr().out
    plan.print_explanation([step("e/TRAIN", changes=changes)], everything=True)

    assert cut.endswith("  - and 5 more; -v shows all\n")
    assert "config.x24: 1 -> 2" in capsys.readouterr().out


def test_every_missing_input_is_explained(capsys):
    """What the reason cuts off is listed."""
    blocked = step(
        "e/TRAIN", "blocked", reason="a is missing and 1 more", missing=("b is missing",)
    )

    plan.print_explanation([blocked], everything=False)

    assert "  - b is missing\n" in capsys.readouterr().out


def test_results_are_cut(capsys):
    """Where the results are is printed, five of each kind."""
    uris = tuple(f"/out/{i}.tif" for i in range(7))
    steps = [
        step("e/PREDICT", outputs=uris),
        step("e/EVAL", outputs=("/out/eval.json",)),
        step("e/BUNDLE", outputs=("/out/predict_package.zip",)),
        step("e/TRAIN", outputs=("/out/model",)),
    ]

    outcome.print_results(Plan(tuple(steps)))

    lines = capsys.readouterr().out.splitlines()
    assert "done: 4 commands: 4 run" == lines[0]
    assert ["predictions: /out/4.tif", "predictions: and 2 more"] == lines[5:7]
    assert ["metrics: /out/eval.json", "predict package: /out/predict_package.zip"] == lines[7:]


def test_many_failures_are_cut():
    """Of many failures, ten are told in full and the rest counted."""
    results = tuple(
        JobResult(
            Job(f"e{i}/EVAL", "EVAL", None, 0, "m", "f", "r", (), "log"), JobState("failed", "boo")
        )
        for i in range(12)
    )

    with pytest.raises(CommandError, match=r"12 commands failed: e0/EVAL, .* and 2 more") as raised:
        outcome.raise_failures(Outcome(results))
    assert 10 == raised.value.message.count("failed: boo")


def test_findings_are_printed_with_their_place(capsys):
    """A finding has severity, place, code and hint; further lines of the hint are kept."""
    finding = Finding("type-changed", "3 came back as 3.0", "write int()\nor so", "p.py:7")
    registers = tuple(("EVALUATOR", f"E{i}") for i in range(7))
    report = PluginReport("p", "file", "p.py", registers=registers, findings=(finding,))

    verification.print_report(Report((report,)), everything=False)

    assert [
        "FAIL p (p.py)",
        "     registers EVALUATOR E0, EVALUATOR E1, EVALUATOR E2, EVALUATOR E3, EVALUATOR E4"
        " and 2 more; 0 of 0 checks passed",
        "     error: p.py:7: 3 came back as 3.0 [type-changed]",
        "       TIP: write int()",
        "       or so",
        "1 plugin: 1 with faults",
    ] == capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("verbosity", "setting", "expected"),
    [(0, "warning", 30), (1, "warning", 20), (2, "warning", 10), (-1, "info", 40), (0, "info", 20)],
)
def test_log_levels(monkeypatch, verbosity, setting, expected):
    """-v and -q beat the level of the profile."""
    monkeypatch.setattr(logging.root, "handlers", [])
    level, root_level = logging.getLogger("rvcli").level, logging.root.level
    try:
        logs.log_to_stderr(load_settings(overrides=[f"RV.log_level={setting}"]), verbosity)
        assert expected == logging.getLogger("rvcli").level
    finally:
        logging.getLogger("rvcli").setLevel(level)
        logging.root.setLevel(root_level)


class TestAverages:
    """The averages of an evaluation, beside where it is."""

    def test_they_are_told_in_a_few_words(self, tmp_path: Path) -> None:
        """What has no value is left out."""
        average = {"class_name": "average", "precision": 0.5, "recall": 0.25, "f1": None}
        path = tmp_path / "eval.json"
        path.write_text(json.dumps({"overall": [{"class_name": "a"}, average]}))
        assert " (averages: precision 0.500, recall 0.250)" == outcome.average_figures(str(path))

    def test_those_of_boxes_have_one_more(self, tmp_path: Path) -> None:
        """The average precision of boxes is told too."""
        average = {"class_name": "average", "precision": 0.5, "recall": 1.0, "f1": 0.6, "ap50": 0.7}
        path = tmp_path / "eval.json"
        path.write_text(json.dumps({"overall": [average]}))
        expected = " (averages: precision 0.500, recall 1.000, f1 0.600, ap50 0.700)"
        assert expected == outcome.average_figures(str(path))

    def test_classes_have_their_own(self, tmp_path: Path) -> None:
        """A class that is rare does not show in averages; one alone is the average."""
        items = [{"class_name": name, "f1": f1} for name, f1 in [("a", 0.5), ("b", 1.0)]]
        none = {"class_name": "c", "f1": None}
        path = tmp_path / "eval.json"
        average = {"class_name": "average", "f1": 0.99}
        path.write_text(json.dumps({"overall": [*items, none, average]}))
        assert "f1 by class: a 0.500, b 1.000" == outcome.class_figures(str(path))
        path.write_text(json.dumps({"overall": [items[0], average]}))
        assert "" == outcome.class_figures(str(path))

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"overall": []}', '{"overall": 3}'])
    def test_other_files_have_none(self, tmp_path: Path, text: str) -> None:
        """A plugin's evaluator writes what it wants."""
        path = tmp_path / "eval.json"
        path.write_text(text)
        assert "" == outcome.average_figures(str(path))
        assert "" == outcome.class_figures(str(path))

    def test_a_missing_file_has_none(self, tmp_path: Path) -> None:
        """It may be known by its record alone."""
        assert "" == outcome.average_figures(str(tmp_path / "none.json"))
