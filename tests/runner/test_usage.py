"""What a command uses, as its record says it."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rvcli.records import find_record
from rvcli.runner import usage
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.testing.workshop import Workshop

MIB = 1 << 20


def test_the_record_of_a_command_says_what_it_used(shop: Workshop) -> None:
    """Seconds, seconds of processors and memory are in the record."""
    runner = ExperimentRunner.get_runner("INPROCESS")
    runner.run_plan(shop.plan(shop.work("a")), RunOptions())
    record = find_record(shop.uri("roots", "a")).record
    assert record is not None
    assert {"wall_s", "cpu_s", "peak_memory_bytes"} <= set(record.usage)


def test_processor_time_counts_children() -> None:
    """What a child has computed is counted once it has ended."""
    meter = usage.UsageMeter()
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-S", "-c", "sum(range(3_000_000))"], check=True)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    children = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
    assert children - 0.02 <= meter.read()["cpu_s"]


def test_waiting_is_no_work() -> None:
    """The wall clock goes on while a command sleeps, its processor time does not."""
    meter = usage.UsageMeter()
    time.sleep(0.2)
    used = meter.read()
    assert used["wall_s"] >= 0.2 > used["cpu_s"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets a peak back")
def test_each_command_of_a_process_has_its_own_peak() -> None:
    """What an earlier command held and has given back is not counted for a later one."""
    meter = usage.UsageMeter()
    np.ones(64 * MIB, np.uint8).sum()
    large = meter.read()["peak_memory_bytes"]
    assert large - usage.UsageMeter().read()["peak_memory_bytes"] > 48 * MIB


def test_a_peak_that_may_be_of_what_came_before_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the peak cannot be set back, it is known only if it has risen."""
    monkeypatch.setattr(usage, "_CLEAR_REFS", tmp_path / "none" / "clear_refs")
    highest = [100, 100, 100, 300]
    monkeypatch.setattr(usage, "_highest_bytes", lambda: highest.pop(0))
    unknown = usage.UsageMeter().read().get("peak_memory_bytes")
    risen = usage.UsageMeter().read().get("peak_memory_bytes")
    assert (None, 300) == (unknown, risen)


@pytest.mark.gpu
def test_memory_of_gpus_is_that_of_the_command() -> None:
    """The peak of tensors on the GPU is measured anew for each command."""
    torch = pytest.importorskip("torch")
    torch.ones(1, device="cuda")
    meter = usage.UsageMeter()
    held = torch.ones(64 * MIB, dtype=torch.uint8, device="cuda")
    large = meter.read()["gpu_peak_memory_bytes"]
    del held
    small = usage.UsageMeter().read()["gpu_peak_memory_bytes"]
    assert (True, True) == (large >= 64 * MIB, small < MIB)
