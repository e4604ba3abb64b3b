"""ClassMap: the forms in which classes are given, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from rvcli.core import ClassItem, ClassMap
from rvcli.core.color import to_hex, to_rgb
from rvcli.errors import ConfigError

CAR, ROAD = ClassItem(1, "car"), ClassItem(2, "road", "red")


@pytest.mark.parametrize(
    "classes",
    [
        ClassMap([CAR, ROAD]),
        [CAR, ROAD],
        (item for item in (CAR, ROAD)),
        ClassMap([CAR, ROAD]).to_proto(),
        {"car": 1, "road": (2, "red")},
        {"car": 1.0, "road": [2, "red"]},
        {"car": CAR, "road": ROAD},
        [{"id": 1.0, "name": "car"}, {"id": 2, "name": "road", "color": "red"}],
        {"car": (1, None), "road": (2.0, "red")},
    ],
)
def test_forms(classes: Any) -> None:
    """Every form of the same classes makes the same class map."""
    assert ClassMap.construct_from(classes) == ClassMap([CAR, ROAD])


def test_names_are_numbered_from_one() -> None:
    """A list of names gets the ids 1, 2, ..."""
    assert ClassMap.construct_from(["car", "road"]).get_keys() == [1, 2]


def test_colour_as_numbers() -> None:
    """A colour given as three numbers is written as hexadecimal text."""
    assert ClassMap.construct_from({"a": (1, [255, 0, 16.0])}).get_by_id(1).color == "#ff0010"


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("car", "are no classes"),
        (7, "are no classes"),
        ([object()], "is no class"),
        ({"car": (1, "red", 3)}, "is given as"),
        ({"car": -1}, "negative"),
        ({"car": "1"}, "no integer"),
        ({"car": True}, "no integer"),
        ({"car": 1.5}, "no integer"),
        ({"car": 0}, "means 'not labelled'"),
        ({"car": 1, "bus": 1}, "the id 1 is given 2 times"),
        (["car", "car"], "the name 'car' is given 2 times"),
        ({"": 1}, "has no name"),
        ([ClassItem(1)], "has no name"),
        ({"car": (1, "rde")}, "did you mean 'red'"),
        ({"car": (1, [1, 2])}, "is no colour"),
        ({"car": (1, [1, 2, 256])}, "is no colour"),
        ({"car": (1, 5)}, "has the colour 5"),
    ],
)
def test_refused(classes: Any, message: str) -> None:
    """Classes that are not valid are refused with the reason."""
    with pytest.raises(ConfigError, match=message):
        ClassMap.construct_from(classes)


def test_all_problems_at_once() -> None:
    """Everything wrong is named in one message, of bounded length."""
    with pytest.raises(ConfigError) as caught:
        ClassMap.construct_from({f"c{i}": -i for i in range(1, 31)})
    assert str(caught.value).count("negative") == 10
    assert "and 20 more" in str(caught.value)


@pytest.mark.parametrize("name", ["nodata", "NoData", "no data", "Ignore", "not_labelled"])
def test_class_zero_for_what_is_ignored(name: str) -> None:
    """The id 0 is allowed for a class that means 'not labelled'."""
    assert ClassMap.construct_from({name: 0, "a": 1}).get_keys() == [0, 1]


def test_lookup() -> None:
    """Classes are found by id and by name."""
    classes = ClassMap([CAR, ROAD])
    assert classes.get_by_id(2) == ROAD
    assert classes.get_by_name("car") == CAR
    assert classes.get_class_names() == ["car", "road"]
    assert classes.get_items() == [CAR, ROAD] == list(classes)
    assert len(classes) == 2
    assert classes.get_category_index() == {
        1: {"id": 1, "name": "car"},
        2: {"id": 2, "name": "road"},
    }


def test_lookup_of_what_is_not_there() -> None:
    """An unknown id or name is an error that lists the classes."""
    classes = ClassMap([CAR, ROAD])
    with pytest.raises(ConfigError, match="no class has the id 3") as by_id:
        classes.get_by_id(3)
    assert by_id.value.hint == "the classes are: 1 car, 2 road"
    with pytest.raises(ConfigError, match="no class is named 'bus'"):
        classes.get_by_name("bus")
    with pytest.raises(ConfigError) as empty:
        ClassMap([]).get_by_id(1)
    assert empty.value.hint == "there are none"


def test_nodata_item_is_added_once_and_not_to_the_copy() -> None:
    """A copy is independent; adding class 0 twice leaves one."""
    classes = ClassMap([CAR])
    copy = classes.copy()
    copy.add_nodata_item()
    copy.add_nodata_item()
    assert copy.get_keys() == [1, 0]
    assert classes.get_keys() == [1]
    assert classes != copy
    assert classes != [CAR]
    assert repr(classes) == "ClassMap([ClassItem(id=1, name='car', color=None)])"


def test_all_colors() -> None:
    """All classes must have a colour for has_all_colors."""
    assert not ClassMap([CAR, ROAD]).has_all_colors()
    assert ClassMap([ROAD]).has_all_colors()


@pytest.mark.parametrize(
    ("color", "rgb"),
    [
        ("red", (255, 0, 0)),
        ("RebeccaPurple", (102, 51, 153)),
        ("grey", (128, 128, 128)),
        ("#0fa", (0, 255, 170)),
        ("#0FA1b2", (15, 161, 178)),
        ("rgb(1, 22,255)", (1, 22, 255)),
    ],
)
def test_colours(color: str, rgb: tuple[int, int, int]) -> None:
    """Names, hexadecimal digits and rgb() are understood, in any case."""
    assert to_rgb(color) == rgb
    assert to_rgb(to_hex(rgb)) == rgb


@pytest.mark.parametrize("color", ["rgb(1,2,256)", "#12", "#12345", "", "12"])
def test_no_colours(color: str) -> None:
    """Other texts are refused."""
    with pytest.raises(ConfigError, match="is no colour"):
        to_rgb(color)


def test_light_to_import() -> None:
    """Importing core loads neither numpy nor shapely nor protobuf."""
    code = (
        "import sys, rvcli.core;"
        "print([m for m in ('numpy', 'shapely', 'google.protobuf') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
