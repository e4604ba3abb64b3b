"""URIs of vector tiles."""

from __future__ import annotations


def is_mbtiles(uri: str) -> bool:
    """True if a URI names an .mbtiles file."""
    return uri.partition("?")[0].lower().endswith(".mbtiles")


def is_template(uri: str) -> bool:
    """True if a URI names many tiles; {-y} counts rows from the south."""
    return "{z}" in uri and "{x}" in uri and ("{y}" in uri or "{-y}" in uri)
