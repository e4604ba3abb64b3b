"""The contract of runners, kept by AWS Batch."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from rvcli.command.command_config import CommandConfig
from rvcli.dag import Plan, derive, plan
from rvcli.records import RecordStore
from rvcli.runner.aws_batch_experiment_runner import AwsBatchExperimentRunner
from rvcli.runner.batch.requests import GROUP_COMMAND
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions, pins_of
from rvcli.testing import RunnerContract
from rvcli.testing.workshop import Workshop

PARTS = '''
from rvcli.command.aux_command import AuxCommand, AuxCommandOptions
from rvcli.errors import DataError
from rvcli.utils.files import file_exists, str_to_file


class Parts(AuxCommand):
    """Writes a file for each part; some parts fail, at first or always."""

    command_type = "PARTS"
    command_options = AuxCommandOptions(
        outputs=lambda config: [f"{config['place']}/{part}.txt" for part in config["parts"]],
        split_on="parts",
    )

    def run(self, tmp_dir=None):
        config = self.command_config
        for part in config["parts"]:
            mark = f"{config['place']}/{part}.tried"
            tried = file_exists(mark)
            str_to_file("", mark)
            if part == config["bad"] and not (tried and config["once"]):
                raise DataError(f"{part} is bad")
            str_to_file(part, f"{config['place']}/{part}.txt")


def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("PARTS", Parts)
'''


class TestAwsBatch(RunnerContract):
    """Jobs that an AWS Batch of the tests runs as processes, with everything in S3."""

    runner = "aws_batch"
    plan_size = 6

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _place(cls, batch_endpoint: SimpleNamespace) -> Iterator[None]:
        """Give the class a bucket, and point the environment at the endpoints."""
        from rvcli.filesystem import s3_client

        with pytest.MonkeyPatch.context() as patch:
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
                patch.delenv(name, raising=False)
            for name, value in batch_endpoint.environment.items():
                patch.setenv(name, value)
            bucket = f"contract-{uuid.uuid4().hex[:12]}"
            s3_client.client().create_bucket(Bucket=bucket)
            patch.setattr(cls, "root_uri", f"s3://{bucket}")
            patch.setattr(cls, "settings", batch_endpoint.settings)
            yield
        assert [] == batch_endpoint.server.broken_limits

    @pytest.mark.slow
    def test_exit_codes(self) -> None:
        """In the tests of `rv jobs` as well, and quicker there."""
        super().test_exit_codes()


@pytest.mark.slow
def test_two_hundred_commands(batch: SimpleNamespace) -> None:
    """The large plan, of which the last command has nearly as many parents."""

    class Large(TestAwsBatch):
        root_uri = batch.root
        settings = batch.settings
        plan_size = 200

    suite = Large()
    suite.setup_method()
    try:
        suite.test_a_large_plan()
    finally:
        suite.teardown_method()


@pytest.fixture
def parts(batch: SimpleNamespace) -> Iterator[Workshop]:
    """Give a workshop with the command PARTS."""
    shop = Workshop(batch.root, batch.settings)
    path = shop.new_folder("parts") / "parts.py"
    path.write_text(PARTS)
    shop.load([str(path)])
    yield shop
    shop.close()


def planned(shop: Workshop, **config: Any) -> Plan:
    """Plan PARTS in three splits, and a command that reads what all of them write."""
    place = shop.uri("place")
    builder = CommandConfig.builder("PARTS").with_root_uri(shop.uri("roots", "parts"))
    first = builder.with_config(place=place, parts=["a", "b", "c"], **config).build()
    reads = [f"{place}/{part}.txt" for part in "abc"]
    builder = CommandConfig.builder("WORK").with_root_uri(shop.uri("roots", "after"))
    after = builder.with_config(writes=[shop.output("after")], reads=reads).build()
    return plan(derive([], [first, after], (), 3), RecordStore(), pins=pins_of)


def run(made: Plan, **options: Any) -> dict[str, str]:
    """Run a plan; return the status of each job."""
    runner = ExperimentRunner.get_runner("aws_batch")
    outcome = runner.run_plan(made, RunOptions(backoff_s=0.05, **options))
    return {result.job.id: result.state.status for result in outcome.results}


def test_splits_are_an_array(batch: SimpleNamespace, parts: Workshop) -> None:
    """Of which each child finds its own message, and is tried again alone."""
    events: list[RunEvent] = []
    statuses = run(planned(parts, bad="b", once=True), attempts=2, sink=events.append)
    assert {"done"} == set(statuses.values())
    assert [3, None] == [r.get("arrayProperties", {}).get("size") for r in batch.server.requests]
    array = [job for job in batch.server.jobs() if job.request is batch.server.requests[0]]
    assert [1, 2, 1] == [len(job.attempts) for job in array]
    retried = [e for e in events if e.kind == "retry"]
    assert [("parts/PARTS/1", "exit code 1; attempt 2 follows")] == [
        (e.job_id, e.text) for e in retried
    ]


def test_a_child_that_fails(batch: SimpleNamespace, parts: Workshop) -> None:
    """Fails what depends on the array; its siblings are done, and stay so."""
    statuses = run(planned(parts, bad="b", once=False))
    assert {
        "parts/PARTS/0": "done",
        "parts/PARTS/1": "failed",
        "parts/PARTS/2": "done",
        "after/WORK": "not_run",
    } == statuses
    left = [step.id for step in planned(parts, bad="b", once=False).to_run]
    assert ["parts/PARTS/1", "after/WORK"] == left


def test_groups_run(batch: SimpleNamespace, parts: Workshop) -> None:
    """A job of 21 parents starts when they and the groups between have succeeded."""
    runner = AwsBatchExperimentRunner()
    words = GROUP_COMMAND.split()
    parents = [runner.batch_submit("WORK", i, "e", words) for i in range(21)]
    runner.batch_submit("WORK", 0, "last", words, parents)
    last = batch.server.job("last")
    deadline = time.monotonic() + 60
    while last.status not in batch.module.ENDED and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "SUCCEEDED" == last.status
    assert 1 == sum("DEPENDENCY_GROUP" in r["jobName"] for r in batch.server.requests)
