"""Train a network: the loop that all tasks share.

`train` knows nothing of the task: what differs is in the recipe (recipe.py). The same chips,
options and seed give the same model on the same machine; a training that was killed goes on from
its last checkpoint and ends where it would have ended.
"""

from __future__ import annotations

import itertools
import logging
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rvcli.backend.chip_set import ChipSet
from rvcli.backend.events import TensorBoardEvents
from rvcli.backend.history import Epoch, History
from rvcli.backend.pytorch.augment import augmentation
from rvcli.backend.pytorch.checkpoint import Checkpoint, CheckpointStore
from rvcli.backend.pytorch.debug_batch import save_batch
from rvcli.backend.pytorch.device import copy_weights, find_device
from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.recipe import Recipe, to_device
from rvcli.backend.pytorch.samples import (
    ChipDataset,
    batches,
    class_weights,
    default_workers,
    rare_class_weights,
    training_order,
)
from rvcli.backend.pytorch.schedule import Schedule
from rvcli.backend.pytorch.train_options import BEST, TrainOptions
from rvcli.errors import ConfigError, DataError, RvError
from rvcli.utils.progress import Progress, track

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chips:
    """The chips of a training.

    Attributes:
        train: to learn from; open.
        validation: to measure with; open. None if there are none.
        train_uris, validation_uris: the same, for other processes.
        tmp_dir: local directory to which remote files are fetched.
    """

    train: ChipSet
    validation: ChipSet | None
    train_uris: tuple[str, ...]
    validation_uris: tuple[str, ...]
    tmp_dir: str


@dataclass(frozen=True)
class Trained:
    """What training gave.

    Attributes:
        model: on the processor, in evaluation mode, with the weights that the options ask for.
        last: weights after the last epoch.
        history: the epochs.
        epoch: the one whose weights the model has.
    """

    model: nn.Module
    last: Mapping[str, Tensor]
    history: History
    epoch: int


def train(
    recipe: Recipe,
    model: nn.Module,
    spec: ModelSpec,
    chips: Chips,
    options: TrainOptions,
    store: CheckpointStore,
    train_uri: str,
    start: str,
) -> Trained:
    """Train a model, from its last checkpoint if there is one.

    Args:
        recipe: what the task brings.
        model: `Normalized`, with the weights to start from.
        store: of the checkpoints of this training.
        train_uri: directory of history, events and debug images.
        start: what these weights are, in words.

    Raises:
        ConfigError: the network cannot take the batches.
        DataError: the loss is no number any more.
    """
    run = _Run(recipe, model, spec, chips, options)
    run.history.initial_weights = start
    run.resume(store)
    events = TensorBoardEvents(options.log_tensorboard, chips.tmp_dir, train_uri)
    if events.written and options.run_tensorboard:
        log.info("to watch the training: tensorboard --logdir %s", events.uri)
    for epoch in run.history.epochs:
        events.add(epoch.figures(), epoch.epoch)
    if options.debug:
        with run.open_batches(0) as loader:
            save_batch(next(iter(loader)), train_uri)
    with run.tracked():
        while not run.is_done():
            epoch = run.train_epoch()
            events.add(epoch.figures(), epoch.epoch)
            run.history.save(train_uri)
            if epoch.epoch % options.sync_interval == 0 or run.is_done():
                store.save(run.checkpoint())
                events.publish()
    run.history.save(train_uri)
    events.close()
    return run.result()


class _Run:
    """The state of one training."""

    def __init__(
        self,
        recipe: Recipe,
        model: nn.Module,
        spec: ModelSpec,
        chips: Chips,
        options: TrainOptions,
    ) -> None:
        self._recipe = recipe
        self._spec = spec
        self._chips = chips
        self._options = options
        self._device = find_device()
        self._on_cuda = self._device.type == "cuda"
        # Convolutions take a third less time with the channels of a pixel side by side.
        self._model = model.to(self._device)
        self._model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._augment = augmentation(options.augmentors)
        self._draw = rare_class_weights(chips.train, options.rare_classes, options.desired_prob)
        weights = class_weights(chips.train, spec.class_ids, options.class_weights)
        self._class_weights = None if weights is None else torch.tensor(weights).to(self._device)
        trained = [p for p in self._model.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(trained, lr=options.lr)
        self._schedule = Schedule.of(self._steps_of_pass(), options.num_epochs, options.num_steps)
        self._scheduler = self._one_cycle() if options.one_cycle else None
        self._scaler = torch.amp.GradScaler("cuda", enabled=self._on_cuda)
        self._best = copy_weights(self._model)
        self._rate = options.lr  # of the last step
        self.history = History(recipe.metric)
        self._bar = Progress("training", None, "batches", None)
        self._loss: Tensor | None = None

    def _steps_of_pass(self) -> int:
        return -(-len(self._pass(0)) // self._options.batch_size)

    def _one_cycle(self) -> torch.optim.lr_scheduler.OneCycleLR | None:
        steps = self._schedule.num_steps or self._steps_of_pass() * self._schedule.epochs
        if steps == 1:  # it would be the last one of the cycle, which learns nothing
            return None
        return torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, self._options.lr, total_steps=steps
        )

    def resume(self, store: CheckpointStore) -> None:
        """Go on from the checkpoint, if there is one."""
        found = store.load()
        if found is None:
            return
        self._model.load_state_dict(found.model)
        self._optimizer.load_state_dict(dict(found.optimizer))
        if self._scheduler is not None:
            self._scheduler.load_state_dict(dict(found.scheduler))
        if found.scaler:
            self._scaler.load_state_dict(dict(found.scaler))
        self._best = dict(found.best)
        self.history = found.history
        done = len(self.history.epochs)
        self.history.resumed_from.append(done)
        log.info("training goes on after epoch %d of %d", done, self._schedule.epochs)

    def checkpoint(self) -> Checkpoint:
        """Return the present state."""
        return Checkpoint(
            history=self.history,
            model=copy_weights(self._model),
            best=self._best,
            optimizer=self._optimizer.state_dict(),
            scheduler=self._scheduler.state_dict() if self._scheduler else {},
            scaler=self._scaler.state_dict(),
        )

    def is_done(self) -> bool:
        """Tell whether all epochs are over, or nothing has become better for too long."""
        return self.history.stopped_early or len(self.history.epochs) >= self._schedule.epochs

    def train_epoch(self) -> Epoch:
        """Train and validate for one epoch."""
        started_s = time.monotonic()
        number = len(self.history.epochs) + 1
        torch.manual_seed(self._seed(number))
        loss = self._learn(number)
        metrics = self._validate(number)
        epoch = self.history.add(loss, self._rate, time.monotonic() - started_s, metrics)
        if self.history.best is epoch:
            self._best = copy_weights(self._model)
        patience = self._options.early_stopping
        if patience is not None and self.history.epochs_without_progress >= patience:
            self.history.stopped_early = True
        told = [f"{name} {value:.3f}" for name, value in metrics.items()]
        log.info("epoch %d: %s", number, ", ".join([f"loss {loss:.4f}", *told]))
        return epoch

    def _learn(self, number: int) -> float:
        """Do all steps of an epoch; return the mean loss of its batches."""
        self._model.train()
        total = torch.zeros((), device=self._device)
        self._bar.stage = f"epoch {number}/{self._schedule.epochs}"
        with self.open_batches(number) as loader:
            for images, targets in loader:
                self._loss = self._step(images, targets)
                total += self._loss
                self._bar.advance()
            mean = float(total) / len(loader)
        if not np.isfinite(mean):
            raise DataError(
                f"the loss is {mean} in epoch {number}: the training has diverged",
                hint="use a smaller learning rate, and check the values of the imagery",
            )
        return mean

    def _step(self, images: Any, targets: Any) -> Tensor:
        images, targets = self._moved(images), to_device(targets, self._device)
        self._optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self._device.type, enabled=self._on_cuda), self._explained(images):
            loss = self._recipe.loss(self._model, images, targets, self._class_weights)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._rate = float(self._optimizer.param_groups[0]["lr"])
        if self._scheduler is not None:
            with warnings.catch_warnings():
                # The scaler leaves out steps whose gradients are too large, mostly the first one.
                warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
                self._scheduler.step()
        return loss.detach()

    @contextmanager
    def _explained(self, images: Any) -> Iterator[None]:
        """Say of what a network refuses which network and which batch it was."""
        try:
            yield
        except RvError:
            raise
        except (ValueError, AssertionError) as error:
            size = " x ".join(map(str, getattr(images, "shape", [len(images)])))
            raise ConfigError(
                f"{self._spec.arch} cannot learn from a batch of {size}: {error}",
                hint="use a larger batch_size, another model_arch, or chips of another size",
            ) from error

    def _moved(self, images: Any) -> Any:
        images = to_device(images, self._device)
        if isinstance(images, Tensor) and images.dim() == 4:
            return images.contiguous(memory_format=torch.channels_last)
        return images

    @torch.inference_mode()
    def _validate(self, number: int) -> dict[str, float]:
        chips = self._chips
        if chips.validation is None or not len(chips.validation):
            return {}
        self._model.eval()
        meter = self._recipe.meter(self._spec)
        dataset = ChipDataset(chips.validation_uris, chips.tmp_dir, self._recipe)
        with (
            self._open(dataset, range(len(chips.validation)), 0) as loader,
            track("validating", len(loader), "batches") as bar,
        ):
            bar.stage = self._bar.stage
            for images, targets in loader:
                with torch.autocast(self._device.type, enabled=self._on_cuda):
                    moved = self._moved(images), to_device(targets, self._device)
                    meter.update(self._model, *moved)
                bar.advance()
        return meter.compute()

    @contextmanager
    def open_batches(self, number: int) -> Iterator[Any]:
        """Give the training batches of an epoch inside the block."""
        chips = self._chips
        dataset = ChipDataset(chips.train_uris, chips.tmp_dir, self._recipe, self._augment)
        with self._open(dataset, self._order(number), self._seed(number)) as loader:
            yield loader

    @contextmanager
    def _open(self, dataset: ChipDataset, indices: Any, seed: int) -> Iterator[Any]:
        try:
            yield batches(
                dataset,
                self._recipe,
                indices,
                self._options.batch_size,
                seed=seed,
                device=self._device,
                workers=0 if self._options.debug else default_workers(self._device),
            )
        finally:
            dataset.close()

    def _order(self, number: int) -> list[int]:
        """Choose the chips of an epoch: one pass, or as many as its steps need."""
        steps = self._schedule.steps_of(number)
        if steps is None:
            return self._pass(number)
        order: list[int] = []
        wanted = steps * self._options.batch_size
        again = itertools.count()
        while len(order) < wanted:
            order += self._pass(number, next(again))
        return order[:wanted]

    def _pass(self, number: int, *again: int) -> list[int]:
        count = len(self._chips.train)
        seed = self._seed(number, *again)
        return training_order(self._draw, count, self._options.batch_size, seed)

    def _seed(self, *numbers: int) -> int:
        sequence = np.random.SeedSequence([self._options.seed & 0xFFFFFFFF, *numbers])
        return int(sequence.generate_state(1)[0])

    @contextmanager
    def tracked(self) -> Iterator[None]:
        """Tell the progress of all epochs inside the block, validation of each included."""
        steps, epochs = self._steps_of_pass(), self._schedule.epochs
        total = self._schedule.num_steps or steps * epochs
        done = total * len(self.history.epochs) // epochs
        with track("training", total, "batches", done=done) as self._bar:
            self._bar.measure = self._figures
            yield

    def _figures(self) -> dict[str, float]:
        """Return the loss of the last batch, and the metric of the last epoch that was measured.

        A GPU that is asked for a number finishes all its work first: not to be called often.
        """
        figures = {} if self._loss is None else {"loss": float(self._loss)}
        metric = self._recipe.metric
        last = self.history.epochs[-1].metrics.get(metric) if self.history.epochs else None
        return figures if last is None else {**figures, metric: last}

    def result(self) -> Trained:
        """Return the model that was asked for."""
        last = copy_weights(self._model)
        best = self.history.best
        epoch = len(self.history.epochs)
        if self._options.keep == BEST and best is not None:
            self._model.load_state_dict(self._best)
            epoch = best.epoch
        model = self._model.cpu().eval()
        model.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        return Trained(model, last, self.history, epoch)
