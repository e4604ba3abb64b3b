"""What the runners of this machine do beside the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.errors import CommandError
from rvcli.runner.command_runner import CommandRunner
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.messages import stamp_and_write
from rvcli.runner.outcome import Outcome
from rvcli.testing.workshop import Workshop

pytestmark = pytest.mark.parametrize("runner", ["inprocess", "local"])


def run(
    runner: str, shop: Workshop, *configs: Any, events: list[RunEvent] | None = None, **options: Any
) -> Outcome:
    """Plan commands and run them."""
    sink = (lambda event: None) if events is None else events.append
    settings = ("--set", f"RV.cache_dir={profile.current().get('RV', 'cache_dir')}")
    options = {"settings_options": settings, "jobs": 2, **options}
    outcome: Outcome = ExperimentRunner.get_runner(runner).run_plan(
        shop.plan(*configs), RunOptions(sink=sink, **options)
    )
    return outcome


def statuses(outcome: Outcome) -> dict[str, str]:
    """Return the status of each job by the name of its root."""
    return {r.job.id.partition("/")[0]: r.state.status for r in outcome.results}


def test_each_attempt_has_a_log(runner: str, shop: Workshop) -> None:
    """Below the root of its command."""
    outcome = run(runner, shop, shop.work("a"))
    log = Path(outcome.results[0].job.log_path)
    assert (True, "logs") == (log.exists(), log.parent.name)


def test_a_log_that_cannot_be_written_fails_its_command_alone(
    runner: str, shop: Workshop, folder: Path
) -> None:
    """Healthy commands go on."""
    (folder / "roots" / "bad").mkdir(parents=True)
    (folder / "roots" / "bad" / "logs").write_text("no folder")
    outcome = run(runner, shop, shop.work("bad"), shop.work("healthy"))
    assert {"bad": "failed", "healthy": "done"} == statuses(outcome)
    assert "File exists" in outcome.failed[0].state.detail


def test_another_plan_of_the_same_command_is_noticed(runner: str, shop: Workshop) -> None:
    """A message is not run under a plan that was made for another one."""
    (first,) = shop.plan(shop.work("a")).to_run
    uri = stamp_and_write(first)
    message = Path(uri).read_text("utf-8")
    (second,) = shop.plan(shop.work("a", seconds=0.01)).to_run
    stamp_and_write(second)
    Path(uri).write_text(message, "utf-8")
    with pytest.raises(CommandError, match="is not the one"):
        CommandRunner.run(uri)
