"""A directory with an old plugin and old experiments that run in milliseconds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rvcli.profile.rv_config import RVConfig

PLUGIN = """
import os

import rastervision as rv
from rastervision.rv_config import RVConfig
from rastervision.utils.files import file_to_str, str_to_file


class Shout(rv.AuxCommand):
    command_type = "SHOUT"
    command_options = rv.AuxCommandOptions(
        split_on="uris",
        inputs=lambda conf: [uri for uri, _ in conf["uris"]],
        outputs=lambda conf: map(lambda pair: pair[1], conf["uris"]),
        required_fields=["uris"])

    def run(self, tmp_dir=None):
        if not tmp_dir:
            tmp_dir = self.get_tmp_dir()
        mark = RVConfig.get_instance().get_subconfig("SHOUT")("mark", default="!")
        for source, target in self.command_config["uris"]:
            str_to_file(file_to_str(source).upper() + mark, target)


def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("SHOUT", Shout)
"""

EXPERIMENTS = """
import os

import rastervision as rv


class ShoutSet(rv.ExperimentSet):
    def shout(self, root_uri, name):
        source = os.path.join(root_uri, "source.txt")
        return rv.CommandConfig.builder("SHOUT") \\
                               .with_root_uri(os.path.join(root_uri, "shout", name)) \\
                               .with_config(uris=[(source, os.path.join(root_uri, name + str(i)))
                                                  for i in range(2)]) \\
                               .build()

    def exp_loud(self, root_uri, test="no"):
        return self.shout(root_uri, "loud")

    def exp_louder(self, root_uri):
        return [self.shout(root_uri, "louder")]

    def test_other(self, root_uri):
        return self.shout(root_uri, "other")
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory; its plugin is named by the profile `shout` of the home."""
    for name in list(os.environ):
        if name.startswith(("RV_", "PLUGINS_", "SHOUT_", "XDG_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    work = home / "work"
    (home / ".rastervision").mkdir(parents=True)
    work.mkdir()
    (work / "shout_plugin.py").write_text(PLUGIN)
    (work / "shout_experiments.py").write_text(EXPERIMENTS)
    (work / "source.txt").write_text("text")
    lines = ["[PLUGINS]", f"files = ['{work}/shout_plugin.py']", "[SHOUT]", "mark = ?"]
    (home / ".rastervision" / "shout").write_text("\n".join(lines))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(work)
    yield work
    RVConfig.set_tmp_dir(None)
