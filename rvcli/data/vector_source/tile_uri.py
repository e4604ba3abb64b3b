"""URIs of vector tiles."""

from __future__ import annotations

from rvcli.filesystem import base_name


def is_mbtiles(uri: str) -> bool:
    """True if a URI names an .mbtiles file."""
    return base_name(uri).lower().endswith(".mbtiles")


def is_template(uri: str) -> bool:
    """True if a URI names many tiles; {-y} counts rows from the south."""
    return "{z}" in uri and "{x}" in uri and ("{y}" in uri or "{-y}" in uri)
