"""The versions of what a prediction depends on."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata

NAMES = (
    *("jax", "keras", "numpy", "onnxruntime", "rasterio", "scikit-learn", "scipy", "shapely"),
    *("tensorflow", "torch", "torchvision"),
)


def installed_versions() -> dict[str, str]:
    """Return the versions of Python and of what is installed here that predictions may use."""
    found = {"python": platform.python_version()}
    for name in NAMES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def differing(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Say in which versions two machines differ; what only one of them has comes last."""
    changed = [
        f"{name} {then[name]} then, {now[name]} here"
        for name in then
        if name in now and then[name] != now[name]
    ]
    missing = [f"{name} {then[name]} then, not installed here" for name in then if name not in now]
    return [*changed, *missing]
