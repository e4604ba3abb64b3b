"""Export models as ONNX, so that predicting needs no PyTorch."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.recipe import Recipe
from rvcli.progress import track

log = logging.getLogger(__name__)

OPSET = 20


def export(recipe: Recipe, model: nn.Module, spec: ModelSpec) -> tuple[bytes | None, str]:
    """Export a model for prediction.

    Args:
        recipe: wraps the model.
        model: on the processor, in evaluation mode.
        spec: gives the size of the example that is traced.

    Returns:
        the ONNX model, or None if the model cannot be exported; and a note that says which.
    """
    obstacle = recipe.export_obstacle(model)
    if obstacle is not None:
        return None, f"not exported: {obstacle}"
    module = recipe.exported(model).eval()
    height, width = (max(recipe.least_example_size, size) for size in spec.chip_size_hw)
    example = torch.rand(2 if recipe.dynamic_batch else 1, spec.channels, height, width)
    dimensions: dict[int, object] = {}
    if recipe.dynamic_batch:
        dimensions[0] = torch.export.Dim.DYNAMIC
    if recipe.dynamic_size:
        dimensions |= {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    try:
        with _quiet(), torch.no_grad(), track("exporting the model as ONNX", None):
            program = torch.onnx.export(
                module,
                (example,),
                dynamo=True,
                dynamic_shapes=(dimensions,),
                input_names=["images"],
                output_names=list(recipe.outputs),
                opset_version=OPSET,
                verbose=False,
            )
            assert program is not None
            return _without_traces(program.model_proto), f"opset {OPSET}"
    except Exception as error:  # the exporter raises what any of its stages raises
        reason = (str(error).splitlines() or [""])[0][:300]
        log.warning(
            "the model cannot be exported as ONNX, so that predicting needs PyTorch: %s: %s",
            type(error).__name__,
            reason,
        )
        return None, f"not exported: {type(error).__name__}: {reason}"


def _without_traces(model: Any) -> bytes:
    """Encode a model without the lines of code that made each node, and the paths in them."""
    graph = model.graph
    values = (*graph.input, *graph.output, *graph.value_info, *graph.initializer)
    for part in (model, graph, *graph.node, *values):
        del part.metadata_props[:]
    data: bytes = model.SerializeToString()
    return data


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the exporter says of its own workings from people."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
