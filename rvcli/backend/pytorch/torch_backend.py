"""TorchBackend: a backend that trains a network and predicts with it."""

from __future__ import annotations

import logging
import os
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from rvcli.backend.chip_backend import ChipBackend
from rvcli.backend.places import Places
from rvcli.backend.pytorch.runtime import AUTO, Runtime, load_runtime
from rvcli.backend.pytorch.train_options import TrainOptions
from rvcli.errors import MissingDependencyError
from rvcli.filesystem import join_uri, resolve

if TYPE_CHECKING:
    from rvcli.backend.pytorch.model_spec import ModelSpec
    from rvcli.backend.pytorch.recipe import Recipe
    from rvcli.backend.pytorch.torch_model_file import ModelFile
    from rvcli.core.class_map import ClassMap

log = logging.getLogger(__name__)

LAST_FILE = "last.safetensors"


class TorchBackend(ChipBackend):
    """Trains on the chips, and predicts with PyTorch or, where that is not installed, with ONNX.

    A subclass names its recipe and predicts; see recipe.py. Importing this module, or making such
    a backend, does not import torch.

    Attributes:
        model_format: names the format of its model files, as "rv torch segmentation".
        older_network: what of `older_models` says how release 0.11 made its network.
        options: how it trains.
    """

    predicts_batches = True
    model_format: ClassVar[str]
    older_network: ClassVar[str] = "CLASSIFIER"

    def __init__(
        self,
        class_map: ClassMap,
        places: Places,
        options: TrainOptions,
        predict_with: str = AUTO,
    ) -> None:
        super().__init__(class_map, places)
        self.options = options
        self._predict_with = predict_with
        self._runtime: Runtime | None = None

    @abstractmethod
    def recipe(self) -> Recipe:
        """Return the recipe of the task; imports it, and torch with it."""

    def train(self, tmp_dir: str) -> None:
        """Train a model on the chip files, and write it with its history.

        Raises:
            ConfigError: an option has no meaning, or there are no chip files.
            DataError: a chip file is damaged, or there are no chips.
            MissingDependencyError: PyTorch is not installed.
        """
        # Before torch is loaded: threads that spin take long on a busy machine.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        with torch_needed("training"):
            from rvcli.backend.pytorch.training import train_model

            trained = train_model(
                self.recipe(),
                self.model_format,
                self.class_map,
                self.places,
                self.options,
                tmp_dir,
            )
        for uri, data in (
            (join_uri(self.places.train(), LAST_FILE), trained.last),
            (self.places.model(), trained.model),
        ):
            resolve(uri, "w").write_bytes(uri, data)
        trained.forget_checkpoint()

    def load_model(self, tmp_dir: str) -> None:
        """Load the model.

        Raises:
            DataError: it is no whole model, or of other classes.
        """
        self._load(tmp_dir)

    def _load(self, tmp_dir: str) -> Runtime:
        uri = self.places.model()
        with torch_needed("predicting with this model"):
            runtime = load_runtime(
                uri,
                self.model_format,
                tmp_dir,
                recipe=self.recipe,
                own_arch=self.options.model_arch,
                how=self._predict_with,
                older=self._read_older,
            )
        self.check_classes(runtime.spec.class_ids, uri)
        self.dtypes = list(runtime.spec.dtypes)
        self._runtime = runtime
        return runtime

    def _read_older(self, path: Path, uri: str) -> ModelFile:
        """Read the model of an older release."""
        from rvcli.backend.pytorch import older_models

        log.info("%s is of release 0.11: its imagery has values from 0 to 255", uri)
        network: older_models.OlderNetwork = getattr(older_models, self.older_network)
        items = sorted(self.class_map.get_items(), key=lambda item: item.id)
        return older_models.read_older_model(
            path,
            uri,
            self.recipe(),
            network,
            self.options.model_arch,
            [item for item in items if item.id != 0],
        )

    def spec(self, tmp_dir: str) -> ModelSpec:
        """Return what is known of the model, loaded if it is not yet."""
        return (self._runtime or self._load(tmp_dir)).spec

    def run(self, images: npt.NDArray[Any], tmp_dir: str) -> tuple[npt.NDArray[Any], ...]:
        """Apply the exported module of the recipe to images, with PyTorch or ONNX.

        Args:
            images: (n, height, width, channels) with values of the imagery, any dtype.

        Returns:
            what the module returns, one array for each of the recipe's `outputs`.
        """
        runtime = self._runtime or self._load(tmp_dir)
        return runtime.run(np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32))


def by_shape(chips: Sequence[Any]) -> list[list[int]]:
    """Group the positions of chips of equal shape, which can be in one batch."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, chip in enumerate(chips):
        groups.setdefault(chip.shape, []).append(index)
    return list(groups.values())


@contextmanager
def torch_needed(work: str) -> Iterator[None]:
    """Say what to install where a package is missing inside the block, or does not fit."""
    try:
        yield
    except MissingDependencyError:
        raise
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{work} needs the package {error.name}", hint="pip install 'rvcli[torch]'"
        ) from error
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        raise MissingDependencyError(
            f"torchvision is not made for this torch: {error}",
            hint="install torch and torchvision together, from the same index",
        ) from error
