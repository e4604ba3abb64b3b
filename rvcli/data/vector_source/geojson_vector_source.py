"""GeoJSONVectorSource: vector labels in a GeoJSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.geojson_features import features_of, no_gc
from rvcli.data.vector_source.vector_source import VectorSource
from rvcli.errors import DataError

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

_HINT = "check the file: GeoJSON is one JSON object, such as a FeatureCollection"


class GeoJSONVectorSource(VectorSource):
    """Vector labels in a GeoJSON file."""

    def __init__(
        self,
        uri: str,
        crs_transformer: CRSTransformer,
        line_bufs: Mapping[Any, Any] | None = None,
        point_bufs: Mapping[Any, Any] | None = None,
        class_inf_opts: ClassInferenceOptions | None = None,
        **options: Any,
    ) -> None:
        """Make a source.

        Args:
            uri: of the file; its CRS is by default that of its `crs` member, or else WGS 84.
            crs_transformer, line_bufs, point_bufs, class_inf_opts, options: see VectorSource.
        """
        super().__init__(crs_transformer, line_bufs, point_bufs, class_inf_opts, **options)
        self.uri = uri

    def _get_geojson(self) -> dict[str, Any]:
        geojson = self._load()
        features = features_of(geojson, self.uri)
        return self.class_inference.transform_geojson(
            {**geojson, "type": "FeatureCollection", "features": features}
        )

    def _load(self) -> dict[str, Any]:
        return parse_geojson(_text(self.uri), self.uri)

    def _name(self) -> str:
        return self.uri


def read_geojson(uri: str) -> dict[str, Any]:
    """Read the JSON object at a URI.

    Raises:
        DataError: it is not JSON, or no object.
        NotReadableError: it cannot be read.
    """
    return parse_geojson(_text(uri), uri)


def parse_geojson(text: str, uri: str) -> dict[str, Any]:
    """Parse a JSON object.

    Args:
        text: the JSON.
        uri: where it is from, for the message.

    Raises:
        DataError: it is not JSON, or no object; the message names line and column.
    """
    try:
        with no_gc():
            geojson = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as e:
        what = e.msg.removesuffix(" at")
        raise DataError(
            f"{uri} is not JSON: {what} at line {e.lineno}, column {e.colno}", hint=_HINT
        ) from e
    except RecursionError as e:
        raise DataError(f"{uri} is not GeoJSON: it is nested too deeply", hint=_HINT) from e
    if not isinstance(geojson, dict):
        raise DataError(
            f"{uri} is not GeoJSON: it is a {type(geojson).__name__}, not an object", hint=_HINT
        )
    return geojson


def _text(uri: str) -> str:
    from rvcli.utils.files import file_to_str

    return file_to_str(uri)
