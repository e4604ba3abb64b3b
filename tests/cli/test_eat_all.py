"""Options that take all the words that follow."""

from __future__ import annotations

import click
import pytest

from rvcli.cli.commands.predict import command as predict
from rvcli.cli.eat_all import OptionEatAll


@click.command()
@click.option("--words", "-w", cls=OptionEatAll, save_other_options=True)
@click.option("--numbers", cls=OptionEatAll, type=int, nargs=-1)
@click.option("--flag", is_flag=True)
@click.argument("rest", nargs=-1)
def eat(**values: object) -> None:
    """Take words."""


def parsed(command: click.Command, *words: str) -> dict[str, object]:
    """Return what a command makes of words."""
    return command.make_context("eat", list(words)).params


def test_all_words_up_to_the_next_option() -> None:
    """Words belong to the option until another one begins; each is of the option's type."""
    expected = {"words": ("a", "b"), "numbers": (1, 2), "flag": True, "rest": ("x",)}
    assert expected == parsed(eat, "x", "-w", "a", "b", "--numbers", "1", "2", "--flag")
    assert ("a",) == parsed(eat, "--words=a")["words"]
    assert parsed(eat)["words"] is None


def test_a_word_of_another_type_is_wrong_usage() -> None:
    """Each word is checked."""
    with pytest.raises(click.BadParameter, match="'x' is not a valid integer"):
        parsed(eat, "--numbers", "1", "x")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--channel-order", "2", "1", "0", "p.zip", "i", "o"], [2, 1, 0]),
        (["p.zip", "i", "o", "--channel-order", "2,1"], [2, 1]),
        (["--channel-order=2,1", "3", "i", "o"], [2, 1]),
        (["p.zip", "3", "o"], None),
    ],
)
def test_channel_order_takes_numbers_alone(words: list[str], expected: list[int] | None) -> None:
    """Files may follow the numbers."""
    assert expected == parsed(predict, *words)["channel_order"]
