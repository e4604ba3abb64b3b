"""Models in ONNX, run by onnxruntime on the processor."""

from __future__ import annotations

import os
from typing import Any

from rvcli.errors import DataError, MissingDependencyError


def import_onnxruntime() -> Any:
    """Import onnxruntime, which would tell its maker of its use unless told not to before.

    Raises:
        MissingDependencyError: it is not installed.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError(
            f"predicting needs the package {error.name}", hint="pip install 'rvcli[local]'"
        ) from error
    return onnxruntime


def open_session(onnx: bytes, uri: str, *, threads: int | None = None) -> Any:
    """Prepare a model.

    Args:
        onnx: the model.
        uri: its name in messages.
        threads: how many one call may use; None for as many as there are processors. Where
            results must not depend on the machine it is 1, since several sum in another order.

    Returns:
        an onnxruntime.InferenceSession on the processor.

    Raises:
        DataError: onnxruntime cannot read the model.
        MissingDependencyError: onnxruntime is not installed.
    """
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or processors()
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own, straight from Exception
        raise DataError(
            f"onnxruntime cannot read the model {uri}: {error}", hint="train the model again"
        ) from error


def processors() -> int:
    """Return how many processors this process may use."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdecimal() and int(limit) > 0:
        return int(limit)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
