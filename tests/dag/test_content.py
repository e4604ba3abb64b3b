"""What a command does, as plain values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli import keys
from rvcli.dag.content import (
    Input,
    component_name,
    components_of,
    content_of,
    fingerprint_of,
    pin_digest,
    pin_name,
)
from rvcli.plugins import PluginPin


def test_place_does_not_count(world: Any) -> None:
    """The same command in another place does the same."""
    one, other = (world.config("TRAIN", root=root, seed=1) for root in ("a", "b"))
    assert content_of(one).digest == content_of(other).digest


def test_type_config_pins_and_components_count(world: Any) -> None:
    """Commands of another type, config or plugin do other things."""
    configs = [world.config("TRAIN", seed=1), world.config("TRAIN", seed=2), world.config("CHIP")]
    digests = {content_of(config).digest for config in configs}
    pin = PluginPin(uri="/a/x.py", sha256="1")
    moved = PluginPin(uri="/b/x.py", sha256="1", shipped_uri="s3://b/x.py")
    digests.add(content_of(configs[0], lambda _: [pin]).digest)
    digests.add(content_of(configs[0], lambda _: [moved]).digest)
    assert 4 == len(digests)


def test_components_of_a_real_command(make_experiment: Any) -> None:
    """Every config class in a command is a component with a version, named without its room."""
    components = components_of(make_experiment().make_command_config(keys.CHIP))
    expected = {"rvcli ChipCommand", "rvcli Scene", "rvcli SklearnSemanticSegmentation"}
    assert expected <= set(components)
    assert {1} == set(components.values())


def test_components_in_mappings(world: Any, make_experiment: Any) -> None:
    """Configs in plain containers take part as well."""
    config = world.config("X", parts=())
    config.options = {"a": [make_experiment().task], "b": 1}
    assert "rvcli SemanticSegmentation" in components_of(config)


def test_component_of_a_plugin() -> None:
    """A plugin's component is named by its class alone: its module's name is no lasting one."""

    class MyEvaluatorConfig:
        pass

    assert "MyEvaluator" == component_name(MyEvaluatorConfig)


@pytest.mark.parametrize(
    ("pin", "digest", "name"),
    [
        ({"uri": "s3://b/d/x.py", "sha256": "1"}, "sha256:1", "x.py"),
        ({"module": "m", "distribution": "d", "version": "1"}, "d==1", "m"),
        ({"distribution": "d", "version": "2"}, "d==2", "d"),
        ({"module": "m", "version": "2"}, "m==2", "m"),
        ({}, "plugin==None", "plugin"),
    ],
)
def test_pins(pin: dict[str, str], digest: str, name: str) -> None:
    """A pin is told by its digest or version, and named by what people call it."""
    assert (digest, name) == (pin_digest(pin), pin_name(pin))


@given(st.permutations([Input("/a", "1"), Input("/b", "2", "x", "r"), Input("/c", "3")]))
def test_order_of_inputs_does_not_count(inputs: list[Input]) -> None:
    """Inputs count by URI and identity, in any order, whoever made them."""
    content = content_of(_Plain())
    other = [Input("/c", "3"), Input("/a", "1"), Input("/b", "2")]
    assert fingerprint_of(content, inputs) == fingerprint_of(content, other)
    assert fingerprint_of(content, inputs) != fingerprint_of(content, inputs[1:])


class _Plain:
    command_type = "X"

    def to_plain(self) -> dict[str, Any]:
        return {}
