"""Processors, memory, disk space and GPUs."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from rvcli.doctor.finding import OK, PROBLEM, WARNING, Finding

if TYPE_CHECKING:
    from rvcli.profile import Settings

_LITTLE_DISK_GB = 5.0
_NO_DISK_GB = 0.5
_LITTLE_MEMORY_GB = 4.0
_SMI_TIMEOUT_S = 3.0
_TORCH_TIMEOUT_S = 20.0
_ASK_TORCH = """
import json, torch
cuda = torch.cuda.is_available()
names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if cuda else []
print(json.dumps({"version": torch.__version__, "cuda": torch.version.cuda, "names": names}))
"""


def look(settings: Settings) -> Iterator[Finding]:
    """Yield processors, memory, and the room in the directories that are written."""
    yield Finding("machine", OK, f"{_cores()} processors for this process")
    total, free = _memory_gb()
    if total is not None:
        text = f"memory: {total:.1f} GB" + (f", {free:.1f} GB available" if free else "")
        low = free is not None and free < _LITTLE_MEMORY_GB
        yield Finding(
            "machine",
            WARNING if low else OK,
            text,
            "run fewer commands at once: --jobs 1, or RV.jobs" if low else "",
        )
    from rvcli import profile
    from rvcli.profile.rv_config import RVConfig

    with profile.use(settings):
        tmp_dir = Path(RVConfig.get_tmp_dir_root())
        try:
            cache_dir: Path | None = profile.cache_dir()
        except RuntimeError as e:
            cache_dir = None
            yield Finding("machine", WARNING, f"no cache: {e}", "set RV.cache_dir")
    yield _room("temporary files", tmp_dir, "RV.tmp_dir or the variable TMPDIR")
    if cache_dir is not None:
        yield _room("cache", cache_dir, "RV.cache_dir")


def look_at_gpu() -> Iterator[Finding]:
    """Yield the GPUs of the driver, and whether PyTorch can use them."""
    devices = _driver()
    if devices is None:
        yield Finding("gpu", OK, "no NVIDIA driver: commands run on the processor")
    else:
        yield Finding("gpu", OK, f"driver: {'; '.join(devices) or 'no devices'}")
    if importlib.util.find_spec("torch") is None:
        return
    if devices is None:
        # Loading it takes seconds, and would tell nothing else.
        yield Finding("gpu", OK, f"PyTorch {metadata.version('torch')}, on the processor")
        return
    try:
        done = subprocess.run(
            [sys.executable, "-c", _ASK_TORCH],
            capture_output=True,
            text=True,
            timeout=_TORCH_TIMEOUT_S,
            check=True,
        )
        torch = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        text = f"PyTorch took more than {_TORCH_TIMEOUT_S:g} seconds to load"
        yield Finding("gpu", WARNING, text, 'try it: python -c "import torch"')
        return
    except (subprocess.CalledProcessError, OSError, ValueError, IndexError) as e:
        last = (getattr(e, "stderr", "") or str(e)).strip().splitlines()[-1:]
        text = f"PyTorch does not load: {' '.join(last)}"
        yield Finding("gpu", PROBLEM, text, "pip install --force-reinstall torch torchvision")
        return
    built = f"built for CUDA {torch['cuda']}" if torch["cuda"] else "built without CUDA"
    if torch["names"]:
        yield Finding("gpu", OK, f"PyTorch {torch['version']} uses {', '.join(torch['names'])}")
    else:
        advice = "install a build of PyTorch for the CUDA of the driver, see pytorch.org"
        text = f"PyTorch {torch['version']}, {built}, does not see the GPU"
        yield Finding("gpu", WARNING, text, advice)


def _driver() -> list[str] | None:
    """Return name and memory of each GPU; None without a driver."""
    query = ["--query-gpu=name,memory.total,memory.used", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            ["nvidia-smi", *query],
            capture_output=True,
            text=True,
            timeout=_SMI_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = [line.split(", ") for line in done.stdout.splitlines() if line.strip()]
    return [f"{name}, {total} ({used} in use)" for name, total, used in found]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_gb() -> tuple[float | None, float | None]:
    """Return all memory and what is available, within the limit of a container."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found = {line.partition(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        total, free = float(found["MemTotal"]), float(found["MemAvailable"])
    except (OSError, ValueError, KeyError, IndexError):
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, None
        except (ValueError, OSError, AttributeError):
            return None, None
    try:
        limit = float(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        used = float(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
        total, free = min(total, limit), min(free, max(0.0, limit - used))
    except (OSError, ValueError):
        pass  # no limit
    return total / 1e9, free / 1e9


def _room(what: str, directory: Path, setting: str) -> Finding:
    """Tell whether a directory, or the one it will be made in, can be written and has room."""
    there = directory
    while not there.exists() and there != there.parent:
        there = there.parent
    advice = f"choose another place: {setting}"
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        free_gb = shutil.disk_usage(there).free / 1e9
    except OSError as e:
        text = f"{what}: {directory} cannot be written: {e.strerror or e}"
        return Finding("machine", PROBLEM, text, advice)
    status = PROBLEM if free_gb < _NO_DISK_GB else WARNING if free_gb < _LITTLE_DISK_GB else OK
    text = f"{what}: {directory}, {free_gb:.1f} GB free"
    return Finding("machine", status, text, "" if status == OK else f"make room, or {advice}")
