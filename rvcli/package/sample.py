"""A small piece of a model's imagery, as files that the model reads like any other image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.config import taken
from rvcli.core.box import Box
from rvcli.data.has_data import has_data
from rvcli.data.raster_source.multi_raster_source_config import MultiRasterSourceConfig
from rvcli.data.raster_source.stac_item import choose_assets, read_assets
from rvcli.data.raster_source.stac_item_source_config import STACItemSourceConfig
from rvcli.data.vector_source.projection import WGS_84, pixel_projector, source_projector
from rvcli.package.facts import active, sample_windows

MIN_SIDE, SIDE, MAX_SIDE = 64, 256, 512
_MOST_BYTES = 4 << 20


@dataclass(frozen=True)
class Part:
    """One file of an image.

    Attributes:
        source: config of the raster source that reads it.
        asset: its name in a STAC item, or None.
    """

    source: Any
    asset: str | None = None


def parts_of(source: Any) -> list[Part]:
    """Return the files that an image consists of, as sources that read one each."""
    if isinstance(source, STACItemSourceConfig):
        assets = read_assets(source.uri)
        chosen = choose_assets(source.uri, assets, source.assets)
        names = [next(n for n, asset in assets.items() if asset == one) for one in chosen]
        return [Part(s, n) for s, n in zip(source.to_stack().raster_sources, names, strict=True)]
    if isinstance(source, MultiRasterSourceConfig):
        return [Part(one) for one in source.raster_sources]
    return [Part(source)]


def image_names(parts: Sequence[Part]) -> list[str]:
    """Return how the files of a sample are called."""
    return ["image.tif"] if len(parts) == 1 else [f"image-{i}.tif" for i in range(len(parts))]


def argument(folder: Path, images: Sequence[str]) -> str:
    """Return what names a sample for `Predictor.predict`."""
    paths = [str(folder / name) for name in images]
    return paths[0] if len(paths) == 1 else json.dumps(paths)


def write_sample(source: Any, folder: Path, tmp_dir: str, chip_size: int) -> tuple[list[str], Box]:
    """Write the window of an image that shows most.

    Args:
        source: config of the raster source; its transformers are not applied.
        folder: where the files go.
        tmp_dir: local directory for downloads.
        chip_size: side of the windows that the model predicts.

    Returns:
        names of the files that name the image, and the window in pixels.
    """
    parts = parts_of(source)
    whole = open_raw(source, tmp_dir)
    with active(whole):
        window = _best_window(whole, chip_size)
        grid, extent = whole.get_crs_transformer(), whole.get_extent()
    names = image_names(parts)
    for part, name in zip(parts, names, strict=True):
        opened = open_raw(part.source, tmp_dir)
        with active(opened):
            own = opened.get_crs_transformer()
            same = len(parts) == 1 or (opened.get_extent() == extent and _equal(own, grid))
            place = window if same else _window_on(window, grid, opened)
            chip = opened.get_raw_chip(place)
            colours = _colours(opened, chip.shape[2])
            write_image(folder / name, chip, own, place, colours)
    return _named(parts, names, folder), window


def write_image(
    path: Path,
    chip: npt.NDArray[Any],
    crs_transformer: Any = None,
    window: Box | None = None,
    colours: Sequence[Any] | None = None,
) -> None:
    """Write a GeoTIFF of a chip, shape (height, width, bands)."""
    import warnings

    import rasterio
    from affine import Affine
    from rasterio.errors import NotGeoreferencedWarning

    height, width, bands = chip.shape
    options: dict[str, Any] = {"dtype": chip.dtype, "compress": "deflate"}
    affine = crs_transformer.get_affine_transform() if crs_transformer else None
    if affine is not None and window is not None:
        options["crs"] = crs_transformer.get_image_crs()
        options["transform"] = affine * Affine.translation(window.xmin, window.ymin)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", "GTiff", width, height, bands, **options) as dataset:
            if colours is not None:  # before the pixels: later it would be said in a side-car
                dataset.colorinterp = colours
            dataset.write(np.moveaxis(chip, -1, 0))


def write_item(folder: Path, parts: Sequence[Part], names: Sequence[str]) -> list[str]:
    """Write the STAC item of some files, if that is how the model reads them."""
    return _named(parts, names, folder)


def open_raw(source: Any, tmp_dir: str) -> Any:
    """Create a raster source without transformers, which may need what is not there yet."""
    bare = source.clone()
    bare.transformers = []
    return open_source(bare, tmp_dir)


def open_source(source: Any, tmp_dir: str) -> Any:
    """Create a raster source that belongs to no scene."""
    options = taken(source.create_source, crs_transformer=None, extent=None, class_map=None)
    return source.create_source(tmp_dir, **options)


def _named(parts: Sequence[Part], names: Sequence[str], folder: Path) -> list[str]:
    if any(part.asset is None for part in parts):
        return list(names)
    assets = {
        str(part.asset): {"href": f"./{name}", "type": "image/tiff", "roles": ["data"]}
        for part, name in zip(parts, names, strict=True)
    }
    item = {"type": "Feature", "stac_version": "1.0.0", "id": "self-test", "assets": assets}
    (folder / "item.json").write_text(json.dumps(item, indent=1), encoding="utf-8")
    return ["item.json"]


def _best_window(source: Any, chip_size: int) -> Box:
    """Choose the window with most data and, of several, with most to be seen."""
    pixel = source.get_raw_chip(Box(0, 0, 1, 1))
    side = min(max(SIDE, chip_size), MAX_SIDE)
    while side > MIN_SIDE and side * side * pixel.nbytes > _MOST_BYTES:
        side //= 2

    def worth(window: Box) -> tuple[float, float]:
        chip = source.get_raw_chip(window)
        seen = has_data(chip)
        spread = np.nanstd(chip[:, :, 0][seen].astype(np.float64)) if seen.any() else 0.0
        return round(float(seen.mean()), 1), float(spread)

    # The first of equals, so that it is the same each time.
    return max(sample_windows(source.get_extent(), side), key=worth)


def _equal(one: Any, other: Any) -> bool:
    affines = (one.get_affine_transform(), other.get_affine_transform())
    return bool(affines[0] == affines[1] and one.get_image_crs() == other.get_image_crs())


def _window_on(window: Box, grid: Any, source: Any) -> Box:
    """Return the window of a source that covers a window on another grid."""
    corners = np.array(
        [(x, y) for x in (window.xmin, window.xmax) for y in (window.ymin, window.ymax)], np.float64
    )
    on_map = source_projector(grid, WGS_84)(corners)
    xy = pixel_projector(source.get_crs_transformer(), WGS_84)(on_map)
    (xmin, ymin), (xmax, ymax) = np.floor(xy.min(axis=0)) - 2, np.ceil(xy.max(axis=0)) + 2
    found = Box(int(ymin), int(xmin), int(ymax), int(xmax)).intersection(source.get_extent())
    return found if found.get_area() else Box(0, 0, 1, 1)


def _colours(source: Any, count: int) -> Sequence[Any] | None:
    """Return what the bands are, so that alpha stays alpha; None if none is."""
    from rasterio.enums import ColorInterp

    found = getattr(getattr(source, "image_dataset", None), "colorinterp", None) or ()
    if len(found) != count or ColorInterp.alpha not in found:
        return None
    return [c if c == ColorInterp.alpha else ColorInterp.undefined for c in found]
