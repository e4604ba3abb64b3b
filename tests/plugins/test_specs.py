"""Which plugins the settings ask for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rvcli.plugins import PluginSpec, plugin_specs
from rvcli.profile import load_settings
from rvcli.profile.settings import Settings


def settings(tmp_path: Path, text: str = "") -> Settings:
    """Return the settings of a profile."""
    (tmp_path / "rv.toml").write_text(text)
    return load_settings(config_file=str(tmp_path / "rv.toml"), cwd=str(tmp_path), environ={})


@pytest.fixture
def _two_distributions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    for name in ("rvdemo_one", "rvdemo_two"):
        meta = site / f"{name}-1.dist-info"
        meta.mkdir(parents=True)
        (meta / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (meta / "entry_points.txt").write_text(f"[rvcli.plugins]\ndemo = {name}\n")
    monkeypatch.syspath_prepend(site)


def test_files_and_modules_come_in_order(tmp_path: Path) -> None:
    """Files come first, then modules, each with the place that names it."""
    text = "[PLUGINS]\nfiles = ['a.py', 's3://bucket/b.py']\nmodules = ['m']\n"
    specs = plugin_specs(settings(tmp_path, text + "entry_points = 'none'\n"), {})
    expected = [
        ("file", str(tmp_path / "a.py")),
        ("file", "s3://bucket/b.py"),
        ("module", "m"),
    ]
    assert expected == [(spec.kind, spec.location) for spec in specs]
    assert all("rv.toml" in spec.origin for spec in specs)


@pytest.mark.usefixtures("_two_distributions")
@pytest.mark.parametrize(
    ("switch", "setting", "expected"),
    [
        (None, "", ["rvdemo_one", "rvdemo_two"]),
        (None, "entry_points = 'none'", []),
        (None, "entry_points = 'rvdemo-two'", ["rvdemo_two"]),
        ("all", "entry_points = 'none'", ["rvdemo_one", "rvdemo_two"]),
        ("0", "", []),
        ("", "", []),
        ("RVDEMO-one, other", "", ["rvdemo_one"]),
    ],
)
def test_distributions_are_chosen(
    switch: str | None, setting: str, expected: list[str], tmp_path: Path
) -> None:
    """RV_LOAD_PLUGINS, or else PLUGINS.entry_points, says which distributions are loaded."""
    environ = {} if switch is None else {"RV_LOAD_PLUGINS": switch}
    specs = plugin_specs(settings(tmp_path, f"[PLUGINS]\n{setting}"), environ)
    wanted = [PluginSpec("distribution", name, "installed here", "demo") for name in expected]
    assert wanted == [spec for spec in specs if spec.location.startswith("rvdemo")]


@pytest.mark.usefixtures("_two_distributions")
@pytest.mark.parametrize("switch", ["", " ", "0", "none", "NO", "off,"])
def test_plugins_are_switched_off(switch: str, tmp_path: Path) -> None:
    """An empty RV_LOAD_PLUGINS, or none, loads none: no file, no module, no distribution."""
    text = "[PLUGINS]\nfiles = ['a.py']\nmodules = ['m']\nentry_points = 'all'\n"
    assert [] == plugin_specs(settings(tmp_path, text), {"RV_LOAD_PLUGINS": switch})


def test_entry_points_are_not_read_when_not_asked_for(tmp_path: Path) -> None:
    """With distributions switched off, importlib.metadata is not asked; nothing heavy is loaded."""
    code = (
        "import sys\n"
        "from rvcli.plugins import load_plugins, plugin_specs\n"
        "from rvcli.profile import load_settings\n"
        "from rvcli.registry import Registry\n"
        "load_plugins(plugin_specs(load_settings(), {'RV_LOAD_PLUGINS': '0'}), Registry())\n"
        "heavy = ['google.protobuf', 'numpy', 'boto3', 'rasterio', 'importlib.metadata']\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=tmp_path)
    assert "[]\n" == printed
