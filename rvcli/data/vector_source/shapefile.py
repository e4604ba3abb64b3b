"""The files that make up one shapefile."""

from __future__ import annotations

from rvcli.filesystem import base_name, scheme

REQUIRED = ("shx", "dbf")
_OPTIONAL = ("prj", "cpg", "qix")


def is_shapefile(uri: str) -> bool:
    """True if a URI names the .shp of a shapefile."""
    return base_name(uri).lower().endswith(".shp")


def sibling(uri: str, extension: str) -> str:
    """Return the URI of another file of a shapefile, in upper case where the .shp is."""
    has_query = scheme(uri) in ("http", "https")
    path, mark, query = uri.partition("?") if has_query else (uri, "", "")
    extension = extension.upper() if path.endswith(".SHP") else extension
    return f"{path[: -len('shp')]}{extension}{mark}{query}"


def fetch_with_siblings(uri: str, temp_dir: str) -> str:
    """Return the path of a local file that holds what a URI holds, a shapefile with all its files.

    Raises:
        NotReadableError: a file that must be there is not.
    """
    from rvcli.utils.files import download_if_needed, file_exists

    path = download_if_needed(uri, temp_dir)
    if is_shapefile(uri):
        for extension in REQUIRED:
            download_if_needed(sibling(uri, extension), temp_dir)
        for extension in _OPTIONAL:
            if file_exists(sibling(uri, extension), include_dir=False):
                download_if_needed(sibling(uri, extension), temp_dir)
    return path
