"""Classic and declared configs that build on those that ship."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

import rvcli as rv
from rvcli.config import update
from rvcli.records import semantic
from rvcli.registry import Registrar
from rvcli.testing import assert_config_round_trips, temporary_registry

CLASSES = {"a": (1, "red"), "b": (2, "blue")}


class StrictConfig(rv.evaluation.ClassificationEvaluatorConfig):
    """Takes all but its constructor from its base."""

    def __init__(self, class_map: Any, output_uri: Any = None, vector_output_uri: Any = None):
        super().__init__("STRICT", class_map, output_uri, vector_output_uri)


class StrictConfigBuilder(rv.evaluation.ClassificationEvaluatorConfigBuilder):
    """Names its config class, then what to copy."""

    def __init__(self, prev: Any = None):
        super().__init__(StrictConfig, prev)


class TiledConfig(rv.SemanticSegmentationConfig):
    """The task that ships under another name."""

    def __init__(self, class_map: Any, chip_size: int = 300):
        super().__init__(class_map, chip_size=chip_size)
        self.task_type = "TILED"


class TiledConfigBuilder(rv.SemanticSegmentationConfigBuilder):
    """Has a config of its own, and the methods of its base."""

    def __init__(self, prev: Any = None):
        super().__init__(prev)
        self.config_class = TiledConfig

    def with_double_size(self) -> Any:
        """Double the chips."""
        b = deepcopy(self)
        b.config["chip_size"] *= 2
        return b


class ShortTiledConfig(rv.SemanticSegmentationConfig):
    """The same, declared."""

    key = "SHORT_TILED"

    overlap: int = rv.field(default=0, doc="Overlap of tiles.", unit="pixels")


@pytest.fixture(autouse=True)
def _registered() -> Any:
    with temporary_registry() as registry:
        registrar = Registrar(registry)
        registrar.register_config_builder(rv.EVALUATOR, "STRICT", StrictConfigBuilder)
        registrar.register_config_builder(rv.TASK, "TILED", TiledConfigBuilder)
        registrar.register_config(ShortTiledConfig)
        yield


def test_an_evaluator_of_classes() -> None:
    """The message has what the base declares, in the place of old releases."""
    task = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(CLASSES).build()
    builder = rv.EvaluatorConfig.builder("STRICT").with_task(task).with_output_uri("/eval.json")
    config = builder.build()
    message = config.to_proto()
    assert ("STRICT", "/eval.json", 2) == (
        message.evaluator_type,
        message.classification_config.output_uri,
        len(message.classification_config.class_items),
    )
    assert_config_round_trips(config)


def test_a_classic_task_on_the_one_that_ships() -> None:
    """It keeps the message of its base."""
    builder = rv.TaskConfig.builder("TILED").with_classes(CLASSES).with_chip_size(32)
    config = builder.with_double_size().build()
    assert 64 == config.to_proto().semantic_segmentation_config.chip_size
    again = rv.TaskConfig.from_proto(config.to_proto())
    assert (TiledConfig, "TILED", 64) == (type(again), again.task_type, again.chip_size)


def test_a_declared_task_on_the_one_that_ships() -> None:
    """All that is not of the family travels in its Struct."""
    builder = rv.TaskConfig.builder("SHORT_TILED").with_classes(CLASSES).with_overlap(8)
    config = builder.with_chip_options("sliding", stride=5).build()
    assert "custom_config" == config.to_proto().WhichOneof("config_type")
    assert_config_round_trips(config)


class OuterConfig(rv.EvaluatorConfig):
    """Asks the config that it holds by hand for its report."""

    def __init__(self, inner: Any):
        super().__init__("OUTER")
        self.inner = inner

    def report_io(self, command_type: str, io_def: Any) -> Any:
        """Report what the inner config does."""
        self.inner.report_io(command_type, io_def)


class InnerConfig(rv.EvaluatorConfig):
    """Has no report_io; what its update returns is its report."""

    def __init__(self) -> None:
        super().__init__("INNER")

    def update_for_command(
        self, command_type: str, experiment_config: Any, context: Any = None, io_def: Any = None
    ) -> Any:
        """Return an io definition of its own, put into that of its base."""
        config, io_def = super().update_for_command(command_type, experiment_config, context)
        io_def.add_output(f"/{command_type}.json")
        return config, io_def


def test_a_report_by_hand_reaches_configs_without_one() -> None:
    """Both generations meet in one config."""
    config = update(OuterConfig(InnerConfig()), rv.EVAL, None, [])
    io_def = rv.core.CommandIODefinition()
    config.report_io(rv.EVAL, io_def)
    assert ["/EVAL.json"] == list(io_def.output_uris)


class KeptConfig(rv.RasterSourceConfig):
    """Its type is a property."""

    def __init__(self, uri: str, transformers: Any = None, channel_order: Any = None):
        super().__init__("KEPT", transformers, channel_order)
        self.uri = uri

    @property
    def source_type(self) -> str:  # type: ignore[override]
        """The one that it always is."""
        return "KEPT"


class KeptConfigBuilder(rv.RasterSourceConfigBuilder):
    """Its config is a property that gives a dict, which its methods edit."""

    def __init__(self, prev: Any = None):
        self._values = {"uri": "a.tif"}
        super().__init__(KeptConfig)

    @property
    def config(self) -> dict[str, Any]:  # type: ignore[override]
        """The values."""
        return self._values


def test_methods_of_the_base_edit_what_a_property_gives() -> None:
    """And they leave the builder that they are called on alone."""
    builder = KeptConfigBuilder()
    config = builder.with_channel_order([1]).with_stats_transformer().build()
    assert ("KEPT", [1], 1) == (config.source_type, config.channel_order, len(config.transformers))
    assert {"uri": "a.tif"} == builder.config
    assert [1] == KeptConfigBuilder().from_proto(config.to_proto()).build().channel_order


class SumCommandConfig(rv.CommandConfig):
    """A command of the oldest form."""

    def __init__(self, root_uri: str, split_id: int, numbers: list[int]):
        super().__init__("SUM", root_uri, split_id)
        self.numbers = numbers

    def to_proto(self) -> Any:
        """Return a message made by hand."""
        message = self.message_class()(  # type: ignore[call-arg]
            command_type="SUM", root_uri=self.root_uri, split_id=self.split_id
        )
        message.custom_config.update({"numbers": self.numbers})  # type: ignore[attr-defined]
        return message


class SumCommandConfigBuilder(rv.CommandConfigBuilder):
    """Knows its type, takes nothing but what to copy, and sets attributes of copies."""

    def __init__(self, prev: Any = None):
        super().__init__("SUM", prev)
        self.numbers = prev.numbers if prev else []

    def build(self) -> Any:
        """Build without config dict."""
        self.validate()
        return SumCommandConfig(self.root_uri or "", self.split_id, self.numbers)

    def from_proto(self, msg: Any) -> Any:
        """Read the attributes one by one."""
        b = deepcopy(self)
        b.root_uri = msg.root_uri
        b.split_id = msg.split_id
        b.numbers = [int(n) for n in msg.custom_config["numbers"]]
        return b


def test_builders_of_commands_may_take_only_what_to_copy() -> None:
    """And a message that is made by hand bears the stamp of the plan."""
    with temporary_registry() as registry:
        Registrar(registry).register_command_config_builder("SUM", SumCommandConfigBuilder)
        builder = rv.CommandConfig.builder("SUM")
        with pytest.raises(rv.ConfigError, match=r"root_uri is not set"):
            builder.build()
        config = builder.with_root_uri("/root").with_split_id(3).build()
        config.numbers = [1, 2]
        config.set_stamp("abc", None)
        message = config.to_proto()
        assert ("abc", 1) == (message.fingerprint, message.schema_version)
        again = rv.CommandConfig.from_proto(message)
        assert (3, [1, 2], "/root") == (again.split_id, again.numbers, again.root_uri)
        copied = config.to_builder().build()
        assert semantic(config.to_plain()) == semantic(copied.to_plain())
