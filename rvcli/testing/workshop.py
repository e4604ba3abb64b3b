"""A place for tests of runners: settings, plugins, and commands to plan."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rvcli import profile, registry
from rvcli.command.command_config import CommandConfig
from rvcli.dag import Plan, derive, plan
from rvcli.filesystem import join_uri
from rvcli.plugins import FILE, PluginSpec, load_plugins
from rvcli.records import RecordStore
from rvcli.runner.experiment_runner import pins_of
from rvcli.testing import work_plugin
from rvcli.utils.files import file_exists, file_to_json, file_to_str, list_paths, str_to_file

KIND = """
import {helper}

from rvcli.command.aux_command import AuxCommand, AuxCommandOptions
from rvcli.utils.files import str_to_file


class Kind(AuxCommand):
    command_type = "{key}"
    command_options = AuxCommandOptions(outputs=lambda config: config["writes"])

    def run(self, tmp_dir=None):
        str_to_file({helper}.WORD, self.command_config["writes"][0])


def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("{key}", Kind)
"""


class Workshop:
    """Settings and a registry in force, with the command WORK; and a root for its files.

    Args:
        root_uri: a directory that is new and that the runner's commands reach.
        settings: of the profile: values by SECTION.key.
        plugins: paths or URIs of more plugin files.
    """

    def __init__(
        self, root_uri: str, settings: Mapping[str, str], plugins: Sequence[str] = ()
    ) -> None:
        self.root_uri = root_uri
        self._stack = ExitStack()
        self.directory = Path(self._stack.enter_context(TemporaryDirectory(prefix="rv work-")))
        path = self.directory / "plug in" / "wörk.py"
        path.parent.mkdir()
        path.write_bytes(Path(work_plugin.__file__).read_bytes())
        self.plugins = [*plugins, str(path)]
        self.settings = {"RV.cache_dir": str(self.directory / "cache"), **settings}
        overrides = [f"{name}={value}" for name, value in self.settings.items()]
        loaded = profile.load_settings(overrides=overrides, cwd=self.directory)
        self._stack.enter_context(profile.use(loaded))
        self.registry = registry.Registry(registry.default())
        self._stack.enter_context(registry.use(self.registry))
        self.load(self.plugins)

    def close(self) -> None:
        """Put everything back as it was."""
        self._stack.close()

    def load(self, locations: Sequence[str]) -> None:
        """Load plugin files."""
        specs = [PluginSpec(FILE, location) for location in locations]
        load_plugins(specs, self.registry, strict=True)

    @property
    def options(self) -> list[str]:
        """What gives a process the same settings, as options of `rv`."""
        pairs = [("--set", f"{name}={value}") for name, value in self.settings.items()]
        return [word for pair in pairs for word in pair]

    def uri(self, *parts: str) -> str:
        """Return a URI below the root, in a folder with a space and a letter beyond ASCII."""
        return join_uri(self.root_uri, "a wörk place", *parts)

    def work(self, name: str, reads: Sequence[str] = (), **config: Any) -> Any:
        """Configure a command that writes `<name>.json` and reads what others write."""
        return self.command("WORK", name, reads=[self.output(r) for r in reads], **config)

    def command(self, key: str, name: str, **config: Any) -> Any:
        """Configure an auxiliary command that writes `<name>.json`."""
        builder = CommandConfig.builder(key).with_root_uri(self.uri("roots", name))
        return builder.with_config(writes=[self.output(name)], **config).build()

    def output(self, name: str) -> str:
        """Return the URI of what a command writes."""
        return self.uri(f"{name}.json")

    def made(self, name: str) -> Any:
        """Return what a command has written; None if there is nothing."""
        uri = self.output(name)
        return file_to_json(uri) if file_exists(uri) else None

    def runs(self, name: str) -> int:
        """Return how often a command was run."""
        uri = f"{self.output(name)}.runs"
        return len(list_paths(uri)) if file_exists(uri) else 0

    def last_pid(self, name: str) -> int:
        """Return the process in which a command was run last; 0 if it has not begun."""
        uri = f"{self.output(name)}.runs"
        begun = list_paths(uri) if file_exists(uri) else []
        return int(file_to_str(begun[-1])) if begun else 0

    def put(self, name: str) -> str:
        """Make an empty file; return its URI."""
        str_to_file("", self.uri(name))
        return self.uri(name)

    def plan(self, *configs: Any, rerun: bool = False) -> Plan:
        """Plan commands."""
        made = plan(derive([], list(configs)), RecordStore(), pins=pins_of, rerun=rerun)
        made.refuse_blocked()
        return made

    def new_folder(self, name: str) -> Path:
        """Make a folder on this machine."""
        path = self.directory / f"{name}-{uuid.uuid4().hex[:8]}"
        path.mkdir()
        return path


def kind_files(key: str) -> dict[str, bytes]:
    """Return the files of a plugin, an entry `entry.py` and a sibling, that brings one command."""
    helper = f"{key.lower()}_word"
    return {
        "entry.py": KIND.format(key=key, helper=helper).encode(),
        f"{helper}.py": f"WORD = {key!r}\n".encode(),
    }


def package_files(key: str) -> dict[str, bytes]:
    """Return the files of the same plugin as a package."""
    helper = f"{key.lower()}_word".encode()
    files = kind_files(key)
    entry = files.pop("entry.py").replace(b"import " + helper, b"from . import " + helper, 1)
    return {"__init__.py": entry, **files}


def write_plugin(folder: Path, key: str) -> str:
    """Write a plugin file with a sibling; return its path."""
    for name, content in kind_files(key).items():
        (folder / name).write_bytes(content)
    return str(folder / "entry.py")


def write_package(folder: Path, key: str) -> str:
    """Write a package directory; return its path."""
    package = folder / f"package_{key.lower()}"
    package.mkdir()
    for file, content in package_files(key).items():
        (package / file).write_bytes(content)
    return str(package)


def write_wheel(folder: Path, key: str) -> str:
    """Write a wheel; return its path."""
    name = f"wheel_{key.lower()}"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for file, content in package_files(key).items():
            archive.writestr(f"{name}/{file}", content)
        archive.writestr(
            f"{name}-1.0.dist-info/entry_points.txt", f"[rvcli.plugins]\n{name} = {name}\n"
        )
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
    path = folder / f"{name}-1.0-py3-none-any.whl"
    path.write_bytes(data.getvalue())
    return str(path)
