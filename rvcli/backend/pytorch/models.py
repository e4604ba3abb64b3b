"""Models: networks behind their normalisation, and the weights that they start from."""

from __future__ import annotations

import logging
import pickle
import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from rvcli.backend.pytorch.architectures import WeightsUnavailableError, is_own
from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.normalize import Normalize, Normalized
from rvcli.backend.pytorch.recipe import Recipe
from rvcli.backend.pytorch.torch_model_file import WEIGHTS_PART, ModelFile
from rvcli.backend.pytorch.train_options import TrainOptions
from rvcli.errors import ConfigError, DataError

log = logging.getLogger(__name__)


def build(recipe: Recipe, spec: ModelSpec, options: TrainOptions) -> tuple[Normalized, str]:
    """Make a model to train; the seed decides what of it is random.

    Where the published weights cannot be had, it starts from random ones, with a warning.

    Returns:
        the model, and in words what it starts from.

    Raises:
        ConfigError: there is no such architecture, or its options have no meaning.
    """
    start = "random"
    if options.pretrained and not is_own(spec.arch):
        torch.manual_seed(options.seed)
        try:
            return normalized(spec, recipe.network(spec, pretrained=True)), "published"
        except WeightsUnavailableError as error:
            log.warning("training starts from random weights: %s", error)
            start = f"random: {error}"
    torch.manual_seed(options.seed)
    return normalized(spec, recipe.network(spec, pretrained=False)), start


def rebuild(recipe: Recipe, file: ModelFile, own_arch: str, uri: str) -> Normalized:
    """Make the model that a model file describes, with its weights.

    Args:
        own_arch: the architecture that the config names. A function that a model file names is
            called only if the config names it too.
        uri: of the file, for messages.

    Raises:
        ConfigError: the config names another function, or the architecture cannot be made.
        DataError: the weights are of another architecture.
    """
    spec = file.spec
    if is_own(spec.arch) and spec.arch != own_arch:
        raise ConfigError(
            f"the model {uri} is made by {spec.arch}, but the backend names {own_arch}",
            hint=f"with_train_options(model_arch={spec.arch!r}), if you trust it",
        )
    model = normalized(spec, recipe.network(spec, pretrained=False))
    try:
        model.load_state_dict(load(file.weights))
    except (RuntimeError, SafetensorError) as error:
        raise DataError(
            f"the weights of the model {uri} do not fit {spec.arch}: {_first_line(error)}",
            hint="the library that makes this architecture may have changed: train it again",
        ) from error
    return model.eval()


def normalized(spec: ModelSpec, network: nn.Module) -> Normalized:
    """Put a network behind the normalisation of its imagery."""
    return Normalized(Normalize(spec.mean, spec.std), network)


def start_from(model: Normalized, path: Path, uri: str) -> str:
    """Load weights to start from; what does not fit, as the last layer of other classes, stays.

    The normalisation stays that of the chips.

    Args:
        path: a model file of these backends, safetensors, or a state dict that `torch.save`
            wrote. Nothing but tensors is read from it: a pickle with anything else is refused.
        uri: its name in messages.

    Returns:
        in words what the model starts from.

    Raises:
        DataError: it is nothing of these, or nothing of it fits.
    """
    given = read_weights(path, uri)
    wanted = {k: v for k, v in model.state_dict().items() if not k.startswith("normalize.")}
    # The weights of a network alone have no prefix.
    found = {k if k in wanted else f"network.{k}": v for k, v in given.items()}
    fitting = {k: v for k, v in found.items() if k in wanted and v.shape == wanted[k].shape}
    if not fitting:
        raise DataError(
            f"none of the {len(given)} weights in {uri} fits the model",
            hint="start from a model of the same model_arch",
        )
    model.load_state_dict({**model.state_dict(), **fitting})
    text = f"{len(fitting)} of {len(wanted)} weights from {uri}"
    log.info("training starts from %s", text)
    return text


def read_weights(path: Path, uri: str) -> dict[str, Tensor]:
    """Read weights by name; see `start_from` for the files that may hold them.

    Raises:
        DataError: it holds none, or more than that.
    """
    data = path.read_bytes()
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as file:
                if WEIGHTS_PART in file.namelist():
                    return load(file.read(WEIGHTS_PART))
        elif not data.startswith(b"\x80"):  # how a pickle starts
            return load(data)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (
        RuntimeError,
        ValueError,
        EOFError,
        KeyError,
        AttributeError,
        zipfile.BadZipFile,
        SafetensorError,
        pickle.UnpicklingError,
    ) as error:
        raise DataError(
            f"{uri} holds no weights, or more than weights: {_first_line(error)}",
            hint="start from a model.zip of ours, from safetensors, or from a state dict alone",
        ) from error
    nested = state.get("state_dict", state) if isinstance(state, dict) else None
    if not isinstance(nested, dict) or not all(isinstance(v, Tensor) for v in nested.values()):
        raise DataError(
            f"{uri} holds no state dict", hint="save it with torch.save(model.state_dict(), path)"
        )
    return {str(name): value for name, value in nested.items()}


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
