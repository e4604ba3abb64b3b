"""What every config and builder must do."""

from __future__ import annotations

import copy
from typing import Any

from rvcli.verify.compare import Difference, differences


def assert_config_round_trips(config: Any) -> Any:
    """Send a config through its message as JSON, and through its builder; nothing may change.

    Returns:
        The config that came back through the message.

    Raises:
        AssertionError: naming what was lost or changed.
    """
    from google.protobuf.json_format import MessageToJson, Parse

    message = config.to_proto()
    parsed = Parse(MessageToJson(message), type(message)())
    again = type(config).from_proto(parsed)
    _assert_same(config, again, "on the way through the message")
    _assert_same(config, config.to_builder().build(), "on the way through the builder")
    return again


def assert_builder_copies(builder: Any, **values: Any) -> Any:
    """Call `with_<name>(value)` for each value; the builder itself must stay as it was.

    Returns:
        The builder with all values set.

    Raises:
        AssertionError: naming the method that changes its builder, or returns nothing.
    """
    for name, value in values.items():
        before = copy.deepcopy(vars(builder))
        result = getattr(builder, f"with_{name}")(value)
        assert not differences(before, vars(builder)), f"with_{name} changes the builder itself"
        assert result is not None, f"with_{name} returns None instead of the changed copy"
        builder = result
    return builder


class ConfigContract:
    """Tests of a config: subclass it, and define `make_config`.

    class TestMyEvaluator(ConfigContract):
        def make_config(self):
            return rv.EvaluatorConfig.builder("MY_EVALUATOR").with_noise("Boop!").build()
    """

    def make_config(self) -> Any:
        """Return a config whose fields differ from their defaults."""
        raise NotImplementedError

    def test_round_trip(self) -> None:
        """The config comes back from its message, and from its builder, as it was."""
        assert_config_round_trips(self.make_config())

    def test_same_message_each_time(self) -> None:
        """Two configs that are made alike have equal messages."""
        assert self.make_config().to_proto() == self.make_config().to_proto()

    def test_copy_is_independent(self) -> None:
        """A changed copy leaves the config alone."""
        config = self.make_config()
        message = config.to_proto()
        twin = config.clone()
        for name in list(vars(twin)):
            setattr(twin, name, None)
        assert message == config.to_proto()


def _assert_same(before: Any, after: Any, where: str) -> None:
    assert type(before) is type(after), (
        f"a {type(before).__name__} becomes a {type(after).__name__} {where}"
    )
    found = differences(_public(before), _public(after))
    assert not found, "\n".join(f"{_text(difference)} {where}" for difference in found)


def _public(config: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(config).items() if not name.startswith("_")}


def _text(difference: Difference) -> str:
    return f"{difference.path}: {difference.before!r} becomes {difference.after!r}"
