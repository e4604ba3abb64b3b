"""ClassMap: the classes of a task, by id and by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rvcli.core.color import to_hex, to_rgb
from rvcli.errors import ConfigError

if TYPE_CHECKING:
    from rvcli.protos import class_item_pb2

NODATA_ID = 0
NODATA_NAME = "nodata"
_NODATA_NAMES = frozenset(
    {"nodata", "ignore", "ignored", "null", "none", "void"}
    | {"unlabeled", "unlabelled", "notlabeled", "notlabelled"}
)


@dataclass(frozen=True, slots=True)
class ClassItem:
    """One class.

    Attributes:
        id: 1 or more; 0 only for what is to be ignored.
        name: shown to people, and matched with `class_name` in vector labels.
        color: a CSS name, "#rrggbb" or "rgb(r, g, b)"; None if it matters to no one.
    """

    id: int
    name: str | None = None
    color: str | None = None

    def to_proto(self) -> class_item_pb2.ClassItem:
        """Return the ClassItem message."""
        from rvcli.protos.class_item_pb2 import ClassItem as Message

        message = Message(id=self.id, name=self.name or "")
        if self.color is not None:
            message.color = self.color
        return message

    @staticmethod
    def from_proto(msg: class_item_pb2.ClassItem) -> ClassItem:
        """Make a class from a ClassItem message."""
        return ClassItem(msg.id, msg.name, msg.color or None)


class UnknownClassError(ConfigError, KeyError):
    """No class has the id or the name that is asked for."""


class ClassMap:
    """The classes of a task, in the order in which they were given.

    Classes may lack a name or a colour; `construct_from` makes those of a task, and is strict.

    Attributes:
        class_item_map: {class id: class}.

    Raises:
        ConfigError: an id or a name occurs twice.
    """

    def __init__(self, class_items: Iterable[ClassItem]) -> None:
        items = list(class_items)
        _refuse(_repeated(items))
        self.class_item_map: dict[int, ClassItem] = {item.id: item for item in items}

    def copy(self) -> ClassMap:
        """Return a class map of its own with the same classes."""
        return ClassMap(self.class_item_map.values())

    def add_nodata_item(self) -> None:
        """Add class 0, "nodata", black, unless there is a class 0 already."""
        if NODATA_ID not in self.class_item_map:
            self.class_item_map[NODATA_ID] = ClassItem(NODATA_ID, NODATA_NAME, "black")

    def get_by_id(self, id: int) -> ClassItem:
        """Return the class with an id.

        Raises:
            UnknownClassError: there is none.
        """
        try:
            return self.class_item_map[id]
        except KeyError as e:
            raise UnknownClassError(f"no class has the id {id!r}", hint=self._hint()) from e

    def get_by_name(self, name: str) -> ClassItem:
        """Return the class with a name.

        Raises:
            UnknownClassError: there is none.
        """
        for item in self.class_item_map.values():
            if item.name == name:
                return item
        raise UnknownClassError(f"no class is named {name!r}", hint=self._hint())

    def get_keys(self) -> list[int]:
        """List the ids."""
        return list(self.class_item_map)

    def get_items(self) -> list[ClassItem]:
        """List the classes."""
        return list(self.class_item_map.values())

    def get_class_names(self) -> list[str]:
        """List the names."""
        return [item.name or "" for item in self.class_item_map.values()]

    def has_all_colors(self) -> bool:
        """Tell whether every class has a colour."""
        return all(item.color is not None for item in self.class_item_map.values())

    def get_category_index(self) -> dict[int, dict[str, Any]]:
        """Return {id: {"id", "name"}}, as object detection libraries take it."""
        return {
            item.id: {"id": item.id, "name": item.name} for item in self.class_item_map.values()
        }

    def to_proto(self) -> list[class_item_pb2.ClassItem]:
        """Return a list of ClassItem messages."""
        return [item.to_proto() for item in self.class_item_map.values()]

    @staticmethod
    def construct_from(classes: Any) -> ClassMap:
        """Make a class map from any form in which classes are given.

        Args:
            classes: a ClassMap; {name: id}; {name: (id, color)}; a list of names, which get
                the ids 1, 2, ...; or a list of ClassItem or of ClassItem messages.

        Raises:
            ConfigError: it is none of these, an id or a name occurs twice or is not valid, or a
                colour is none; all that is wrong is named at once.
        """
        if isinstance(classes, ClassMap):
            items = classes.get_items()
        elif isinstance(classes, Mapping):
            items = [_item_of_value(name, value) for name, value in classes.items()]
        elif isinstance(classes, Iterable) and not isinstance(classes, (str, bytes)):
            items = [_item_of_element(i, x) for i, x in enumerate(classes, start=1)]
        else:
            raise ConfigError(f"{classes!r} are no classes", hint=_FORMS_HINT)
        problems = [
            f"class {item.name!r} {problem}" for item in items for problem in _item_problems(item)
        ]
        _refuse(problems + _repeated(items))
        return ClassMap(items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClassMap):
            return NotImplemented
        return self.get_items() == other.get_items()

    __hash__ = None  # type: ignore[assignment]  # it is mutable

    def __iter__(self) -> Iterator[ClassItem]:
        return iter(self.get_items())

    def __len__(self) -> int:
        return len(self.class_item_map)

    def __repr__(self) -> str:
        return f"ClassMap({self.get_items()!r})"

    def _hint(self) -> str:
        known = [f"{item.id} {item.name}" for item in self.class_item_map.values()]
        more = f" and {len(known) - 10} more" if len(known) > 10 else ""
        return f"the classes are: {', '.join(known[:10])}{more}" if known else "there are none"


_FORMS_HINT = 'write {"car": 1}, {"car": (1, "red")}, ["car"], or a list of ClassItem'


def _item_of_value(name: Any, value: Any) -> ClassItem:
    """Make the class of one item of {name: id} or {name: (id, color)}."""
    if isinstance(value, ClassItem):
        return value
    if isinstance(value, (list, tuple)):
        if len(value) != 2:
            raise ConfigError(f"class {name!r} is given as {value!r}", hint=_FORMS_HINT)
        return ClassItem(_whole(value[0]), name, _color_text(value[1]))
    return ClassItem(_whole(value), name)


def _item_of_element(position: int, element: Any) -> ClassItem:
    """Make the class of one element of a list."""
    if isinstance(element, ClassItem):
        return element
    if isinstance(element, str):
        return ClassItem(position, element)
    if hasattr(element, "DESCRIPTOR") and element.DESCRIPTOR.name == "ClassItem":
        return ClassItem.from_proto(element)
    if isinstance(element, Mapping) and "id" in element and "name" in element:
        # A class as a plugin's config stores it.
        return ClassItem(_whole(element["id"]), element["name"], element.get("color"))
    raise ConfigError(f"{element!r} is no class", hint=_FORMS_HINT)


def _whole(id: Any) -> Any:
    # Integers come back from a protobuf Struct as floats.
    return int(id) if isinstance(id, float) and id.is_integer() else id


def _color_text(color: Any) -> Any:
    return to_hex(color) if isinstance(color, (list, tuple)) else color


def _refuse(problems: list[str]) -> None:
    """Raise an error that names what is wrong, if anything is."""
    if problems:
        more = [f"and {len(problems) - 10} more"] if len(problems) > 10 else []
        raise ConfigError(
            "the classes are not valid: " + "; ".join(problems[:10] + more),
            hint="give each class its own name and its own id, from 1 up",
        )


def _repeated(items: list[ClassItem]) -> list[str]:
    """Say in words which ids and names occur more than once."""
    ids = Counter(repr(item.id) for item in items)
    names = Counter(repr(item.name) for item in items if item.name is not None)
    return [
        f"the {what} {value} is given {n} times"
        for what, counts in (("id", ids), ("name", names))
        for value, n in counts.items()
        if n > 1
    ]


def _item_problems(item: ClassItem) -> Iterator[str]:
    if not isinstance(item.name, str) or not item.name.strip():
        yield f"with id {item.id!r} has no name"
    number: Any = item.id
    if not isinstance(number, int) or isinstance(number, bool):
        yield f"has the id {item.id!r}, which is no integer"
    elif item.id < 0:
        yield f"has the id {item.id}, which is negative"
    elif item.id == NODATA_ID and not _means_nodata(item.name):
        yield f"has the id 0, which means 'not labelled' (name it {NODATA_NAME!r} if it does)"
    if item.color is not None:
        try:
            to_rgb(item.color)
        except ConfigError as e:
            yield f"has the colour {item.color!r}, which is none ({e.hint})"


def _means_nodata(name: str | None) -> bool:
    letters = "".join(filter(str.isalnum, name or ""))
    return letters.casefold() in _NODATA_NAMES
