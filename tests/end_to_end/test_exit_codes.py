"""Exit codes and secrets, each through a process of `rv`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

SECRET = "GanzGeheim7391"


def test_done(project: Any) -> None:
    """0: done, or nothing to do."""
    assert 0 == project.rv("--version").code
    assert 0 == project.rv("run", "local", "experiment.py", "-n").code


def test_output_in_any_encoding(project: Any) -> None:
    """What a terminal's encoding lacks is escaped; an output that is closed is nobody's fault."""
    project.env = {"PYTHONIOENCODING": "ascii"}
    result = project.rv("ls", "experiment.py")
    assert (0, "") == (result.code, result.err)
    assert "Ausgabe \\xfc" in result.out
    closed = ["bash", "-c", '"$@" >&-', "bash", sys.executable, "-m", "rvcli", "ls", "quick.py"]
    ended = subprocess.run(
        closed, cwd=project.path, env=project.environment(), capture_output=True, check=False
    )
    assert (0, b"") == (ended.returncode, ended.stderr)


def test_failure(project: Any) -> None:
    """1: something outside failed, such as an image that is not there."""
    result = project.rv("predict", "fehlt.zip", "fehlt.tif", "p.tif")
    assert (1, "") == (result.code, result.out)


def test_usage(project: Any) -> None:
    """2: the command line is wrong."""
    assert 2 == project.rv("run").code


def test_config(project: Any) -> None:
    """3: a profile, as an experiment file, is wrong, and where is said."""
    project.write("rv.toml", "[PLUGINS\nfiles = 3")
    result = project.rv("run", "local", "experiment.py")
    assert 3 == result.code
    assert str(project.path / "rv.toml") in result.err
    assert "Traceback" not in result.err
    assert 3 == project.rv("--profile", "fehlt", "config", "show").code


def test_plugin(project: Any) -> None:
    """4: a plugin does not load."""
    project.add_plugin("fehlt.py")
    assert 4 == project.rv("run", "local", "experiment.py").code
    assert 4 == project.rv("plugins", "verify").code


def test_command(project: Any) -> None:
    """5: a command failed, whatever the worker's own exit code was."""
    project.add_plugin("nap.py", alone=True)
    result = project.rv("run", "local", "naps.py", "-a", "fails", "0", "-a", "count", "1")
    assert 5 == result.code


def test_interrupted_predict(finished_quick: Any, tools: Any) -> None:
    """130: `rv predict` that is ended leaves no output behind."""
    package = str(finished_quick.root / "bundle" / "schnell" / "predict_package.zip")
    process = finished_quick.start("predict", package, "Bild West ö.tif", "p.tif")
    unpacked = finished_quick.home
    assert tools.wait_for(lambda: list(unpacked.rglob("means.json")))
    process.terminate()
    _, error = process.communicate(timeout=20)
    if process.returncode:  # it may have been quicker
        assert (130, "error: interrupted\n") == (process.returncode, error)
        assert not (finished_quick.path / "p.tif").exists()
        assert [] == list(unpacked.rglob("means.json"))


def files_with(folder: Path, text: str) -> list[str]:
    """List the files below a folder in which a text is."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in found if text.encode() in path.read_bytes()]


def test_secrets_stay_out_of_messages_and_logs(project: Any) -> None:
    """Secrets given by environment, .env and --set reach commands, and no file or output."""
    project.write(
        "spricht.py",
        "import rvcli as rv\n"
        "from rvcli.profile.rv_config import RVConfig\n\n\n"
        "class Speak(rv.AuxCommand):\n"
        "    command_type = 'SPEAK'\n"
        "    command_options = rv.AuxCommandOptions()\n\n"
        "    def run(self, tmp_dir=None):\n"
        "        section = RVConfig.get_instance().get_subconfig('SERVICE')\n"
        "        for key in ('api_token', 'password', 'secret'):\n"
        "            print(key, 'has', len(section(key)), 'letters')\n"
        "        raise RuntimeError('done')\n\n\n"
        "def register_plugin(plugin_registry):\n"
        "    plugin_registry.register_aux_command('SPEAK', Speak)\n",
    )
    project.add_plugin("spricht.py", alone=True)
    project.experiment(
        "reden.py", "a=rv.CommandConfig.builder('SPEAK').with_root_uri('reden').build()"
    )
    (project.path / ".env").write_text(f"SERVICE_SECRET={SECRET}\n")
    project.env = {"SERVICE_API_TOKEN": SECRET}
    result = project.rv("run", "local", "reden.py", "-v", "--set", f"SERVICE.password={SECRET}")
    assert 5 == result.code
    words = [f"{key} has {len(SECRET)} letters" for key in ("api_token", "password", "secret")]
    log = next((project.path / "reden").rglob("*.txt")).read_text()
    assert words == [line for line in log.splitlines() if "letters" in line]
    assert SECRET not in result.text
    assert [] == files_with(project.path / "reden", SECRET)
    assert [] == files_with(project.home, SECRET)
    shown = project.rv("config", "show", "--origin", "--set", f"SERVICE.password={SECRET}")
    assert (0, False) == (shown.code, SECRET in shown.text)


def test_secrets_in_uris_are_masked(project: Any, web_server: Any) -> None:
    """User names, passwords and signatures of URIs are not printed."""
    place = web_server.url.removeprefix("http://")
    uri = f"http://someone:{SECRET}@{place}/x.tif?token={SECRET}"
    scene = f"[town.scene('fern', imagery=town.imagery({uri!r}))]"
    project.experiment("fern.py", f"a=town.experiment(train={scene})")
    for words in (
        ("run", "local", "fern.py"),
        ("run", "local", "fern.py", "-n"),
        ("explain", "fern.py"),
        ("ls", "fern.py"),
        ("predict", uri, "a.tif", "b.tif"),
        ("run", "inprocess", "fern.py", "analyze", "-x", "-v"),
        ("run", "local", "fern.py", "analyze", "-x", "-v"),
    ):
        result = project.rv(*words)
        assert result.code == 0 or "error: " in result.err, words
        assert SECRET not in result.text, words
    logs = list(project.root.rglob("logs/*.txt"))
    assert 2 == len(logs)
    assert [] == [log.name for log in logs if SECRET in log.read_text()]
