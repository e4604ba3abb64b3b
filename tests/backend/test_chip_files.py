"""Chip files: what goes in comes out, by parts; what is not whole is refused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend.chip_files import ChipFile, write_chips
from rvcli.backend.chip_kind import ChipKind
from rvcli.core.box import Box
from rvcli.errors import DataError


def some_chips(count: int = 3, dtype: Any = np.uint16, bands: int = 4) -> list[Any]:
    """Draw chips with labels 0 to 2."""
    rng = np.random.default_rng(7)
    return [
        (
            rng.integers(1, 100, (6, 5, bands)).astype(dtype),
            Box(0, 5 * i, 6, 5 * i + 5),
            rng.integers(0, 3, (6, 5)).astype(np.uint8),
        )
        for i in range(count)
    ]


def write(path: Path, chips: Iterable[Any], scene_id: str = "scene 1") -> ChipFile:
    """Write chips and open them."""
    write_chips(path, chips, scene_id, [1, 2])
    return ChipFile(path, "chips-uri")


def test_chips_come_back(tmp_path: Path) -> None:
    """Chips, labels and counts are those that were written."""
    chips = some_chips()
    with write(tmp_path / "a.npz", chips) as file:
        assert (3, 4, "scene 1", [0, 1, 2]) == (
            len(file),
            file.bands,
            file.scene_id,
            file.class_ids,
        )
        for index, (chip, _, labels) in enumerate(chips):
            found_chip, found_labels = file.read(index)
            np.testing.assert_array_equal(chip, found_chip)
            np.testing.assert_array_equal(labels, found_labels)
            assert np.bincount(labels.ravel(), minlength=3).tolist() == file.counts[index].tolist()


def test_numpy_opens_it(tmp_path: Path) -> None:
    """The file is an ordinary .npz."""
    chips = some_chips()
    write(tmp_path / "a.npz", chips)
    with np.load(tmp_path / "a.npz") as arrays:
        np.testing.assert_array_equal(chips[1][0], arrays["chip_00001"])
        assert [0, 5, 6, 10] == arrays["windows"][1].tolist()


def test_the_same_chips_give_the_same_bytes(tmp_path: Path) -> None:
    """Neither time nor directory leave a trace in the file."""
    write(tmp_path / "a.npz", some_chips())
    write(tmp_path / "b.npz", iter(some_chips()))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_pixels_without_data_have_no_label(tmp_path: Path) -> None:
    """A label on a pixel of zeros is dropped."""
    chip, window, labels = some_chips(1)[0]
    chip[0, 0] = 0
    labels[0, 0] = 2
    with write(tmp_path / "a.npz", [(chip, window, labels)]) as file:
        assert 0 == file.read(0)[1][0, 0]


def test_a_scene_without_chips(tmp_path: Path) -> None:
    """No chips make a file, of no chips."""
    with write(tmp_path / "a.npz", []) as file:
        assert (0, None, (0, 3)) == (len(file), file.bands, file.counts.shape)


def test_large_class_ids_are_kept(tmp_path: Path) -> None:
    """Class ids above 255 are not cut off."""
    chip, window, labels = some_chips(1)[0]
    write_chips(tmp_path / "a.npz", [(chip, window, labels * np.uint16(150))], "s", [150, 300])
    with ChipFile(tmp_path / "a.npz", "u") as file:
        assert {0, 150, 300} == set(np.unique(file.read(0)[1]).tolist())


def test_an_unknown_class_is_refused(tmp_path: Path) -> None:
    """A label that is no class of the task names the scene, the class and the classes."""
    chip, window, labels = some_chips(1)[0]
    labels[0, 0] = 9
    with pytest.raises(DataError, match="scene 1 has labels of class 9, but the classes are 1, 2"):
        write(tmp_path / "a.npz", [(chip, window, labels)])


def test_chips_of_one_scene_are_of_one_kind(tmp_path: Path) -> None:
    """A chip with other bands than the first is refused."""
    with pytest.raises(DataError, match="4 bands of <u2, then 3 bands of <u2"):
        write(tmp_path / "a.npz", some_chips(1) + some_chips(1, bands=3))


def test_labels_have_the_size_of_their_chip(tmp_path: Path) -> None:
    """Labels of another size than their chip are refused."""
    chip, window, labels = some_chips(1)[0]
    with pytest.raises(DataError, match="6 x 5 pixels with labels of 6 x 4"):
        write(tmp_path / "a.npz", [(chip, window, labels[:, :4])])


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all"])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """What is no chip file is refused by name."""
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="chips-uri is no whole file of chips"):
        ChipFile(tmp_path / "a.npz", "chips-uri")


def test_an_ordinary_npz_is_refused(tmp_path: Path) -> None:
    """An .npz of something else is refused."""
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    with pytest.raises(DataError, match="no whole file of chips"):
        ChipFile(tmp_path / "a.npz", "chips-uri")


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    """A file that was cut off is refused."""
    write(tmp_path / "a.npz", some_chips())
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="no whole file of chips"):
        ChipFile(tmp_path / "a.npz", "chips-uri")


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    """A chip that was damaged on disk is refused when it is read."""
    chips = some_chips()
    write(tmp_path / "a.npz", chips)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[content.index(chips[0][0].tobytes()) + 10] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with (
        ChipFile(tmp_path / "a.npz", "chips-uri") as file,
        pytest.raises(DataError, match="chip 0 of chips-uri cannot be read"),
    ):
        file.read(0)


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another version says which."""
    monkeypatch.setattr("rvcli.backend.chip_files.VERSION", 9)
    write_chips(tmp_path / "a.npz", some_chips(), "s", [1, 2])
    monkeypatch.undo()
    with pytest.raises(DataError, match="'rv chips' of version 9, not 'rv chips' of version 2"):
        ChipFile(tmp_path / "a.npz", "chips-uri")


def test_a_chip_may_have_one_class(tmp_path: Path) -> None:
    """Chips of cells have a class each, which is counted."""
    chips = [
        (chip, window, np.array(index + 1)) for index, (chip, window, _) in enumerate(some_chips(2))
    ]
    write_chips(tmp_path / "a.npz", chips, "s", [1, 2], ChipKind.CLASS)
    with ChipFile(tmp_path / "a.npz", "u") as file:
        assert ChipKind.CLASS == file.kind
        assert [1, 2] == [int(file.read(index)[1]) for index in range(2)]
        assert [[0, 1, 0], [0, 0, 1]] == file.counts.tolist()


def test_a_chip_may_have_boxes(tmp_path: Path) -> None:
    """Boxes come back with their classes, also none at all."""
    first, second = some_chips(2)
    boxes = np.array([[0, 1, 3, 4, 2], [-1.5, 0, 2, 2, 2], [0, 0, 1, 1, 1]])
    chips = [(*first[:2], boxes), (*second[:2], np.zeros((0, 5)))]
    write_chips(tmp_path / "a.npz", chips, "s", [1, 2], ChipKind.BOXES)
    with ChipFile(tmp_path / "a.npz", "u") as file:
        assert boxes.tolist() == file.read(0)[1].tolist()
        assert (0, 5) == file.read(1)[1].shape
        assert [[0, 1, 2], [0, 0, 0]] == file.counts.tolist()


@pytest.mark.parametrize(
    ("kind", "labels", "words"),
    [
        (ChipKind.CLASS, np.array([1, 2]), "a chip with 2 classes, not one"),
        (ChipKind.CLASS, np.array(7), "labels of class 7, but the classes are 1, 2"),
        (ChipKind.BOXES, np.zeros((2, 4)), "a chip with boxes of shape 2 x 4"),
        (ChipKind.BOXES, np.full((1, 5), 3.0), "labels of class 3.0, but the classes are 1, 2"),
    ],
)
def test_labels_of_another_kind_are_refused(
    tmp_path: Path, kind: ChipKind, labels: Any, words: str
) -> None:
    """Labels that are not what the kind says are refused with the scene."""
    chip, window, _ = some_chips(1)[0]
    with pytest.raises(DataError, match=f"scene s has {words}"):
        write_chips(tmp_path / "a.npz", [(chip, window, labels)], "s", [1, 2], kind)
