"""The files below a root, found again."""

import json

import pytest

from rvcli.errors import UsageError
from rvcli.report.report import write_report
from rvcli.report.sources import list_experiments, read_source


def test_no_experiment_says_what_to_give(tmp_path):
    """A root without experiments is a mistake of the command line, with a hint."""
    with pytest.raises(UsageError, match="no experiment has run below"):
        read_source(str(tmp_path), "one")


def test_a_file_is_no_root(tmp_path):
    """A path that is not there, or is the page itself, is told apart from an empty root."""
    (tmp_path / "report.html").write_text("")
    for name, told in (("report.html", "it is a file"), ("outt", "it is not there")):
        with pytest.raises(UsageError, match=told):
            read_source(str(tmp_path / name), "")


def test_a_damaged_message_is_left_out(tmp_path):
    """Of all below a root those that are whole are shown; one that is named is an error."""
    folder = tmp_path / "experiments"
    (folder / "team").mkdir(parents=True)
    (folder / "team" / "a.json").write_text(json.dumps({"id": "team/a"}))
    (folder / "b.json").write_text('{"id": ')
    assert ["b", "team/a"] == list_experiments(str(tmp_path))
    page = tmp_path / "r.html"
    write_report(str(tmp_path), [], str(page), str(tmp_path))
    assert "b is left out: " in page.read_text()
    with pytest.raises(UsageError, match="no whole message"):
        write_report(str(tmp_path), ["b"], str(page), str(tmp_path))


def test_a_wrong_id_names_the_nearest(tmp_path):
    """A misspelled id names the one that is meant."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "buildings.json").write_text(json.dumps({"id": "buildings"}))
    assert ["buildings"] == list_experiments(str(tmp_path))
    with pytest.raises(UsageError) as e:
        read_source(str(tmp_path), "bildings")
    assert "did you mean 'buildings'?" == e.value.hint
