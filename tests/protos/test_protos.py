"""The messages: generated code, wire format of the legacy releases, and what is new."""

from __future__ import annotations

import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from google.protobuf import descriptor_pb2, json_format
from google.protobuf.message import Message

from rvcli.protos.command_pb2 import CommandConfig
from rvcli.protos.plugin_pb2 import PluginConfig

REPOSITORY = Path(__file__).resolve().parents[2]
GENERATED = sorted((REPOSITORY / "rvcli/protos").glob("*_pb2.py"))
Proto = descriptor_pb2.FieldDescriptorProto

SCALARS = {
    "bool": Proto.TYPE_BOOL,
    "double": Proto.TYPE_DOUBLE,
    "float": Proto.TYPE_FLOAT,
    "int32": Proto.TYPE_INT32,
    "int64": Proto.TYPE_INT64,
    "string": Proto.TYPE_STRING,
}


class Fact(NamedTuple):
    """One row of legacy_fields.txt."""

    message: str
    oneof: str
    label: str
    type: str
    name: str
    number: int
    default: str


def facts() -> list[Fact]:
    """Read the table of fields that the legacy releases wrote."""
    text = Path(__file__).with_name("legacy_fields.txt").read_text(encoding="utf-8")
    rows = [re.split(r"\s*\|\s*", line) for line in text.splitlines() if not line.startswith("#")]
    return [Fact(r[0], r[1], r[2], r[3], r[4], int(r[5]), r[6]) for r in rows]


def messages() -> dict[str, descriptor_pb2.DescriptorProto]:
    """Return the descriptor of every message, nested ones by their dotted path."""
    found: dict[str, descriptor_pb2.DescriptorProto] = {}

    def visit(prefix: str, descriptor: Any) -> None:
        proto = descriptor_pb2.DescriptorProto()
        descriptor.CopyToProto(proto)
        found[prefix + descriptor.name] = proto
        for nested in descriptor.nested_types:
            visit(f"{prefix}{descriptor.name}.", nested)

    for path in GENERATED:
        module = importlib.import_module(f"rvcli.protos.{path.stem}")
        for descriptor in module.DESCRIPTOR.message_types_by_name.values():
            visit("", descriptor)
    return found


def describe(message: str, proto: descriptor_pb2.DescriptorProto, name: str) -> Fact:
    """Return the row that the table should have for a field of the compiled messages."""
    field = next((f for f in proto.field if f.name == name), None)
    assert field is not None, f"{message} has no field {name}"
    kinds = {number: kind for kind, number in SCALARS.items()}
    kind = kinds.get(field.type) or field.type_name.removeprefix(".")
    return Fact(
        message,
        proto.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else "-",
        "repeated" if field.label == Proto.LABEL_REPEATED else "optional",
        kind if kind.startswith("google.") else kind.rsplit(".", 1)[-1],
        field.name,
        field.number,
        field.default_value if field.HasField("default_value") else "-",
    )


def same_default(expected: str, actual: str) -> bool:
    """Tell whether two defaults are one value, however they are written."""
    expected = expected.strip('"')
    try:
        return float(actual) == pytest.approx(float(expected), rel=1e-6)
    except ValueError:
        return expected == actual


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: f"{fact.message}.{fact.name}")
def test_every_legacy_field_is_there(fact: Fact) -> None:
    """A field of the legacy messages has its oneof, label, type, name, number and default."""
    actual = describe(fact.message, messages()[fact.message], fact.name)
    assert fact[:-1] == actual[:-1]
    assert same_default(fact.default, actual.default)


def test_new_fields_are_numbered_from_100_without_default() -> None:
    """A field that the legacy messages lack is outside every oneof, from 100, without default."""
    known = {(fact.message, fact.name) for fact in facts()}
    old = {fact.message for fact in facts()}
    new = [
        (message, field)
        for message, proto in messages().items()
        for field in proto.field
        if message in old and (message, field.name) not in known
    ]
    assert new
    for message, field in new:
        where = f"{message}.{field.name}"
        assert field.number >= 100, where
        assert not field.HasField("oneof_index"), where
        assert not field.HasField("default_value"), where


def test_nothing_is_required() -> None:
    """No field is required: validation is ours, and a partial message can be written."""
    required = [
        f"{message}.{field.name}"
        for message, proto in messages().items()
        for field in proto.field
        if field.label == Proto.LABEL_REQUIRED
    ]
    assert [] == required


def test_generated_code_is_fresh() -> None:
    """The generated modules are what the committed sources compile to."""
    if importlib.util.find_spec("grpc_tools") is None:
        pytest.skip("the generator (grpc_tools) is not installed")
    script = REPOSITORY / "protos/compile.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)


def test_generated_code_fits_the_oldest_runtime_that_pyproject_admits() -> None:
    """The generator's version is the lower bound of protobuf: every admitted runtime loads it."""
    pyproject = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    bound = re.search(r'"protobuf>=([\d.]+),<', pyproject)
    assert bound is not None
    written = {
        line.rsplit(" ", 1)[1]
        for path in GENERATED
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("# Protobuf Python Version:")
    }
    assert {bound.group(1)} == written


LEGACY_MESSAGE = """
{
  "commandType": "PREDICT",
  "rootUri": "/opt/data/out/predict/exp",
  "predictConfig": {
    "task": {
      "taskType": "SEMANTIC_SEGMENTATION",
      "predictBatchSize": 4,
      "debug": false,
      "semanticSegmentationConfig": {
        "classItems": [{"id": 1, "name": "building", "color": "red"}],
        "chipSize": 300,
        "chipOptions": {"windowMethod": "sliding", "stride": 300}
      }
    },
    "backend": {
      "backendType": "PYTORCH_SEMANTIC_SEGMENTATION",
      "customConfig": {"model_uri": "/opt/data/out/train/exp/model", "steps": 5.0, "none": null}
    },
    "scenes": [
      {
        "id": "2-10",
        "rasterSource": {
          "sourceType": "RASTERIO_SOURCE",
          "transformers": [{"transformerType": "STATS_TRANSFORMER", "statsUri": "stats.json"}],
          "channelOrder": [0, 1, 2],
          "rasterioSource": {"uris": ["a.tif"]}
        },
        "predictionLabelStore": {
          "storeType": "SEMANTIC_SEGMENTATION_RASTER",
          "semanticSegmentationRasterStore": {
            "uri": "2-10.tif",
            "vectorOutput": [{"mode": "polygons", "classId": 1}]
          }
        },
        "aoiUris": ["aoi.json"]
      }
    ]
  },
  "plugins": {"pluginUris": ["file:///plugin.py"], "pluginModules": ["some.module"]},
  "splitId": 2
}
"""


def test_a_legacy_message_parses() -> None:
    """JSON of a legacy release parses, with the defaults that its plugins read."""
    message = json_format.Parse(LEGACY_MESSAGE, CommandConfig())
    task = message.predict_config.task
    assert "predict_config" == message.WhichOneof("command_config")
    assert 300 == task.semantic_segmentation_config.chip_options.stride
    assert 1000 == task.semantic_segmentation_config.chip_options.chips_per_scene
    assert not message.HasField("schema_version")
    assert ["some.module"] == list(message.plugins.plugin_modules)
    store = message.predict_config.scenes[0].prediction_label_store
    assert "semantic_segmentation_raster_store" == store.WhichOneof("label_store_config")


def round_trip(message: Message) -> Message:
    """Return the message after a way through JSON."""
    return json_format.Parse(json_format.MessageToJson(message), type(message)())


def test_a_pinned_command_survives_json() -> None:
    """Schema version, fingerprint and plugin pins come back from JSON."""
    pins = PluginConfig(pins=[{"uri": "plugin.py", "sha256": "ab" * 32, "shipped_uri": "s3://b/k"}])
    message = CommandConfig(
        command_type="CHIP", root_uri="/r", schema_version=1, fingerprint="cd" * 32, plugins=pins
    )
    assert message == round_trip(message)


def test_a_small_command_is_a_small_message() -> None:
    """What a command does not use takes no room in its message."""
    message = CommandConfig(command_type="CHIP", root_uri="/r")
    assert len(message.SerializeToString()) == len("CHIP") + len("/r") + 4
