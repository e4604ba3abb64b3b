"""A plugin with a command that sleeps and writes a file, and a backend that can be held."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import rvcli as rv
from rvcli.utils.files import str_to_file


class Nap(rv.AuxCommand):
    """Sleeps, notes when it began and ended, and writes or fails."""

    command_type = "NAP"
    command_options = rv.AuxCommandOptions(
        outputs=lambda config: [config["output"]], required_fields=["output"]
    )

    def run(self, tmp_dir: Any = None) -> None:
        """Sleep."""
        config = self.command_config
        notes = Path(config["output"]).parent / "notes"
        notes.mkdir(parents=True, exist_ok=True)
        note = notes / Path(config["output"]).stem
        began = time.monotonic()
        note.with_suffix(".began").write_text(str(began))
        sys.stdout.write("a nap begins\n")
        time.sleep(config.get("seconds", 0))
        if config.get("fails"):
            sys.stderr.write("a nap is disturbed\n")
            raise RuntimeError(f"{config['fails']} woke me")
        if config.get("crashes"):
            os.kill(os.getpid(), 9)
        str_to_file("slept", config["output"])
        note.with_suffix(".ended").write_text(f"{began} {time.monotonic()}")


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what this file brings."""
    plugin_registry.register_aux_command("NAP", Nap)
