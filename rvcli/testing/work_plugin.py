"""A plugin for tests of runners: the command WORK does, and suffers, what its config says.

It is loaded as a plugin file, from wherever a test has put a copy.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from typing import Any

from rvcli.command.aux_command import AuxCommand, AuxCommandOptions
from rvcli.errors import ConfigError, DataError
from rvcli.filesystem import join_uri
from rvcli.utils.files import file_exists, json_to_file, list_paths, str_to_file
from rvcli.utils.progress import track

PATIENCE_S = 60.0


class Work(AuxCommand):
    """Writes `writes` after what the other options say.

    Options:
        reads, writes: URIs.
        seconds: how long it works.
        meets: URI that another command makes at its start; it is waited for.
        begins: URI that is made at the start, with the process's id.
        beats: directory URI into which a file is put five times a second while it works.
        until: URI that ends the work early once it is there.
        fails: text of an error to end with.
        fails_first: how many first runs fail.
        lasting: True if the error is of a kind that another attempt does not mend.
        crashes: exit code with which the process ends at once.
        exits: True to call sys.exit(0).
        warns: text of a warning.
        lines: how many lines to print.
        gpu: True if it wants one.
    """

    command_type = "WORK"
    command_options = AuxCommandOptions(
        inputs=lambda config: config.get("reads"),
        outputs=lambda config: config["writes"],
        utilizes_gpu=lambda config: bool(config.get("gpu")),
    )

    def run(self, tmp_dir: str | None = None) -> None:
        """Do what the config says."""
        config = self.command_config
        started = time.time()
        output = config["writes"][0]
        print(f"working on {output}", flush=True)
        for number in range(config.get("lines", 0)):
            print(f"line {number}", flush=True)
        str_to_file("", join_uri(f"{output}.runs", uuid.uuid4().hex))
        if config.get("warns"):
            logging.getLogger(__name__).warning("%s", config["warns"])
        with track("counting", 3, "steps") as progress:
            progress.advance(3)
        self._meet(config)
        self._work(config)
        self._suffer(config, output)
        made = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "started": started,
            "ended": time.time(),
            "devices": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "environment": {k: v for k, v in os.environ.items() if k.startswith("RV_")},
        }
        for uri in config["writes"]:
            json_to_file(made, uri)

    def _meet(self, config: dict[str, Any]) -> None:
        if config.get("begins"):
            str_to_file(str(os.getpid()), config["begins"])
        deadline = time.monotonic() + PATIENCE_S
        while config.get("meets") and not file_exists(config["meets"]):
            if time.monotonic() > deadline:
                raise DataError(f"{config['meets']} was not made: nothing runs side by side")
            time.sleep(0.05)

    def _work(self, config: dict[str, Any]) -> None:
        deadline = time.monotonic() + config.get("seconds", 0)
        while time.monotonic() < deadline:
            if config.get("until") and file_exists(config["until"]):
                return
            if config.get("beats"):
                str_to_file("", join_uri(config["beats"], uuid.uuid4().hex))
            time.sleep(0.2)

    def _suffer(self, config: dict[str, Any], output: str) -> None:
        runs = len(list_paths(f"{output}.runs"))
        if config.get("fails") and runs <= config.get("fails_first", runs):
            kind = ConfigError if config.get("lasting") else DataError
            raise kind(f"the work went wrong: {config['fails']}", hint="work better")
        if config.get("crashes"):
            print("last words", flush=True)
            os._exit(config["crashes"])
        if config.get("exits"):
            raise SystemExit(0)


def register_plugin(plugin_registry: Any) -> None:
    """Register the command."""
    plugin_registry.register_aux_command("WORK", Work)
