"""The Dask runner: the contract on a cluster of processes, and what it does beside it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.errors import MissingDependencyError, known_error
from rvcli.runner.dask import task
from rvcli.runner.dask.order import Order
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.outcome import Outcome
from rvcli.testing import DaskProcesses, RunnerContract
from rvcli.testing.workshop import Workshop


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    """Start a scheduler, a worker with two GPUs, and one without that tells its memory."""
    directory = tmp_path_factory.mktemp("dask")
    environment = {"RV_CACHE_DIR": str(directory / "cache")}
    with DaskProcesses(directory, environment=environment) as processes:
        processes.add_worker(
            threads=2, resources="GPU=2", environment={"CUDA_VISIBLE_DEVICES": "4,7"}
        )
        processes.add_worker(resources="MEMORY=5000")
        yield processes


class TestDask(RunnerContract):
    """The contract, on a cluster that shares this machine's files."""

    runner = "dask"
    gpus = 2
    plan_size = 8


@pytest.fixture(scope="module", autouse=True)
def _contract_on_cluster(cluster: DaskProcesses) -> None:
    TestDask.settings = {"DASK.scheduler": cluster.address, "DASK.shared_files": "true"}


@pytest.mark.slow
class TestDaskStartedHere(RunnerContract):
    """The contract, on a local cluster that is started for each run."""

    runner = "dask"
    plan_size = 200


@pytest.fixture(scope="module")
def cluster_elsewhere(
    s3_endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DaskProcesses]:
    """Start a cluster whose workers have a bucket, and work elsewhere."""
    directory = tmp_path_factory.mktemp("elsewhere")
    environment = {
        "RV_CACHE_DIR": str(directory / "cache"),
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with DaskProcesses(directory, environment=environment) as processes:
        processes.add_worker(
            threads=2, resources="GPU=1", environment={"CUDA_VISIBLE_DEVICES": "0"}
        )
        yield processes


@pytest.mark.slow
class TestDaskOnS3(RunnerContract):
    """The contract, on a cluster that shares nothing with this machine but a bucket."""

    runner = "dask"
    plan_size = 8

    def setup_method(self) -> None:
        """Leave it to `_workshop`, which has a bucket."""

    @pytest.fixture(autouse=True)
    def _workshop(self, s3_root: str, cluster_elsewhere: DaskProcesses) -> None:
        self.root_uri = s3_root
        self.settings = {"DASK.scheduler": cluster_elsewhere.address}
        super().setup_method()


def settings_of(cluster: DaskProcesses | None, **values: Any) -> tuple[str, ...]:
    """Return overrides that name a cluster, or none for a local one."""
    named = {} if cluster is None else {"scheduler": cluster.address, "shared_files": "true"}
    return tuple(f"DASK.{name}={value}" for name, value in {**named, **values}.items())


def run(
    cluster: DaskProcesses | None, shop: Workshop, *configs: Any, **options: Any
) -> tuple[Outcome, list[RunEvent]]:
    """Plan commands and run them; give what became of them and all that was told."""
    events: list[RunEvent] = []
    overrides = (f"RV.cache_dir={shop.directory / 'cache'}", *settings_of(cluster))
    with profile.use(profile.load_settings(overrides=overrides)):
        outcome = ExperimentRunner.get_runner("dask").run_plan(
            shop.plan(*configs), RunOptions(**{"jobs": 2, "sink": events.append, **options})
        )
    return outcome, events


def test_a_local_cluster_leaves_nothing_behind(
    shop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file in the working directory, and no variable that Dask sets for its workers."""
    empty = folder / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    before = dict(os.environ)
    outcome, events = run(None, shop, shop.work("a"), tmp_dir=str(folder / "temporary"))
    assert (True, [], before) == (outcome.ok, list(empty.iterdir()), dict(os.environ))
    assert [] == list((folder / "temporary").iterdir())
    assert [] == [e for e in events if e.kind == "warning"]


def test_the_log_says_where_a_command_ran(cluster: DaskProcesses, shop: Workshop) -> None:
    """Host and worker of each attempt stand before what it printed."""
    outcome, events = run(cluster, shop, shop.work("a", fails="badly"), attempts=2, backoff_s=0.1)
    last = Path(outcome.results[0].job.log_path)
    logs = [path.read_text("utf-8") for path in sorted(last.parent.iterdir(), reverse=True)]
    firsts = [log.splitlines()[0] for log in logs]
    assert ["[attempt] 1 of 2", "[attempt] 2 of 2"] == [line.split(" on ")[0] for line in firsts]
    assert ["exit code 1; attempt 2 of 2 in 0.1 s"] == [e.text for e in events if e.kind == "retry"]
    assert [1, 1] == [log.count("error: the work went wrong") for log in logs]


def test_memory_goes_by_tags(cluster: DaskProcesses, shop: Workshop) -> None:
    """A command that is taken to need memory runs on a worker that says it has as much."""
    outcome, _ = run(cluster, shop, shop.work("a"), shop.work("b"), memory_mb=3000)
    logs = [Path(result.job.log_path).read_text("utf-8") for result in outcome.results]
    workers = {line for log in logs for line in log.splitlines() if line.startswith("[attempt]")}
    assert (True, 1) == (outcome.ok, len(workers))


def test_libraries_are_not_held_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Dask's nannies set for threads of a worker does not reach commands."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("MKL_NUM_THREADS", "3")
    environment = task._environment()
    assert (None, "3") == tuple(map(environment.get, ("OMP_NUM_THREADS", "MKL_NUM_THREADS")))


def test_many_lines_go_in_parts() -> None:
    """None is lost, and no event is large: the scheduler keeps a thousand of them."""
    lines = [f"{number:>999}" for number in range(100)]
    parts = list(task._in_parts(lines))
    assert lines == [line for part in parts for line in part]
    assert max(sum(map(len, part)) for part in parts) <= task.MOST_CHARACTERS


def test_a_worker_is_told_text_alone() -> None:
    """A task's argument is the command line, with the message's URI and the plan's digest."""
    order = Order("rv-1", "e/CHIP", "rv-chip-1-0", ("run-command", "--fingerprint", "ab", "s3://m"))
    told = json.loads(order.to_text())
    assert ["run-command", "--fingerprint", "ab", "s3://m"] == told["argv"]
    assert order == Order.from_text(order.to_text())


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, shop: Workshop) -> None:
    """With the extra that brings it."""
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        with pytest.raises(ModuleNotFoundError) as caught:
            run(None, shop, shop.work("a"))
    known = known_error(caught.value)
    assert isinstance(known, MissingDependencyError)
    assert "pip install 'rvcli[dask]'" == known.hint
