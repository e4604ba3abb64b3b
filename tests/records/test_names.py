"""Names of the files beside a command's outputs."""

from __future__ import annotations

import pytest

from rvcli.records import draft_uri, is_own_name, lease_uri, message_uri, record_uri


def test_names_lie_below_the_root() -> None:
    """Each file is named by its kind and split, below the root, local or not."""
    assert message_uri("/out/train", 0) == "/out/train/command-config-0.json"
    assert draft_uri("/out/train/", 1) == "/out/train/command-plan-1.json"
    assert record_uri("s3://bucket/x", 2) == "s3://bucket/x/command-record-2.json"
    assert lease_uri("s3://bucket/x/", 12) == "s3://bucket/x/command-lease-12.json"


@pytest.mark.parametrize("kind", ["config", "plan", "record", "lease"])
def test_own_names_are_known(kind: str) -> None:
    """Every kind of own file is known by its name; others are not."""
    assert is_own_name(f"command-{kind}-3.json")
    assert not is_own_name(f"{kind}.json")
    assert not is_own_name("model.json")


def test_logs_are_own() -> None:
    """The log of an attempt is no part of what a command makes."""
    assert is_own_name("command-log-0-20261122-101500.txt")


def test_the_report_is_own() -> None:
    """A report that is written anew does not make the directory that it stands in another one."""
    assert is_own_name("report.html")
    assert not is_own_name("my-report.html")


@pytest.mark.parametrize("name", ["20261129-072903-a1b2c3.json", ".20261129-072903-a1b2c3.json.x1"])
def test_what_is_kept_of_runs_is_own(name: str) -> None:
    """What is kept below a root of each run does not make a directory another one."""
    assert is_own_name(name)
    assert not is_own_name("scene-20261129-072903-a1b2c3.json")
