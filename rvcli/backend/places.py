"""Where a backend keeps its files. Light to import."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rvcli.errors import ConfigError
from rvcli.filesystem import join_uri, resolve

MODEL_FILE = "model.zip"
CHIPS_EXTENSION = ".npz"
TRAIN, VALIDATION = "train", "validation"

# What a path or a URI would take for its own.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f%/\\:*?\"<>|#&]")


def chips_uri(chip_uri: str, scene_id: str, use: str = TRAIN) -> str:
    """Name the file that holds the chips of one scene.

    Args:
        chip_uri: directory of the chips.
        scene_id: id of the scene. Characters that cannot be part of a file name are
            percent-encoded, so that different ids have different files.
        use: `train` or `validation`; a scene may serve both, with different chips.
    """
    name = _UNSAFE.sub(lambda found: f"%{ord(found.group()):02x}", scene_id)
    return join_uri(chip_uri, use, name + CHIPS_EXTENSION)


@dataclass(frozen=True)
class Places:
    """The URIs of what a backend reads and writes.

    Attributes:
        chip_uri: directory of the chip files.
        train_chip_uris: the chip files to train on, one for each training scene.
        validation_chip_uris: the chip files that training is watched with.
        train_uri: directory of what training writes.
        model_uri: the model.
        pretrained_uri: the model from which training starts, or None.
    """

    chip_uri: str | None = None
    train_chip_uris: tuple[str, ...] = ()
    validation_chip_uris: tuple[str, ...] = ()
    train_uri: str | None = None
    model_uri: str | None = None
    pretrained_uri: str | None = None

    def chips(self, scene_id: str, use: str) -> str:
        """Return the URI of the chips of a scene.

        Raises:
            ConfigError: there is no place for chips.
        """
        return chips_uri(_set(self.chip_uri, "chip_uri"), scene_id, use)

    def chips_of(self, use: str) -> tuple[str, ...]:
        """Return the URIs of all chips to train on, or to watch training with.

        A message of older code names none: then they are those that are below the directory.
        """
        named = {TRAIN: self.train_chip_uris, VALIDATION: self.validation_chip_uris}
        if any(named.values()) or not self.chip_uri:
            return named[use]
        directory = join_uri(self.chip_uri, use)
        return tuple(sorted(resolve(directory).list_paths(directory, CHIPS_EXTENSION)))

    def train(self) -> str:
        """Return the directory of what training writes.

        Raises:
            ConfigError: there is none.
        """
        return _set(self.train_uri, "train_uri")

    def model(self) -> str:
        """Return the URI of the model; `model.zip` in the train directory if nothing is said.

        Raises:
            ConfigError: there is no place for it.
        """
        return self.model_uri or join_uri(self.train(), MODEL_FILE)


def _set(value: str | None, name: str) -> str:
    if not value:
        raise ConfigError(
            f"the backend has no {name}",
            hint="use it in an experiment, which has a place for its files, or set it",
        )
    return value
