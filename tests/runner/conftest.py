"""Auxiliary commands of a plugin file, and plans made of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile, registry
from rvcli.command.command_config import CommandConfig
from rvcli.dag import Plan, derive, plan
from rvcli.plugins import FILE, PluginSpec, load_plugins
from rvcli.records import RecordStore
from rvcli.runner.experiment_runner import pins_of

PLUGIN = '''
import logging, os, time
from pathlib import Path
from rvcli.command.aux_command import AuxCommand, AuxCommandOptions
from rvcli.errors import DataError
from rvcli.utils.progress import track


class Work(AuxCommand):
    """Writes its outputs after waiting, or fails."""

    command_type = "WORK"
    command_options = AuxCommandOptions(
        inputs=lambda config: config.get("reads"), outputs=lambda config: config["writes"]
    )

    def run(self, tmp_dir):
        config = self.command_config
        print("working", config["writes"][0], flush=True)
        if config.get("warns"):
            logging.getLogger(__name__).warning("this looks odd")
        Path(config["writes"][0] + ".pid").write_text(str(os.getpid()))
        with track("counting", 3, "steps") as progress:
            progress.advance(3)
        deadline = time.monotonic() + config.get("seconds", 0)
        while time.monotonic() < deadline:
            time.sleep(0.02)
        if config.get("fails"):
            raise DataError(f"the work went wrong: {config['fails']}", hint="work better")
        if config.get("crashes"):
            print("last words", end="", flush=True)
            os._exit(7)
        if config.get("exits"):
            raise SystemExit(0)
        for path in config["writes"]:
            with open(path, "a") as stream:
                stream.write("done " + os.environ.get("CUDA_VISIBLE_DEVICES", "-") + chr(10))


def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("WORK", Work)
'''


@pytest.fixture(autouse=True)
def _session(tmp_path: Path) -> Iterator[None]:
    """Put settings and a registry with the plugin in force."""
    path = tmp_path / "plug in" / "wörk.py"
    path.parent.mkdir()
    path.write_text(textwrap.dedent(PLUGIN), encoding="utf-8")
    own = registry.Registry(registry.default())
    overrides = (f"RV.cache_dir={tmp_path / 'cache'}",)
    with profile.use(profile.load_settings(overrides=overrides)), registry.use(own):
        load_plugins([PluginSpec(FILE, str(path))], own, strict=True)
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder whose name has a space and a letter beyond ASCII."""
    path = tmp_path / "a wörk place"
    path.mkdir()
    return path


class Workshop:
    """Configures commands by name, and plans them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str, reads: tuple[str, ...] = (), **config: Any) -> Any:
        """Configure a command that writes `<name>.txt` and reads what others write."""
        config["reads"] = [str(self.folder / r) for r in reads]
        config["writes"] = [str(self.folder / f"{name}.txt")]
        builder = CommandConfig.builder("WORK").with_root_uri(str(self.folder / "roots" / name))
        return builder.with_config(**config).build()

    @staticmethod
    def plan(*configs: Any, rerun: bool = False) -> Plan:
        """Plan commands."""
        made = plan(derive([], configs), RecordStore(), pins=pins_of, rerun=rerun)
        made.refuse_blocked()
        return made


@pytest.fixture
def work(folder: Path) -> Workshop:
    """Give a workshop."""
    return Workshop(folder)
