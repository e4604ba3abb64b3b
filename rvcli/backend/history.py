"""How training went, epoch by epoch, or round by round."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rvcli.filesystem import join_uri, resolve

HISTORY_FILE = "history.json"
EPOCH, ROUND = "epoch", "round"


@dataclass(frozen=True)
class Epoch:
    """One epoch.

    Attributes:
        epoch: counts from 1.
        train_loss: mean over its batches.
        lr: learning rate at its end.
        seconds: that it took, validation included; None where nobody measured.
        metrics: of the validation chips, by name; empty without such chips. None has no value.
    """

    epoch: int
    train_loss: float
    lr: float
    seconds: float | None
    metrics: Mapping[str, float | None]

    def figures(self) -> dict[str, float]:
        """Return all that has a value, by the names that TensorBoard groups by."""
        values = {"loss/train": self.train_loss, "lr": self.lr}
        if self.seconds is not None:
            values["seconds"] = self.seconds
        known = {f"validation/{n}": value for n, value in self.metrics.items() if value is not None}
        return {**values, **known}


@dataclass
class History:
    """All epochs of one training.

    Attributes:
        metric: the one that decides which epoch is best.
        initial_weights: what training started from, in words.
        epochs: in order.
        resumed_from: the last finished epoch each time that training went on after it was
            killed.
        stopped_early: whether it ended since nothing became better.
        unit: what is counted: epochs, or rounds of boosting.
    """

    metric: str
    initial_weights: str = "random"
    epochs: list[Epoch] = field(default_factory=list)
    resumed_from: list[int] = field(default_factory=list)
    stopped_early: bool = False
    unit: str = EPOCH

    def add(
        self, train_loss: float, lr: float, seconds: float | None, metrics: Mapping[str, float]
    ) -> Epoch:
        """Append an epoch."""
        known = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        epoch = Epoch(len(self.epochs) + 1, train_loss, lr, seconds, known)
        self.epochs.append(epoch)
        return epoch

    @property
    def best(self) -> Epoch | None:
        """The epoch with the largest metric, the first of equals; the last if none has one."""
        measured = [epoch for epoch in self.epochs if epoch.metrics.get(self.metric) is not None]
        if not measured:
            return self.epochs[-1] if self.epochs else None
        return max(measured, key=lambda epoch: epoch.metrics[self.metric] or 0.0)

    @property
    def epochs_without_progress(self) -> int:
        """How many epochs there were since the best one."""
        return len(self.epochs) - self.best.epoch if self.best else 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        best = self.best
        return {
            "metric": self.metric,
            "initial_weights": self.initial_weights,
            "best_epoch": best.epoch if best else None,
            "resumed_from": list(self.resumed_from),
            "stopped_early": self.stopped_early,
            "epochs": [asdict(epoch) for epoch in self.epochs],
            **({} if self.unit == EPOCH else {"unit": self.unit}),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> History:
        """Read plain values."""
        return cls(
            metric=values["metric"],
            initial_weights=values["initial_weights"],
            epochs=[Epoch(**epoch) for epoch in values["epochs"]],
            resumed_from=list(values["resumed_from"]),
            stopped_early=bool(values["stopped_early"]),
            unit=values.get("unit", EPOCH),
        )

    def save(self, train_uri: str) -> None:
        """Write `history.json` into a directory."""
        uri = join_uri(train_uri, HISTORY_FILE)
        resolve(uri, "w").write_str(uri, json.dumps(self.to_dict(), indent=1))
