"""Numbers, moments, sizes and colours, as the page writes them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from rvcli.core.color import to_hex, to_rgb
from rvcli.errors import ConfigError

NOTHING = "\N{EN DASH}"
NEUTRAL = "#8a8f98"
RATIOS = ("precision", "recall", "f1", "iou", "ap", "ap50", "ap75", "accuracy")

_COUNTS = ("gt_count", "count_error", "tp", "fp", "fn")
_LABELS = {
    "f1": "F1",
    "iou": "IoU",
    "ap": "AP",
    "ap50": "AP50",
    "ap75": "AP75",
    "gt_count": "True count",
    "count_error": "Count error",
    "tp": "TP",
    "fp": "FP",
    "fn": "FN",
}
_TASKS = {
    "SEMANTIC_SEGMENTATION": "Semantic segmentation",
    "OBJECT_DETECTION": "Object detection",
    "CHIP_CLASSIFICATION": "Chip classification",
}
_BYTES = ("B", "KiB", "MiB", "GiB", "TiB")


def figure(value: float | None) -> str:
    """Write a figure: counts with separators, all else with three digits after the point."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if float(value).is_integer() and abs(value) > 1:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"


def count(value: float | None) -> str:
    """Write a number of things, or of pixels."""
    return NOTHING if value is None or not math.isfinite(value) else f"{round(value):,}"


def metric(key: str, value: float | None) -> str:
    """Write the value of a metric by its kind."""
    if key not in _COUNTS or value is None or not math.isfinite(value):
        return figure(value)
    return count(value) if float(value).is_integer() or value >= 1000 else f"{value:.1f}"


def metric_label(key: str) -> str:
    """Return the name of a metric as a heading."""
    words = key.replace("_", " ")
    return _LABELS.get(key, words[:1].upper() + words[1:])


def metric_in_text(key: str) -> str:
    """Return the name of a metric as it stands inside a sentence."""
    label = metric_label(key)
    return label if label.upper()[:2] == label[:2] or label == "IoU" else label.lower()


def is_ratio(key: str) -> bool:
    """Tell whether a metric goes from 0 to 1, so that a bar shows it."""
    return key in RATIOS


def seconds(value: float | None) -> str:
    """Write how long something took."""
    if value is None:
        return NOTHING
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def size(value: float | None) -> str:
    """Write a number of bytes."""
    if value is None:
        return NOTHING
    power = 0
    while value >= 1024 and power < len(_BYTES) - 1:
        value, power = value / 1024, power + 1
    return (
        f"{value:.0f} {_BYTES[power]}"
        if power == 0 or value >= 100
        else (f"{value:.1f} {_BYTES[power]}")
    )


def moment(text: str) -> str:
    """Write a moment of ISO 8601 as people do, in UTC."""
    try:
        at = datetime.fromisoformat(text).astimezone(timezone.utc)
    except (TypeError, ValueError, OverflowError):  # a file may say anything
        return str(text or NOTHING)
    return f"{at.day} {at:%b %Y, %H:%M:%S} UTC"


def identity(text: str) -> str:
    """Shorten a digest to what tells it apart."""
    kind, colon, digest = text.rpartition(":")
    return f"{kind}{colon}{digest[:12]}…" if len(digest) > 20 else text


def color(text: str) -> str:
    """Return a CSS colour as "#rrggbb": grey for a text that is none."""
    try:
        return to_hex(to_rgb(text))
    except ConfigError:
        return NEUTRAL


def task(key: str) -> str:
    """Return a task in words."""
    return _TASKS.get(key, key)


def listed(names: Sequence[str], most: int = 5) -> str:
    """Join names as a sentence does."""
    few = list(names[:most])
    if len(names) > most:
        return f"{', '.join(few)} and {len(names) - most} more"
    return " and ".join([", ".join(few[:-1]), few[-1]] if len(few) > 1 else few)


def shortened(content: object, most: int = 20_000) -> str:
    """Write plain values as JSON for people, of very much the beginning."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    return (
        text if len(text) <= most else f"{text[:most]}\n… and {len(text) - most:,} more characters"
    )


def plural(number: int, word: str, words: str = "") -> str:
    """Write a number of things."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"


FILTERS: dict[str, Callable[..., object]] = {
    "figure": figure,
    "count": count,
    "metric_label": metric_label,
    "seconds": seconds,
    "size": size,
    "moment": moment,
    "identity": identity,
    "color": color,
    "task": task,
    "listed": listed,
    "shortened": shortened,
}
"""What templates call by these names."""
