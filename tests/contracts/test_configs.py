"""The contract of configs, kept by what ships and by the examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rvcli as rv
from rvcli.testing import (
    ConfigContract,
    assert_builder_copies,
    assert_config_round_trips,
    plugin_loaded,
)

EXAMPLES = Path(__file__).parents[2] / "plugins_examples"


class TestStatsTransformer(ConfigContract):
    """A built-in config keeps the contract."""

    def make_config(self) -> Any:
        """Return a config whose fields differ from their defaults."""
        builder = rv.RasterTransformerConfig.builder(rv.STATS_TRANSFORMER)
        return builder.with_stats_uri("s3://bucket/stats.json").build()


@pytest.mark.parametrize("name", ["classic", "declared"])
def test_example_keeps_the_contract(name: str) -> None:
    """Both ways of writing a config keep the contract."""
    with plugin_loaded(EXAMPLES / f"noisy_evaluator_{name}.py") as plugin:
        (_, key) = plugin.registers[0]
        builder = assert_builder_copies(rv.EvaluatorConfig.builder(key), noise="Boop!")
        assert "Boop!" == assert_config_round_trips(builder.build()).noise


class ChangingConfig(rv.EvaluatorConfig):
    """Comes back changed."""

    def __init__(self, value: Any, after: Any) -> None:
        super().__init__("CHANGING")
        self.value = value
        self.after = after

    def to_proto(self) -> Any:
        """Return an empty message."""
        return self.message_class()(evaluator_type="CHANGING")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("after", "message"),
    [(1.0, r"value: 1 becomes 1\.0 on the way through the message"), (None, "value: 1 becomes")],
)
def test_changes_are_named(after: Any, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes is named with its values."""
    changed = ChangingConfig(after, after)
    monkeypatch.setattr(ChangingConfig, "from_proto", lambda msg: changed)
    with pytest.raises(AssertionError, match=message):
        assert_config_round_trips(ChangingConfig(1, after))


def test_other_class_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A config that comes back as another class is named."""
    monkeypatch.setattr(ChangingConfig, "from_proto", lambda msg: object())
    with pytest.raises(AssertionError, match="a ChangingConfig becomes a object"):
        assert_config_round_trips(ChangingConfig(1, 1))


class BadBuilder:
    """A builder with two pitfalls."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = {}

    def with_mutation(self, value: Any) -> BadBuilder:
        """Change the builder itself."""
        self.config["value"] = value
        return self

    def with_nothing(self, value: Any) -> None:
        """Return nothing."""


@pytest.mark.parametrize(
    ("name", "message"), [("mutation", "changes the builder"), ("nothing", "returns None")]
)
def test_bad_builders_are_named(name: str, message: str) -> None:
    """The method at fault is named."""
    with pytest.raises(AssertionError, match=f"with_{name} {message}"):
        assert_builder_copies(BadBuilder(), **{name: 1})


def test_contract_wants_a_config() -> None:
    """A contract without a config says so."""
    with pytest.raises(NotImplementedError):
        ConfigContract().make_config()
