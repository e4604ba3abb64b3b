"""Makers that left no record: calls of `rv predict`, and packages from elsewhere."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rvcli.data.raster_source.stac_item import resolve_href
from rvcli.errors import FileSystemError, RvError
from rvcli.filesystem import base_name
from rvcli.lineage.content import UNKNOWN, Input, Maker, State
from rvcli.records.identity import local_path
from rvcli.stac.model_item import MODEL_ITEM_FILE, TRAINING_DATA
from rvcli.stac.vocabulary import EXPERIMENT, IDENTITY, TASK, item_uri, predictions_of
from rvcli.utils.files import file_to_str

_PACKAGE = "predict package"


@dataclass(frozen=True)
class Item:
    """A STAC item that `rv` wrote.

    Attributes:
        record_uri: of the command that wrote it, if one did.
        identities: of its assets, by URI.
    """

    uri: str
    content: Mapping[str, Any]
    record_uri: str | None
    identities: Mapping[str, str]


def read_item(artifact_uri: str) -> Item | None:
    """Read the item beside a prediction, or an item itself; None if there is none of `rv`'s."""
    uri = artifact_uri if predictions_of(artifact_uri) else item_uri(artifact_uri)
    try:
        content = json.loads(file_to_str(uri))
        links = [link for link in content["links"] if link["rel"] == "describedby"]
        assets = content["assets"].values()
        _ = content["properties"]["processing:software"]["rvcli"], content["properties"][TASK]
        return Item(
            uri,
            content,
            resolve_href(uri, links[0]["href"]) if links else None,
            {resolve_href(uri, a["href"]): a[IDENTITY] for a in assets if IDENTITY in a},
        )
    except (RvError, ValueError, KeyError, TypeError, AttributeError):
        return None


def maker_of_item(item: Item) -> Maker:
    """Return the call of `rv predict` that wrote an item."""
    properties = item.content["properties"]
    inputs = [
        Input(
            resolve_href(item.uri, str(link["href"])),
            str(link.get(IDENTITY) or UNKNOWN),
            by=_PACKAGE if link.get("title") == _PACKAGE else "",
        )
        for link in item.content["links"]
        if link.get("rel") == "derived_from"
    ]
    return Maker(
        key=item.uri,
        title="rv predict",
        finished=str(properties.get("created") or ""),
        versions=dict(properties["processing:software"]),
        inputs=tuple(inputs),
        outputs=len(item.content["assets"]),
        note="as the STAC item beside it says",
    )


def maker_of_package(uri: str) -> Maker | None:
    """Return what a predict package says of itself; None if it is none, or an older one.

    Args:
        uri: of a package that no record is beside of; one that is elsewhere is fetched.
    """
    try:
        properties = _model_item(uri)["properties"]
        data = properties.get(TRAINING_DATA) or ()
        inputs = [
            Input(str(e["name"]), str(e[IDENTITY]), State(UNKNOWN, "it was elsewhere"))
            for e in data
        ]
        left_out = int(properties.get("rv:training_files") or 0) - len(inputs)
        more = f"; {left_out} more files were trained on" if left_out > 0 else ""
        return Maker(
            key=uri,
            title=f"{properties.get(EXPERIMENT) or 'an experiment'}/TRAIN and BUNDLE",
            versions=dict(properties.get("processing:software") or {}),
            inputs=tuple(inputs),
            outputs=1,
            note=f"as {MODEL_ITEM_FILE} in the package says, which is all there is{more}",
        )
    except (RvError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _model_item(uri: str) -> Any:
    from rvcli.profile.rv_config import RVConfig
    from rvcli.utils.files import download_if_needed

    if not base_name(uri).lower().endswith(".zip"):
        raise FileSystemError(f"{uri} is no package")
    with RVConfig.get_tmp_dir() as tmp_dir:
        path = local_path(uri) or download_if_needed(uri, tmp_dir)
        try:
            with zipfile.ZipFile(path) as package:
                return json.loads(package.read(MODEL_ITEM_FILE))
        except zipfile.BadZipFile as e:
            raise FileSystemError(f"{uri} is no package: {e}") from e
