"""Augmentations by name, for any number of channels."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli.errors import ConfigError

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

GEOMETRIC = ("HorizontalFlip", "VerticalFlip", "RandomRotate90")
VALUES = ("Blur", "GaussianBlur", "GaussNoise", "RGBShift", "ToGray")


def image(channels: int, dtype: Any, size: int = 8) -> Any:
    """Draw an image whose upper left quarter has no data."""
    torch.manual_seed(0)
    drawn = (torch.rand(channels, size, size + 2) * 200 + 20).to(dtype)
    drawn[:, : size // 2, : size // 2] = 0
    return drawn


def applied(names: tuple[str, ...], given: Any, target: Any = 1, seed: int = 0) -> Any:
    """Augment an image and a target with a seed."""
    from rvcli.backend.pytorch.augment import augmentation

    augment = augmentation(names)
    assert augment is not None
    torch.manual_seed(seed)
    return augment(given, target)


def results(name: str, given: Any, target: Any = 1) -> list[Any]:
    """Augment with ten seeds."""
    return [applied((name,), given, target, seed) for seed in range(10)]


def test_all_names_of_older_experiments_are_known() -> None:
    """The table has the eight names, and none else."""
    from rvcli.backend.pytorch.augment import AUGMENTORS

    assert {*GEOMETRIC, *VALUES} == set(AUGMENTORS)


def test_an_unknown_name_is_refused_and_the_known_ones_told() -> None:
    """The message has the name, the hint all that there are."""
    from rvcli.backend.pytorch.augment import augmentation

    with pytest.raises(ConfigError, match="'Flip'") as caught:
        augmentation(["HorizontalFlip", "Flip"])
    assert "HorizontalFlip, VerticalFlip" in str(caught.value.hint)


def test_no_names_are_no_augmentation() -> None:
    """There is nothing to call."""
    from rvcli.backend.pytorch.augment import augmentation

    assert augmentation([]) is None


@pytest.mark.parametrize("channels", [1, 3, 13])
@pytest.mark.parametrize("name", GEOMETRIC)
def test_masks_move_with_the_image(name: str, channels: int) -> None:
    """A mask that equals a channel equals it after every move; some chips move, some stay."""
    from torchvision import tv_tensors

    given = image(channels, torch.uint8)
    moved = results(name, given, tv_tensors.Mask(given[0].to(torch.int64)))
    for changed, mask in moved:
        assert type(changed) is torch.Tensor
        assert torch.equal(changed[0].to(torch.int64), torch.as_tensor(mask))
        assert sorted(given.flatten().tolist()) == sorted(changed.flatten().tolist())
    same = [changed.shape == given.shape and torch.equal(changed, given) for changed, _ in moved]
    assert {True, False} == set(same)


@pytest.mark.parametrize("name", GEOMETRIC)
def test_boxes_move_with_the_image(name: str) -> None:
    """The bright rectangle of an image stays inside its box."""
    from torchvision import tv_tensors

    given = torch.zeros(3, 8, 10, dtype=torch.uint8)
    given[:, 1:4, 2:9] = 200
    boxes = tv_tensors.BoundingBoxes(
        torch.tensor([[2.0, 1.0, 9.0, 4.0]]), format="XYXY", canvas_size=(8, 10)
    )
    for changed, moved in results(name, given, {"boxes": boxes, "labels": torch.tensor([1])}):
        ((xmin, ymin, xmax, ymax),) = moved["boxes"].round().int().tolist()
        assert (changed[:, ymin:ymax, xmin:xmax] == 200).all()
        assert given.sum() == changed[:, ymin:ymax, xmin:xmax].sum()


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 13])
@pytest.mark.parametrize("name", VALUES)
def test_values_change_where_there_is_data(name: str, channels: int, dtype: str) -> None:
    """About half of the chips change; what has no data still has none, what has still has."""
    given = image(channels, getattr(torch, dtype))
    valid = given.ne(0).any(dim=0)
    changes = 0
    for changed, target in results(name, given):
        assert (given.shape, given.dtype, 1) == (changed.shape, changed.dtype, target)
        assert torch.equal(valid, changed.ne(0).any(dim=0))
        changes += int(not torch.equal(given, changed))
    assert changes == 0 if (name, channels) == ("ToGray", 1) else 1 <= changes <= 9


def test_gray_has_the_same_value_in_all_channels() -> None:
    """It is the mean of the channels."""
    given = image(3, torch.float32)
    gray = next(c for c, _ in results("ToGray", given) if not torch.equal(c, given))
    torch.testing.assert_close(gray, given.mean(dim=0, keepdim=True).expand(3, -1, -1))


def test_blur_takes_nothing_from_where_there_is_no_data() -> None:
    """An image of one value keeps it up to the edge of its data."""
    given = image(3, torch.float32)
    given[given > 0] = 100.0
    for name in ("Blur", "GaussianBlur"):
        for changed, _ in results(name, given):
            torch.testing.assert_close(given, changed, rtol=1e-4, atol=1e-2)


def test_an_image_without_data_is_left_alone() -> None:
    """There is no spread to scale noise by."""
    given = torch.zeros(3, 8, 8)
    changed, _ = applied(VALUES, given)
    assert torch.equal(given, changed)
