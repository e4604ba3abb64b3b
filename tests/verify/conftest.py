"""Plugins to prove, good and bad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from rvcli.plugins import PluginSpec
from rvcli.verify.child import prove
from rvcli.verify.report import PluginReport

CLASSIC = """
from copy import deepcopy
import rvcli as rv
from rvcli.protos.evaluator_pb2 import EvaluatorConfig as Msg


class Demo(rv.Evaluator):
    def __init__(self, value):
        self.value = value

    def process(self, scenes, tmp_dir):
        pass


class DemoConfig(rv.EvaluatorConfig):
    def __init__(self, value):
        super().__init__("DEMO")
        self.value = value

    def to_proto(self):
        return Msg(evaluator_type="DEMO", custom_config={"value": self.value})

    def create_evaluator(self):
        return Demo(self.value)

    def report_io(self, command_type, io_def):
        pass


class DemoBuilder(rv.EvaluatorConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(DemoConfig, {"value": prev.value if prev else "default"})

    def from_proto(self, msg):
        return self.with_value(msg.custom_config["value"])

    def with_value(self, value):
        b = deepcopy(self)
        b.config["value"] = value
        return b


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.EVALUATOR, "DEMO", DemoBuilder)
"""


@pytest.fixture
def prove_text(tmp_path: Path) -> Callable[..., PluginReport]:
    """Prove a plugin that is given as text, in this process."""

    def run(text: str, name: str = "demo.py") -> PluginReport:
        path = tmp_path / "project" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        target = path.parent if name == "__init__.py" else path
        return prove_spec(PluginSpec("file", str(target)))

    def prove_spec(spec: PluginSpec) -> PluginReport:
        request = {
            "spec": asdict(spec),
            "cache_dir": str(tmp_path / "cache"),
            "start_directory": str(tmp_path / "start"),
        }
        return prove(request)

    return run


@pytest.fixture
def classic() -> Callable[..., str]:
    """Give the text of a sound classic plugin, with some of it replaced."""

    def change(*replacements: tuple[str, str]) -> str:
        text = CLASSIC
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new)
        return text

    return change
