"""Which class a vector feature is of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rvcli.core.class_map import ClassMap
from rvcli.data.vector_source.filters import Filter, compile_filter, property_names
from rvcli.errors import ConfigError, DataError


class ClassInferenceOptions:
    """How the class of a feature follows from its properties.

    Attributes:
        class_map: gives the ids of names in the properties `class_name` and `label`.
        class_id_to_filter: {class id: filter expression}, see filters.compile_filter.
        default_class_id: class of a feature that nothing else decides; None drops it.
        class_property: the one property that gives the class, as an id or as a name in the
            class map; by default `class_id`, `class_name` and `label` do.
        class_mapping: {value of class_property: class id or name; None leaves it out}; values
            that it lacks go on to the filters and the default.
    """

    def __init__(
        self,
        class_map: ClassMap | None = None,
        class_id_to_filter: Mapping[Any, Any] | None = None,
        default_class_id: int | None = 1,
        class_property: str | None = None,
        class_mapping: Mapping[Any, Any] | None = None,
    ) -> None:
        self.class_map = class_map
        self.class_id_to_filter = (
            None
            if class_id_to_filter is None
            else {_key(key): expression for key, expression in class_id_to_filter.items()}
        )
        self.default_class_id = default_class_id
        self.class_property = class_property
        self.class_mapping = class_mapping


class ClassInference:
    """Infer class ids of features.

    The first of these that holds decides: the property `class_id`; the property `class_name`,
    then `label`, if the class map has a class of that name (or in place of these three the one
    property that the options name, through the mapping where there is one); the first filter that
    the feature passes, in the order in which they were given; the default.

    Attributes:
        options: how classes are inferred.
        unknown_names: how many features got the default class though they have a name, by that
            name: the class map or the mapping lacks it.
        lacks_property: true if the options name a property that none of the features has.
        property_names: the properties that are asked for.

    Raises:
        ConfigError: a filter or the mapping cannot be used.
    """

    def __init__(self, options: ClassInferenceOptions | None = None) -> None:
        self.options = options or ClassInferenceOptions()
        self.unknown_names: Counter[str] = Counter()
        self.lacks_property = False
        self._filters: list[tuple[int, Filter]] = [
            (class_id, compile_filter(expression))
            for class_id, expression in (self.options.class_id_to_filter or {}).items()
        ]
        class_map = self.options.class_map
        named = self.options.class_property
        self._has_names = named is not None
        self._id_property = named or "class_id"
        self._name_properties = (named,) if named is not None else ("class_name", "label")
        self._ids: dict[str | None, int] = (
            {item.name: item.id for item in class_map.get_items()} if class_map else {}
        )
        self._mapping = self._checked_mapping()
        self.property_names = {self._id_property, *self._name_properties}.union(
            *map(property_names, (self.options.class_id_to_filter or {}).values())
        )

    def _checked_mapping(self) -> dict[str, int | None] | None:
        mapping, named = self.options.class_mapping, self.options.class_property
        if mapping is None:
            return None
        if named is None:
            raise ConfigError(
                "class_mapping is set, but not whose values it maps",
                hint='set class_property, or use with_class_mapping("landuse", {...})',
            )
        return {_mapped_value(value): self._class_of(target) for value, target in mapping.items()}

    def _class_of(self, target: Any) -> int | None:
        if target is None or target in self._ids:
            return None if target is None else self._ids[target]
        try:
            return _class_id(target, "class_mapping")
        except DataError as e:
            raise ConfigError(
                f"class_mapping maps to {target!r}, which is no class",
                hint=f"write a class id, None or one of {', '.join(map(str, self._ids)) or 'none'}",
            ) from e

    def infer_class_id(self, feature: Mapping[str, Any]) -> int | None:
        """Return the class id of a GeoJSON feature, or None if it is to be dropped.

        Raises:
            DataError: the property that gives its id is not a whole number.
        """
        properties = feature.get("properties") or {}
        class_id = properties.get(self._id_property)
        if self._mapping is not None:
            return self._mapped(class_id, self._mapping, feature)
        if class_id is not None and not (self._has_names and isinstance(class_id, str)):
            return class_id if type(class_id) is int else _class_id(class_id, self._id_property)
        unknown: str | None = None
        for key in self._name_properties:
            name = properties.get(key)
            if isinstance(name, str):
                if name in self._ids:
                    return self._ids[name]
                unknown = unknown or name
        return self._filtered(feature, unknown if self._ids else None)

    def _mapped(
        self, value: Any, mapping: Mapping[str, int | None], feature: Mapping[str, Any]
    ) -> int | None:
        if value is None:
            return self._filtered(feature, None)
        text = _mapped_value(value)
        return mapping[text] if text in mapping else self._filtered(feature, text)

    def _filtered(self, feature: Mapping[str, Any], unknown: str | None) -> int | None:
        """Return the class by the first filter that the feature passes, or the default."""
        for filtered_id, passes in self._filters:
            if passes(feature):
                return filtered_id
        default = self.options.default_class_id
        if unknown and default is not None:
            self.unknown_names[unknown] += 1
        return default

    def transform_geojson(self, geojson: Mapping[str, Any]) -> dict[str, Any]:
        """Return a FeatureCollection whose features bear their property `class_id`.

        Features without a class are left out; the argument is not changed.
        """
        features = []
        for feature in geojson["features"]:
            class_id = self.infer_class_id(feature)
            if class_id is not None:
                properties = {**(feature.get("properties") or {}), "class_id": class_id}
                features.append({**feature, "properties": properties})
        return {**geojson, "features": features}


def _key(key: Any) -> int:
    # Keys come back as text from a protobuf Struct.
    try:
        return int(key)
    except (TypeError, ValueError) as e:
        raise ConfigError(
            f"class_id_to_filter has the key {key!r}, which is no class id",
            hint='write {1: ["==", "building", "yes"]}',
        ) from e


def _mapped_value(value: Any) -> str:
    """Return a value as text, in the form that it has after a way through JSON: 3.0 is 3."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text.lower() if text in ("True", "False") else text


def _class_id(value: Any, name: str) -> int:
    try:
        if not isinstance(value, bool) and float(value) == int(float(value)):
            return int(float(value))
    except (TypeError, ValueError, OverflowError):
        pass
    raise DataError(
        f"the property {name} is {value!r}, which is no class id", hint="it must be an integer"
    )
