"""What is known of a model beside its weights. Light to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rvcli.errors import DataError


@dataclass(frozen=True)
class ModelSpec:
    """What a network is made from, and for.

    Attributes:
        arch: its name, see `architectures`.
        options: what its maker takes beside the number of classes and channels.
        channels: bands of the imagery.
        class_ids: the classes in the order of the network's outputs; without 0.
        class_names: their names.
        chip_size_hw: height and width of the chips that it was trained on, in pixels.
        dtypes: names of the data types of the imagery.
        mean: of each channel, in values of the imagery.
        std: of each channel, never 0.
    """

    arch: str
    options: Mapping[str, Any]
    channels: int
    class_ids: tuple[int, ...]
    class_names: tuple[str, ...]
    chip_size_hw: tuple[int, int]
    dtypes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "options": dict(self.options)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], uri: str) -> ModelSpec:
        """Read plain values; `uri` names them in messages.

        Raises:
            DataError: they are not those of a model.
        """
        try:
            return cls(
                arch=str(values["arch"]),
                options=dict(values["options"]),
                channels=int(values["channels"]),
                class_ids=tuple(map(int, values["class_ids"])),
                class_names=tuple(map(str, values["class_names"])),
                chip_size_hw=(int(values["chip_size_hw"][0]), int(values["chip_size_hw"][1])),
                dtypes=tuple(map(str, values["dtypes"])),
                mean=tuple(map(float, values["mean"])),
                std=tuple(map(float, values["std"])),
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DataError(
                f"the header of the model {uri} is not whole: {error!r}",
                hint="train the model again",
            ) from error
