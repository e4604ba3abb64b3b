"""An auxiliary command of an old plugin, in a registry of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile, registry
from rvcli.compat import serving
from rvcli.profile.rv_config import RVConfig

PLUGIN = """
import rastervision as rv
from rastervision.utils.files import file_to_str, str_to_file


class Shout(rv.AuxCommand):
    command_type = "SHOUT"
    command_options = rv.AuxCommandOptions(
        inputs=lambda conf: conf.get("reads"), outputs=lambda conf: conf["writes"])

    def run(self):
        conf = self.command_config
        text = file_to_str(conf["reads"]) if conf.get("reads") else "text"
        str_to_file(text + "!", conf["writes"])


def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("SHOUT", Shout)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve old code with the plugin loaded; give a directory whose name has a space."""
    work = tmp_path / "old work"
    work.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(work)
    (work / "shout.py").write_text(PLUGIN)
    own = registry.Registry(parent=registry.default())
    with serving(), registry.use(own), profile.use(profile.load_settings()):
        import rastervision as rv

        rv._registry.initialize_config(config_overrides={"PLUGINS_files": str(work / "shout.py")})
        yield work
    RVConfig.set_tmp_dir(None)


@pytest.fixture
def shout(place: Path) -> Callable[..., Any]:
    """Give a function that makes the config of a command."""
    import rastervision as rv

    def make(name: str, reads: str | None = None) -> Any:
        conf = {"reads": str(place / reads) if reads else None, "writes": str(place / name)}
        builder = rv.CommandConfig.builder("SHOUT").with_root_uri(str(place / "root" / name))
        return builder.with_config(**conf).build()

    return make
