"""Without the packages of the extra `local` one can plan, list and submit, not execute."""

from __future__ import annotations

import json
from typing import Any

import pytest


def test_blocker_blocks(base: Any) -> None:
    """The fixture does what it says."""
    import subprocess
    import sys

    program = "import numpy"
    ended = subprocess.run(
        [sys.executable, "-c", program], env=base.environment(), capture_output=True, check=False
    )
    assert b"No module named 'numpy'" in ended.stderr


def test_plan(base: Any) -> None:
    """The plan of experiments is made without numpy and rasterio, plugins included."""
    expected = ["ANALYZE", "CHIP", "TRAIN", "PREDICT", "EVAL", "BUNDLE"]
    assert [f"Stadt 1/{name}" for name in expected] == base.to_run("experiment.py")
    assert [f"schnell/{name}" for name in expected] == base.to_run("quick.py")


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("ls", "experiment.py"),
        ("explain", "experiment.py"),
        ("config", "show"),
        ("plugins", "list"),
    ],
)
def test_what_needs_no_data_works(base: Any, words: tuple[str, ...]) -> None:
    """Help, ls, explain, a dry run, config and the list of plugins need the base install only."""
    result = base.rv(*words)
    assert (0, "") == (result.code, result.err)


def test_plugins_verify(base: Any) -> None:
    """`rv plugins verify` checks plugins as far as it goes, and says what else it needs."""
    base.write("rv.toml", "")
    result = base.rv("plugins", "verify", "--json")
    assert 0 == result.code, result.text
    json.loads(result.out)


@pytest.mark.parametrize("runner", ["local", "inprocess"])
def test_execution_names_the_extra(base: Any, runner: str) -> None:
    """Executing says which package is missing and what to install, without a traceback."""
    result = base.rv("run", runner, "experiment.py", "analyze")
    assert 5 == result.code
    assert "is not installed" in result.err
    assert "pip install 'rvcli[local]'" in result.err
    assert "Traceback" not in result.err


def test_predict_names_the_extra(finished_quick: Any, base: Any) -> None:
    """So does `rv predict`, with exit 1."""
    package = str(finished_quick.root / "bundle" / "schnell" / "predict_package.zip")
    base.write("rv.toml", "")
    result = base.rv("predict", package, "Bild West ö.tif", "p.tif")
    assert 1 == result.code
    assert "pip install 'rvcli[local]'" in result.err
    assert "Traceback" not in result.err
