"""Chips of one scene in one file, read chip by chip.

The file is an `.npz` as numpy writes it, without compression: `chip_00000.npy` and
`labels_00000.npy` and so on, then `counts.npy` (see ChipKind) and `windows.npy`. `numpy.load`
opens it and reads a member when it is asked for. The same chips give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.valid_pixels import valid_pixels
from rvcli.backend.zip_members import UNREADABLE, member
from rvcli.core.box import Box
from rvcli.errors import DataError

Array: TypeAlias = npt.NDArray[Any]

FORMAT = "rv chips"
VERSION = 2
_META = "meta.json"
_FEW_BANDS = 4


def write_chips(
    path: Path,
    chips: Iterable[tuple[Array, Box, Array]],
    scene_id: str,
    class_ids: Iterable[int],
    kind: ChipKind = ChipKind.PIXELS,
) -> int:
    """Write the chips of a scene.

    Args:
        path: file to write.
        chips: (chip, window, labels): chip of shape (height, width, bands), labels as the kind
            says. Pixels of a chip without data become label 0.
        scene_id: for messages.
        class_ids: the classes that a label may have, beside 0.
        kind: what the labels are.

    Returns:
        How many chips there were.

    Raises:
        DataError: a chip differs in bands or dtype from the others, its labels are not of the
            kind, or they hold an unknown class.
    """
    known = np.array([0, *sorted(class_ids)])
    counts: list[Array] = []
    windows: list[Any] = []
    first: tuple[int, str] | None = None
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for chip, window, labels in chips:
            found = (chip.shape[2], chip.dtype.str)
            first = first or found
            if found != first:
                raise DataError(
                    f"the chips of scene {scene_id} differ: {first[0]} bands of {first[1]}, then"
                    f" {found[0]} bands of {found[1]} in window {window.tuple_format()}",
                )
            labels, ids = _CHECKED[kind](np.asarray(labels), chip, scene_id)
            counts.append(_counts(ids, known, scene_id))
            name = f"{len(windows):05d}.npy"
            _write_array(file, f"chip_{name}", _contiguous(chip))
            if kind is ChipKind.PIXELS:
                labels = labels.astype(np.uint8 if known[-1] < 256 else np.uint16, copy=False)
            _write_array(file, f"labels_{name}", labels)
            windows.append(window.tuple_format())
        _write_array(file, "windows.npy", np.array(windows, np.int64).reshape(-1, 4))
        _write_array(file, "counts.npy", np.array(counts, np.int64).reshape(-1, len(known)))
        meta = {
            "format": FORMAT,
            "version": VERSION,
            "kind": kind.value,
            "scene": scene_id,
            "chips": len(windows),
            "bands": first[0] if first else None,
            "dtype": first[1] if first else None,
            "classes": known.tolist(),
        }
        file.writestr(member(_META), json.dumps(meta, indent=1, ensure_ascii=False))
    return len(windows)


class ChipFile:
    """The chips of one scene, each read when it is asked for.

    Attributes:
        uri: name of the file in messages.
        scene_id: the scene.
        bands: number of bands, or None if there are no chips.
        dtype: name of their data type, or None.
        class_ids: the columns of `counts`.
        kind: what the labels are.
        counts: of each class in each chip, shape (chips, classes); see ChipKind.
    """

    def __init__(self, path: Path, uri: str) -> None:
        """Open a file.

        Raises:
            DataError: it is none, or not whole.
        """
        self.uri = uri
        try:
            self._file = zipfile.ZipFile(path)
            meta = json.loads(self._file.read(_META))
            if meta["format"] != FORMAT or meta["version"] != VERSION:
                raise DataError(
                    f"{uri} is {meta['format']!r} of version {meta['version']}, not {FORMAT!r} of"
                    f" version {VERSION}",
                    hint="run the command CHIP again",
                )
            self.scene_id: str = meta["scene"]
            self.bands: int | None = meta["bands"]
            self.dtype: str | None = meta["dtype"] and np.dtype(meta["dtype"]).name
            self.class_ids: list[int] = meta["classes"]
            self.kind = ChipKind(meta["kind"])
            self.counts: Array = self._read("counts.npy")
        except DataError:
            raise
        except UNREADABLE as error:
            raise DataError(
                f"{uri} is no whole file of chips: {error}",
                hint="run the command CHIP again",
            ) from error

    def __len__(self) -> int:
        return len(self.counts)

    def __enter__(self) -> ChipFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def windows(self) -> list[Box]:
        """Return the window of each chip, in pixels of the scene.

        Raises:
            DataError: the file is damaged there.
        """
        try:
            return [Box(*row) for row in self._read("windows.npy").tolist()]
        except UNREADABLE as error:
            raise DataError(
                f"the windows of {self.uri} cannot be read: {error}",
                hint="run the command CHIP again",
            ) from error

    def read(self, index: int) -> tuple[Array, Array]:
        """Read one chip: its pixels (height, width, bands), and its labels as the kind says.

        Raises:
            DataError: the file is damaged there.
        """
        name = f"{index:05d}.npy"
        try:
            return self._read(f"chip_{name}"), self._read(f"labels_{name}")
        except UNREADABLE as error:
            raise DataError(
                f"chip {index} of {self.uri} cannot be read: {error}",
                hint="run the command CHIP again",
            ) from error

    def _read(self, name: str) -> Array:
        with self._file.open(name) as part:
            array: Array = np.lib.format.read_array(part, allow_pickle=False)
        return array


def _checked_pixels(labels: Array, chip: Array, scene_id: str) -> tuple[Array, Array]:
    if labels.shape != chip.shape[:2]:
        raise DataError(
            f"scene {scene_id} has a chip of {_size(chip.shape[:2])} pixels with labels of"
            f" {_size(labels.shape)}"
        )
    labels = np.where(valid_pixels(chip), labels, 0)
    return labels, labels


def _checked_class(labels: Array, chip: Array, scene_id: str) -> tuple[Array, Array]:
    if labels.shape != ():
        raise DataError(f"scene {scene_id} has a chip with {_size(labels.shape)} classes, not one")
    return labels.astype(np.int64), labels


def _checked_boxes(labels: Array, chip: Array, scene_id: str) -> tuple[Array, Array]:
    if labels.ndim != 2 or labels.shape[1] != 5:
        raise DataError(
            f"scene {scene_id} has a chip with boxes of shape {_size(labels.shape)}",
            hint="a box is ymin, xmin, ymax, xmax, class id",
        )
    return labels.astype(np.float64), labels[:, 4]


# Each returns what to store, and the class ids that are counted.
_CHECKED = {
    ChipKind.PIXELS: _checked_pixels,
    ChipKind.CLASS: _checked_class,
    ChipKind.BOXES: _checked_boxes,
}


def _counts(ids: Array, known: Array, scene_id: str) -> Array:
    """Count each class.

    Raises:
        DataError: there are others.
    """
    # Faster than bincount and unique unless there are dozens of classes.
    counts = np.array([np.count_nonzero(ids == class_id) for class_id in known.tolist()], np.int64)
    if counts.sum() != ids.size:
        unknown = np.setdiff1d(ids, known)
        raise DataError(
            f"scene {scene_id} has labels of class {', '.join(map(str, unknown[:10]))}, but the"
            f" classes are {', '.join(map(str, known[1:]))}",
            hint="add the class to the task, or change these labels to 0, which is ignored",
        )
    return counts


def _contiguous(chip: Array) -> Array:
    """Return a chip whose bytes are in the order of its axes."""
    if chip.flags.c_contiguous or chip.shape[2] > _FEW_BANDS:
        return np.ascontiguousarray(chip)
    # Imagery is read band by band. Few bands are put together four times as fast by hand.
    together = np.empty(chip.shape, chip.dtype)
    for band in range(chip.shape[2]):
        together[:, :, band] = chip[:, :, band]
    return together


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def chips_digest(path: Path) -> str:
    """Return a digest of the content of a chip file, from the checksums of its members."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(path) as file:
        for item in file.infolist():
            digest.update(f"{item.filename} {item.file_size} {item.CRC}\n".encode())
    return digest.hexdigest()


def _write_array(file: zipfile.ZipFile, name: str, array: Array) -> None:
    with file.open(member(name), "w", force_zip64=array.nbytes > 1 << 30) as part:
        np.lib.format.write_array(part, array, allow_pickle=False)
