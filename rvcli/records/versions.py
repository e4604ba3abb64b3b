"""The versions of what works in this process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType

from rvcli.version import __version__

# What reads imagery and labels, learns and predicts, by the names that are imported.
_PACKAGES = (
    *("numpy", "scipy", "rasterio", "shapely", "pyproj", "pyogrio", "fiona", "PIL", "cv2"),
    *("skimage", "albumentations", "kornia", "pandas", "geopandas", "xarray"),
    *("sklearn", "joblib", "lightgbm", "xgboost", "catboost", "onnx", "onnxruntime"),
    *("torch", "torchvision", "timm", "segmentation_models_pytorch", "safetensors", "lightning"),
    *("pytorch_lightning", "transformers", "torchgeo", "terratorch", "keras", "tensorflow", "jax"),
)

# Libraries that are no Python: module, attribute, and how people call them.
_LIBRARIES = (
    ("rasterio", "__gdal_version__", "gdal"),
    ("pyproj", "__proj_version__", "proj"),
    ("torch.version", "cuda", "cuda"),
)


def versions_now(modules: Mapping[str, ModuleType] = sys.modules) -> dict[str, str]:
    """Return the versions of Python, rvcli and the packages that are imported by now.

    Args:
        modules: by name; those of this process by default.
    """
    versions = {"rvcli": __version__, "python": sys.version.partition(" ")[0]}
    found = [(name, modules.get(name), "__version__") for name in _PACKAGES]
    found += [(label, modules.get(module), name) for module, name, label in _LIBRARIES]
    for name, module, attribute in found:
        # Some modules make up any attribute that they are asked for.
        version = getattr(module, attribute, None)
        if isinstance(version, str):
            versions[name] = str(version)
    return versions
