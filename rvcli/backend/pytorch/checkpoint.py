"""Checkpoints: where a killed training goes on from."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from rvcli.backend.history import History
from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.train_options import TrainOptions
from rvcli.filesystem import join_uri, resolve
from rvcli.version import __version__

log = logging.getLogger(__name__)

CHECKPOINT_FILE = "checkpoint.pt"
# Of what training does with the same options; a checkpoint of another one is of no use.
TRAINER_VERSION = 1

Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """A training after some whole epoch.

    All that is random in an epoch follows from the seed and its number, so that no state of a
    random generator is kept.

    Attributes:
        history: the epochs so far.
        model: weights after the last epoch.
        best: weights after the best epoch.
        optimizer, scheduler, scaler: states of these; empty if there is none.
    """

    history: History
    model: Weights
    best: Weights
    optimizer: Mapping[str, Any]
    scheduler: Mapping[str, Any]
    scaler: Mapping[str, Any]


def identity(
    spec: ModelSpec,
    options: TrainOptions,
    chips: Sequence[str],
    pretrained: str,
    layout: Mapping[str, Any],
) -> str:
    """Return a digest of all on which the outcome of a training depends.

    Args:
        chips: digests of the chip files, see `chips_digest`.
        pretrained: digest of the model from which it starts, or empty.
        layout: of the network, see `layout`.
    """
    quiet = replace(
        options, sync_interval=1, debug=False, log_tensorboard=False, run_tensorboard=False
    )
    parts = {
        "spec": spec.to_dict(),
        "options": {**vars(quiet), "model_options": dict(options.model_options)},
        "chips": list(chips),
        "pretrained": pretrained,
        "layout": dict(layout),
        "code": [__version__, TRAINER_VERSION],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def layout(model: nn.Module) -> dict[str, Any]:
    """Describe what a checkpoint must fit: the shapes of all weights, and which are trained.

    The function or the library that makes a network may change under the same name.
    """
    return {
        "shapes": {name: list(value.shape) for name, value in model.state_dict().items()},
        "trained": [name for name, value in model.named_parameters() if value.requires_grad],
    }


class CheckpointStore:
    """Keeps the last checkpoint of one training in the directory of what training writes."""

    def __init__(self, train_uri: str, identity: str) -> None:
        self.uri = join_uri(train_uri, CHECKPOINT_FILE)
        self._identity = identity
        self._fs = resolve(self.uri, "w")

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint in place of the last one, whole or not at all."""
        buffer = io.BytesIO()
        state = {**vars(checkpoint), "history": json.dumps(checkpoint.history.to_dict())}
        torch.save({"identity": self._identity, **state}, buffer)
        self._fs.write_bytes(self.uri, buffer.getvalue())

    def load(self) -> Checkpoint | None:
        """Read the checkpoint; None if there is none, or it is of another training."""
        if not self._fs.file_exists(self.uri, include_dir=False):
            return None
        try:
            data = self._fs.read_bytes(self.uri)
            state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
            if state.pop("identity") != self._identity:
                log.info("%s is of a training with other options or chips: starting anew", self.uri)
                return None
            history = History.from_dict(json.loads(state.pop("history")))
            return Checkpoint(history=history, **state)
        except (
            RuntimeError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            EOFError,
            pickle.UnpicklingError,
        ) as error:
            reason = (str(error).splitlines() or [repr(error)])[0]
            log.warning("%s cannot be read: starting anew (%s)", self.uri, reason)
            return None

    def remove(self) -> None:
        """Remove the checkpoint, as what it is for is done."""
        self._fs.delete(self.uri)
