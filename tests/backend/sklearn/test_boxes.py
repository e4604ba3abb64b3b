"""Detection of boxes with trees: features, windows, training and prediction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.backend.chip_files import write_chips
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.history import History
from rvcli.backend.model_file import pack_model
from rvcli.backend.sklearn.box_detector import BoxDetector, BoxModel
from rvcli.backend.sklearn.box_features import CELLS, BoxFeatures, BoxSpec
from rvcli.backend.sklearn.box_training import train_detector
from rvcli.backend.sklearn.box_windows import choose_sizes, decode, encode, slide
from rvcli.backend.sklearn.options import BoxOptions
from rvcli.backend.window_boxes import to_scene
from rvcli.core.box import Box
from rvcli.data.label.tfod_utils.np_box_ops import iou
from rvcli.errors import DataError

SIZE = 64
OPTIONS = BoxOptions(max_windows=1500, sizes=2, iterations=12, learning_rate=0.3)


def yard(rng: Any, bands: int = 3, size: int = SIZE) -> tuple[Any, Any]:
    """Draw gray ground with a roof, a pond, and something bright that is too small for a roof.

    Roofs are bright, of 16 x 12 pixels and class 2; ponds are dark, of 12 x 12 and class 5.

    Returns:
        uint8 (size, size, bands), and rows (ymin, xmin, ymax, xmax, class id).
    """
    chip = rng.normal(100, 6, (size, size, bands))
    corners = rng.permutation([(0, 0), (0, 1), (1, 0), (1, 1)]) * (size // 2)
    (y, x), (v, u), (t, s) = corners[:3] + rng.integers(2, 10, (3, 2))
    chip[y : y + 16, x : x + 12] += 90
    chip[v : v + 12, u : u + 12] -= 60
    chip[t : t + 5, s : s + 5] += 90
    boxes = np.array([[y, x, y + 16, x + 12, 2], [v, u, v + 12, u + 12, 5]], float)
    return chip.clip(1, 255).astype(np.uint8), boxes


def write(path: Path, chips: Any, class_ids: Any = (2, 5)) -> str:
    """Write chips (array, boxes) into a file."""
    made = ((chip, Box(0, 0, *chip.shape[:2]), boxes) for chip, boxes in chips)
    write_chips(path, made, "yards", class_ids, ChipKind.BOXES)
    return str(path)


@pytest.fixture(scope="module")
def chip_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a file of chips with roofs and ponds; one shows nothing."""
    rng = np.random.default_rng(0)
    empty = (rng.normal(100, 6, (SIZE, SIZE, 3)).astype(np.uint8), np.zeros((0, 5)))
    chips = [*(yard(rng) for _ in range(11)), empty]
    return write(tmp_path_factory.mktemp("chips") / "yards.npz", chips)


@pytest.fixture(scope="module")
def histories() -> list[History]:
    """Give what the training of the model tells."""
    return []


@pytest.fixture(scope="module")
def model(chip_uri: str, histories: list[History]) -> BoxModel:
    """Give a model that finds them."""
    with ChipSet([chip_uri], "") as chips:
        return train_detector(chips, OPTIONS, histories.append)


def test_the_loss_of_the_last_fit_is_told(model: BoxModel, histories: list[History]) -> None:
    """Who watches is given the loss after each round of the last fit of the scores."""
    (history,) = histories
    losses = [epoch.train_loss for epoch in history.epochs]
    assert model.notes["iterations"] == len(losses)
    assert losses[-1] < losses[0]


boxes_of_any_kind = st.lists(
    st.tuples(st.floats(-100, 100), st.floats(-100, 100), st.floats(4, 80), st.floats(4, 80)).map(
        lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
    ),
    min_size=1,
    max_size=8,
).map(np.array)


class TestWindows:
    """Windows that slide, and the way from them to boxes."""

    @given(boxes_of_any_kind, st.integers(0, 5))
    def test_decode_is_the_inverse_of_encode(self, boxes: Any, seed: int) -> None:
        """What leads from a window to a box of up to 2.7 times its sides leads there."""
        moved = np.random.default_rng(seed).uniform(-0.9, 0.9, boxes.shape)
        windows = decode(boxes, moved)
        np.testing.assert_allclose(decode(windows, encode(windows, boxes)), boxes, atol=1e-6)

    def test_growth_is_bounded(self) -> None:
        """Offsets that make no sense do not make boxes without end."""
        box = decode(np.array([[0.0, 0, 10, 10]]), np.array([[0.0, 0, 50, -50]]))[0]
        assert 20 < box[2] - box[0] < 30
        assert 3 < box[3] - box[1] < 5

    def test_neighbouring_areas_share_their_places(self) -> None:
        """The windows of two halves are those of the whole."""
        sizes = [(20.0, 30.0), (33.3, 12.5)]
        whole = slide(Box(-7, 5, 90, 101), sizes)
        halves = [slide(Box(-7, 5, 41, 101), sizes), slide(Box(41, 5, 90, 101), sizes)]
        assert {tuple(w) for w in whole} == {tuple(w) for half in halves for w in half}
        assert len(whole) == sum(map(len, halves))

    def test_windows_lie_where_they_are_wanted(self) -> None:
        """Their centres are in the area and they have the sizes asked for."""
        windows = slide(Box(10, 20, 60, 90), [(20.0, 30.0)])
        centres = (windows[:, :2] + windows[:, 2:]) / 2
        assert (centres >= [10, 20]).all()
        assert (centres < [60, 90]).all()
        np.testing.assert_allclose(windows[:, 2:] - windows[:, :2], [[20, 30]] * len(windows))

    def test_sizes_are_those_of_the_boxes_either_way_round(self) -> None:
        """Long houses of one kind give two sizes."""
        boxes = np.array([[0, 0, 10, 40], [5, 5, 15, 45], [1, 1, 11, 41]], float)
        assert [(10, 40), (40, 10)] == choose_sizes(boxes, 5, 0)


class TestFeatures:
    """What describes a box."""

    def test_a_plain_box_has_its_values(self) -> None:
        """The means of the bands inside and around, no edges, no texture, its sides."""
        chip = np.full((60, 60, 2), (50, 80), np.uint8)
        features = BoxFeatures(chip, BoxSpec(2)).of(np.array([[20.0, 10, 40, 50]]))
        assert (1, BoxSpec(2).count) == features.shape
        planes = 2 + 5
        cells, rest = np.split(features[0], [planes * CELLS**2])
        assert not cells.any()  # less the mean inside
        expected = [50, 80, *[0] * 5, 50, 80, *[0] * 5, 0, 0, 20, 40, 1]
        np.testing.assert_allclose(rest, expected, atol=1e-4)

    def test_a_larger_copy_looks_alike(self) -> None:
        """A house of twice the size has the same colours in its cells."""
        chip = np.full((96, 96, 1), 10, np.uint8)
        chip[36:60, 36:60] = 200
        small = BoxFeatures(chip, BoxSpec(1)).of(np.array([[36.0, 36, 60, 60]]))
        large = BoxFeatures(chip.repeat(2, 0).repeat(2, 1), BoxSpec(1)).of(
            np.array([[72.0, 72, 120, 120]])
        )
        bands = slice(0, 6 * CELLS**2, 6)
        np.testing.assert_allclose(small[0, bands], large[0, bands], atol=1e-3)

    def test_edges_have_directions(self) -> None:
        """Stripes across give strength in one direction, stripes down in another."""
        rows = np.zeros((40, 40, 1), np.uint8) + 10
        rows[np.arange(40) // 2 % 2 == 0] = 90
        box = np.array([[10.0, 10, 30, 30]])
        across = BoxFeatures(rows, BoxSpec(1)).of(box)[0, 6 * CELLS**2 :]
        down = BoxFeatures(rows.transpose(1, 0, 2), BoxSpec(1)).of(box)[0, 6 * CELLS**2 :]
        # Inside: brightness, strength, then four directions.
        assert 2 == int(np.argmax(across[2:6]))
        assert 0 == int(np.argmax(down[2:6]))
        assert across[1] == pytest.approx(down[1])

    def test_beyond_the_chip_there_is_no_data(self) -> None:
        """A box over the edge is described by what lies on the chip; the share tells."""
        chip = np.full((40, 40, 1), 70, np.uint8)
        features = BoxFeatures(chip, BoxSpec(1))
        inside = features.of(np.array([[10.0, 10, 30, 30]]))[0]
        outside = features.of(np.array([[100.0, 100, 120, 120]]))[0]
        corner = features.of(np.array([[30.0, 30, 50, 50]]))[0]
        assert 1.0 == inside[-1]
        assert 0.0 == outside[-1]
        assert not outside[: 6 * CELLS**2].any()
        assert 0 < corner[-1] < 1

    def test_the_share_with_data(self) -> None:
        """It counts pixels on the chip that hold data, of all pixels of the box."""
        chip = np.full((40, 40, 1), 70, np.uint8)
        chip[:, 20:] = 0
        boxes = [[0, 0, 10, 10], [0, 15, 10, 25], [-5, 0, 5, 10], [50, 50, 60, 60], [3, 3, 3, 3]]
        shares = BoxFeatures(chip, BoxSpec(1)).share_with_data(np.array(boxes, float))
        assert [1, 0.5, 0.5, 0, 0] == shares.tolist()

    def test_the_frame_of_the_data(self) -> None:
        """It bounds the pixels with data; without any it is empty."""
        chip = np.zeros((40, 50, 1), np.uint8)
        assert [0, 0, 0, 0] == BoxFeatures(chip, BoxSpec(1)).frame.tolist()
        chip[3:20, 5:41] = 1
        assert [3, 5, 20, 41] == BoxFeatures(chip, BoxSpec(1)).frame.tolist()

    def test_pixels_without_data_leave_no_edges(self) -> None:
        """Where imagery ends there is no edge of an object."""
        chip = np.full((40, 40, 1), 70.0)
        chip[:, 20:] = np.nan
        features = BoxFeatures(chip, BoxSpec(1)).of(np.array([[10.0, 10, 30, 30]]))
        assert np.isfinite(features).all()
        edges = features[0, : 6 * CELLS**2].reshape(CELLS, CELLS, 6)[..., 1:]
        assert not edges.any()


class TestDetector:
    """What is learned, and found."""

    def test_objects_are_found_with_their_classes(self, model: BoxModel) -> None:
        """The surest box of each class in a new chip lies on the object."""
        chip, truth = yard(np.random.default_rng(99))
        found = BoxDetector(model, "m").detect(chip, Box(0, 0, SIZE, SIZE), (0, 0))
        for row in truth:
            of_class = found.choose(found.get_class_ids() == row[4])
            best = of_class.get_npboxes()[:1]
            assert iou(best, row[None, :4]).item() > 0.6
            assert of_class.get_scores()[0] > 0.5

    def test_nothing_is_found_where_nothing_is(self, model: BoxModel) -> None:
        """Plain ground has no sure box."""
        detector = BoxDetector(model, "m")
        area = Box(0, 0, SIZE, SIZE)
        ground = np.random.default_rng(5).normal(100, 6, (SIZE, SIZE, 3)).astype(np.uint8)
        assert not (detector.detect(ground, area, (0, 0)).get_scores() > 0.5).any()

    def test_nothing_is_found_where_no_data_is(self, model: BoxModel) -> None:
        """All boxes lie on the imagery for the most part, and without imagery there is none."""
        chip, _ = yard(np.random.default_rng(3))
        chip = np.pad(chip, ((0, 0), (0, SIZE), (0, 0)))
        detector = BoxDetector(model, "m")
        found = detector.detect(chip, Box(0, 0, SIZE, 2 * SIZE), (0, 0))
        assert len(found)
        assert found.get_npboxes()[:, 3].max() <= SIZE
        assert (BoxFeatures(chip, model.spec).share_with_data(found.get_npboxes()) >= 0.8).all()
        assert not len(detector.detect(chip[:, SIZE:], Box(0, 0, SIZE, SIZE), (0, 0)))

    def test_the_number_of_threads_changes_nothing(self, model: BoxModel) -> None:
        """One thread or four: the same boxes and scores."""
        chip, _ = yard(np.random.default_rng(7))
        area = Box(0, 0, SIZE, SIZE)
        one, four = (BoxDetector(model, "m", threads=n).detect(chip, area, (0, 0)) for n in (1, 4))
        assert one == four

    def test_neighbouring_windows_agree(self, model: BoxModel) -> None:
        """With the margin around them two windows find what one finds."""
        rng = np.random.default_rng(11)
        image = np.concatenate([yard(rng)[0] for _ in range(3)], axis=1)
        margin = model.margin
        padded = np.pad(image, ((margin, margin), (margin, margin), (0, 0)))
        detector = BoxDetector(model, "m")

        def sure(xmin: int, xmax: int) -> set[tuple[float, ...]]:
            chip = padded[:, xmin : xmax + 2 * margin]
            area = Box(margin, margin, margin + SIZE, margin + xmax - xmin)
            found = detector.detect(chip, area, (-margin, xmin - margin))
            labels = to_scene(found, Box(0, xmin, SIZE, xmax), chip.shape[:2])
            strong = labels.choose(labels.get_scores() > 0.6)
            return {tuple(row) for row in strong.get_npboxes().round(3).tolist()}

        whole = sure(0, 192)
        assert whole
        assert whole == sure(0, 96) | sure(96, 192)

    def test_the_same_chips_give_the_same_model(self, chip_uri: str, model: BoxModel) -> None:
        """Byte by byte; another seed gives another."""
        small = replace(OPTIONS, iterations=2, max_windows=200)
        packed = []
        for options in (small, small, replace(small, seed=1)):
            with ChipSet([chip_uri], "") as chips:
                packed.append(train_detector(chips, options).pack())
        assert packed[0] == packed[1]
        assert packed[0] != packed[2]

    def test_a_model_survives_its_file(self, model: BoxModel, tmp_path: Path) -> None:
        """What is written is read."""
        path = tmp_path / "model.zip"
        path.write_bytes(model.pack())
        assert model == BoxModel.read(path, "m")

    def test_features_of_another_version_are_refused(self, model: BoxModel, tmp_path: Path) -> None:
        """A model of an older release asks to be trained again."""
        path = tmp_path / "model.zip"
        path.write_bytes(pack_model("rv box detector", 1, {"features": 0}, {}))
        with pytest.raises(DataError, match="features of version 0"):
            BoxModel.read(path, "m")

    def test_other_bands_are_refused(self, model: BoxModel) -> None:
        """A model of three bands does not look at one."""
        with pytest.raises(DataError, match="has 1 bands, but the model was trained on 3"):
            BoxDetector(model, "m").detect(np.ones((9, 9, 1), np.uint8), Box(0, 0, 9, 9), (0, 0))

    def test_one_class_needs_one_score(self, tmp_path: Path) -> None:
        """A task with a single class is learned too; any number of bands will do."""
        rng = np.random.default_rng(0)
        chips = [(chip, boxes[:1]) for chip, boxes in (yard(rng, bands=5) for _ in range(6))]
        with ChipSet([write(tmp_path / "c.npz", chips)], "") as opened:
            model = train_detector(opened, OPTIONS)
        assert (2,) == model.class_ids
        chip, truth = yard(np.random.default_rng(99), bands=5)
        found = BoxDetector(model, "m").detect(chip, Box(0, 0, SIZE, SIZE), (0, 0))
        assert {2} == set(found.get_class_ids().tolist())
        assert iou(found.get_npboxes()[:1], truth[:1, :4]).item() > 0.6

    def test_chips_without_objects_cannot_be_learned_from(self, tmp_path: Path) -> None:
        """The message names the scenes."""
        chip = np.ones((SIZE, SIZE, 3), np.uint8)
        with (
            ChipSet([write(tmp_path / "c.npz", [(chip, np.zeros((0, 5)))])], "") as chips,
            pytest.raises(DataError, match=r"1 chips of the training scenes \(yards\) show no"),
        ):
            train_detector(chips, OPTIONS)

    @pytest.mark.parametrize(
        ("option", "value", "note"),
        [("iterations", 5, lambda m: len(m.scores)), ("sizes", 1, lambda m: len(m.sizes))],
    )
    def test_options_have_their_effect(
        self, chip_uri: str, model: BoxModel, option: str, value: int, note: Callable[..., int]
    ) -> None:
        """Fewer rounds make a smaller model, fewer sizes fewer windows."""
        small = replace(OPTIONS, max_windows=300, **{option: value})
        with ChipSet([chip_uri], "") as chips:
            assert note(train_detector(chips, small)) < note(model)
