"""Whether GDAL and PROJ work, and whether the environment leads them astray."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rvcli.doctor.finding import OK, PROBLEM, WARNING, Finding

_TOPIC = "gdal"
_RASTER_DRIVERS = ("GTiff", "COG", "VRT")
_VECTOR_DRIVERS = ("GeoJSON", "GPKG", "FlatGeobuf")
# A place on the central meridian of UTM zone 31 N, in WGS 84 (degrees) and in EPSG:32631 (metres):
# 0.9996 times the 4,984,944.378 m of meridian from the equator to 45 degrees north.
_DEGREES = (3.0, 45.0)
_METRES = (500_000.0, 4_982_950.4)
_NEAR_M = 0.1
_FOLDERS = {
    "GDAL_DATA": "gdalvrt.xsd",
    "PROJ_DATA": "proj.db",
    "PROJ_LIB": "proj.db",
}


def look() -> Iterator[Finding]:
    """Yield versions, drivers, a transform of coordinates, and variables that are in the way."""
    yield from _variables()
    if importlib.util.find_spec("rasterio") is None:
        text = "rasterio is not installed: this machine plans, and reads no imagery"
        yield Finding(_TOPIC, OK, text, "to run commands here: pip install 'rvcli[local]'")
        return
    try:
        import rasterio
        from rasterio.env import GDALVersion
    except ImportError as e:
        yield Finding(
            _TOPIC,
            PROBLEM,
            f"rasterio does not load: {e}",
            "reinstall it: pip install --force-reinstall rasterio",
        )
        return
    yield Finding(_TOPIC, OK, f"GDAL {GDALVersion.runtime()} in rasterio {rasterio.__version__}")
    yield from _drivers()
    yield from _vectors()
    yield from _transform()


def _variables() -> Iterator[Finding]:
    for name, needed in _FOLDERS.items():
        value = os.environ.get(name)
        if not value:
            continue
        if any(Path(folder, needed).is_file() for folder in value.split(os.pathsep)):
            yield Finding(
                _TOPIC,
                WARNING,
                f"{name} is set to {value}: packages from PyPI bring data of their own, and that"
                " of another version misleads them",
                f"unset {name}, unless GDAL of this system is meant",
            )
        else:
            yield Finding(
                _TOPIC, PROBLEM, f"{name} is set to {value}, where there is no {needed}",
                f"unset {name}",
            )  # fmt: skip


def _drivers() -> Iterator[Finding]:
    from rasterio.env import Env
    from rasterio.session import DummySession

    # Otherwise it looks for credentials, which is not what is asked here.
    with Env(session=DummySession()) as env:
        drivers = set(env.drivers())
    missing = [name for name in _RASTER_DRIVERS if name not in drivers]
    if missing:
        text = f"this GDAL cannot read or write {', '.join(missing)}"
        yield Finding(_TOPIC, PROBLEM, text, "pip install --force-reinstall rasterio")
    else:
        yield Finding(_TOPIC, OK, f"raster formats: {', '.join(_RASTER_DRIVERS)} and others")


def _vectors() -> Iterator[Finding]:
    if importlib.util.find_spec("pyogrio") is None:
        yield Finding(
            _TOPIC, WARNING, "pyogrio is not installed: of vectors only GeoJSON can be read",
            "pip install 'rvcli[local]'",
        )  # fmt: skip
        return
    import pyogrio

    drivers = pyogrio.list_drivers()
    missing = [name for name in _VECTOR_DRIVERS if name not in drivers]
    if missing:
        text = f"the GDAL of pyogrio lacks {', '.join(missing)}"
        yield Finding(_TOPIC, PROBLEM, text, "pip install --force-reinstall pyogrio")
        return
    parquet = "" if "Parquet" in drivers else "; no GeoParquet"
    text = f"vector formats: {', '.join(_VECTOR_DRIVERS)} and others{parquet}"
    yield Finding(_TOPIC, OK, f"{text} (GDAL {'.'.join(map(str, pyogrio.__gdal_version__))})")


def _transform() -> Iterator[Finding]:
    import pyproj
    from rasterio.warp import transform

    advice = "unset PROJ_DATA and PROJ_LIB, or reinstall: pip install --force-reinstall pyproj"
    moves: dict[str, Callable[[], Any]] = {
        "rasterio": lambda: [v[0] for v in transform("EPSG:4326", "EPSG:32631", *_pairs())],
        f"pyproj (PROJ {pyproj.proj_version_str})": lambda: pyproj.Transformer.from_crs(
            "EPSG:4326", "EPSG:32631", always_xy=True
        ).transform(*_DEGREES),
    }
    for name, move in moves.items():
        try:
            x, y = move()
        except Exception as e:  # each library has errors of its own
            yield Finding(_TOPIC, PROBLEM, f"{name} cannot transform coordinates: {e}", advice)
            continue
        off = max(abs(x - _METRES[0]), abs(y - _METRES[1]))
        if off > _NEAR_M:
            text = f"{name} transforms coordinates wrongly: {off:.0f} m off"
            yield Finding(_TOPIC, PROBLEM, text, advice)
        else:
            yield Finding(_TOPIC, OK, f"{name} transforms coordinates")


def _pairs() -> tuple[list[float], list[float]]:
    return [_DEGREES[0]], [_DEGREES[1]]
