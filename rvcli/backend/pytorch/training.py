"""From chip files to a model file: all that training does beside the loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torchvision
from safetensors.torch import save

from rvcli.backend.chip_files import chips_digest
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.chip_statistics import measure
from rvcli.backend.places import TRAIN, VALIDATION, Places
from rvcli.backend.pytorch.checkpoint import CheckpointStore, identity, layout
from rvcli.backend.pytorch.device import find_device
from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.models import build, start_from
from rvcli.backend.pytorch.normalize import Normalized
from rvcli.backend.pytorch.onnx_export import export
from rvcli.backend.pytorch.recipe import Recipe
from rvcli.backend.pytorch.torch_model_file import ModelFile
from rvcli.backend.pytorch.train_options import TrainOptions
from rvcli.backend.pytorch.trainer import Chips, Trained, train
from rvcli.errors import ConfigError
from rvcli.records.digests import sha256_of
from rvcli.utils.files import download_if_needed
from rvcli.version import __version__

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What training leaves behind.

    Attributes:
        model: the model file.
        last: weights after the last epoch, as safetensors.
        forget_checkpoint: to be called when both are stored.
    """

    model: bytes
    last: bytes
    forget_checkpoint: Callable[[], None]


def train_model(
    recipe: Recipe,
    format: str,
    class_map: ClassMap,
    places: Places,
    options: TrainOptions,
    tmp_dir: str,
) -> Result:
    """Train a model on chip files.

    Args:
        recipe: what the task brings.
        format: of the model file.
        class_map: the classes of the task.
        places: of chips, and of what training writes.

    Raises:
        ConfigError: an option has no meaning.
        DataError: a chip file is damaged, or there are no chips.
    """
    train_uri = places.train()
    with ExitStack() as stack:
        chips = _open(places, tmp_dir, stack)
        spec = _spec(chips.train, class_map, options)
        chips.train.check_labels(spec.class_ids)
        if chips.validation is not None:
            chips.train.check_validation(chips.validation, spec.class_ids)
        _check(spec, options)
        model, start, origin = _start(recipe, spec, places, options, tmp_dir)
        digests = [
            chips_digest(Path(download_if_needed(uri, tmp_dir)))
            for uris in (sorted(set(chips.train_uris)), sorted(set(chips.validation_uris)))
            for uri in uris
        ]
        known = identity(spec, options, digests, origin, layout(model))
        store = CheckpointStore(train_uri, known)
        trained = train(recipe, model, spec, chips, options, store, train_uri, start)
    notes = _notes(trained, options)
    onnx = None
    if options.export_onnx:
        onnx, notes["onnx"] = export(recipe, trained.model, spec)
    file = ModelFile(
        spec=spec,
        outputs=recipe.outputs,
        dynamic_batch=recipe.dynamic_batch,
        weights=save(dict(trained.model.state_dict())),
        onnx=onnx,
        notes=notes,
    )
    return Result(file.pack(format), save(dict(trained.last)), store.remove)


def _open(places: Places, tmp_dir: str, stack: ExitStack) -> Chips:
    learned, watched = places.chips_of(TRAIN), places.chips_of(VALIDATION)
    train = stack.enter_context(ChipSet(learned, tmp_dir))
    validation = stack.enter_context(ChipSet(watched, tmp_dir)) if watched else None
    if not validation:
        log.warning("there are no validation chips: the weights of the last epoch are taken")
    return Chips(train, validation, learned, watched, tmp_dir)


def _spec(chips: ChipSet, class_map: ClassMap, options: TrainOptions) -> ModelSpec:
    items = sorted((item for item in class_map.get_items() if item.id != 0), key=lambda i: i.id)
    mean, std = measure(chips)
    size = chips.read(0)[0].shape[:2] if len(chips) else (0, 0)
    return ModelSpec(
        arch=options.model_arch,
        options=options.model_options,
        channels=chips.bands,
        class_ids=tuple(item.id for item in items),
        class_names=tuple(item.name or "" for item in items),
        chip_size_hw=(int(size[0]), int(size[1])),
        dtypes=tuple(chips.dtypes),
        mean=mean,
        std=std,
    )


def _check(spec: ModelSpec, options: TrainOptions) -> None:
    """Check the options that name classes."""
    weights = options.class_weights
    if isinstance(weights, tuple) and len(weights) != len(spec.class_ids):
        raise ConfigError(
            f"there are {len(weights)} class weights for {len(spec.class_ids)} classes",
            hint=f"give one for each of {', '.join(spec.class_names)}, in order of class id",
        )
    unknown = sorted(set(options.rare_classes) - set(spec.class_ids))
    if unknown:
        raise ConfigError(
            f"rare_classes has {unknown[:10]}, which are no class ids",
            hint=f"there are {list(spec.class_ids)}",
        )


def _start(
    recipe: Recipe, spec: ModelSpec, places: Places, options: TrainOptions, tmp_dir: str
) -> tuple[Normalized, str, str]:
    """Make the model to train.

    Returns:
        the model, what it starts from in words, and the digest of the file with its weights, empty
        if there is none.
    """
    uri = places.pretrained_uri
    if uri is None:
        return *build(recipe, spec, options), ""
    model, _ = build(recipe, spec, replace(options, pretrained=False))
    path = Path(download_if_needed(uri, tmp_dir))
    return model, start_from(model, path, uri), sha256_of(path)


def _notes(trained: Trained, options: TrainOptions) -> dict[str, Any]:
    history = trained.history
    return {
        "initial_weights": history.initial_weights,
        "epochs": len(history.epochs),
        "epoch": trained.epoch,
        "metric": history.metric,
        "metrics": dict(history.epochs[trained.epoch - 1].metrics) if history.epochs else {},
        "resumed_from": list(history.resumed_from),
        "stopped_early": history.stopped_early,
        "device": str(find_device()),
        "options": {**vars(options), "model_options": dict(options.model_options)},
        "versions": {
            "rvcli": __version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
    }
