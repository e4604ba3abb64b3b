"""Old code is served, in a home, a working directory and an environment of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rvcli import profile, registry
from rvcli.compat import serving
from rvcli.profile.rv_config import RVConfig
from rvcli.profile.verbosity import Verbosity


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put back afterwards what old code puts in force for good; give the home directory."""
    for name in list(os.environ):
        if name.startswith(("RV_", "PLUGINS_", "AWS_BATCH_", "MY_", "XDG_")):
            monkeypatch.delenv(name)
    path = tmp_path / "home"
    work = path / "work"
    work.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.chdir(work)
    monkeypatch.syspath_prepend(str(work))
    level = Verbosity.level
    own = registry.Registry(parent=registry.default())
    with serving(), registry.use(own), profile.use(profile.load_settings()):
        yield path
    RVConfig.set_tmp_dir(None)
    Verbosity.level = level
