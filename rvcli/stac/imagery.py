"""What predictions are made from: imagery, and when it was taken."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any

from rvcli import keys
from rvcli.config import uris_of
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.errors import RvError

log = logging.getLogger(__name__)

_TIMES = ("datetime", "start_datetime", "end_datetime")


def imagery_uris(raster_source: Any) -> list[str]:
    """List what a raster source config reads: files, or the STAC item that names them."""
    found = uris_of(raster_source, keys.RASTER_SOURCE)
    if not found:
        # A plugin's own, written by hand.
        io_def = CommandIODefinition()
        try:
            raster_source.report_io(keys.PREDICT, io_def)
        except Exception as e:
            # Plugins raise anything, and an item is no reason to fail.
            log.debug("%s does not say what it reads: %s", type(raster_source).__name__, e)
        found = sorted(io_def.input_uris)
    return list(dict.fromkeys(found))


def item_uris(raster_source: Any) -> list[str]:
    """List the STAC items that a raster source config reads the assets of."""
    return [
        str(part.uri)
        for part in raster_source.walk()
        if getattr(part, "source_type", None) == keys.STAC_ITEM_SOURCE and part.uri
    ]


def times_of(item_uris: Iterable[str]) -> dict[str, str | None]:
    """Return when imagery was taken, as properties of an item; empty if nothing says so.

    Args:
        item_uris: of the STAC items of the imagery.
    """
    found = [times for times in map(_times_in, item_uris) if times]
    if len(found) == 1:
        # One that has no moment of its own must say so.
        return {"datetime": None, **found[0]}
    return _span(found)


def _times_in(item_uri: str) -> dict[str, str]:
    from rvcli.utils.files import file_to_str

    try:
        properties = json.loads(file_to_str(item_uri)).get("properties") or {}
        said = {name: str(properties.get(name) or "") for name in _TIMES}
        times = {name: text for name, text in said.items() if text.endswith(("Z", "+00:00"))}
        return times if "datetime" in times or len(times) == 2 else {}
    except (RvError, ValueError, AttributeError) as e:
        log.debug("%s does not say when it was taken: %s", item_uri, e)
        return {}


def _span(found: Iterable[dict[str, str]]) -> dict[str, str | None]:
    """Return from when to when several images were taken."""
    moments = sorted(moment for times in found for moment in times.values())
    if not moments:
        return {}
    return {"datetime": moments[0], "start_datetime": moments[0], "end_datetime": moments[-1]}
