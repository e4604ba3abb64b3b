"""Options of the Keras backend, in the nested form of its config. Light to import."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rvcli import keys
from rvcli.backend.nested_options import camel
from rvcli.errors import ConfigError, nearest

IMAGENET = "imagenet"
FLIPS, QUARTER_TURNS = "FLIPS", "QUARTER_TURNS"

MODEL_DEFAULTS: dict[str, dict[str, Any]] = {
    keys.RESNET50_IMAGENET: {
        "model": {"type": "RESNET50", "weights": IMAGENET},
        "trainer": {
            "optimizer": {"type": "ADAM", "initLr": 0.0001},
            "options": {
                "nbEpochs": 1,
                "batchSize": 8,
                "saveBest": True,
                "lrSchedule": [],
                "augmentations": [FLIPS, QUARTER_TURNS],
            },
        },
    }
}


@dataclass(frozen=True)
class KerasOptions:
    """What is trained, and how.

    Attributes:
        model_type: a network of keras.applications, in any case: `RESNET50`.
        weights: "imagenet" to start from published weights, or None.
        optimizer: an optimizer of Keras, in any case: `ADAM`.
        learning_rate: of the optimizer, before the first entry of the schedule.
        lr_schedule: learning rate from an epoch on, which counts from 0.
        epochs: times that all chips are seen.
        batch_size: chips in one step.
        save_best: keep the epoch with the best validation accuracy, else the last.
        augmentations: how training chips are varied: FLIPS, QUARTER_TURNS.
    """

    model_type: str
    weights: str | None
    optimizer: str
    learning_rate: float
    lr_schedule: tuple[tuple[int, float], ...]
    epochs: int
    batch_size: int
    save_best: bool
    augmentations: tuple[str, ...]

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> KerasOptions:
        """Read the nested form; what it lacks is as in RESNET50_IMAGENET.

        Raises:
            ConfigError: a value is of the wrong kind, or an augmentation is unknown.
        """
        given = camel(config)
        defaults = model_defaults(keys.RESNET50_IMAGENET)
        try:
            model = {**defaults["model"], **given.get("model", {})}
            trainer = given.get("trainer", {})
            optimizer = {**defaults["trainer"]["optimizer"], **trainer.get("optimizer", {})}
            options = {**defaults["trainer"]["options"], **trainer.get("options", {})}
            read = cls(
                model_type=str(model["type"]).upper(),
                weights=model["weights"] or None,
                optimizer=str(optimizer["type"]).upper(),
                learning_rate=float(optimizer["initLr"]),
                lr_schedule=tuple(
                    sorted(
                        (int(step["epoch"]), float(step["lr"])) for step in options["lrSchedule"]
                    )
                ),
                epochs=int(options["nbEpochs"]),
                batch_size=int(options["batchSize"]),
                save_best=bool(options["saveBest"]),
                augmentations=tuple(str(name).upper() for name in options["augmentations"]),
            )
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise ConfigError(
                f"the Keras config cannot be read: {type(error).__name__} {error}",
                hint=f"its form is that of {defaults}",
            ) from error
        unknown = sorted(set(read.augmentations) - {FLIPS, QUARTER_TURNS})
        if unknown:
            raise ConfigError(
                f"there is no augmentation {unknown[0]!r}",
                hint=f"there are {FLIPS} and {QUARTER_TURNS}",
            )
        if read.epochs < 1 or read.batch_size < 1:
            raise ConfigError(
                f"nbEpochs is {read.epochs} and batchSize is {read.batch_size}",
                hint="both are at least 1",
            )
        return read

    def learning_rate_at(self, epoch: int) -> float:
        """Return the learning rate of an epoch, which counts from 0."""
        rates = [lr for start, lr in self.lr_schedule if start <= epoch]
        return rates[-1] if rates else self.learning_rate


def model_defaults(key: str) -> dict[str, Any]:
    """Return a copy of the defaults of that name.

    Raises:
        ConfigError: there are none.
    """
    if key not in MODEL_DEFAULTS:
        near = nearest(key, MODEL_DEFAULTS)
        raise ConfigError(
            f"there are no model defaults {key!r}",
            hint=f"did you mean {near!r}?" if near else f"there is {', '.join(MODEL_DEFAULTS)}",
        )
    return copy.deepcopy(MODEL_DEFAULTS[key])
