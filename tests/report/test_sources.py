"""The files below a root, found again."""

import json

import pytest

from rvcli.errors import UsageError
from rvcli.report.sources import list_experiments, read_source


def test_no_experiment_says_what_to_give(tmp_path):
    """A root without experiments is a mistake of the command line, with a hint."""
    with pytest.raises(UsageError, match="no experiment has run below"):
        read_source(str(tmp_path), "one")


def test_a_wrong_id_names_the_nearest(tmp_path):
    """A misspelled id names the one that is meant."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "buildings.json").write_text(json.dumps({"id": "buildings"}))
    assert ["buildings"] == list_experiments(str(tmp_path))
    with pytest.raises(UsageError) as e:
        read_source(str(tmp_path), "bildings")
    assert "did you mean 'buildings'?" == e.value.hint
