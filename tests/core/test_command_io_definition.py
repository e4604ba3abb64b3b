"""CommandIODefinition: sets of URIs that ignore None."""

from __future__ import annotations

from rvcli.core import CommandIODefinition


def test_none_is_ignored() -> None:
    """None is not added, alone or in a list."""
    io_def = CommandIODefinition()
    io_def.add_input(None)
    io_def.add_inputs(None)
    io_def.add_inputs(["a", None])
    io_def.add_output(None)
    io_def.add_outputs([None, "b"])
    assert io_def == CommandIODefinition({"a"}, {"b"})


def test_lone_string_is_one_uri() -> None:
    """A string where a list is expected is one URI, not its characters."""
    io_def = CommandIODefinition()
    io_def.add_inputs("abc")
    io_def.add_outputs("def")
    assert (io_def.input_uris, io_def.output_uris) == ({"abc"}, {"def"})


def test_merge() -> None:
    """Merging adds inputs, outputs and messages."""
    io_def = CommandIODefinition({"a"}, {"b"}, {"c"})
    other = CommandIODefinition(["d"], ["e"])
    other.add_missing("f")
    io_def.merge(other)
    assert io_def == CommandIODefinition({"a", "d"}, {"b", "e"}, {"c", "f"})


def test_equality_and_repr() -> None:
    """It equals its like only, and prints sorted."""
    assert CommandIODefinition() != set()
    assert repr(CommandIODefinition({"b", "a"})) == (
        "CommandIODefinition(input_uris=['a', 'b'], output_uris=[], missing_input_messages=[])"
    )
