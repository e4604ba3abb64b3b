"""Words of STAC items."""

from __future__ import annotations

from pathlib import Path

import pytest

from rvcli.core.class_map import ClassItem
from rvcli.data.raster_source.stac_item import resolve_href
from rvcli.stac.vocabulary import classes, derived_from, href, item_uri, predictions_of, utc


@pytest.mark.parametrize("folder", ["/data/a b ü", "s3://bucket/a b"])
def test_links_lead_where_they_should(folder: str) -> None:
    """What an item names is found again by its href, whatever is in the names."""
    item = item_uri(f"{folder}/east 100%.tif")
    assert f"{folder}/stac/east 100%.tif.json" == item
    assert f"{folder}/east 100%.tif" == predictions_of(item)
    for uri in (f"{folder}/east 100%.tif", f"{folder}/deep/x#1.tif", "/other/y.tif"):
        assert uri == resolve_href(item, href(uri, item))


def test_what_is_no_item_has_no_predictions(tmp_path: Path) -> None:
    """Only the place tells an item of ours."""
    assert predictions_of("/x/stac/a.tif") is None
    assert predictions_of("/x/a.json") is None


def test_no_secret_is_passed_on() -> None:
    """Passwords and signatures in URIs stay out."""
    link = derived_from("https://me:secret@host/a.tif?sig=abc", "imagery")
    assert "https://host/a.tif" == link["href"]


def test_classes_have_names_that_stac_allows() -> None:
    """Other letters stay in the title; colours are six digits; 0 is no data."""
    items = [ClassItem(1, "Häuser & Höfe", "red"), ClassItem(0, "nodata"), ClassItem(2)]
    found = classes(items)
    assert ("H_user_H_fe", "Häuser & Höfe", "FF0000") == (
        found[0]["name"],
        found[0]["title"],
        found[0]["color_hint"],
    )
    assert [None, True, None] == [entry.get("nodata") for entry in found]
    assert "2" == found[2]["name"]


def test_times_are_of_rfc_3339() -> None:
    """Times of records are written with a Z."""
    assert "2026-11-22T10:00:00.000Z" == utc("2026-11-22T10:00:00.000+00:00")
    assert utc().endswith("Z")
