"""Where things are kept that `rv` can find out again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rvcli.profile.settings import current


def cache_dir() -> Path:
    """Return the directory for what `rv` can find out again: RV.cache_dir or the platform's.

    Raises:
        RuntimeError: the setting is not made and there is no home directory.
    """
    named = current().get("RV", "cache_dir")
    if named:
        return Path(str(named)).expanduser().absolute()
    if sys.platform == "darwin":
        return Path("~/Library/Caches/rvcli").expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~").expanduser() / "rvcli" / "Cache"
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path("~/.cache").expanduser()) / "rvcli"
