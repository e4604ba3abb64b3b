"""Models of release 0.11: the weights of a network of torchvision, and nothing else.

What the weights do not say is known of that release: values from 0 to 1 go in, scaled as the
recipes below say, and the outputs are the classes in order of their ids, mostly with one for
"no data" before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.models import normalized, read_weights
from rvcli.backend.pytorch.recipe import Recipe
from rvcli.backend.pytorch.torch_model_file import ModelFile
from rvcli.core.class_map import ClassItem
from rvcli.errors import ConfigError, DataError

_WHITE = 255.0  # the largest value of imagery of one byte


@dataclass(frozen=True)
class OlderNetwork:
    """How that release made the network of a task.

    Attributes:
        arch: name of it today; `{}` stands for the model_arch of then.
        below: where it is in the network of today.
        head: the layer whose outputs are the classes.
        has_background: whether the network itself takes its first output for the background.
        mean, std: with which values from 0 to 1 are normalised.
    """

    arch: str
    below: str
    head: str
    has_background: bool = False
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)


CLASSIFIER = OlderNetwork("torchvision:{}", "network.", "fc")
SEGMENTER = OlderNetwork("torchvision:deeplabv3_{}", "network.network.", "classifier.4")
DETECTOR = OlderNetwork(
    "fasterrcnn:{}",
    "network.model.",
    "roi_heads.box_predictor.cls_score",
    has_background=True,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)


def read_older_model(
    path: Path,
    uri: str,
    recipe: Recipe,
    network: OlderNetwork,
    model_arch: str,
    classes: Sequence[ClassItem],
) -> ModelFile:
    """Read the weights that release 0.11 kept as a model.

    Args:
        path: the file.
        uri: its name in messages.
        recipe: of the task.
        network: how that release made its network.
        model_arch: as the config has it.
        classes: of the task without 0, in order of their ids.

    Raises:
        DataError: it holds more than weights, or those of another network or of other classes.
    """
    given = read_weights(path, uri)
    weights = {
        name.removeprefix("model."): value
        for name, value in given.items()
        if not name.startswith("aux_classifier.")
    }
    weights = _of_classes(weights, network, len(classes), uri)
    channels = _channels(weights, uri)
    count = channels if len(network.mean) == 1 else 1
    spec = ModelSpec(
        arch=network.arch.format(model_arch),
        options={},
        channels=channels,
        class_ids=tuple(item.id for item in classes),
        class_names=tuple(item.name or "" for item in classes),
        chip_size_hw=(0, 0),
        dtypes=("uint8",),
        mean=tuple(value * _WHITE for value in network.mean * count),
        std=tuple(value * _WHITE for value in network.std * count),
    )
    try:
        model = normalized(spec, recipe.network(spec, pretrained=False))
        state = {f"{network.below}{name}": value for name, value in weights.items()}
        normalize = {k: v for k, v in model.state_dict().items() if k.startswith("normalize.")}
        model.load_state_dict({**normalize, **state})
    except (RuntimeError, ConfigError) as error:
        raise DataError(
            f"the model {uri} is none that release 0.11 made of {model_arch}:"
            f" {(str(error).splitlines() or [''])[0][:200]}",
            hint="train it again; with_pretrained_uri takes its weights to start from",
        ) from error
    return ModelFile(
        spec=spec,
        outputs=recipe.outputs,
        dynamic_batch=recipe.dynamic_batch,
        weights=save({name: value.contiguous() for name, value in model.state_dict().items()}),
        onnx=None,
        notes={"onnx": "release 0.11 did not write it"},
    )


def _of_classes(
    weights: dict[str, Tensor], network: OlderNetwork, classes: int, uri: str
) -> dict[str, Tensor]:
    """Leave out the output for "no data", if there is one."""
    names = [f"{network.head}.{kind}" for kind in ("weight", "bias")]
    if any(name not in weights for name in names):
        raise DataError(
            f"the model {uri} has no layer {network.head}: it is not of this task",
            hint="train it again",
        )
    outputs = len(weights[names[0]])
    if outputs not in (classes, classes + 1) or (network.has_background and outputs == classes):
        raise DataError(
            f"the model {uri} has {outputs} outputs, and the task {classes} classes",
            hint="use the classes that it was trained for",
        )
    if network.has_background or outputs == classes:
        return weights
    return {**weights, **{name: weights[name][1:] for name in names}}


def _channels(weights: dict[str, Tensor], uri: str) -> int:
    first = next((value for value in weights.values() if value.dim() == 4), None)
    if first is None:
        raise DataError(f"the model {uri} has no convolution", hint="train it again")
    return int(first.shape[1])
