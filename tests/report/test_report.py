"""What a report collects from records, messages and histories."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rvcli.errors import MissingDependencyError
from rvcli.report.commands import collect_commands
from rvcli.report.differences import Difference, collect_settings, list_differences
from rvcli.report.last_run import collect_last_run
from rvcli.report.provenance import MOST_CHARACTERS, collect_provenance, masked
from rvcli.report.report import MOST_EXPERIMENTS, collect, write_report
from rvcli.report.sources import Source, read_source

MASK = "********"


def write(path: Path, content: object) -> None:
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Give an experiment of which CHIP has run, TRAIN not, and a run that tells so."""
    chip, train = tmp_path / "chip" / "town", tmp_path / "train" / "town"
    message = {"id": "town", "chipUri": str(chip), "trainUri": str(train), "task": {"size": 3}}
    write(tmp_path / "experiments" / "town.json", message)
    signed = "https://me:pw@example.org/a.tif?X-Amz-Signature=abc"
    write(chip / "command-config-0.json", {"chipConfig": {"accessToken": "t", "uri": signed}})
    write(train / "command-config-0.json", {"trainConfig": {"text": "x" * 2 * MOST_CHARACTERS}})
    record = {
        "schema": 1,
        "fingerprint": "f",
        "config": {},
        "plugins": [{"name": "p", "uri": "/p.py", "sha256": "ab"}],
        "components": {},
        "inputs": [{"uri": signed, "identity": "sha256:1"}],
        "outputs": [{"uri": str(chip / "a.npz"), "identity": "sha256:2", "size_bytes": 7}],
        "started": "2026-01-01T00:00:00.000+00:00",
        "finished": "2026-01-01T00:01:01.500+00:00",
        "host": "node",
        "versions": {"numpy": "2.0"},
        "usage": {"cpu_s": 60.0, "peak_memory_bytes": 1000},
    }
    write(chip / "command-record-0.json", record)
    steps = [
        {"id": "other/CHIP", "experiment_id": "other", "command_type": "CHIP", "status": "run"},
        {"id": "in/COPY", "experiment_id": None, "command_type": "COPY", "status": "up_to_date"},
        {
            "id": "town/CHIP",
            "experiment_id": "town",
            "command_type": "CHIP",
            "status": "run",
            "reason": f"{signed} is new",
            "depends_on": ["in/COPY"],
        },
        {"id": "town/TRAIN", "experiment_id": "town", "command_type": "TRAIN", "status": "run"},
    ]
    history = {
        "schema": 1,
        "run_id": "r1",
        "runner": "LOCAL",
        "started": "2026-01-01T00:00:00.000+00:00",
        "command_line": ["rv", "run", "a b.py"],
        "plan": {"steps": steps},
        "results": [{"id": "town/CHIP", "status": "done", "seconds": 61.5, "detail": ""}],
    }
    write(tmp_path / "history" / "r1.json", history)
    write(tmp_path / "history" / "r2.json", {**history, "run_id": "r2", "plan": {"steps": []}})
    write(tmp_path / "history" / "r3.json", {"schema": 99})
    return read_source(str(tmp_path), "town")


def test_times_and_hosts_come_from_records(source):
    """Without a measured wall time it is from start to end; what has no record has not ended."""
    chip, train = collect_commands(source)
    assert ("CHIP", "node", 61.5, 60.0, 1000) == (
        *(chip.id, chip.host, chip.wall_s),
        *(chip.cpu_s, chip.peak_memory_bytes),
    )
    assert ("TRAIN", "", None) == (train.id, train.finished, train.wall_s)


def test_the_newest_run_that_concerns_an_experiment(source):
    """Its steps with what they depend on, and what became of each, without secrets."""
    run = collect_last_run(source)

    assert ("r1", "rv run 'a b.py'") == (run.run_id, run.command_line)
    assert [("in/COPY", "up_to_date"), ("town/CHIP", "done"), ("town/TRAIN", "unknown")] == [
        (step.id, step.status) for step in run.steps
    ]
    assert "pw" not in run.steps[1].reason
    assert "abc" not in run.steps[1].reason


def test_without_a_history_records_tell_the_steps(source):
    """A run of an older release kept none: the commands that have left messages are the steps."""
    for path in Path(source.root_uri, "history").iterdir():
        path.unlink()
    run = collect_last_run(source)
    assert [("town/CHIP", "done"), ("town/TRAIN", "unknown")] == [
        (step.id, step.status) for step in run.steps
    ]


def test_provenance_is_bounded_and_without_secrets(source):
    """Inputs with identities, plugins with digests, messages cut to a length, secrets masked."""
    made = collect_provenance(source)

    assert ("p", "/p.py", "sha256:ab") == (
        *(made.plugins[0].name, made.plugins[0].place),
        made.plugins[0].pin,
    )
    assert f"https://{MASK}@example.org/a.tif?X-Amz-Signature={MASK}" == made.inputs[0].uri
    assert 7 == made.outputs[0].size_bytes
    assert {"numpy": ("2.0",)} == made.versions
    chip, train = made.messages
    assert {"chipConfig": {"accessToken": MASK, "uri": made.inputs[0].uri}} == json.loads(chip.text)
    assert (MOST_CHARACTERS, True) == (len(train.text), train.cut_characters > MOST_CHARACTERS)


def test_masks_reach_into_lists():
    """Secrets are masked wherever they stand; numbers and names that only look like it are not."""
    value = {"a": [{"api_key": "k", "monkey": "m"}], "tokens": 7, "password": ""}
    assert {"a": [{"api_key": MASK, "monkey": "m"}], "tokens": 7, "password": ""} == masked(value)


def test_settings_without_the_places_that_are_written_to():
    """Items of lists go by their ids; what lies below the root, and the id, are no settings."""
    message = {
        "id": "a",
        "trainUri": "/r/train/a",
        "scenes": [{"id": "w", "uri": "/data/w.tif", "store": "/r/predict/a/w.tif"}],
        "bands": [1, 2],
        "secret_key": "k",
    }
    settings = collect_settings(Source("a", "/r", "", message))
    assert {
        "scenes[w].id": "w",
        "scenes[w].uri": "/data/w.tif",
        "bands": "[1, 2]",
        "secret_key": MASK,
    } == settings


def test_differences_name_what_one_lacks_as_a_whole():
    """A scene that one experiment alone has is one line, a changed value another."""
    a = {"lr": "0.1", "same": "1", "scenes[w].id": "w", "scenes[w].uri": "w.tif"}
    b = {"lr": "0.2", "same": "1"}
    assert [
        Difference("lr", ("0.1", "0.2")),
        Difference("scenes[w]", ("is there", None)),
    ] == list_differences([a, b])


def test_a_part_that_fails_leaves_the_others(source, monkeypatch, tmp_path):
    """A fault while one part is collected is a note; the rest is there."""
    from rvcli.report import figures

    def fail(*arguments: object) -> None:
        raise ValueError("https://me:pw@example.org is gone")

    monkeypatch.setattr(figures, "collect_metrics", fail)
    report = collect(source, str(tmp_path))
    assert 2 == len(report.commands)
    (note,) = [note for note in report.notes if "figures" in note]
    assert f"The report lacks figures: ValueError: https://{MASK}@example.org is gone" == note


def test_very_many_experiments_are_not_all_on_one_page(tmp_path):
    """The dozen that changed last is shown, and the page says which are left out."""
    import os

    for i in range(MOST_EXPERIMENTS + 2):
        path = tmp_path / "experiments" / f"e{i:02}.json"
        write(path, {"id": f"e{i:02}"})
        os.utime(path, (1000 - i, 1000 - i))
    uri = write_report(str(tmp_path), [], str(tmp_path / "r.html"), str(tmp_path))
    html = Path(uri).read_text()
    assert "Left out: e13, e12." in html
    assert MOST_EXPERIMENTS == html.count('class="experiment-link"')


def test_without_its_package_it_says_what_to_install(source, monkeypatch, tmp_path):
    """A base install has no jinja2: the error names the extra."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingDependencyError) as e:
        write_report(source.root_uri, [], str(tmp_path / "r.html"), str(tmp_path))
    assert "pip install 'rvcli[local]'" == e.value.hint
