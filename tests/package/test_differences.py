"""Images that differ from those that a model was trained on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rvcli.core.raster_stats import RasterStats
from rvcli.package.differences import _differences
from rvcli.package.facts import SHARES, ImageFacts, percentiles_of


def percentiles(*ranges: tuple[float, float]) -> dict[str, list[float]]:
    """Spread the values of bands evenly."""
    return {f"{s:g}": [low + (high - low) * s / 100 for low, high in ranges] for s in SHARES}


TRAINED = ImageFacts(
    bands=2,
    channels=2,
    band_names=("red", "nir"),
    dtype="uint16",
    crs="EPSG:32633",
    pixel_size_m=10.0,
    percentiles=percentiles((100, 3000), (100, 5000)),
    nodata_share=0.1,
)


def differ(image: ImageFacts, *, order: Any = None, channels: Any = 2) -> Any:
    """Compare an image with the training imagery."""
    return list(_differences(TRAINED, image, channels, order))


def test_nothing_is_said_of_the_same_imagery() -> None:
    """Nor of what is a little brighter or finer."""
    assert [] == differ(TRAINED)
    near = percentiles((150, 3500), (50, 4500))
    assert [] == differ(replace(TRAINED, pixel_size_m=7.0, percentiles=near, crs="EPSG:4326"))


@pytest.mark.parametrize(
    ("change", "what", "words"),
    [
        ({"dtype": "uint8"}, "dtype", "uint8; trained on uint16"),
        ({"pixel_size_m": 30.0}, "resolution", "30 m a pixel; trained on 10 m"),
        ({"crs": None}, "CRS", "the image has none; trained on EPSG:32633"),
        ({"nodata_share": 0.75}, "nodata", "75% of the image; 10% where the model was trained"),
        (
            {"percentiles": percentiles((0, 255), (0, 60))},
            "values",
            "1.2 to 58.8 in band 2, 2 of 2 bands differ; trained on 198 to 4902",
        ),
    ],
)
def test_what_differs_is_told(change: dict[str, Any], what: str, words: str) -> None:
    """What it is, both values, and what to do."""
    (found,) = differ(replace(TRAINED, **change))
    assert (what, False) == (found.what, found.is_fatal)
    assert words in str(found)
    assert found.advice


def test_bands_that_the_model_cannot_take_are_an_error() -> None:
    """And those that are not looked at are a warning; an order says which they are."""
    more = replace(TRAINED, bands=4, percentiles=percentiles(*[(100, 4000)] * 4))
    (found,) = differ(more, channels=4)
    assert found.is_fatal
    assert "the image has 4 bands (red, nir); trained on 2 (red, nir). --channel-order" in str(
        found
    )
    (found,) = differ(more, channels=2)
    assert not found.is_fatal
    assert [] == differ(more, order=[3, 0])
    (found,) = differ(more, order=[0, 1, 2], channels=3)
    assert (True, "--channel-order names 3 bands") == (found.is_fatal, found.here)
    (found,) = differ(more, channels=0)
    assert found.is_fatal
    (found,) = differ(TRAINED, channels=1)
    assert "of the 2 bands of the image 1 are read, but the model was trained on 2" in found.error
    assert found.advice.endswith("counted from 0: 0 1")


def test_older_packages_know_less() -> None:
    """Statistics without percentiles give a range, and what is not known is not compared."""
    stats = RasterStats()
    stats.means, stats.stds = [100.0], [10.0]
    found = percentiles_of(stats)
    assert found is not None
    assert ([80.0], [120.0]) == (found["2"], found["98"])
    assert [] == list(_differences(ImageFacts(), TRAINED, 2, None))
