"""What a command uses: time, processors, main memory, memory of GPUs."""

from __future__ import annotations

import os
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc_pid_clear_refs(5)


class UsageMeter:
    """Measures from where it is made; what cannot be known is left out.

    Processor time is that of this process and of the children that have ended. Memory is that of
    this process alone: parts of it that children share would count twice. The system keeps one
    peak a process, which on Linux can be set back, so that commands that share a process have
    each its own. Elsewhere a peak is known if it was higher than what came before.
    """

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._cpu_s = _cpu_s()
        self._is_reset = _reset_peak()
        self._peak_before = _highest_bytes()
        _reset_gpu_peaks()

    def read(self) -> dict[str, float]:
        """Return what was used since.

        Returns:
            `wall_s`, `cpu_s`: seconds. `peak_memory_bytes`: of the resident set.
            `gpu_peak_memory_bytes`: of PyTorch's tensors on all GPUs, where CUDA was used.
        """
        usage = {
            "wall_s": round(time.monotonic() - self._began_s, 3),
            "cpu_s": round(_cpu_s() - self._cpu_s, 3),
        }
        peak = _peak_since_reset_bytes() if self._is_reset else self._new_peak_bytes()
        if peak is not None:
            usage["peak_memory_bytes"] = peak
        gpu_peak = _gpu_peak_bytes()
        if gpu_peak is not None:
            usage["gpu_peak_memory_bytes"] = gpu_peak
        return usage

    def _new_peak_bytes(self) -> int | None:
        highest = _highest_bytes()
        return highest if highest > self._peak_before else None


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _reset_peak() -> bool:
    try:
        _CLEAR_REFS.write_text(_RESET_PEAK)
    except OSError:
        return False
    return _peak_since_reset_bytes() is not None


def _peak_since_reset_bytes() -> int | None:
    try:
        found = re.search(r"^VmHWM:\s*(\d+) kB", _STATUS.read_text("utf-8"), re.MULTILINE)
    except OSError:
        return None
    return None if found is None else int(found[1]) * 1024


def _highest_bytes() -> int:
    """Return the peak of this process since it began; macOS gives bytes, others kibibytes."""
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024


def _cuda() -> Any:
    """Return `torch.cuda` if it is in use in this process, else None."""
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    return cuda if cuda is not None and cuda.is_initialized() else None


def _reset_gpu_peaks() -> None:
    cuda = _cuda()
    for device in range(cuda.device_count() if cuda is not None else 0):
        cuda.reset_peak_memory_stats(device)


def _gpu_peak_bytes() -> int | None:
    cuda = _cuda()
    if cuda is None:
        return None
    peak = sum(int(cuda.max_memory_allocated(device)) for device in range(cuda.device_count()))
    return peak or None
