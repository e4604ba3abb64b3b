"""Which classes there are, and how labels get them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rvcli.errors import UsageError, nearest
from rvcli.project.labels import MOST_CLASSES, Labels, class_properties, text_of, values_of
from rvcli.project.pairs import stem
from rvcli.project.wishes import Ask, Wishes

BACKGROUND = "background"
# Names that rv takes for what no polygon covers.
BACKGROUNDS = (BACKGROUND, "other", "null", "no_class")
_SAID_BY_NAME = ("class_name", "label")
# Names of files that say nothing of what is in them.
_VAGUE = {"label", "labels", "train", "validation", "val", "test", "polygons", "boxes", "points"}
_VAGUE |= {"annotation", "annotations", "features", "data", "export", "layer", "untitled", "mask"}
UNNAMED = "object"


@dataclass(frozen=True)
class Classes:
    """Classes, and how they follow from labels.

    Attributes:
        names: in the order of their ids, from 1; a background that is added later not among them.
        class_property: that decides; None if all features are of the one class.
        mapping: the class of each of its values; empty if the values are the names, and rv finds
            them by itself.
        left_out: how many features have none of the classes.
        notes: what a person should know.
    """

    names: tuple[str, ...]
    class_property: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0
    notes: tuple[str, ...] = ()

    def of(self, labels: Labels) -> list[str | None]:
        """Return the class of each feature of a file; None for those that are left out."""
        if self.class_property is None:
            return [self.names[0]] * labels.count
        values = labels.properties.get(self.class_property) or [None] * labels.count
        texts = [None if value in (None, "") else text_of(value) for value in values]
        if self.mapping:
            return [None if text is None else self.mapping.get(text) for text in texts]
        return [text if text in self.names else None for text in texts]


def choose_classes(labels: Sequence[Labels], wishes: Wishes, ask: Ask) -> Classes:
    """Find the classes of vector labels.

    Raises:
        UsageError: the property that is named is none of the labels, or a class occurs nowhere.
    """
    found = class_properties(labels)
    name = _property(labels, found, wishes, ask)
    count = sum(one.count for one in labels)
    if name is None:
        return _one_class(labels, wishes, ask, count)
    values = found.get(name) or _values_named(labels, name)
    spelled = {value: _class_name(name, value) for value in values}
    chosen = wishes.classes or _split(
        ask(
            f"Classes, by the property {name} (all of them, or some with commas between)",
            ",".join(dict.fromkeys(spelled.values())),
        )
    )
    mapping = {value: spelled[value] for value in values if spelled[value] in chosen}
    mapping |= {value: value for value in values if value in chosen}
    absent = [c for c in chosen if c not in mapping.values() and c not in BACKGROUNDS]
    if len(chosen) == len(values) and len(absent) == len(chosen):
        # Other names for the same values, in their order.
        mapping, absent = dict(zip(values, chosen, strict=True)), []
    if absent:
        near = nearest(absent[0], list(spelled.values()))
        raise UsageError(
            f"no label is of the class {absent[0]!r}: the values of {name} are"
            f" {_listed(list(values))}",
            hint=f"did you mean {near!r}?" if near else "name classes by these values",
        )
    kept = sum(values[value] for value in mapping)
    found_by_itself = name in _SAID_BY_NAME and all(k == v for k, v in mapping.items())
    notes = []
    if count > kept:
        notes.append(f"{count - kept} of {count} labels are of none of the classes and left out")
    return Classes(
        tuple(chosen),
        name,
        {} if found_by_itself and count == kept else mapping,
        count - kept,
        tuple(notes),
    )


def _values_named(labels: Sequence[Labels], name: str) -> Mapping[str, int]:
    """Return the values of a property that was named, with how often they occur.

    Raises:
        UsageError: no label has it, or it has so many values that they cannot be classes.
    """
    values = values_of(labels, name)
    names = list(dict.fromkeys(n for one in labels for n in one.properties))
    if not values:
        near = nearest(name, names)
        raise UsageError(
            f"the labels have no property {name!r}",
            hint=f"did you mean {near!r}?" if near else f"they have: {_listed(names) or 'none'}",
        )
    if len(values) > MOST_CLASSES:
        raise UsageError(
            f"the property {name} has {len(values)} different values, which are no classes",
            hint="name a property that says what a label is, not what it is called",
        )
    return values


def _property(
    labels: Sequence[Labels], found: Mapping[str, Any], wishes: Wishes, ask: Ask
) -> str | None:
    if wishes.class_property is not None:
        return wishes.class_property
    if wishes.classes:
        # The property that has the classes that are named, if there is one.
        for name, values in found.items():
            spelled = {_class_name(name, value) for value in values} | set(values)
            if spelled & set(wishes.classes):
                return name
        if len(wishes.classes) == 1:
            _refuse_near_miss(wishes.classes[0], found)
            return None
    names = list(found)
    if not names:
        if len(wishes.classes) > 1:
            raise UsageError(
                f"{len(wishes.classes)} classes are named, but no property of the labels tells"
                " them apart",
                hint="add a property class_name to the labels, or name one class",
            )
        return None
    if len(names) == 1 or names[0] in _SAID_BY_NAME:
        return names[0]
    return ask("Which property says what each label is", names[0], names)


def _refuse_near_miss(name: str, found: Mapping[str, Any]) -> None:
    """Refuse a class that is nearly the value of a property, or one of several there.

    Raises:
        UsageError: it is.
    """
    for property_name, values in found.items():
        near = nearest(name, list(values))
        if near or len(values) > 1:
            raise UsageError(
                f"no label is of the class {name!r}: the values of {property_name} are"
                f" {_listed(list(values))}",
                hint=f"did you mean {near!r}?" if near else "name classes by these values",
            )
        return


def _one_class(labels: Sequence[Labels], wishes: Wishes, ask: Ask, count: int) -> Classes:
    if wishes.classes:
        return Classes(wishes.classes[:1])
    guess = UNNAMED
    if len(labels) == 1:
        word = re.sub(r"[^a-z0-9]+", "_", stem(labels[0].uri).lower()).strip("_")
        guess = guess if word in _VAGUE or not word else word
    name = ask(f"No property says what the {count} labels are. Their class is called", guess)
    note = f"no property of the labels says what they are: all are {name!r}; --classes NAME"
    return Classes((name,), notes=(f"{note} gives another name",))


def _class_name(property_name: str, value: str) -> str:
    """Return the name of a class for a value: itself, unless it is a number or just yes."""
    if re.fullmatch(r"-?[\d.]+", value):
        return f"class_{value}"
    if value.lower() in ("yes", "true"):
        return property_name.lower()
    return value


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(map(repr, values[:10]))
    return f"{shown} and {len(values) - 10} more" if len(values) > 10 else shown
