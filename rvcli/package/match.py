"""Predictions compared with those that a package expects of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# Shares of equal pixels and of paired boxes; what is a pair; how far the scores of one may differ.
TOLERANCES = {"equal_share": 0.999, "iou": 0.9, "matched_share": 0.98, "score": 0.02}


@dataclass(frozen=True)
class Match:
    """How like two predictions are.

    Attributes:
        is_same: within the tolerances.
        kind: "pixels", "features" or "bytes".
        share: of the pixels that are equal, or of the features that have a partner, 0 to 1.
        difference: the largest one, of pixels or of scores; None where there are none.
        count: of pixels or of expected features.
        found: of features.
        says: the result in words.
    """

    is_same: bool
    kind: str
    share: float
    difference: float | None
    count: int
    found: int
    says: str


def match(expected: Path, found: Path, tolerances: Mapping[str, float]) -> Match:
    """Compare two files of predictions, in the way of the first one's format."""
    allowed = {**TOLERANCES, **tolerances}
    if not found.is_file():
        return Match(False, "bytes", 0.0, None, 1, 0, "nothing was predicted")
    if expected.suffix.lower() in (".tif", ".tiff"):
        return _match_pixels(expected, found, allowed)
    if expected.suffix.lower() in (".json", ".geojson"):
        return _match_features(expected, found, allowed)
    same = expected.read_bytes() == found.read_bytes()
    return Match(same, "bytes", float(same), None, 1, 1, "equal" if same else "not equal")


def _match_pixels(expected: Path, found: Path, allowed: Mapping[str, float]) -> Match:
    import warnings

    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(expected) as one, rasterio.open(found) as other:
            a, b = one.read(), other.read()
            same_place = one.crs == other.crs and one.transform == other.transform
    if a.shape != b.shape:
        return Match(False, "pixels", 0.0, None, a.size, 0, f"shape {b.shape} instead of {a.shape}")
    share, difference = float(np.mean(a == b)), float(np.abs(a.astype(float) - b).max(initial=0))
    says = f"{share:.2%} of {a.shape[-2]} x {a.shape[-1]} pixels equal"
    says += f", largest difference {difference:g}"
    if not same_place:
        says += "; another georeference"
    is_same = same_place and share >= allowed["equal_share"]
    return Match(is_same, "pixels", share, difference, a.size, b.size, says)


def _match_features(expected: Path, found: Path, allowed: Mapping[str, float]) -> Match:
    one, other = (_features(path) for path in (expected, found))
    pairs = _pairs(one, other, allowed["iou"])
    total = len(one) + len(other)
    share = 2 * len(pairs) / total if total else 1.0
    differences = [
        float(np.abs(np.asarray(one[i].scores) - np.asarray(other[j].scores)).max(initial=0))
        for i, j in pairs
        if len(one[i].scores) == len(other[j].scores)
    ]
    difference = max(differences, default=None)
    says = f"{len(pairs)} of {len(one)} expected boxes or cells matched, {len(other)} found"
    if difference is not None:
        says += f", largest difference of scores {difference:.3g}"
    is_same = share >= allowed["matched_share"] and (difference or 0) <= allowed["score"]
    return Match(is_same, "features", share, difference, len(one), len(other), says)


@dataclass(frozen=True)
class _Feature:
    geometry: Any
    class_id: Any
    scores: list[float]


def _features(path: Path) -> list[_Feature]:
    from shapely.geometry import shape

    content = json.loads(path.read_text(encoding="utf-8"))
    made = []
    for feature in content.get("features", []):
        own = feature.get("properties") or {}
        scores = own.get("scores", own.get("score"))
        listed = [] if scores is None else scores if isinstance(scores, list) else [scores]
        made.append(_Feature(shape(feature["geometry"]), own.get("class_id"), listed))
    return made


def _pairs(one: list[_Feature], other: list[_Feature], min_iou: float) -> list[tuple[int, int]]:
    """Pair features of one class that lie on each other, the nearest first, each once."""
    import shapely

    if not one or not other:
        return []
    tree = shapely.STRtree([feature.geometry for feature in other])
    candidates = []
    for i, feature in enumerate(one):
        for j in tree.query(feature.geometry, "intersects").tolist():
            if feature.class_id == other[j].class_id:
                shared = feature.geometry.intersection(other[j].geometry).area
                union = feature.geometry.area + other[j].geometry.area - shared
                iou = shared / union if union else 1.0
                if iou >= min_iou:
                    candidates.append((-iou, i, j))
    pairs, taken_one, taken_other = [], set(), set()
    for _, i, j in sorted(candidates):
        if i not in taken_one and j not in taken_other:
            pairs.append((i, j))
            taken_one.add(i)
            taken_other.add(j)
    return pairs
