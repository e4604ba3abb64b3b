"""Keys that old experiments use for what has another key today."""

from __future__ import annotations

import libcst as cst

from rvcli import keys
from rvcli.compat.migrate.code import Code
from rvcli.compat.migrate.findings import DEPRECATED
from rvcli.data.label_source.label_source_config import RENAMED as LABEL_SOURCES
from rvcli.data.raster_source.raster_source_config import RENAMED as RASTER_SOURCES

SAME_THING = "the old name of the same thing"

# The class whose builder gets a key: old key -> new one.
_OF_BUILDERS = {"RasterSourceConfig": RASTER_SOURCES, "LabelSourceConfig": LABEL_SOURCES}
# Those that mean nothing else anywhere.
_EVERYWHERE = {key: RASTER_SOURCES[key] for key in (keys.GEOTIFF_SOURCE, keys.IMAGE_SOURCE)}


def successor_of_key(code: Code, node: cst.CSTNode, key: str) -> str | None:
    """Return the new key for an old one at a node; None if it stays."""
    renamed = _OF_BUILDERS.get(builder_of(code, node) or "", {})
    return renamed.get(key) or _EVERYWHERE.get(key)


def builder_of(code: Code, node: cst.CSTNode) -> str | None:
    """Return the class whose `builder` is called with a node, such as "BackendConfig"."""
    argument = code.parent(node)
    call = code.parent(argument) if isinstance(argument, cst.Arg) else None
    if not isinstance(call, cst.Call):
        return None
    path = code.path(call.func)
    return path[-2] if path is not None and len(path) > 1 and path[-1] == "builder" else None


def rewrite_text_keys(code: Code) -> None:
    """Note the old keys that are written as text in the call of a builder."""
    for node in code.of_type(cst.SimpleString):
        renamed = _OF_BUILDERS.get(builder_of(code, node) or "", {})
        key = node.evaluated_value
        if not isinstance(key, str) or key not in renamed or key not in node.value:
            continue
        new = node.value.replace(key, renamed[key])
        code.replace(node, new)
        code.say(node, DEPRECATED, node.value, new, SAME_THING)
