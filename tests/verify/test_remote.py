"""Plugins are proven with what another machine would have, and no more."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rvcli import registry
from rvcli.plugins import PluginSpec, load_plugins
from rvcli.plugins.isolate import release
from rvcli.verify import Finding, Report, verify_as_remote

AUX = (
    "import rvcli as rv\n{head}\n"
    "class Demo(rv.AuxCommand):\n"
    "    command_type = 'DEMO'\n"
    "    def run(self): pass\n"
    "def register_plugin(r): r.register_aux_command('DEMO', Demo)\n"
)
# Coverage is measured in the child, too.
MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COV")}
Verify = Callable[..., Report]


@pytest.fixture(autouse=True)
def _start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start in a directory of its own, with the built-ins."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    with registry.use(registry.Registry(parent=registry.default())):
        yield


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Verify plugins of these kinds and names."""

    def run(*specs: PluginSpec, **options: object) -> Report:
        cache = str(tmp_path / "cache")
        return verify_as_remote(specs, cache_dir=cache, environ=MEASURED, **options)  # type: ignore[arg-type]

    return run


def write(name: str, head: str = "") -> PluginSpec:
    """Write a plugin file into the project."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(AUX.format(head=head))
    return PluginSpec("file", str(path))


def only(report: Report) -> Finding:
    """Return the one finding of the one plugin."""
    (plugin,) = report.plugins
    (finding,) = plugin.findings
    return finding


def codes(report: Report) -> list[list[str]]:
    """Return the codes of the findings of each plugin."""
    return [[finding.code for finding in plugin.findings] for plugin in report.plugins]


def test_sound_plugins_pass(verify: Verify) -> None:
    """A file with its sibling and a package with its data have all that they need."""
    Path("helper.py").write_text("")
    Path("package").mkdir()
    Path("package/data.txt").write_text("data")
    head = "from pathlib import Path\nassert Path(__file__).with_name('data.txt').read_text()"
    package = write("package/__init__.py", head.replace("'DEMO'", "'OTHER'"))
    text = Path("package/__init__.py").read_text().replace("'DEMO'", "'OTHER'")
    Path("package/__init__.py").write_text(text)
    report = verify(write("demo.py", "import helper"), package, deep=True)
    assert ([[], []], True) == (codes(report), report.ok)
    assert [(("AUX_COMMAND", "DEMO"),), (("AUX_COMMAND", "OTHER"),)] == [
        plugin.registers for plugin in report.plugins
    ]


def test_place_is_bare(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directory and home are empty, and neither variables nor paths of this process are there."""
    monkeypatch.setenv("RVDEMO_SECRET", "1")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    head = (
        "import os, sys\nfrom pathlib import Path\n"
        "assert os.listdir() == [], os.listdir()\n"
        "assert os.listdir(Path.home()) == ['work'], os.listdir(Path.home())\n"
        "assert not [n for n in os.environ if n.startswith(('RVDEMO', 'RV_', 'PYTHONPATH'))]\n"
        "assert '/somewhere' not in sys.path and '' not in sys.path"
    )
    assert [[]] == codes(verify(write("demo.py", head)))


def test_file_beside_a_plugin_file(verify: Verify) -> None:
    """Data beside a single file does not travel; the line that opens it is named."""
    Path("data.json").write_text("{}")
    head = "from pathlib import Path\nDATA = Path(__file__).with_name('data.json').read_text()"
    (plugin,) = verify(write("demo.py", head)).plugins
    assert ["import-fails", "file-beside"] == [finding.code for finding in plugin.findings]
    assert all("'data.json'" in finding.message for finding in plugin.findings)
    assert str(plugin.findings[1].where).endswith("demo.py:3")
    assert not plugin.ok


def test_places_are_those_of_the_original(verify: Verify) -> None:
    """What is wrong is told of the file that its author can open, not of the shipped copy."""
    Path("package").mkdir()
    names = ("demo.py", "package/__init__.py")
    specs = [write(name, f"OPTION = {{}}[{name!r}]") for name in names]
    for name, plugin in zip(names, verify(*specs).plugins, strict=True):
        (finding,) = plugin.findings
        assert ("import-fails", f"{Path.cwd()}/{name}:2") == (finding.code, finding.where)
        assert "rv-as-remote" not in finding.message
        assert "repair the plugin that the command's message names, or take it out" == finding.hint


@pytest.mark.parametrize(
    "opens",
    [
        "open({path!r})",
        "os.listdir({directory!r})",
        "os.open({path!r}, os.O_RDONLY)",
        "json.load(open({path!r}))",
        "next(os.scandir({directory!r}))",
    ],
)
def test_local_paths_are_not_there(verify: Verify, opens: str) -> None:
    """What lies in the plugin's directory cannot be opened by its path, even if that is caught."""
    Path("data.json").write_text("{}")
    call = opens.format(path=str(Path("data.json").absolute()), directory=str(Path.cwd()))
    head = f"import os, json\ntry: {call}\nexcept FileNotFoundError: pass"
    finding = only(verify(write("demo.py", head)))
    assert ("local-file", "error") == (finding.code, finding.severity)
    assert str(Path.cwd()) in finding.message
    assert str(finding.where).endswith("demo.py:3")


def test_links_lead_nowhere_else(verify: Verify, tmp_path: Path) -> None:
    """A link in an open place does not open a closed one."""
    Path("data.json").write_text("{}")
    head = (
        f"import os\nos.symlink({str(Path.cwd())!r}, 'link')\n"
        "try: open('link/data.json')\nexcept FileNotFoundError: pass\nos.unlink('link')"
    )
    assert "local-file" == only(verify(write("demo.py", head))).code


def test_module_that_only_the_path_has(
    verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that is not installed is named, also where it is imported late."""
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "rvlab_tools.py").write_text("")
    monkeypatch.syspath_prepend(lib)
    early = verify(write("demo.py", "import rvlab_tools"))
    assert [["import-missing", "import-does-not-travel"]] == codes(early)
    late = only(verify(write("demo.py", "def late():\n    import rvlab_tools")))
    assert ("import-does-not-travel", True) == (late.code, str(lib) in late.message)
    assert str(late.where).endswith("demo.py:3")


def test_what_must_be_installed_there(verify: Verify) -> None:
    """Installed packages that rv does not bring are named with version; that is no error."""
    from importlib import metadata

    head = "def late():\n    import pytest_cov, numpy, click, json, rvlab_absent"
    report = verify(write("demo.py", head))
    found = {finding.code: finding for finding in report.plugins[0].findings}
    assert ({"install-there", "not-installed"}, True) == (set(found), report.ok)
    distribution = metadata.distribution("pytest-cov")
    wanted = f"{distribution.metadata['Name']}=={distribution.version}"
    assert f"pip install '{wanted}' where" in (found["install-there"].hint or "")


def test_installed_distribution_is_to_be_installed_there(
    verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin with a name and version does not travel; where it is missing, that shows."""
    site = tmp_path / "site"
    meta = site / "rvlab-2.0.dist-info"
    meta.mkdir(parents=True)
    (site / "rvlab.py").write_text(AUX.format(head=""))
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: rvlab\nVersion: 2.0\n")
    (meta / "RECORD").write_text("rvlab.py,,\n")
    monkeypatch.syspath_prepend(site)
    report = verify(PluginSpec("module", "rvlab"))
    assert [["fetch-fails", "install-there"]] == codes(report)
    assert "pip install 'rvlab==2.0'" in (report.plugins[0].findings[0].hint or "")


def test_loose_module_travels(
    verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module without a distribution loads from what was shipped, also for plugins after it."""
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "rvlab_plugin.py").write_text(AUX.format(head="import rvlab_helper"))
    (lib / "rvlab_helper.py").write_text("")
    monkeypatch.syspath_prepend(lib)
    user = write("user.py", "import rvlab_plugin")
    Path("user.py").write_text(Path("user.py").read_text().replace("'DEMO'", "'USER'"))
    report = verify(PluginSpec("module", "rvlab_plugin"), user)
    release("rvlab_plugin")
    assert [[], []] == codes(report)


def test_variables_that_are_set_here(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that the plugin reads by name and that is set here may be missing there."""
    monkeypatch.setenv("RVDEMO_URL", "x")
    head = "import os\nA = os.getenv('RVDEMO_URL')\nB = os.environ.get('RVDEMO_OTHER', 1)"
    report = verify(write("demo.py", head))
    assert ("environment-variable", True) == (only(report).code, report.ok)
    report = verify(write("demo.py", "import os\nA = os.environ['RVDEMO_URL']"))
    assert [["import-fails", "environment-variable"]] == codes(report)


def test_plugin_that_cannot_be_read(verify: Verify) -> None:
    """One that is not there does not hide the others, which stay in their order."""
    report = verify(PluginSpec("file", "absent.py"), write("demo.py"))
    assert [["fetch-fails"], []] == codes(report)


def test_plugin_that_ends_the_process(verify: Verify) -> None:
    """The one that crashes is told from those that were not tried."""
    first = write("first.py")
    text = Path("first.py").read_text().replace("'DEMO'", "'FIRST'")
    Path("first.py").write_text(text)
    report = verify(first, write("bad.py", "import os\nos._exit(3)"), write("demo.py"))
    assert [[], ["crash"], ["not-tried"]] == codes(report)
    assert "status 3" in report.plugins[1].findings[0].message


def test_plugin_that_does_not_end(verify: Verify) -> None:
    """A plugin that hangs is given up."""
    report = verify(write("demo.py", "import time\ntime.sleep(60)"), timeout_s=2)
    assert "timeout" == only(report).code


def test_loaded_plugins_are_taken_as_they_were_loaded(verify: Verify, tmp_path: Path) -> None:
    """Before a submission nothing is fetched again: the proof is of what will be shipped."""
    spec = write("demo.py")
    load_plugins([spec], registry.current(), strict=True, cache_dir=str(tmp_path / "cache"))
    Path("demo.py").unlink()
    assert [[]] == codes(verify(spec))


def test_settings_of_workers_reach_the_plugin(verify: Verify) -> None:
    """Settings that are given to workers are there, those of the project are not."""
    Path("rv.toml").write_text("[DEMO]\na = 'project'\n")
    head = (
        "from rvcli.profile import current\n"
        "assert (None, 'worker') == (current().get('DEMO', 'a'), current().get('DEMO', 'b'))"
    )
    assert [[]] == codes(verify(write("demo.py", head), overrides=["DEMO.b=worker"]))


def test_nothing_to_verify(verify: Verify) -> None:
    """Without plugins, all is well and no process starts."""
    assert Report(()) == verify()


def test_each_file_is_told_once(tmp_path: Path) -> None:
    """In this process, without a fence: a plugin is loaded from its pin, and hits are findings."""
    from rvcli.plugins import loaded_in, pins_for
    from rvcli.verify import remote_child
    from rvcli.verify.fence import Fence, Hit

    load_plugins([write("demo.py")], registry.current(), cache_dir=str(tmp_path / "cache"))
    (pin,) = pins_for(None, loaded_in(registry.current()))
    own = registry.Registry(parent=registry.default())
    request = {"cache_dir": str(tmp_path), "start_directory": str(tmp_path), "deep": False}
    report = remote_child._prove(pin, request, Fence([], [], str(tmp_path)), own)
    assert (True, "demo", pin.sha256) == (report.ok, report.name, report.digest)
    Path("demo.py").unlink()
    absent = remote_child._prove(pin, request, Fence([], [], ""), registry.Registry())
    assert "fetch-fails" == only(Report((absent,))).code
    hits = [Hit("/x", "a.py:1", False), Hit("/x", "a.py:2", False), Hit("/c/files/y", "a:3", True)]
    assert ["local-file", "file-beside"] == [f.code for f in remote_child._findings(hits)]
