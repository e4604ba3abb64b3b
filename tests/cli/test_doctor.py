"""`rv doctor`: what it says of a machine, and that it never fails itself."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rvcli.cli.commands import doctor
from rvcli.doctor import endpoints, finding, machine
from rvcli.profile import Settings


def statuses(result, topic):
    """Return (status, text) of the findings of one topic."""
    return [(f["status"], f["text"]) for f in result.json if f["topic"] == topic]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in ("GDAL_DATA", "PROJ_DATA", "PROJ_LIB", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


def test_all_is_well(project):
    """Every topic is looked at; without a problem the exit code is 0."""
    result = project.rv("doctor", "--json")

    topics = list(dict.fromkeys(f["topic"] for f in result.json))
    assert ["packages", "profile", "plugins", "gdal", "gpu", "credentials", "endpoints"] == (
        topics[:-1]
    )
    assert [] == [f for f in result.json if f["status"] == "problem"]
    assert 0 == result.code
    assert ("ok", "rasterio transforms coordinates") in statuses(result, "gdal")


def test_words(project):
    """Each line has its status; quiet, only warnings and problems are shown."""
    out = project.rv("doctor").out
    assert out.startswith("ok       packages:    rv ")
    assert out.splitlines()[-1].startswith("0 problems, ")
    assert "ok  " not in project.rv("doctor", "-q").out


def test_the_profile_and_its_plugins(project):
    """Files and what they set are shown, plugins that do not load are problems."""
    path = project.write("rv.toml", '[PLUGINS]\nfiles = ["x.py"]\n[RV]\njob = 1\n')
    project.write("x.py", "import nothing_of_this_name")

    result = project.rv("doctor", "--json")

    assert 1 == result.code
    assert ("ok", f"files: {path}") in statuses(result, "profile")
    assert "warning" in [status for status, _ in statuses(result, "profile")]
    [(status, text)] = statuses(result, "plugins")
    assert "problem" == status
    assert "nothing_of_this_name" in text


def test_a_plugin_that_hangs(project, monkeypatch):
    """It is given up, and named with the line where it hangs; the others load."""
    monkeypatch.setattr(doctor, "_PATIENCE_S", 0.2)
    monkeypatch.syspath_prepend(project.root)
    project.write("rv.toml", '[PLUGINS]\nfiles = ["hangs.py", "fine.py"]\n')
    hangs = "import time\ntry:\n    time.sleep(60)\nexcept Exception:\n    pass\n"
    path = project.write("hangs.py", hangs)
    project.write("fine.py", "def register_plugin(plugin_registry):\n    pass\n")

    result = project.rv("doctor", "--json")

    (problem, text), (ok, _) = statuses(result, "plugins")
    assert ("problem", "ok") == (problem, ok)
    assert f"plugin {path} does not load: it takes longer than 0.2 s ({path}:3)" == text


def test_a_profile_that_cannot_be_read(project):
    """It is a problem like others; the rest is looked at all the same."""
    project.write("rv.toml", "[RV\n")
    result = project.rv("doctor")
    assert 1 == result.code
    assert "problem  profile:     " in result.out
    assert "GDAL" in result.out
    assert "Traceback" not in result.out + result.err


def test_what_the_code_here_needs(project, monkeypatch):
    """An extra that an experiment names a key of, and that is not installed, is a problem."""
    from rvcli.doctor import packages

    installed = packages._version
    monkeypatch.setattr(packages, "_version", lambda n: None if n == "timm" else installed(n))
    assert 0 == project.rv("doctor").code

    project.write("experiment.py", "import rvcli as rv\nrv.PYTORCH_SEMANTIC_SEGMENTATION\n")
    result = project.rv("doctor", "--json")

    assert 1 == result.code
    [text] = [text for status, text in statuses(result, "packages") if status == "problem"]
    assert "extra torch: timm not installed, and experiment.py names PYTORCH_SEM" in text
    project.write("rv.toml", '[AWS_BATCH]\njob_queue = "q"\n')
    assert "warning" in [s for s, _ in statuses(project.rv("doctor", "--json"), "packages")]


@pytest.mark.parametrize(("torchvision", "warned"), [("0.28.0+cpu", False), ("0.28.0", True)])
def test_builds_that_do_not_go_together(monkeypatch, torchvision, warned):
    """Of torch and torchvision one from PyPI and one that is made for processors do not load."""
    from rvcli.doctor import packages

    versions = {"torch": "2.13.0+cpu", "torchvision": torchvision}
    monkeypatch.setattr(packages, "_version", versions.get)
    assert warned == bool(list(packages._builds()))


def test_credentials_are_not_shown(project, monkeypatch):
    """It says where they are from, and nothing of them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHUNTER2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    result = project.rv("doctor")
    assert "AWS: from the environment" in result.out
    assert "hunter2" not in (result.out + result.err).lower()


def test_endpoints(project, monkeypatch):
    """Servers that answer are fine, others are problems; passwords are masked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://user:hunter2@127.0.0.1:{port}")
        [found] = endpoints.look(Settings())
        server.shutdown()
    assert ("ok", f"AWS_ENDPOINT_URL: http://********@127.0.0.1:{port} answers") == (
        *(found.status, found.text),
    )
    project.write("rv.toml", f'[DASK]\nscheduler = "tcp://127.0.0.1:{port}"\n')
    found = statuses(project.rv("doctor", "--json"), "endpoints")
    assert ["problem", "problem"] == [status for status, _ in found]
    assert (
        f"DASK.scheduler: tcp://127.0.0.1:{port} cannot be reached: Connection refused"
        == (found[1][1])
    )


def test_an_endpoint_that_takes_connections_and_says_nothing(monkeypatch):
    """It is a problem after a short while."""
    monkeypatch.setattr(endpoints, "_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        [found] = endpoints.look(Settings())
    assert "problem" == found.status
    assert "takes connections, but does not answer: timed out" in found.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [('{"address": "tcp://:x"}', "is no address"), ("[", "cannot be used: JSONDecodeError")],
)
def test_a_scheduler_file(project, text, expected):
    """The address in it is tried; a file that holds none is told."""
    project.write("scheduler.json", text)
    project.write("rv.toml", '[DASK]\nscheduler_file = "scheduler.json"\n')
    status, said = statuses(project.rv("doctor", "--json"), "endpoints")[0]
    assert "problem" == status
    assert expected in said


def test_data_of_another_gdal(project, monkeypatch, tmp_path):
    """Variables that lead GDAL and PROJ astray are named."""
    monkeypatch.setenv("GDAL_DATA", str(tmp_path))
    result = project.rv("doctor", "-q")
    assert 1 == result.code
    assert f"GDAL_DATA is set to {tmp_path}, where there is no gdalvrt.xsd" in result.out
    (tmp_path / "gdalvrt.xsd").touch()
    assert "warning" in project.rv("doctor", "-q").out


def test_no_place_to_write(project, tmp_path):
    """A directory that cannot be written is a problem, with the setting that names another."""
    path = tmp_path / "file"
    path.touch()
    result = project.rv("--set", f"RV.tmp_dir={path}/below", "doctor", "-q")
    assert 1 == result.code
    assert "choose another place: RV.tmp_dir" in result.out


def test_a_look_that_never_ends():
    """It is given up, and told."""
    never = threading.Event()

    def look():
        never.wait(60)
        return []

    looking = finding.Looking("gpu", look)
    [found] = looking.result(0.05)
    never.set()
    assert ("warning", "no answer within 0.05 seconds") == (found.status, found.text)


def test_a_look_that_fails():
    """It is a problem, not a traceback."""
    [found] = finding.Looking("gpu", lambda: iter([1 / 0])).result(5)
    assert ("problem", "looking at it failed: ZeroDivisionError: division by zero") == (
        *(found.status, found.text),
    )


SMI = "NVIDIA H200, 143771 MiB, 0 MiB"


@pytest.mark.parametrize(
    ("torch", "status", "text"),
    [
        ({"version": "2", "cuda": "12", "names": ["NVIDIA H200"]}, "ok", "uses NVIDIA H200"),
        ({"version": "2", "cuda": None, "names": []}, "warning", "built without CUDA, does not"),
    ],
)
def test_gpus(project, monkeypatch, torch, status, text):
    """A GPU that the driver has and PyTorch does not see is warned of."""
    project.write("bin/nvidia-smi", f"#!/bin/sh\necho '{SMI}'\n").chmod(0o755)
    monkeypatch.setenv("PATH", f"{project.root / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(machine, "_ASK_TORCH", f"print({json.dumps(json.dumps(torch))})")
    driver, found = list(machine.look_at_gpu())
    assert "driver: NVIDIA H200, 143771 MiB (0 MiB in use)" == driver.text
    assert status == found.status
    assert text in found.text
