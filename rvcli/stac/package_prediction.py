"""The item beside what a predict package predicted: no record tells of it, so this does."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from rvcli.errors import RvError
from rvcli.filesystem import base_name
from rvcli.records import Identities, default_cache
from rvcli.stac.imagery import imagery_uris
from rvcli.stac.model_item import MODEL_ITEM_FILE
from rvcli.stac.prediction_assets import prediction_uris
from rvcli.stac.prediction_item import write_item
from rvcli.stac.vocabulary import EXPERIMENT, IDENTITY, TASK, derived_from

log = logging.getLogger(__name__)


def write_package_item(
    scene_config: Any,
    scene: Any,
    task_config: Any,
    package_uri: str,
    package_dir: str,
    *,
    item_uri: str | None = None,
) -> str | None:
    """Write the item of predictions that a package made, with what each file was.

    Args:
        scene_config: says what was read, and where predictions went.
        scene: what was made of it.
        package_uri: of the package.
        package_dir: where it was unpacked.
        item_uri: of the STAC item that named the imagery, if one did.

    Returns:
        its URI; None where the label store does not name a file.

    Raises:
        NotWritableError: it cannot be written.
    """
    imagery = [item_uri] if item_uri else imagery_uris(scene_config.raster_source)
    written = prediction_uris(scene_config.label_store)
    noted = _identities([package_uri, *imagery, *scene_config.aoi_uris, *written])
    identity = {IDENTITY: noted[package_uri]} if package_uri in noted else {}
    task_type, experiment_id = str(task_config.task_type), _experiment(package_dir)
    return write_item(
        scene_config,
        scene,
        task_config,
        id=PurePosixPath(base_name(imagery[0]) if imagery else "predictions").stem,
        links=[derived_from(package_uri, "predict package", **identity)],
        properties={
            "processing:lineage": f"{task_type}, by the package {base_name(package_uri)}",
            TASK: task_type,
            **({EXPERIMENT: experiment_id} if experiment_id else {}),
        },
        identities=noted,
        item_uri=item_uri,
    )


def _identities(uris: Iterable[str]) -> dict[str, str]:
    looked_up = Identities(default_cache())
    found = {}
    for uri in dict.fromkeys(uris):
        try:
            identity = looked_up.of(uri)
        except RvError as e:
            log.debug("what %s is cannot be noted: %s", uri, e)
            continue
        if identity.present:
            found[uri] = identity.text
    looked_up.digests.flush()
    return found


def _experiment(package_dir: str) -> str:
    try:
        item = json.loads((Path(package_dir) / MODEL_ITEM_FILE).read_text("utf-8"))
        return str(item["properties"].get(EXPERIMENT) or "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""  # made by an older release
