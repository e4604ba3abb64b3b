"""Where copies of remote plugins are kept on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rvcli import profile


def plugin_cache() -> str:
    """Return the setting RV.cache_dir, else the platform's place for caches of `rv`."""
    configured = profile.current().get("RV", "cache_dir")
    if configured:
        return str(Path(configured).absolute())
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return str(base / "rvcli")
