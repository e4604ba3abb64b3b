"""How long a training is: epochs, and the steps of each. Light to import."""

from __future__ import annotations

from dataclasses import dataclass

MOST_EPOCHS = 100


@dataclass(frozen=True)
class Schedule:
    """The epochs of a training.

    An epoch is what lies between two measurements on the validation chips: one pass over the
    training chips or, where a number of steps is asked for, about an equal part of these: a pass
    at least where there are that many, and several where there would be more than 100 epochs.

    Attributes:
        epochs: how many there are.
        num_steps: how many steps these have together; None for passes.
    """

    epochs: int
    num_steps: int | None = None

    @classmethod
    def of(cls, steps_of_pass: int, num_epochs: int, num_steps: int | None) -> Schedule:
        """Plan a training.

        Args:
            steps_of_pass: batches in one pass over the training chips.
            num_epochs: passes, where no steps are asked for.
            num_steps: steps that are asked for.
        """
        if num_steps is None:
            return cls(num_epochs)
        passes = -(-num_steps // max(1, steps_of_pass))
        return cls(min(MOST_EPOCHS, passes), num_steps)

    def steps_of(self, epoch: int) -> int | None:
        """Return the steps of an epoch, which counts from 1; None for one pass."""
        if self.num_steps is None:
            return None
        done, after = (self.num_steps * n // self.epochs for n in (epoch - 1, epoch))
        return after - done
