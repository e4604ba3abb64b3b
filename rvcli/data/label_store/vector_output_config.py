"""Polygons that are made of predicted pixels: which, how, and where they go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

from rvcli.config import Check, Declared, Problem, field, not_negative, one_of, positive
from rvcli.core.class_map import ClassMap
from rvcli.errors import ConfigError
from rvcli.filesystem import absolute_uri

POLYGONS = "polygons"
BUILDINGS = "buildings"
EXTENSIONS = (".json", ".geojson", ".gpkg", ".fgb")

_AREA_UNIT = "square metres on the ground, square pixels without a georeference"


class BuildingOptions(Declared):
    """How a patch of pixels becomes one building or several."""

    min_aspect_ratio: float = field(
        default=1.618,
        doc="A patch that is as many times as long as it is wide, or more, may be a cluster of"
        " buildings, which is taken apart where it is narrow.",
        check=Check("must be at least 1", lambda v: v >= 1, {"minimum": 1}),
    )
    min_area: float | None = field(
        default=None,
        doc="A patch smaller than this is one building, whatever its shape.",
        unit=_AREA_UNIT,
        check=not_negative,
    )
    element_width_factor: float = field(
        default=0.5,
        doc="A cluster is narrow where it is less than this share of its width.",
        check=positive,
    )
    element_thickness: float = field(
        default=0.001,
        doc="What is left between two narrow places is a building only if it is longer than this"
        " share of the cluster's length.",
        check=not_negative,
    )


class VectorOutput(Declared):
    """Polygons of one class of the predicted pixels, in a file of their own."""

    mode: str = field(
        doc="Outlines of patches of pixels, or footprints of buildings with right angles.",
        check=one_of(POLYGONS, BUILDINGS),
    )
    class_id: int = field(doc="The class.", check=positive)
    uri: str | None = field(
        default=None,
        doc="The file; its extension decides on the format: .json or .geojson (GeoJSON in"
        " WGS 84), .gpkg or .fgb (in the CRS of the image). If not set,"
        " `<predictions without .tif>-<class id>-<mode>.json`.",
        uri=True,
    )
    denoise: int = field(
        default=0,
        doc="Patches, and parts of them, that do not hold a disk of this radius are left out.",
        unit="pixels",
        check=not_negative,
    )
    simplify: float | None = field(
        default=None,
        doc="How far a simplified outline may lie from that of the pixels; if not set, 0 for"
        " polygons, and 1.5 for buildings.",
        unit="pixels",
        check=not_negative,
    )
    min_area: float = field(
        default=0.0,
        doc="What is smaller is left out. Metres, since a size is known of things, and pixels"
        " differ between images.",
        unit=_AREA_UNIT,
        check=not_negative,
    )
    building_options: BuildingOptions | None = field(
        default=None, doc="For the mode buildings: what is a cluster of them."
    )

    def __getitem__(self, name: str) -> Any:
        """Return a field by name: in old code it is a dict."""
        if name not in self._fields:
            raise KeyError(name)
        return getattr(self, name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field by name, or a default where there is none or it is not set."""
        value = getattr(self, name) if name in self._fields else None
        return default if value is None else value

    def beside(self, label_uri: str) -> VectorOutput:
        """Return a copy that has a URI: its own, or one beside the predicted pixels."""
        new = self.clone()
        new.uri = new.uri or f"{self._stem(label_uri)}.json"
        return new

    def _stem(self, label_uri: str) -> str:
        return f"{stem_of(label_uri)}-{self.class_id}-{self.mode}"


def for_prediction(outputs: Iterable[VectorOutput], label_uri: str) -> list[VectorOutput]:
    """Return vector outputs for other predictions: beside these, each in the format it had."""
    made = []
    taken: Counter[str] = Counter()
    for output in outputs:
        uri = f"{output._stem(label_uri)}{PurePosixPath(output.uri or '.json').suffix or '.json'}"
        taken[uri] += 1
        if taken[uri] > 1:
            stem, _, extension = uri.rpartition(".")
            uri = f"{stem}-{taken[uri]}.{extension}"
        new = output.clone()
        new.uri = uri
        made.append(new)
    return made


def stem_of(label_uri: str) -> str:
    """Return the URI of predictions without their extension, of a GeoTIFF or a vector file."""
    stem, dot, ending = label_uri.rpartition(".")
    return stem if dot + ending.lower() in (".tif", ".tiff", *EXTENSIONS) else label_uri


def as_vector_outputs(outputs: Iterable[Any], label_uri: str) -> list[VectorOutput]:
    """Return vector outputs with their URIs.

    Args:
        outputs: declared ones, or mappings of the same fields.
        label_uri: of the predicted pixels.

    Raises:
        InvalidConfigError: a value is missing or wrong.
    """
    made = []
    for output in outputs:
        if not isinstance(output, VectorOutput):
            output = VectorOutput(**output)
            output.check()
        made.append(output.beside(label_uri))
    return made


def vector_output_problems(outputs: Sequence[VectorOutput], label_uri: str) -> Iterable[Problem]:
    """Yield what is wrong with some outputs together: formats, and files written twice."""
    taken = {absolute_uri(label_uri)}
    for i, output in enumerate(outputs):
        uri = output.beside(label_uri).uri or ""
        path = f"$.vector_output[{i}].uri"
        if not uri.lower().endswith(EXTENSIONS):
            yield Problem(path, f"is {uri}, which ends in none of {', '.join(EXTENSIONS)}")
        if absolute_uri(uri) in taken:
            yield Problem(path, f"is {uri}, which is written already")
        taken.add(absolute_uri(uri))


def check_classes(outputs: Iterable[VectorOutput], class_map: ClassMap) -> None:
    """Raise ConfigError unless every output is of a class of the class map."""
    known = class_map.get_keys()
    for output in outputs:
        if output.class_id not in known:
            raise ConfigError(
                f"a vector output is of the class {output.class_id}, which there is not",
                hint=f"the class ids are {', '.join(map(str, sorted(known)))}",
            )
