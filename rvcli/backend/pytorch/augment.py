"""Augmentations by name, from torchvision.transforms.v2, for any number of channels.

The names are those of albumentations, in which older experiments were written. Each is applied
to half of the chips, except for quarter turns, of which one of four is applied to every chip.
Masks and boxes move along with the image; what changes values leaves pixels without data alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from rvcli.errors import ConfigError

# Strength of noise and shift, in standard deviations of each channel of a chip.
_NOISE = 0.25
_SHIFT = 0.25
_BLUR_SIGMA = (0.5, 1.5)


def augmentation(names: Sequence[str]) -> Callable[[Any, Any], tuple[Any, Any]] | None:
    """Make what augments an image and its target together; None if there is nothing to do.

    Args:
        names: augmentations in the order in which they are applied.

    Raises:
        ConfigError: a name is unknown.
    """
    unknown = [name for name in names if name not in _TRANSFORMS]
    if unknown:
        raise ConfigError(
            f"no augmentation is named {', '.join(map(repr, unknown[:10]))}",
            hint=f"there are {', '.join(AUGMENTORS)}",
        )
    if not names:
        return None
    transform = v2.Compose([_TRANSFORMS[name]() for name in names])

    def augment(image: Tensor, target: Any) -> tuple[Any, Any]:
        image, target = transform(tv_tensors.Image(image), target)
        return image.as_subclass(Tensor), target

    return augment


def _quarter_turns() -> v2.Transform:
    turns = [v2.RandomRotation((angle, angle), expand=True) for angle in (90, 180, 270)]
    return v2.RandomChoice([v2.Identity(), *turns])


def _sometimes(change: Callable[[Tensor, Tensor], Tensor]) -> Callable[[], v2.Transform]:
    """Make a transform that changes the values of half of the images."""

    def on_image(image: Tensor) -> Tensor:
        has_data = image.ne(0).any(dim=0) & torch.isfinite(image).all(dim=0)
        values = image.as_subclass(Tensor).to(torch.float32)
        changed = torch.where(has_data, change(values, has_data), values)
        if not image.is_floating_point():
            # Nothing with data may become 0 in all channels, which says that there is none.
            changed = changed.round().clamp(1, torch.iinfo(image.dtype).max)
            changed = torch.where(has_data, changed, values)
        wrapped: Tensor = tv_tensors.wrap(changed.to(image.dtype), like=image)
        return wrapped

    return lambda: v2.RandomApply([v2.Lambda(on_image, tv_tensors.Image)])


def _spread(image: Tensor, has_data: Tensor) -> Tensor:
    """Return the standard deviation of each channel where there is data, (channels, 1, 1)."""
    pixels = image[:, has_data]
    if pixels.shape[1] < 2:
        return image.new_zeros(len(image), 1, 1)
    return pixels.std(dim=1).view(-1, 1, 1)


def _noise(image: Tensor, has_data: Tensor) -> Tensor:
    strength = _NOISE * torch.rand(()) * _spread(image, has_data)
    return image + strength * torch.randn(image.shape)


def _shift(image: Tensor, has_data: Tensor) -> Tensor:
    shifts = torch.empty(len(image), 1, 1).uniform_(-1, 1)
    return image + _SHIFT * shifts * _spread(image, has_data)


def _gray(image: Tensor, has_data: Tensor) -> Tensor:
    return image.mean(dim=0, keepdim=True).expand_as(image)


def _blur(image: Tensor, has_data: Tensor) -> Tensor:
    # Blurred together with what has data, so that nothing dark leaks in from where there is none.
    sigma = torch.empty(()).uniform_(*_BLUR_SIGMA).item()
    filled = torch.where(has_data, image, 0.0)
    both = torch.cat([filled, has_data.to(image.dtype)[None]])
    blurred: Tensor = v2.functional.gaussian_blur(both, kernel_size=[7, 7], sigma=[sigma, sigma])
    return blurred[:-1] / blurred[-1:].clamp(min=1e-6)


def _box_blur(image: Tensor, has_data: Tensor) -> Tensor:
    filled = torch.where(has_data, image, 0.0)
    both = torch.cat([filled, has_data.to(image.dtype)[None]])[None]
    mean = torch.nn.functional.avg_pool2d(both, 3, stride=1, padding=1)[0]
    return mean[:-1] / mean[-1:].clamp(min=1e-6)


_TRANSFORMS: dict[str, Callable[[], v2.Transform]] = {
    "HorizontalFlip": v2.RandomHorizontalFlip,
    "VerticalFlip": v2.RandomVerticalFlip,
    "RandomRotate90": _quarter_turns,
    "Blur": _sometimes(_box_blur),
    "GaussianBlur": _sometimes(_blur),
    "GaussNoise": _sometimes(_noise),
    "RGBShift": _sometimes(_shift),
    "ToGray": _sometimes(_gray),
}

AUGMENTORS = tuple(_TRANSFORMS)
