"""Stubs: fresh, and what type checkers see through them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from rvcli.config import stubs


def test_stubs_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    """The committed stubs are what the config modules make; else: python -m rvcli.config.stubs."""
    assert (0, "") == (stubs.main(["--check"]), capsys.readouterr().out)


def test_stubs_are_written_checked_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing stubs are written, those without a module are removed, others are left alone."""
    package = tmp_path / "rvcli"
    for name in ("config/builder.py", "task/task_config.py"):
        (package / name).parent.mkdir(parents=True)
        shutil.copy(stubs.PACKAGE / name, package / name)
    (package / "gone_config.pyi").write_text(stubs.HEADER, encoding="utf-8")
    (package / "own_config.pyi").write_text("# by hand", encoding="utf-8")
    monkeypatch.setattr(stubs, "PACKAGE", package)
    assert 1 == stubs.main(["--check"])
    names = ["__init__.pyi", "config/builder.pyi", "gone_config.pyi", "task/task_config.pyi"]
    assert [f"stale: rvcli/{n}" for n in names] == capsys.readouterr().out.splitlines()
    assert 0 == stubs.main([])
    assert [f"wrote: rvcli/{n}" for n in names] == capsys.readouterr().out.splitlines()
    assert (0, "") == (stubs.main(["--check"]), capsys.readouterr().out)
    found = sorted(p.relative_to(package).as_posix() for p in package.rglob("*.pyi"))
    names[1:3] = ["config/builder.pyi", "own_config.pyi"]
    assert names == found


SNIPPET = """
from rvcli import keys
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.task.task_config import TaskConfig

task = TaskConfig.builder(keys.SEMANTIC_SEGMENTATION)
reveal_type(task.with_chip_size(300).with_debug(False).with_classes(["tree"]))
reveal_type(task.build().chip_size)
reveal_type(TaskConfig.builder("KEY_OF_A_PLUGIN"))
reveal_type(RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_channel_order((0, 1)))
reveal_type(SceneConfig.builder().with_label_store(None).with_id("a").build().to_builder())
task.with_chip_size("300")
task.with_chip_sise(300)
"""


def test_type_checkers_see_the_generated_methods(tmp_path: Path) -> None:
    """A type checker knows the generated methods, their types, and what `builder(KEY)` returns."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    path = tmp_path / "snippet.py"
    path.write_text(dedent(SNIPPET), encoding="utf-8")
    options = ["--config-file=", "--strict", "--follow-imports=silent", "--no-error-summary"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, f"--cache-dir={tmp_path / 'cache'}", str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(stubs.PACKAGE.parent)},
    )
    found = [line.split(": ", 1)[1] for line in done.stdout.splitlines()]
    builder = "rvcli.task.semantic_segmentation_config.SemanticSegmentationConfigBuilder"
    source = "rvcli.data.raster_source.rasterio_source_config.RasterioSourceConfigBuilder"
    revealed = [builder, "int", "Any", source, "rvcli.data.scene_config.SceneConfigBuilder"]
    assert [f'note: Revealed type is "{name}"' for name in revealed] == found[:5]
    assert 'has incompatible type "str"; expected "int"' in found[5]
    assert 'has no attribute "with_chip_sise"' in found[6]
    assert 7 == len(found)
