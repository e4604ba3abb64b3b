"""The chips of several scenes, as training sees them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.chip_files import ChipFile
from rvcli.errors import ConfigError, DataError
from rvcli.utils.files import download_if_needed

Array: TypeAlias = npt.NDArray[Any]

log = logging.getLogger(__name__)


class ChipSet:
    """The chips of several scenes in one row, each read when it is asked for.

    Attributes:
        files: the open files, in the order of their URIs.
        bands: number of bands, the same in all chips; 1 if there are no chips.
        dtypes: names of the data types that occur.
    """

    def __init__(self, uris: Sequence[str], tmp_dir: str) -> None:
        """Open files; the order in which they are listed is of no consequence.

        Args:
            uris: chip files; one that is listed twice counts once.
            tmp_dir: local directory to which remote files are fetched.

        Raises:
            ConfigError: there are none.
            DataError: one is damaged, or they differ in their number of bands.
        """
        if not uris:
            raise ConfigError(
                "there are no chip files to train on", hint="the dataset needs training scenes"
            )
        with ExitStack() as stack:
            self.files = [
                stack.enter_context(ChipFile(Path(download_if_needed(uri, tmp_dir)), uri))
                for uri in sorted(set(uris))
            ]
            self.bands = _common_bands(self.files)
            _check_common_classes(self.files)
            self.dtypes = _dtypes(self.files)
            self._starts = np.cumsum([0, *map(len, self.files)])
            self._open = stack.pop_all()

    def __enter__(self) -> ChipSet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def __len__(self) -> int:
        return int(self._starts[-1])

    def read(self, index: int) -> tuple[Array, Array]:
        """Read one chip and its labels; see ChipFile.read."""
        file = int(np.searchsorted(self._starts, index, side="right")) - 1
        return self.files[file].read(index - int(self._starts[file]))

    def check_labels(self, class_ids: Sequence[int]) -> None:
        """Check that a task can learn from these chips.

        Args:
            class_ids: the classes of the task.

        Raises:
            DataError: there are no chips, none shows a class, or one shows a class that the task
                does not have.
        """
        if not len(self):
            raise DataError(
                "there are no chips to train on",
                hint="check that the training scenes have labels where there is imagery",
            )
        self._check_classes(class_ids)
        if not self._shown():
            scenes = ", ".join(file.scene_id for file in self.files[:10])
            raise DataError(
                f"the {len(self)} chips of the training scenes ({scenes}) show no class",
                hint="check that the labels lie on the imagery, and the areas of interest",
            )

    def check_validation(self, validation: ChipSet, class_ids: Sequence[int]) -> None:
        """Check that what is learned from these chips can be measured with others.

        Raises:
            DataError: those have other bands, or show a class that the task does not have.
        """
        if len(self) and len(validation) and validation.bands != self.bands:
            raise DataError(
                f"the training chips have {self.bands} bands, those for validation"
                f" {validation.bands}",
                hint="choose the same bands with with_channel_order",
            )
        validation._check_classes(class_ids)

    def _check_classes(self, class_ids: Sequence[int]) -> None:
        unknown = sorted(self._shown().difference(class_ids))
        if unknown:
            raise DataError(
                f"the chips show the classes {unknown[:10]}, which the task does not have",
                hint="run the command CHIP again",
            )

    def _shown(self) -> set[int]:
        totals = zip(self.class_ids, self.counts.sum(axis=0).tolist(), strict=True)
        return {class_id for class_id, total in totals if class_id != 0 and total}

    @property
    def class_ids(self) -> list[int]:
        """The columns of `counts`; 0 is ignore."""
        return self.files[0].class_ids

    @property
    def counts(self) -> Array:
        """What each chip holds of each class, shape (chips, classes); see ChipKind."""
        return np.concatenate([file.counts for file in self.files])


def _common_bands(files: Sequence[ChipFile]) -> int:
    found = {file.bands: file for file in files if file.bands is not None}
    if len(found) > 1:
        kinds = ", ".join(f"{bands} in {file.scene_id}" for bands, file in found.items())
        raise DataError(
            f"the training scenes differ in their number of bands: {kinds}",
            hint="choose the same bands with with_channel_order",
        )
    return next(iter(found), None) or 1


def _check_common_classes(files: Sequence[ChipFile]) -> None:
    for file in files:
        if file.class_ids != files[0].class_ids:
            raise DataError(
                f"{file.uri} was made for the classes {file.class_ids[1:]}, {files[0].uri} for"
                f" {files[0].class_ids[1:]}",
                hint="run the command CHIP again, for all scenes",
            )


def _dtypes(files: Sequence[ChipFile]) -> list[str]:
    found = {file.dtype: file for file in files if file.dtype is not None}
    if len(found) > 1:
        log.warning(
            "the training scenes differ in their data type: %s; if their values are not on one"
            " scale, use the statistics transformer",
            ", ".join(f"{dtype} in {found[dtype].scene_id}" for dtype in sorted(found)),
        )
    return sorted(found)
