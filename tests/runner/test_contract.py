"""The contract of runners, kept by those that run here and by one that a plugin brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from rvcli.testing import RunnerContract

NICE = Path(__file__).parent / "nice_runner.py"


class TestInProcess(RunnerContract):
    """One command after the other, in this process."""

    runner = "inprocess"
    side_by_side = False
    processes = False
    gpus = 0
    plan_size = 8


class TestLocal(RunnerContract):
    """Processes on this machine."""

    runner = "local"
    plan_size = 8


class TestPlugin(RunnerContract):
    """A runner that comes from a plugin."""

    runner = "nice"
    plugins = (str(NICE),)
    gpus = 0
    plan_size = 8


@pytest.mark.slow
class TestTwoHundredCommands:
    """Each runner takes the large plan."""

    @pytest.mark.parametrize("contract", [TestInProcess, TestLocal, TestPlugin])
    def test_a_large_plan(self, contract: type[RunnerContract]) -> None:
        """Two hundred commands come to an end in order."""

        class Large(contract):  # type: ignore[misc, valid-type]
            plan_size = 200

        suite = Large()
        suite.setup_method()
        try:
            suite.test_a_large_plan()
        finally:
            suite.teardown_method()
