"""Plugins are proven in fresh processes, in an empty directory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rvcli.plugins import PluginSpec
from rvcli.verify import Report, verify_plugins
from rvcli.verify.report import Finding, PluginReport

AUX = (
    "import os, sys\nimport rvcli as rv\n{head}\n"
    "class Demo(rv.AuxCommand):\n"
    "    command_type = {key!r}\n"
    "    def run(self): pass\n"
    "def register_plugin(r): r.register_aux_command({key!r}, Demo)\n"
)
EXAMPLES = Path(__file__).parents[2] / "plugins_examples"


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., Report]:
    """Verify plugins that are given as texts, each in a fresh process."""

    def run(*texts: str, timeout_s: float = 60) -> Report:
        specs = []
        for number, text in enumerate(texts):
            path = tmp_path / f"plugin{number}.py"
            path.write_text(text)
            specs.append(PluginSpec("file", str(path)))
        return verify_plugins(specs, cache_dir=str(tmp_path / "cache"), timeout_s=timeout_s)

    return run


def codes(report: Report) -> list[list[str]]:
    """Return the codes of the findings of each plugin."""
    return [[finding.code for finding in plugin.findings] for plugin in report.plugins]


def test_each_plugin_has_a_fresh_process_in_an_empty_directory(
    verify: Callable[..., Report],
) -> None:
    """Nothing of one plugin, or of this process, is there when another is proven."""
    sys.modules["rvdemo_parent"] = sys
    head = (
        "assert os.listdir() == [], os.listdir()\n"
        "assert not hasattr(sys, 'rvdemo_mark')\n"
        "sys.rvdemo_mark = True\n"
        "assert 'rvdemo_parent' not in sys.modules\n"
        "print('this goes nowhere')"
    )
    report = verify(AUX.format(head=head, key="ONE"), AUX.format(head=head, key="TWO"))
    del sys.modules["rvdemo_parent"]
    assert ([[], []], True) == (codes(report), report.ok)


def test_plugin_that_ends_its_process(verify: Callable[..., Report]) -> None:
    """A plugin that kills the process is reported with what it printed last."""
    report = verify("import os, sys\nprint('last words')\nsys.stdout.flush()\nos._exit(7)")
    (finding,) = report.plugins[0].findings
    assert "crash" == finding.code
    assert "status 7" in finding.message
    assert "last words" in str(finding.hint)
    assert not report.ok


def test_plugin_that_ends_its_process_silently(verify: Callable[..., Report]) -> None:
    """Where nothing was printed, that is said."""
    (finding,) = verify("import os\nos._exit(0)").plugins[0].findings
    assert ("crash", "it printed nothing") == (finding.code, finding.hint)


def test_plugin_that_does_not_end(verify: Callable[..., Report]) -> None:
    """A plugin that hangs is given up."""
    assert [["timeout"]] == codes(verify("import time\ntime.sleep(60)", timeout_s=1))


def test_plugins_that_take_the_same_key(verify: Callable[..., Report]) -> None:
    """A key that an earlier plugin registers is taken."""
    text = AUX.format(head="", key="SAME")
    report = verify(text, text + "# another\n")
    assert [[], ["key-taken"]] == codes(report)
    assert "plugin0.py" in report.plugins[1].findings[0].message


def test_module_of_the_working_directory_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module plugin that only the working directory has does not verify."""
    (tmp_path / "rvdemo_here.py").write_text(AUX.format(head="", key="HERE"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    report = verify_plugins([PluginSpec("module", "rvdemo_here")], cache_dir=str(tmp_path / "c"))
    assert [["fetch-fails"]] == codes(report)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = verify_plugins([PluginSpec("module", "rvdemo_here")], cache_dir=str(tmp_path / "c"))
    assert [[]] == codes(report)


def test_settings_reach_the_plugin(tmp_path: Path) -> None:
    """A plugin reads its own section as it would in a run."""
    head = (
        "from rvcli.profile import current\n"
        "assert current().get('DEMO', 'a') == 'set', current().get('DEMO', 'a')\n"
        "assert current().get('DEMO', 'b') == 'file'"
    )
    (tmp_path / "plugin.py").write_text(AUX.format(head=head, key="DEMO"))
    (tmp_path / "own.toml").write_text("[DEMO]\na = 'file'\nb = 'file'\n")
    report = verify_plugins(
        [PluginSpec("file", str(tmp_path / "plugin.py"))],
        config_file=str(tmp_path / "own.toml"),
        overrides=["DEMO.a=set"],
        cache_dir=str(tmp_path / "cache"),
    )
    assert [[]] == codes(report)


def test_command_may_be_another(tmp_path: Path) -> None:
    """The caller may enter the process its own way."""
    result = PluginReport("named", "file", "here").to_dict()
    shim = tmp_path / "shim.py"
    shim.write_text(f"import sys\nopen(sys.argv[2], 'w').write({json.dumps(result)!r})\n")
    report = verify_plugins([PluginSpec("file", "absent.py")], command=[sys.executable, str(shim)])
    assert ["named"] == [plugin.name for plugin in report.plugins]


def test_report_travels_as_json() -> None:
    """A report is the same after a trip through JSON."""
    report = PluginReport(
        "demo", "file", "/demo.py", registers=(("TASK", "X"),), findings=(Finding("c", "m"),)
    )
    again = PluginReport.from_dict(json.loads(json.dumps(report.to_dict())))
    assert (report, False) == (again, again.ok)
    assert {"ok": False, "plugins": [report.to_dict()]} == Report((report,)).to_dict()


def test_examples_verify() -> None:
    """Every example plugin is fine."""
    specs = [PluginSpec("file", str(path)) for path in sorted(EXAMPLES.glob("*.py"))]
    report = verify_plugins(specs)
    assert 6 == len(specs)
    assert [[]] * 6 == codes(report)
    assert all(plugin.registers for plugin in report.plugins)


def test_source_of_modules_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path in a submodule of a module plugin is found."""
    package = tmp_path / "rvdemo_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "data.py").write_text("\ndef load():\n    return open('data.json')\n")
    head = "from rvdemo_package import data"
    (package / "plugin.py").write_text(AUX.format(head=head, key="DEMO"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    spec = PluginSpec("module", "rvdemo_package.plugin")
    report = verify_plugins([spec], cache_dir=str(tmp_path / "cache"))
    assert [["relative-file"]] == codes(report)
    assert f"{package / 'data.py'}:3" == report.plugins[0].findings[0].where
