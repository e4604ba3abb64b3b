"""Checks items by the schemas of STAC and its extensions, none of which is fetched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

SCHEMAS = Path(__file__).parent / "stac" / "schemas"
CORE = "https://schemas.stacspec.org/v1.1.0/item-spec/json-schema"
EXTENSIONS = "https://stac-extensions.github.io"

Validate = Callable[[dict[str, Any]], None]


def _resources() -> dict[str, Any]:
    found = {}
    for path in sorted(SCHEMAS.glob("*.json")):
        family, _, rest = path.stem.partition("-")
        if family == "stac":
            uri = f"{CORE}/{rest.partition('-')[2]}.json"
        elif family == "geojson":
            uri = f"https://geojson.org/schema/{rest}.json"
        else:
            uri = f"{EXTENSIONS}/{family}/{rest}/schema.json"
        found[uri] = json.loads(path.read_text("utf-8"))
    # The schema of models refers to an older release, which is less strict about classes.
    found[f"{EXTENSIONS}/classification/v1.1.0/schema.json"] = found[
        f"{EXTENSIONS}/classification/v2.0.0/schema.json"
    ]
    return found


def item_validator() -> Validate:
    """Return a function that checks an item by the core and by every extension that it names."""
    schemas = _resources()
    # Their ids end in "#", or are misspelt: the URIs by which they are referred to count.
    registry: Registry[Any] = Registry().with_resources(
        (uri, Resource.from_contents({**schema, "$id": uri}, DRAFT7))
        for uri, schema in schemas.items()
    )
    checked = FormatChecker()

    def check(item: dict[str, Any]) -> None:
        json.dumps(item, allow_nan=False)
        for uri in (f"{CORE}/item.json", *item["stac_extensions"]):
            validator = Draft7Validator({"$ref": uri}, registry=registry, format_checker=checked)
            problems = [
                f"{uri.removeprefix(EXTENSIONS)} {problem.json_path}: {problem.message[:300]}"
                for error in validator.iter_errors(item)
                for problem in (error.context or [error])
            ]
            assert [] == problems

    return check
