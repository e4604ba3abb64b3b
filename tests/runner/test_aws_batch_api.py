"""AWS Batch as moto's server has it, over HTTP; and what is in docker/."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from rvcli.errors import PlanError
from rvcli.runner.aws_batch_experiment_runner import AwsBatchExperimentRunner
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.job import Job
from rvcli.runner.runs import read_run
from rvcli.testing.workshop import Workshop

DOCKER = Path(__file__).parents[2] / "docker"
INSTRUCTIONS = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "FROM", "RUN", "USER", "WORKDIR"}


@pytest.fixture(scope="module")
def moto(s3_endpoint: str) -> Iterator[SimpleNamespace]:
    """Make queues and definitions in moto, whose jobs succeed at once; give its client."""
    with pytest.MonkeyPatch.context() as patch:
        values = {
            "AWS_ENDPOINT_URL": s3_endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        for name, value in values.items():
            patch.setenv(name, value)
        body = json.dumps({"batch": {"use_docker": False}}).encode()
        request = urllib.request.Request(f"{s3_endpoint}/moto-api/config", body, method="POST")
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 201
        session = boto3.Session()
        batch = session.client("batch")
        suffix = uuid.uuid4().hex[:8]
        environment = _make_environment(session, batch, f"rv-{suffix}")
        for name, state in (("on", "ENABLED"), ("off", "DISABLED")):
            batch.create_job_queue(
                jobQueueName=f"{name}-{suffix}",
                state=state,
                priority=1,
                computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
            )
        for kind in ("cpu", "gpu"):
            template = json.loads((DOCKER / f"job-definition-{kind}.json").read_text())
            batch.register_job_definition(**template)
        yield SimpleNamespace(batch=batch, on=f"on-{suffix}", off=f"off-{suffix}")


def _make_environment(session: Any, batch: Any, name: str) -> str:
    role = session.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    made = batch.create_compute_environment(
        computeEnvironmentName=name,
        type="UNMANAGED",
        state="ENABLED",
        serviceRole=role["Role"]["Arn"],
    )
    arn: str = made["computeEnvironmentArn"]
    return arn


@pytest.fixture
def shop(moto: SimpleNamespace, s3_root: str) -> Iterator[Workshop]:
    """Give a workshop in S3 whose profile names the queue and the definitions."""
    settings = {
        "AWS_BATCH.job_queue": moto.on,
        "AWS_BATCH.job_definition": "rv-gpu",
        "AWS_BATCH.cpu_job_definition": "rv-cpu",
        "AWS_BATCH.poll_s": "0.1",
    }
    workshop = Workshop(s3_root, settings)
    yield workshop
    workshop.close()


def test_what_is_submitted(moto: SimpleNamespace, shop: Workshop) -> None:
    """Jobs in the queue, with definitions, tags and dependencies; their state is kept."""
    made = shop.plan(shop.work("a", gpu=True), shop.work("b", reads=["a"]))
    runner = ExperimentRunner.get_runner("aws_batch")
    events: list[RunEvent] = []
    outcome = runner.run_plan(made, RunOptions(run_id="r1", sink=events.append))
    # moto runs nothing: it says that jobs have succeeded, and no record proves it.
    assert {"it ended without a record of what it made"} == {
        result.state.detail for result in outcome.results
    }
    run = read_run(shop.uri("roots", "b"))
    assert ("r1", "AWS_BATCH", 2) == (run.id, run.runner, len(run.jobs))
    ids = [json.loads(run.handles[job.id])["id"] for job in run.jobs]
    first, second = (moto.batch.describe_jobs(jobs=[i])["jobs"][0] for i in ids)
    assert ("r1", [{"jobId": ids[0]}]) == (first["tags"]["rv-run"], second["dependsOn"])
    assert ("rv-gpu", "rv-cpu") == tuple(
        re.split(r"[/:]", job["jobDefinition"])[-2] for job in (first, second)
    )
    words = second["container"]["command"]
    assert ["rv", "run-command", run.jobs[1].message_uri] == [*words[:2], words[-1]]


def test_jobs_are_found_by_their_names(moto: SimpleNamespace, shop: Workshop) -> None:
    """Where ids were not kept; those of other runs are not taken for them."""
    made = shop.plan(shop.work("a"))
    ExperimentRunner.get_runner("aws_batch").run_plan(made, RunOptions(run_id="r2"))
    run = read_run(shop.uri("roots", "a"))
    handle = json.loads(run.handles["a/WORK"])
    found = []
    for run_id in ("r2", "r"):
        runner = AwsBatchExperimentRunner()
        runner.start(RunOptions(run_id=run_id))
        named = {name: handle[name] for name in ("queue", "name")}
        runner.attach({run.jobs[0]: json.dumps(named)})
        found.append(runner.poll(run.jobs[0]).status)
    assert ["done", "not_run"] == found


def test_a_whole_run_is_terminated(moto: SimpleNamespace, shop: Workshop) -> None:
    """The calls that cancel are understood."""
    runner = AwsBatchExperimentRunner()
    runner.start(RunOptions(run_id="r3"))
    job = Job("a", "WORK", None, 0, "s3://b/m.json", "f", "s3://b", ("run-command", "m"), "log")
    runner.submit_all([job])
    runner.cancel([job])
    assert runner.poll(job).final


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"job_queue": ""}, "AWS_BATCH.job_queue must be set: there are commands that use a GPU"),
        ({"job_queue": "nowhere"}, "there is no job queue 'nowhere' in us-east-1"),
        ({"job_queue": "off"}, "is not enabled"),
        ({"job_definition": "none"}, "there is no active job definition 'none' in us-east-1"),
        ({"job_definition": "rv-gpu:99"}, "there is no active job definition 'rv-gpu:99'"),
        ({"attempts": "11"}, "AWS Batch makes at most 10 attempts"),
        ({"environment": "A_TOKEN=x"}, "AWS_BATCH.environment sets A_TOKEN, which looks like"),
    ],
)
def test_what_lacks_is_named_before(
    moto: SimpleNamespace, s3_root: str, settings: dict[str, str], words: str
) -> None:
    """Nothing is written then."""
    values = {"job_queue": moto.on, "job_definition": "rv-gpu", **settings}
    values["job_queue"] = {"off": moto.off}.get(values["job_queue"], values["job_queue"])
    shop = Workshop(s3_root, {f"AWS_BATCH.{name}": value for name, value in values.items()})
    try:
        made = shop.plan(shop.work("a", gpu=True))
        with pytest.raises(PlanError, match=re.escape(words)):
            ExperimentRunner.get_runner("aws_batch").run_plan(made, RunOptions())
        assert not boto3.client("s3").list_objects_v2(Bucket=s3_root[5:]).get("Contents")
    finally:
        shop.close()


def test_missing_credentials_are_named(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one of the sentences that refuse a run."""
    steps = shop.plan(shop.work("a")).to_run
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    (sentence,) = AwsBatchExperimentRunner().check(steps)
    assert "there are no AWS credentials" in sentence


def test_the_dockerfile_parses() -> None:
    """Known instructions, an image first, and shell lines that a shell reads."""
    text = (DOCKER / "Dockerfile").read_text()
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    lines = [line for line in plain.replace("\\\n", " ").splitlines() if line.strip()]
    found = [tuple(line.split(None, 1)) for line in lines]
    assert {name for name, _ in found} <= INSTRUCTIONS
    assert "FROM" == next(name for name, _ in found if name != "ARG")
    for name, rest in found:
        if name == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)
    values = dict(found)
    assert ([], ["rv", "--help"]) == (json.loads(values["ENTRYPOINT"]), json.loads(values["CMD"]))
    assert "rv" == values["USER"]
