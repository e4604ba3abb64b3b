"""How an image differs from those that a model was trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rvcli.errors import DataError
from rvcli.package.facts import ImageFacts, active, image_facts
from rvcli.package.sample import open_raw, open_source

if TYPE_CHECKING:
    from rvcli.predictor import Predictor

_MOST_SCALE = 1.5
_MOST_NODATA = 0.5
# How far beyond the values of training the middle of an image may lie, as a share of their width.
_SLACK = 0.25
# How many times as bright, or dark, an image may be.
_MOST_RANGE = 4.0

_MEASURE = "--update-stats measures this image anew; or the bands are others: "
_ORDER = "--channel-order names the bands to read, counted from 0"


@dataclass(frozen=True)
class Difference:
    """One way in which an image differs.

    Attributes:
        what: "bands", "dtype", "resolution", "values", "CRS" or "nodata".
        here: of the image, in words.
        trained: of the training imagery, in words.
        advice: what to do.
        is_fatal: the image cannot be predicted.
    """

    what: str
    here: str
    trained: str
    advice: str
    is_fatal: bool = False

    @property
    def error(self) -> str:
        """Why the image cannot be predicted."""
        if self.what == "bands":
            return f"{self.here}, but the model was {self.trained}"
        return f"{self.what}: {self.here}; {self.trained}"

    def __str__(self) -> str:
        return f"{self.what}: {self.here}; {self.trained}. {self.advice}"


def differences(
    predictor: Predictor, training: ImageFacts, image_uri: str, assets: Sequence[str] = ()
) -> list[Difference]:
    """Compare an image with the training imagery; some windows of it are read.

    Args:
        predictor: of the package, with the options that will be used.
        training: what the package knows of it.
        image_uri: as `Predictor.predict` takes it.
        assets: of a STAC item.

    Raises:
        DataError: the image cannot be read.
    """
    with predictor.in_force():
        config = predictor.scene_for(image_uri, assets=assets).raster_source
        opened = open_raw(config, predictor.tmp_dir)
        with active(opened):
            facts = image_facts(opened)
        channels = _channels(predictor, config)
    found = list(_differences(training, facts, channels, predictor.channel_order))
    if not predictor.analyzer_configs:
        return found  # there is nothing that could be measured anew
    if predictor.update_stats:
        return [one for one in found if one.what != "values"]
    return [
        replace(one, advice=_MEASURE + one.advice) if one.what == "values" else one for one in found
    ]


def _channels(predictor: Predictor, config: object) -> int | None:
    """Return how many channels the model would get; None where that shows only later.

    None at all, 0, where the transformers that it was trained with cannot take the image.
    """
    if predictor.update_stats:
        return None  # its statistics are not measured yet
    try:
        return int(open_source(config, predictor.tmp_dir).count_chip_channels())
    except DataError:
        # An order that does not fit is told of by whoever uses it.
        return None if predictor.channel_order is not None else 0
    except (IndexError, ValueError):
        return None


def _differences(
    training: ImageFacts,
    image: ImageFacts,
    channels: int | None,
    order: Sequence[int] | None,
) -> Iterator[Difference]:
    yield from _of_bands(training, image, channels, order)
    if training.dtype and image.dtype and training.dtype != image.dtype:
        advice = "make sure that the values mean the same"
        yield Difference("dtype", image.dtype, f"trained on {training.dtype}", advice)
    yield from _of_resolution(training, image)
    yield from _of_values(training, image, order)
    if training.crs is not None and image.crs is None:
        advice = "predictions will be in pixels; georeference the image to have them on the map"
        yield Difference("CRS", "the image has none", f"trained on {_short(training.crs)}", advice)
    share = image.nodata_share or 0.0
    if share > _MOST_NODATA:
        trained = "trained on imagery" if training.nodata_share is None else ""
        trained = trained or f"{training.nodata_share:.0%} where the model was trained"
        advice = "nothing is predicted there; check the nodata value of the file"
        yield Difference("nodata", f"{share:.0%} of the image", trained, advice)


def _of_bands(
    training: ImageFacts, image: ImageFacts, channels: int | None, order: Sequence[int] | None
) -> Iterator[Difference]:
    if training.bands is None or image.bands is None:
        return
    trained = f"trained on {training.bands}" + _named(training.band_names)
    misfits = None not in (channels, training.channels) and channels != training.channels
    if order is not None:
        if misfits:
            here = f"--channel-order names {len(order)} bands"
            advice = "name one band of the image for each band that was trained on"
            yield Difference("bands", here, trained, advice, is_fatal=True)
    elif training.bands != image.bands:
        fits = channels is not None and channels == training.channels
        fatal = image.bands < training.bands and not fits
        if training.channels is not None and channels is not None:
            fatal = channels != training.channels
        here = f"the image has {image.bands} bands" + _named(image.band_names)
        advice = _ORDER if image.bands > training.bands else "name an image that has these bands"
        yield Difference("bands", here, trained, advice, is_fatal=fatal)
    elif misfits:
        # As of four bands of bytes, of which GDAL takes the last for alpha.
        here = f"of the {image.bands} bands of the image {channels} are read"
        every = " ".join(str(band) for band in range(min(image.bands, 12)))
        yield Difference("bands", here, trained, f"{_ORDER}: {every}", is_fatal=True)


def _of_resolution(training: ImageFacts, image: ImageFacts) -> Iterator[Difference]:
    if not training.pixel_size_m or not image.pixel_size_m:
        return
    factor = image.pixel_size_m / training.pixel_size_m
    if not 1 / _MOST_SCALE <= factor <= _MOST_SCALE:
        here, trained = f"{image.pixel_size_m:.3g} m a pixel", f"{training.pixel_size_m:.3g} m"
        advice = f"resample the image, as with `gdalwarp -tr`, to about {trained}"
        yield Difference("resolution", here, f"trained on {trained}", advice)


def _of_values(
    training: ImageFacts, image: ImageFacts, order: Sequence[int] | None
) -> Iterator[Difference]:
    """Compare values band by band; the band that differs most is told of."""
    if not training.percentiles or not image.percentiles:
        return
    ours = {share: np.asarray(values) for share, values in image.percentiles.items()}
    theirs = {share: np.asarray(values) for share, values in training.percentiles.items()}
    if order is not None and max(order) < len(ours["50"]):
        ours = {share: values[list(order)] for share, values in ours.items()}
    if len(ours["50"]) != len(theirs["50"]):
        return
    low, high = theirs["2"], theirs["98"]
    width = np.maximum(high - low, 1e-9)
    off = np.maximum(low - ours["50"], ours["50"] - high) / width - _SLACK
    # Of another unit or bit depth; values around 0, as decibels, have no such scale.
    positive = (low >= 0) & (ours["2"] >= 0) & (high > 0) & (ours["98"] > 0)
    scale = np.abs(np.log2(np.where(positive, ours["98"], 1) / np.where(positive, high, 1)))
    off = np.where(scale > np.log2(_MOST_RANGE), np.maximum(off, scale), off)
    wrong = np.flatnonzero(off > 0)
    if not len(wrong):
        return
    worst = int(wrong[np.argmax(off[wrong])])
    here = f"{_range(ours, worst)} in band {worst + 1}"
    here += f", {len(wrong)} of {len(off)} bands differ" if len(wrong) > 1 else ""
    yield Difference("values", here, f"trained on {_range(theirs, worst)}", _ORDER)


def _range(percentiles: dict[str, np.ndarray], band: int) -> str:
    return f"{percentiles['2'][band]:.4g} to {percentiles['98'][band]:.4g}"


def _named(names: Sequence[str]) -> str:
    return f" ({', '.join(names[:12])})" if names else ""


def _short(crs: str) -> str:
    return crs if len(crs) <= 40 else "a CRS of its own"
