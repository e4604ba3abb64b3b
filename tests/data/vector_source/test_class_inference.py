"""Classes of features."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli.core.class_map import ClassMap
from rvcli.data.vector_source.class_inference import ClassInference, ClassInferenceOptions
from rvcli.errors import ConfigError, DataError

CLASSES = ClassMap.construct_from({"building": 1, "road": 2, "water": 5})


def infer(properties: Any, **options: Any) -> int | None:
    """Infer the class of a feature with some properties."""
    options.setdefault("class_map", CLASSES)
    inference = ClassInference(ClassInferenceOptions(**options))
    return inference.infer_class_id({"type": "Feature", "properties": properties})


@pytest.mark.parametrize(
    ("properties", "class_id"),
    [
        ({"class_id": 2}, 2),
        ({"class_id": 2.0}, 2),
        ({"class_id": "2"}, 2),
        ({"class_id": 2, "class_name": "water"}, 2),
        ({"class_name": "water"}, 5),
        ({"label": "road"}, 2),
        ({"class_name": "road", "label": "water"}, 2),
        ({"class_name": "cloud", "label": "water"}, 5),
        ({"class_name": "cloud"}, 1),
        ({"class_name": 7}, 1),
        ({"class_id": None}, 1),
        ({}, 1),
        (None, 1),
    ],
)
def test_properties_decide(properties: Any, class_id: int) -> None:
    """The class follows from class_id, then class_name, then label, then the default."""
    assert class_id == infer(properties)


def test_filter_decides_after_properties() -> None:
    """A filter decides where no property does; the first that passes wins."""
    filters = {"5": ["has", "natural"], 2: ["has", "highway"]}
    assert infer({"highway": "primary"}, class_id_to_filter=filters) == 2
    assert infer({"highway": "primary", "natural": "x"}, class_id_to_filter=filters) == 5
    assert infer({"natural": "x", "label": "building"}, class_id_to_filter=filters) == 1


def test_no_default_drops_the_feature() -> None:
    """Without a default class, a feature that nothing decides has none."""
    assert infer({"class_name": "cloud"}, default_class_id=None) is None


@pytest.mark.parametrize(
    ("properties", "class_id"),
    [
        ({"kind": "road", "class_id": 5}, 2),
        ({"kind": 5}, 5),
        ({"kind": "cloud", "label": "road"}, 1),
        ({}, 1),
    ],
)
def test_class_property_replaces_the_usual_ones(properties: Any, class_id: int) -> None:
    """With class_property, that property alone decides, by id or by name."""
    assert class_id == infer(properties, class_property="kind")


@pytest.mark.parametrize("value", ["two", 1.5, True, [1], float("inf")])
def test_class_id_must_be_an_integer(value: Any) -> None:
    """A class_id that is no integer is refused."""
    with pytest.raises(DataError, match="which is no class id"):
        infer({"class_id": value})


def test_filter_needs_a_class_id() -> None:
    """A filter whose key is no class id is refused."""
    with pytest.raises(ConfigError, match="'road'"):
        ClassInferenceOptions(class_id_to_filter={"road": ["has", "highway"]})


def test_transform_geojson_writes_the_class_and_leaves_its_argument_alone() -> None:
    """transform_geojson gives copies with class_id and drops features without a class."""
    features = [
        {"type": "Feature", "properties": {"label": "water"}, "geometry": None},
        {"type": "Feature", "properties": None, "geometry": None},
    ]
    geojson = {"type": "FeatureCollection", "features": features}
    inference = ClassInference(ClassInferenceOptions(CLASSES, default_class_id=None))
    assert inference.transform_geojson(geojson)["features"] == [
        {"type": "Feature", "properties": {"label": "water", "class_id": 5}, "geometry": None}
    ]
    assert features[0]["properties"] == {"label": "water"}


MAPPING: dict[str, Any] = {"forest": 1, "lake": "water", "3": 2, "true": 5, "cloud": None}


@pytest.mark.parametrize(
    ("value", "class_id"),
    [("forest", 1), ("lake", 5), (3, 2), (3.0, 2), (True, 5), ("cloud", None), ("x", 7), (None, 7)],
)
def test_mapping_decides_by_the_value_of_a_property(value: Any, class_id: int | None) -> None:
    """A mapping gives the class of a value, by id or name; None leaves out, the rest goes on."""
    options: dict[str, Any] = {
        "class_property": "landuse",
        "class_mapping": MAPPING,
        "default_class_id": 7,
    }
    assert class_id == infer({"landuse": value, "class_id": 1}, **options)


def test_filters_decide_on_what_the_mapping_lacks() -> None:
    """What the mapping does not know goes on to the filters, and is counted by the default."""
    options = ClassInferenceOptions(
        CLASSES, {2: ["has", "highway"]}, 1, class_property="landuse", class_mapping=MAPPING
    )
    inference = ClassInference(options)
    assert inference.infer_class_id({"properties": {"landuse": "x", "highway": "y"}}) == 2
    assert inference.infer_class_id({"properties": {"landuse": "x"}}) == 1
    assert inference.unknown_names == {"x": 1}
    assert inference.property_names >= {"landuse", "highway"}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"class_mapping": {"a": 1}}, "not whose values"),
        ({"class_property": "p", "class_mapping": {"a": "tree"}}, "'tree', which is no class"),
    ],
)
def test_mapping_that_cannot_be_used_is_refused(options: Any, text: str) -> None:
    """A mapping needs a property, and maps to classes."""
    with pytest.raises(ConfigError, match=text):
        infer({}, **options)
