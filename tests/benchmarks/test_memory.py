"""Memory of the whole path, and that the watch sees what processes take."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def memory() -> Iterator[ModuleType]:
    """Import benchmarks/memory.py."""
    path = Path(__file__).parents[2] / "benchmarks" / "memory.py"
    spec = importlib.util.spec_from_file_location("benchmark_memory", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["benchmark_memory"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["benchmark_memory"]


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="reads Linux's /proc")
def test_the_watch_sees_all_processes(memory: ModuleType) -> None:
    """Memory that a child of a child takes is counted."""
    child = "import time; taken = bytearray(150 << 20); time.sleep(0.6)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    peak = memory.watch(subprocess.Popen([sys.executable, "-c", parent]))
    assert 2 == peak.processes
    assert 150 < peak.pss_mb <= peak.rss_mb < 400


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pixels", "cells", "boxes", "outlines", "embedded"])
def test_the_whole_path_stays_below_its_limit(
    memory: ModuleType, tmp_path: Path, name: str
) -> None:
    """Large scenes are chipped, learned, mapped and measured in less than 1.5 GiB."""
    try:
        peak = memory.measure(memory.CASES[name], tmp_path)
    finally:
        shutil.rmtree(tmp_path)
    assert peak.rss_mb < memory.LIMIT_MB
