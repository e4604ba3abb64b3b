"""What is known of a training when its model is packed: by the records of its commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.records import Record, read_draft, read_record

if TYPE_CHECKING:
    from rvcli.stac.footprint import Footprint

_AREAS = "training_areas"


@dataclass(frozen=True)
class Training:
    """A training that ended, and where its chips were cut.

    Attributes:
        record: of the command TRAIN; None if there is none.
        area: what the scenes cover that were trained on; None where that is not known of all.
        scenes: how many there are; 0 if not known.
        imagery: what their chips were cut from: URI and identity.
    """

    record: Record | None = None
    area: Footprint | None = None
    scenes: int = 0
    imagery: tuple[tuple[str, str], ...] = ()
    experiment_id: str = ""


def training_areas(scenes: Iterable[Any]) -> dict[str, Any]:
    """Return, for the record of a chip command, where the scenes lie that are trained on."""
    from rvcli.stac.footprint import footprint

    found = []
    for scene in scenes:
        source = scene.raster_source
        place = footprint(source.get_extent(), source.get_crs_transformer())
        found.append({"id": scene.id, **({} if place is None else place.to_dict())})
    return {_AREAS: found}


def training_before(bundle_config: Any) -> Training:
    """Return the training whose model a bundle command packs, as far as records tell of it."""
    draft = read_draft(bundle_config.root_uri, int(bundle_config.split_id or 0))
    if draft is None:
        return Training()
    experiment_id = str(draft.get("experiment_id") or "")
    trained = [r for r in _producers(draft) if r.draft.get("command_type") == keys.TRAIN]
    if not trained:
        return Training(experiment_id=experiment_id)
    chipped = [r for r in _producers(trained[0].draft) if r.draft.get("command_type") == keys.CHIP]
    areas = [area for record in chipped for area in record.facts.get(_AREAS) or ()]
    return Training(
        trained[0],
        _joined(areas),
        len({area["id"] for area in areas}),
        _imagery(chipped),
        experiment_id,
    )


def _producers(draft: Mapping[str, Any]) -> list[Record]:
    uris = dict.fromkeys(i["record"] for i in draft["inputs"] if i.get("record"))
    return [record for uri in uris if (record := read_record(uri).record) is not None]


def _joined(areas: list[Mapping[str, Any]]) -> Footprint | None:
    from rvcli.stac.footprint import Footprint, joined

    if not all(area.get("geometry") for area in areas):
        # A part of the truth would pass for all of it.
        return None
    return joined(Footprint(area["geometry"], tuple(area["bbox"])) for area in areas)


def _imagery(chipped: Iterable[Record]) -> tuple[tuple[str, str], ...]:
    """Return the files from outside that chips were cut from, labels among them."""
    found = {
        str(item["uri"]): str(item["identity"])
        for record in chipped
        for item in record.draft["inputs"]
        if not item.get("by")
    }
    return tuple(sorted(found.items()))
