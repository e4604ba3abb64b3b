"""Pictures, nested dicts, lists in groups."""

from __future__ import annotations

import atexit
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rvcli.errors import ConfigError, DataError

if TYPE_CHECKING:
    import subprocess

    import numpy as np
    import numpy.typing as npt

T = TypeVar("T")
_DRIVERS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "GTiff", ".tiff": "GTiff"}


def save_img(im_array: npt.NDArray[np.uint8], output_path: str) -> None:
    """Write a picture as PNG, JPEG or TIFF, as its extension says.

    Args:
        im_array: shape (height, width) or (height, width, channels), uint8.
        output_path: local path.

    Raises:
        DataError: the extension is another one, or the array is no picture.
    """
    from rvcli.filesystem.atomic import atomic_path

    suffix = Path(output_path).suffix.lower()
    if suffix not in _DRIVERS:
        raise DataError(
            f"{output_path!r} cannot be written as a picture", hint="name it .png, .jpg or .tif"
        )
    with atomic_path(output_path) as temporary:
        temporary.write_bytes(encoded(im_array, _DRIVERS[suffix]))


def numpy_to_png(array: npt.NDArray[Any]) -> bytes:
    """Return a PNG file.

    Args:
        array: shape (height, width) or (height, width, channels), uint8 or uint16.
    """
    return encoded(array, "PNG")


def png_to_numpy(png: bytes, dtype: Any = "uint8") -> npt.NDArray[Any]:
    """Return the pixels of a PNG file.

    Returns:
        Shape (height, width), or (height, width, channels) if there are several.
    """
    import numpy as np
    from rasterio.errors import RasterioIOError
    from rasterio.io import MemoryFile

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with MemoryFile(bytes(png)) as file, file.open() as dataset:
                pixels: npt.NDArray[Any] = np.moveaxis(dataset.read(), 0, -1).astype(dtype)
        except RasterioIOError as e:
            raise DataError(f"this is no PNG file: {e}") from e
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels


def encoded(array: npt.NDArray[Any], driver: str, **options: Any) -> bytes:
    """Return an image file.

    Args:
        array: shape (height, width) or (height, width, channels), uint8 or uint16.
        driver: of GDAL, as "PNG", "JPEG" or "WEBP".
        options: of that driver; with a `transform`, which a format without a place for it forgets,
            it may be called in several threads.
    """
    import numpy as np
    from rasterio.io import MemoryFile

    pixels = np.asarray(array)
    pixels = pixels[:, :, np.newaxis] if pixels.ndim == 2 else pixels
    if pixels.ndim != 3 or not pixels.size or pixels.dtype not in (np.uint8, np.uint16):
        raise DataError(
            f"an array of shape {np.shape(array)} and type {pixels.dtype} is no picture",
            hint="give uint8 of shape (height, width) or (height, width, channels)",
        )
    height, width, count = pixels.shape
    profile = {"height": height, "width": width, "count": count, "dtype": pixels.dtype, **options}
    with _quiet("transform" not in options), MemoryFile() as file:
        with file.open(driver=driver, **profile) as dataset:
            dataset.write(np.moveaxis(pixels, -1, 0))
        return bytes(file.read())


@contextmanager
def _quiet(wanted: bool) -> Iterator[None]:
    """Let rasterio not warn that a picture is not georeferenced; not for use in threads."""
    if not wanted:
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def replace_nones_in_dict(target: Any, replace_value: Any) -> Any:
    """Replace each None in a dict, at any depth and in place; return the dict."""
    items = target.items() if isinstance(target, dict) else enumerate(target)
    for key, item in list(items):
        if item is None:
            target[key] = replace_value
        elif isinstance(item, (dict, list)):
            replace_nones_in_dict(item, replace_value)
    return target


def set_nested_keys(
    target: dict[str, Any],
    mods: Mapping[str, Any],
    ignore_missing_keys: bool = False,
    set_missing_keys: bool = False,
) -> None:
    """Change values of a nested dict, in place.

    A key is changed wherever it stands, in the dict and in those below it; where both values
    are dicts, the keys of the second are looked for in the first.

    Args:
        target: is changed.
        mods: new values by key.
        ignore_missing_keys: pass over keys that are found nowhere.
        set_missing_keys: put them in the dict instead.

    Raises:
        ConfigError: a key is found nowhere, or a dict would become a plain value.
    """
    missing = _set_keys(target, mods, set_missing_keys)
    if missing and not ignore_missing_keys:
        raise ConfigError(
            f"there is no key {', '.join(map(repr, missing[:10]))}",
            hint="check the spelling, or pass set_missing_keys=True",
        )


def _set_keys(target: dict[str, Any], mods: Mapping[str, Any], set_missing: bool) -> list[str]:
    missing = []
    for key, value in mods.items():
        owners = list(_owners(target, key, mods))
        if not owners and set_missing:
            target[key] = value
        elif not owners:
            missing.append(key)
        for owner in owners:
            if not isinstance(owner[key], dict):
                owner[key] = value
            elif isinstance(value, Mapping):
                missing += _set_keys(owner[key], value, set_missing)
            else:
                raise ConfigError(f"{key!r} is a dict, which {value!r} cannot replace")
    return missing


def _owners(target: dict[str, Any], key: str, mods: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the dicts that have a key, at any depth; not below what is changed itself."""
    if key in target:
        yield target
    for name, value in target.items():
        if isinstance(value, dict) and name not in mods:
            yield from _owners(value, key, mods)


def terminate_at_exit(process: subprocess.Popen[Any]) -> None:
    """End a child process when this one ends."""

    def terminate() -> None:
        if process.poll() is None:
            process.terminate()

    atexit.register(terminate)


def grouped(lst: Sequence[T], size: int) -> list[list[T]]:
    """Divide a list into groups of `size`; the last may be smaller."""
    return [list(lst[start : start + size]) for start in range(0, len(lst), size)]


def split_into_groups(lst: Sequence[T], num_groups: int) -> list[list[T]]:
    """Divide a list into at most `num_groups` groups of one size; the last may be smaller.

    There may be fewer groups than asked for: 8 items in 5 groups are 4 groups of 2.
    """
    return grouped(lst, max(1, -(-len(lst) // num_groups)))


def split_evenly(lst: Sequence[T], num_groups: int) -> list[list[T]]:
    """Divide a list into at most `num_groups` groups whose sizes differ by one at most."""
    count = max(1, min(num_groups, len(lst)))
    bounds = [len(lst) * i // count for i in range(count + 1)]
    return [list(lst[a:b]) for a, b in pairwise(bounds) if a < b]
