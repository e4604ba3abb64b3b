"""One layer of a vector file, as GDAL reads it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import shapely

from rvcli.data.vector_source.downloads import folder_of
from rvcli.data.vector_source.feature_table import FeatureTable, plain_values
from rvcli.data.vector_source.shapefile import fetch_with_siblings
from rvcli.data.vector_source.window_bounds import Bounds
from rvcli.errors import DataError, MissingDependencyError, RvError
from rvcli.filesystem import base_name, is_local, resolve

log = logging.getLogger(__name__)

# Read in place where they are: they have an index at their start, made for that.
_IN_PLACE = (".fgb",)
_PARQUET = (".parquet", ".geoparquet")
# What is looked for in a zip file.
_MEMBERS = (".shp", ".gpkg", ".fgb", ".geojson", ".gml", ".kml", ".tab", ".mif", ".gpx", ".dxf")


@dataclass(frozen=True)
class LayerDescription:
    """What is known of a layer without reading it.

    Attributes:
        crs: as text; None if the file does not say.
        fields: names of properties.
        count: of features; -1 if that is not known.
        bounds: (xmin, ymin, xmax, ymax) of all features, None if that is not known.
        is_indexed: a part of it can be read without going through all of it.
    """

    crs: str | None
    fields: Sequence[str]
    count: int
    bounds: Bounds | None
    is_indexed: bool


@dataclass
class OGRFile:
    """One layer of a vector file.

    Attributes:
        uri: of the file, of any format that GDAL knows.
        layer: its name; may be left out if there is one only.
        where: condition on properties, in SQL, that features must meet.
    """

    uri: str
    layer: str | None = None
    where: str | None = None

    @cached_property
    def path(self) -> str:
        """What GDAL opens: the file itself, or a copy of a remote one."""
        self._check_driver()
        suffix = base_name(self.uri).lower()
        if not is_local(self.uri) and suffix.endswith(_IN_PLACE):
            path = self._in_place()
            if path is not None:
                return path
        path = fetch_with_siblings(self.uri, folder_of(self))
        return self._zip_member(path) if suffix.endswith(".zip") else path

    def _check_driver(self) -> None:
        is_parquet = base_name(self.uri).lower().endswith(_PARQUET)
        if is_parquet and "Parquet" not in load_pyogrio().list_drivers():
            raise DataError(
                f"{self.uri} cannot be read: the GDAL of this pyogrio reads no GeoParquet",
                hint="convert it, as with `ogr2ogr labels.fgb labels.parquet`, or install"
                " pyogrio and libgdal-arrow-parquet from conda-forge",
            )

    def _in_place(self) -> str | None:
        """Return the path of a remote file if GDAL can open it there."""
        from rvcli.data.gdal import gdal_options

        pyogrio = load_pyogrio()
        path = resolve(self.uri).gdal_path(self.uri)
        if path is None:
            return None
        pyogrio.set_gdal_config_options(gdal_options([self.uri]))
        try:
            pyogrio.list_layers(path)
        except pyogrio.errors.DataSourceError as e:
            # The server may not give parts of files; if there is no such file, fetching it says so.
            log.debug("%s cannot be read in place: %s", self.uri, e)
            return None
        return path

    def _zip_member(self, path: str) -> str:
        try:
            with ZipFile(path) as archive:
                names = [n for n in archive.namelist() if n.lower().endswith(_MEMBERS)]
        except (BadZipFile, OSError) as e:
            raise DataError(f"{self.uri} is no zip file: {e}") from e
        names = [n for n in names if not n.startswith("__MACOSX/")]
        chosen = [n for n in names if self.layer is not None and Path(n).stem == self.layer]
        if not names:
            return f"/vsizip/{{{path}}}"  # for GDAL to judge: a geodatabase, perhaps
        if len(chosen or names) > 1:
            raise DataError(
                f"{self.uri} holds the files {_listed(names)}",
                hint="name one by `layer`, without its extension",
            )
        return f"/vsizip/{{{path}}}/{(chosen or names)[0]}"

    @cached_property
    def layer_name(self) -> str:
        """The layer's name.

        Raises:
            DataError: the file cannot be opened, or it is not clear which layer is meant.
        """
        with self._errors():
            names = [str(name) for name in load_pyogrio().list_layers(self.path)[:, 0]]
        if not names:
            raise DataError(f"{self.uri} has no layers")
        if self.layer is None and len(names) == 1:
            return names[0]
        if self.layer is None or self.layer not in names:
            found = "no `layer` is named" if self.layer is None else f"none named {self.layer!r}"
            raise DataError(
                f"{self.uri} has the layers {_listed(names)}; {found}",
                hint=f"name one, as with_layer({names[0]!r})",
            )
        return self.layer

    @cached_property
    def description(self) -> LayerDescription:
        """What is known of the layer without reading it."""
        with self._errors():
            found = load_pyogrio().read_info(self.path, layer=self.layer_name)
        if found["geometry_type"] is None:
            raise DataError(
                f"the layer {self.layer_name!r} of {self.uri} has no geometries",
                hint="is it the right layer?",
            )
        bounds = found["total_bounds"]
        capabilities = found["capabilities"]
        return LayerDescription(
            found["crs"],
            [str(name) for name in found["fields"]],
            found["features"],
            None if bounds is None or not np.isfinite(bounds).all() else tuple(bounds),
            bool(capabilities["fast_spatial_filter"]),
        )

    def read(
        self, bounds: Sequence[Bounds] | None = None, names: Collection[str] | None = None
    ) -> FeatureTable:
        """Read the features whose bounds touch one of some bounds, in the order of the file.

        Args:
            bounds: in the CRS of the layer; None for all features.
            names: of the properties to read, None for all.
        """
        fields = self.description.fields
        columns = [name for name in fields if names is None or name in names]
        if bounds is None:
            return self._read(None, columns)
        tables = [self._read(box, columns) for box in bounds]
        return _merged(tables) if len(tables) != 1 else tables[0]

    def has_any(self, bounds: Sequence[Bounds] | None) -> bool:
        """Tell whether there are features whose bounds touch one of some bounds."""
        return any(len(self._read(box, [], 1)) for box in ([None] if bounds is None else bounds))

    def _read(
        self, box: Bounds | None, columns: list[str], max_features: int | None = None
    ) -> FeatureTable:
        with self._errors():
            meta, numbers, wkb, values = load_pyogrio().raw.read(
                self.path,
                layer=self.layer_name,
                columns=columns,
                bbox=box,
                where=self.where,
                max_features=max_features,
                force_2d=True,
                return_fids=True,
                datetime_as_string=True,
            )
        geometries = shapely.from_wkb(wkb, on_invalid="ignore")
        order = np.argsort(numbers, kind="stable")
        unreadable = shapely.is_missing(geometries) & np.array([w is not None for w in wkb], bool)
        return FeatureTable(
            numbers[order],
            geometries[order],
            {
                str(name): plain_values(column[order], dtype)
                for name, column, dtype in zip(meta["fields"], values, meta["dtypes"], strict=True)
            },
            numbers[unreadable],
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Name the file in errors, and in warnings, which go to the log."""
        pyogrio = load_pyogrio()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                yield
            except RvError:
                raise
            except (
                pyogrio.errors.DataSourceError,
                pyogrio.errors.DataLayerError,
                pyogrio.errors.CRSError,
                ValueError,
            ) as e:
                raise self._error(str(e)) from e
        for warning in caught:
            log.warning("%s: %s", self.uri, warning.message)

    def _error(self, text: str) -> DataError:
        if self.where is not None and ("WHERE" in text.upper() or "SQL" in text):
            return DataError(
                f"{self.uri}: the condition {self.where!r} cannot be used: {text}",
                hint=f"the fields are {_listed(self.description.fields)}",
            )
        return DataError(
            f"{self.uri} cannot be read: {text}",
            hint="check that it exists, is whole and is a vector file that GDAL knows",
        )


def load_pyogrio() -> Any:
    """Import pyogrio.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        import pyogrio
        import pyogrio.raw
    except ImportError as e:
        raise MissingDependencyError(
            "vector files other than GeoJSON need the package 'pyogrio', which is not installed",
            hint="pip install 'rvcli[local]'",
        ) from e
    return pyogrio


def _merged(tables: Sequence[FeatureTable]) -> FeatureTable:
    """Return the features of several reads, each once."""
    numbers, first = np.unique(np.concatenate([t.numbers for t in tables]), return_index=True)
    return FeatureTable(
        numbers,
        np.concatenate([t.geometries for t in tables])[first],
        {
            name: [values[i] for i in first.tolist()]
            for name in tables[0].columns
            for values in [[v for t in tables for v in t.columns[name]]]
        },
        np.unique(np.concatenate([t.unreadable for t in tables])),
    )


def _listed(names: Collection[str]) -> str:
    shown = ", ".join(list(names)[:10])
    return shown + (f" and {len(names) - 10} more" if len(names) > 10 else "")
