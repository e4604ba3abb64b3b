"""Folders for copies of remote files."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from typing import Any

from rvcli.profile.rv_config import RVConfig


def folder_of(owner: Any) -> str:
    """Make a folder that is removed when its owner is no longer used."""
    path = tempfile.mkdtemp(dir=RVConfig.get_tmp_dir_root())
    weakref.finalize(owner, shutil.rmtree, path, ignore_errors=True)
    return path
