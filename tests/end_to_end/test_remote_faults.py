"""Storage and networks that fail at random: a whole run succeeds, and with the right result."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults import FaultProxy, running_proxy


@pytest.fixture
def bad_weather(s3_endpoint: str) -> Iterator[FaultProxy]:
    """Give a proxy before the S3 server, whose connections break now and then."""
    with running_proxy(s3_endpoint) as proxy:
        proxy.mishaps = [
            proxy.answer(500, b"<Error><Code>InternalError</Code></Error>"),
            proxy.answer(503, b"<Error><Code>SlowDown</Code></Error>"),
            proxy.reset(),
            proxy.reset(after=True),
            proxy.truncate(),
        ]
        yield proxy


def metrics(root: str) -> Any:
    """Return the metrics of a run below a root."""
    from rvcli.filesystem import resolve

    return json.loads(resolve(root).read_str(f"{root}/eval/fern/eval.json"))


@pytest.mark.slow
def test_a_run_in_bad_weather(far: Any, bad_weather: FaultProxy) -> None:
    """One request in seven goes wrong; the result is that of a run where none does."""
    project, place = far
    words = ("run", "inprocess", "fern.py", "-a", "place", place)
    fine = project.rv(*words, "-a", "root", f"{place}/fine")
    assert 0 == fine.code, fine.text

    bad_weather.chance = 0.15
    project.env["AWS_ENDPOINT_URL"] = bad_weather.url
    bad = project.rv(*words, "-a", "root", f"{place}/bad", timeout_s=300)
    assert 0 == bad.code, bad.text
    assert bad_weather.spoilt > 10
    assert metrics(f"{place}/fine") == metrics(f"{place}/bad")


@pytest.mark.slow
def test_storage_that_is_gone_is_one_clear_error(far: Any, bad_weather: FaultProxy) -> None:
    """No traceback, no partial result, and a run goes on when it is back."""
    project, place = far
    words = ("run", "inprocess", "fern.py", "-a", "place", place, "-a", "root", f"{place}/gone")
    bad_weather.chance = 1.0
    project.env["AWS_ENDPOINT_URL"] = bad_weather.url
    result = project.rv(*words, timeout_s=300)
    assert 0 < result.code < 6
    assert "Traceback" not in result.text
    assert 1 == result.text.count("error: ")

    project.env["AWS_ENDPOINT_URL"] = os.environ["AWS_ENDPOINT_URL"]
    assert 0 == project.rv(*words).code
