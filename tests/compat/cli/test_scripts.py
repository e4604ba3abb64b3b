"""Scripts that hold experiments and end in `rv.main()`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def script(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the experiments of the directory as a script that ends in `rv.main()`."""
    path = place / "script.py"
    text = (place / "shout_experiments.py").read_text()
    path.write_text(text + '\n\nif __name__ == "__main__":\n    rv.main()\n')
    return subprocess.run(
        [sys.executable, "-m", "rvcli.compat", "script.py", *words],
        capture_output=True,
        text=True,
        cwd=place,
        env={**os.environ, "RV_PROFILE": "shout"},
        check=False,
    )


@pytest.mark.parametrize(
    "words", [["local"], ["local", "-p", "script.py"], ["inprocess", "shout", "-e", "script"]]
)
def test_a_script_runs_its_own_experiments(place: Path, words: list[str]) -> None:
    """They may be named; where none are, those of the script are meant."""
    done = script(place, "run", *words, "-a", "root_uri", str(place))
    assert 0 == done.returncode, done.stderr
    assert "TEXT?" == (place / "louder1").read_text()


def test_a_script_without_experiments_says_so(place: Path) -> None:
    """As `rv` does."""
    (place / "shout_experiments.py").write_text("import rastervision as rv\n")
    done = script(place, "run", "local")
    assert 2 == done.returncode
    assert "no experiment is given" in done.stderr


def test_the_old_program_is_rv(place: Path) -> None:
    """`python -m rastervision ...`, put behind the alias, is `rv ...`."""
    argv = [sys.executable, "-m", "rvcli.compat", "rastervision", "ls", "-p", "no_such.py"]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=place, check=False)
    assert 3 == done.returncode
    assert "no_such.py" in done.stderr
