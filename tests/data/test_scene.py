"""Scene: its parts, opened and closed together."""

from __future__ import annotations

from typing import Any

from shapely.geometry import box

from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.scene import Scene


class Part(ActivateMixin):
    """A part that can be opened."""

    def _activate(self) -> None:
        pass

    def _deactivate(self) -> None:
        pass


def test_opens_and_closes_its_parts() -> None:
    """Imagery, labels and store are open while the scene is active."""
    parts: list[Any] = [Part(), Part(), Part()]
    scene = Scene("one", *parts)
    with scene.activate() as active:
        assert scene is active
        assert all(part.is_active for part in parts)
    assert not any(part.is_active for part in parts)


def test_labels_and_store_may_be_missing() -> None:
    """A scene needs imagery only."""
    source: Any = Part()
    with Scene("one", source).activate():
        assert source.is_active


def test_source_may_serve_twice() -> None:
    """One object may be imagery and labels at once."""
    source: Any = Part()
    with Scene("one", source, source).activate():
        assert source.is_active
    assert not source.is_active


def test_has_no_areas_of_interest_by_default() -> None:
    """Areas of interest are a list, empty by default."""
    source: Any = Part()
    polygon = box(0, 0, 1, 1)
    assert [] == Scene("one", source).aoi_polygons
    assert [polygon] == Scene("one", source, aoi_polygons=(polygon,)).aoi_polygons
