"""Training with Keras: watched, kept after some time, and gone on with where it was killed."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rvcli.backend.chip_files import chips_digest
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.keras.network import import_keras
from rvcli.backend.keras.options import KerasOptions
from rvcli.backend.keras.samples import batches
from rvcli.backend.model_file import pack_model, unpack_model
from rvcli.errors import ConfigError, DataError, nearest
from rvcli.filesystem import join_uri, resolve
from rvcli.utils import progress
from rvcli.utils.files import download_if_needed
from rvcli.version import __version__

log = logging.getLogger(__name__)

CHECKPOINT_FILE = "checkpoint.zip"
_CHECKPOINT = "rv keras training"
_CHECKPOINT_VERSION = 1
_LAST, _BEST = "last.weights.h5", "best.weights.h5"
_METRIC = "val_accuracy"


@dataclass
class Training:
    """A training after some whole epoch.

    Attributes:
        epochs: figures of each epoch, by name.
        best: number of the epoch whose weights are kept as the best, from 1; 0 before the first.
        resumed_from: number of finished epochs each time that it went on after it was killed.
    """

    epochs: list[dict[str, float]] = field(default_factory=list)
    best: int = 0
    resumed_from: list[int] = field(default_factory=list)


def train(
    model: Any,
    options: KerasOptions,
    chips: ChipSet,
    validation: ChipSet | None,
    class_ids: list[int],
    *,
    identity: str,
    train_uri: str,
    tmp_dir: str,
    seed: int,
    sync_interval_s: float,
    start_anew: bool,
) -> Training:
    """Train a network; it then has the weights of the best epoch, or of the last.

    Args:
        model: is changed.
        identity: of all on which the outcome depends; a kept state of another is not used.
        train_uri: directory in which the state is kept.
        start_anew: do not go on from a state that was kept.

    Raises:
        ConfigError: there is no such optimizer.
    """
    keras = import_keras()
    model.compile(
        optimizer=_optimizer(keras, options),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.optimizer.build(model.trainable_variables)
    store = _Store(train_uri, identity, Path(tmp_dir))
    state = Training() if start_anew else store.load(model)
    finished = len(state.epochs)
    samples = batches(
        chips,
        class_ids,
        options.batch_size,
        seed=seed,
        augmentations=options.augmentations,
        shuffle=True,
        first_epoch=finished,
    )
    watched = (
        batches(validation, class_ids, options.batch_size, seed=seed)
        if validation is not None and len(validation)
        else None
    )
    steps = len(samples)
    told: dict[str, float] = {}
    total, done = steps * options.epochs, steps * finished
    with progress.track("training", total, unit="batches", done=done) as bar:
        bar.measure = lambda: told

        def before_epoch(number: int) -> None:
            bar.stage = f"epoch {number + 1}/{options.epochs}"

        def after_batch(figures: Mapping[str, float]) -> None:
            told.update({name: float(value) for name, value in figures.items()})
            bar.advance(1)

        def after_epoch(figures: Mapping[str, float]) -> None:
            state.epochs.append({name: float(value) for name, value in figures.items()})
            told.update(state.epochs[-1])
            store.note_best(model, state)
            store.save_if_due(model, state, sync_interval_s)

        model.fit(
            samples,
            validation_data=watched,
            epochs=options.epochs,
            initial_epoch=finished,
            verbose=0,
            callbacks=[
                keras.callbacks.LearningRateScheduler(
                    lambda epoch, _: options.learning_rate_at(epoch)
                ),
                keras.callbacks.LambdaCallback(
                    on_epoch_begin=lambda number, _: before_epoch(number),
                    on_epoch_end=lambda _, logs: after_epoch(logs),
                    on_train_batch_end=lambda _, logs: after_batch(logs),
                ),
            ],
        )
    if options.save_best:
        store.restore_best(model)
    return state


def identity_of(
    options: KerasOptions, chip_uris: list[str], tmp_dir: str, *, seed: int, pretrained: str
) -> str:
    """Return a digest of all on which the outcome of a training depends.

    Args:
        pretrained: digest of the model from which it starts, or empty.
    """
    digests = [chips_digest(Path(download_if_needed(uri, tmp_dir))) for uri in sorted(chip_uris)]
    parts = [vars(options), digests, seed, pretrained, __version__]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def forget(train_uri: str) -> None:
    """Delete the state of a training that is done."""
    uri = join_uri(train_uri, CHECKPOINT_FILE)
    filesystem = resolve(uri, "w")
    if filesystem.file_exists(uri, include_dir=False):
        filesystem.delete(uri)


class _Store:
    """Keeps weights in a local directory, and from time to time all of it at the train URI."""

    def __init__(self, train_uri: str, identity: str, folder: Path) -> None:
        self.uri = join_uri(train_uri, CHECKPOINT_FILE)
        self._identity = identity
        self._best = folder / _BEST
        self._last = folder / _LAST
        self._saved_at = time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)

    def note_best(self, model: Any, state: Training) -> None:
        """Keep the weights of an epoch that is better than those before."""
        figures = state.epochs[-1].get(_METRIC)
        known = state.epochs[state.best - 1].get(_METRIC) if state.best else None
        if state.best == 0 or figures is None or known is None or figures > known:
            state.best = len(state.epochs)
            model.save_weights(self._best)

    def restore_best(self, model: Any) -> None:
        """Give the model the weights of the best epoch."""
        if self._best.exists():
            model.load_weights(self._best)

    def save_if_due(self, model: Any, state: Training, interval_s: float) -> None:
        """Keep the training if that was long ago."""
        if time.monotonic() - self._saved_at < interval_s:
            return
        model.save_weights(self._last)
        content = pack_model(
            _CHECKPOINT,
            _CHECKPOINT_VERSION,
            {"identity": self._identity, **vars(state)},
            {_LAST: self._last.read_bytes(), _BEST: self._best.read_bytes()},
        )
        resolve(self.uri, "w").write_bytes(self.uri, content)
        self._saved_at = time.monotonic()

    def load(self, model: Any) -> Training:
        """Return the training that was kept, its weights put into the model, or a new one."""
        filesystem = resolve(self.uri, "w")
        if not filesystem.file_exists(self.uri, include_dir=False):
            return Training()
        path = self._last.with_name("checkpoint.zip")
        path.write_bytes(filesystem.read_bytes(self.uri))
        try:
            header, parts = unpack_model(path, self.uri, _CHECKPOINT, _CHECKPOINT_VERSION)
        except DataError as error:
            log.warning("training starts anew: %s", error)
            return Training()
        if header["identity"] != self._identity:
            log.info("%s is of a training with other options or chips: starting anew", self.uri)
            return Training()
        self._last.write_bytes(parts[_LAST])
        self._best.write_bytes(parts[_BEST])
        model.load_weights(self._last)
        epochs = header["epochs"]
        log.warning("training goes on after epoch %d, where it was interrupted", len(epochs))
        return Training(epochs, header["best"], [*header["resumed_from"], len(epochs)])


def _optimizer(keras: Any, options: KerasOptions) -> Any:
    found = {
        name.upper(): getattr(keras.optimizers, name)
        for name in dir(keras.optimizers)
        if name[0].isupper()
    }
    if options.optimizer not in found:
        near = nearest(options.optimizer, found)
        raise ConfigError(
            f"Keras has no optimizer {options.optimizer!r}",
            hint=f"did you mean {near!r}?" if near else "for example ADAM",
        )
    return found[options.optimizer](learning_rate=options.learning_rate_at(0))
