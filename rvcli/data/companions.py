"""Files that are read along with another: side-cars, parts, what a virtual raster shows.

They are inputs of a plan beside the file itself, as far as they are local and there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as Xml

from rvcli.filesystem import is_local, to_path

# World files and the CRS beside an image, and the headers of raw ones.
_BESIDE_RASTER = ("tfw", "tifw", "pgw", "pngw", "jgw", "jpgw", "j2w", "jp2w", "wld", "prj", "hdr")
# The shx, dbf and prj of a shapefile are named by its config: they have to be there.
_BESIDE_VECTOR = {".shp": ("cpg",), ".tab": ("dat", "map", "id"), ".mif": ("mid",)}
# What of a .aux.xml changes pixels or their places; programs that only look write statistics.
_TELLING = {"SRS", "GeoTransform", "GCPList", "NoDataValue", "ColorInterp"}
_SOURCES = ("SourceFilename", "SourceDataset")


def raster_companions(uri: str) -> list[str]:
    """Return the paths of the local files that an image is read with, itself left out.

    Args:
        uri: of an image; of one that is remote or not there nothing is said.
    """
    if not is_local(uri) or not to_path(uri).is_file():
        return []
    found: set[Path] = set()
    _collect(to_path(uri), found)
    return sorted(str(path) for path in found - {to_path(uri)})


def vector_companions(uri: str) -> list[str]:
    """Return the paths of the local files that features are read with, that in `uri` left out."""
    if not is_local(uri):
        return []
    path = to_path(uri)
    beside = _BESIDE_VECTOR.get(path.suffix.lower(), ())
    return [str(p) for extension in beside for p in _with_extension(path, extension)]


def _collect(path: Path, found: set[Path]) -> None:
    """Add an image and what belongs to it; a virtual raster may show others of its kind."""
    if path in found:
        return
    found.add(path)
    for extension in _BESIDE_RASTER:
        found.update(_with_extension(path, extension))
    mask, auxiliary = (path.with_name(path.name + end) for end in (".msk", ".aux.xml"))
    if mask.is_file():
        found.add(mask)
    if any(element.tag in _TELLING for element in _elements(auxiliary)):
        found.add(auxiliary)
    if path.suffix.lower() == ".vrt":
        for element in _elements(path):
            if element.tag in _SOURCES and element.text:
                is_relative = element.get("relativeToVRT") == "1"
                source = (path.parent if is_relative else Path()) / element.text.strip()
                # What is no file is a name that only GDAL knows, such as /vsicurl/...
                if source.is_file():
                    _collect(source, found)


def _with_extension(path: Path, extension: str) -> Iterator[Path]:
    upper = path.suffix.isupper()
    beside = path.with_suffix("." + (extension.upper() if upper else extension))
    if beside != path and beside.is_file():
        yield beside


def _elements(path: Path) -> Iterator[Xml.Element]:
    """Yield the elements of an XML file; of one that is missing or broken, none."""
    try:
        yield from Xml.parse(path).iter()
    except (OSError, Xml.ParseError):
        return
