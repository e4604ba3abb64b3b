"""The demonstration of a cluster."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "cluster" / "demo.py"


@pytest.mark.slow
def test_a_killed_worker_changes_nothing(tmp_path: Path) -> None:
    """Imagery and results in S3, the plugin from the web, a worker killed: equal results."""
    done = subprocess.run(
        [sys.executable, str(DEMO)],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
        check=False,
    )
    assert 0 == done.returncode, done.stdout
    assert "killed process" in done.stdout
    assert 3 == done.stdout.count(": equal")
