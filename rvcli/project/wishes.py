"""What a person says of a new project, and how the rest is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Ask(Protocol):
    """Asks a person; where nobody is there, the default is the answer."""

    def __call__(self, question: str, default: str, choices: Sequence[str] = ()) -> str:
        """Return the answer."""
        ...


def take_default(question: str, default: str, choices: Sequence[str] = ()) -> str:
    """Answer with the default."""
    return default


@dataclass(frozen=True)
class Wishes:
    """What was said on the command line; None and () leave it to a proposal.

    Attributes:
        images: files, URIs, globs and folders.
        labels: the same.
        task: the key of a task.
        classes: their names, in the order of their ids.
        class_property: the property of the labels that names the class.
        backend: "sklearn", "pytorch", or the key of a backend.
        chip_size: in pixels.
    """

    images: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    task: str | None = None
    classes: tuple[str, ...] = ()
    class_property: str | None = None
    backend: str = "sklearn"
    chip_size: int | None = None
