"""Each step takes about as long as the plainest correct use of the libraries below it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def throughput() -> Iterator[ModuleType]:
    """Import benchmarks/throughput.py, with its siblings in reach."""
    spec = importlib.util.spec_from_file_location("throughput", BENCHMARKS / "throughput.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        patch.setitem(sys.modules, "throughput", module)
        spec.loader.exec_module(module)
        yield module


@pytest.mark.parametrize(("ours_s", "status"), [(1.19, 0), (1.21, 1)])
def test_what_is_slower_is_told(
    throughput: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    ours_s: float,
    status: int,
) -> None:
    """Of each way the best round counts; the exit status is 1 above the bound."""
    rounds = iter([ours_s, 1.0, 9.0, 3.0])

    def in_process(*_: object) -> object:
        wall_s = next(rounds)
        return throughput.Figures(wall_s, wall_s / 2)

    monkeypatch.setattr(throughput, "in_process", in_process)
    assert status == throughput.compare(["analyze"], 100, 2, tmp_path)
    assert ("SLOWER" in capsys.readouterr().out) == (status == 1)


def test_both_ways_do_the_work(throughput: ModuleType, tmp_path: Path) -> None:
    """A step is done both ways on the files that are made for it."""
    for way in throughput.WAYS:
        figures = throughput.measure("analyze", way, 512, tmp_path)
        assert figures.wall_s > 0
        assert figures.cpu_s > 0
    assert (tmp_path / "out/stats.json").exists()


@pytest.mark.slow
def test_no_step_takes_much_longer_than_plain_libraries(
    throughput: ModuleType, tmp_path: Path
) -> None:
    """At most 1.2 times as long, on an image of six megapixels."""
    names = throughput.all_cases()
    if importlib.util.find_spec("segmentation_models_pytorch") is None:
        names.remove("predict, network")
    assert 0 == throughput.compare(names, 2500, 2, tmp_path)
