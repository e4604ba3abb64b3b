"""Commands that sleep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rvcli as rv

ROOT = Path(__file__).parent / "Schlaf ö"


class Naps(rv.ExperimentSet):
    """Sleeps in several beds."""

    def exp_naps(self, count: int = 3, seconds: float = 0.0, fails: str = "", crashes: int = -1):
        """Sleep in several beds; in the one that is named the sleep fails."""
        return [self.nap(str(i), seconds, fails == str(i), crashes == i) for i in range(count)]

    def nap(self, name: str, seconds: float, fails: bool, crashes: bool) -> Any:
        """Return one command."""
        config = {"output": str(ROOT / f"Bett {name}.txt"), "seconds": seconds}
        if fails:
            config["fails"] = f"the neighbour of bed {name}"
        if crashes:
            config["crashes"] = True
        builder = rv.CommandConfig.builder("NAP").with_root_uri(str(ROOT / name))
        return builder.with_config(**config).build()
