"""A worker, as a process of its own, loads exactly what the message pins."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rvcli import registry as registries
from rvcli.command.command_config import CommandConfig
from rvcli.dag import derive, plan
from rvcli.plugins import PluginSpec, load_plugins
from rvcli.plugins.isolate import release
from rvcli.records import RecordStore
from rvcli.registry import Registry
from rvcli.runner.experiment_runner import pins_of
from rvcli.runner.messages import stamp_and_write

PACKAGE = {
    "words/__init__.py": (
        "from pathlib import Path\n"
        "def read(): return (Path(__file__).parent / 'data' / 'word.txt').read_text()\n"
        "def register_plugin(r): r.register_experiment_runner('WORDS', read)\n"
    ),
    "words/data/word.txt": "data",
}
MODULE = (
    "from pathlib import Path\nfrom rvmod_low import LOW\nfrom rvcli import registry\n"
    "WORD = LOW + ' ' + registry.current().get('EXPERIMENT_RUNNER', 'WORDS')()\n"
    "def register_plugin(r): r.register_experiment_runner('MIDDLE', lambda: WORD)\n"
)
WHEEL = {
    "speaker/__init__.py": "",
    "speaker/plugin.py": (
        "import rvcli as rv\nfrom rvcli import registry\nfrom speaker.inner import write\n"
        "MIDDLE = registry.current().get('EXPERIMENT_RUNNER', 'MIDDLE')\n"
        "class Speak(rv.AuxCommand):\n"
        "    command_type = 'SPEAK'\n"
        "    command_options = rv.AuxCommandOptions(outputs=lambda c: [c['target']])\n"
        "    def run(self, tmp_dir): write(self.command_config['target'], MIDDLE())\n"
        "def setup(r): r.register_aux_command('SPEAK', Speak)\n"
    ),
    "speaker/inner.py": (
        "from rvcli.utils.files import str_to_file\ndef write(uri, t): str_to_file(t, uri)\n"
    ),
    "speaker-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: speaker\nVersion: 1\n",
    "speaker-1.dist-info/entry_points.txt": "[rvcli.plugins]\nspeaker = speaker.plugin:setup\n",
}


@pytest.fixture
def loaded() -> Iterator[Registry]:
    """A registry to load plugins into, in force."""
    own = Registry(parent=registries.default())
    with registries.use(own):
        yield own


def message_of(config: Any, *, remote: bool) -> str:
    """Plan a command and write its message; return its URI."""
    made = plan(derive([], [config]), RecordStore(), pins=pins_of)
    (step,) = made.to_run
    return stamp_and_write(step, remote)


def run_command(uri: str, home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a worker in an empty directory with an empty home and no path to the plugins."""
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RV_", "PLUGINS_"))}
    return subprocess.run(
        [sys.executable, "-m", "rvcli", "run-command", uri],
        cwd=home,
        env={**kept, "HOME": str(home), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_plugins_of_three_kinds_travel_through_s3(
    loaded: Registry,
    s3_root: str,
    http_root: tuple[Path, str],
    zipped: Callable[[Mapping[str, str]], bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wheel from the web builds on a module, which builds on a package; all are gone then.

    The worker loads them in that order, though its environment says to load no plugins.
    """
    site = tmp_path / "site"
    for name, text in {**PACKAGE, "rvmod_mid.py": MODULE, "rvmod_low.py": "LOW = 'low'"}.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    monkeypatch.syspath_prepend(site)
    wheel = http_root[0] / "speaker-1-py3-none-any.whl"
    wheel.write_bytes(zipped(WHEEL))
    specs = [
        PluginSpec("file", str(site / "words")),
        PluginSpec("module", "rvmod_mid"),
        PluginSpec("file", f"{http_root[1]}/{wheel.name}?token=SECRET"),
    ]
    load_plugins(specs, loaded, strict=True, cache_dir=str(tmp_path / "cache"))
    target = f"{s3_root}/spoken.txt"
    config = (
        CommandConfig.builder("SPEAK").with_root_uri(f"{s3_root}/out").with_config(target=target)
    )
    uri = message_of(config.build(), remote=True)
    release("rvmod_mid")
    site.rename(tmp_path / "gone")
    wheel.unlink()

    result = run_command(uri, tmp_path / "home", RV_LOAD_PLUGINS="")
    from rvcli.filesystem import resolve

    assert (0, "low data") == (result.returncode, resolve(target).read_str(target)), result.stderr
    assert "SECRET" not in resolve(uri).read_str(uri)


def test_original_that_changed_since_planning(
    loaded: Registry, tmp_path: Path, write_plugin: Callable[..., Path]
) -> None:
    """A local worker reads the original; if it was edited, it fails and names both digests."""
    path = write_plugin(key="NOTHING", head="import rvcli as rv\nclass Nothing(rv.AuxCommand):\n"
                        "    command_type = 'NOTHING'\n"
                        "    def run(self, tmp_dir): pass\n", component="Nothing")  # fmt: skip
    load_plugins([PluginSpec("file", str(path))], loaded, strict=True, cache_dir=str(tmp_path))
    config = CommandConfig.builder("NOTHING").with_root_uri(str(tmp_path / "out")).with_config()
    uri = message_of(config.build(), remote=False)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text("print('edited code runs')\n" + path.read_text())
    after = hashlib.sha256(path.read_bytes()).hexdigest()

    result = run_command(uri, tmp_path / "home")
    assert (4, True, True) == (result.returncode, before in result.stderr, after in result.stderr)
    assert "edited code runs" not in result.stdout + result.stderr
