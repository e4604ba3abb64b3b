"""What the fields of a config are, as rows and as a JSON schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rvcli as rv
from rvcli import keys, registry
from rvcli.config import Declared, between, field, not_empty, one_of, positive
from rvcli.config.describe import FieldRow, describe, json_schema
from rvcli.registry import Registrar, Registry


class Inner(Declared):
    """A declared value that is no config."""

    size: int = field(default=1, doc="A size.", check=positive)
    name: str = field(default="n", doc="A name.", check=not_empty)


class AllKindsConfig(rv.EvaluatorConfig):
    """Has a field of every kind.

    And a second paragraph.
    """

    key = "ALL_KINDS"

    needed: str = field(doc="Needed.", check=not_empty)
    size: int = field(default=3, doc="A size.", unit="pixels", check=positive, used_by=("EVAL",))
    share: float | None = field(default=None, doc="A share.", check=between(0, 1))
    mode: str | None = field(default="a", doc="A mode.", check=one_of("a", "b"))
    literal: Literal["x", 1] = field(default="x", doc="A literal.")
    mixed: int | str | None = field(default=None, doc="One of two types.")
    many: list[int] = field(default_factory=list, doc="Many.", check=not_empty)
    loose: list = field(default_factory=list, doc="Many of any kind.")  # type: ignore[type-arg]
    pair: tuple[int, str] = field(default=(1, "a"), doc="A pair.")
    row: tuple[float, ...] = field(default=(), doc="A row.")
    free: tuple = field(default=(), doc="A tuple.")  # type: ignore[type-arg]
    by_class: dict[int, float | None] | None = field(default=None, doc="By class.")
    anything: dict[str, Any] = field(default_factory=dict, doc="Anything.")
    inner: Inner = field(default_factory=Inner, doc="Inner.")
    first: rv.EvaluatorConfig | None = field(default=None, doc="One.", group=keys.EVALUATOR)
    others: list[rv.EvaluatorConfig] = field(
        default_factory=list, doc="Others.", group=keys.EVALUATOR
    )
    note: str = field(default="", doc="Changes no result.", semantic=False)


class ClassicConfig(rv.EvaluatorConfig):
    """Written the classic way."""

    def __init__(self, noise: str) -> None:
        super().__init__("CLASSIC")
        self.noise = noise

    def to_proto(self) -> Any:
        """Return the message."""
        message = super().to_proto()
        message.custom_config["noise"] = self.noise
        return message


class ClassicBuilder(rv.EvaluatorConfigBuilder):
    """Builds ClassicConfig."""

    def __init__(self, prev: Any = None) -> None:
        super().__init__(ClassicConfig, {"noise": prev.noise if prev else "Beep!"})


@pytest.fixture(autouse=True)
def _registry() -> Iterator[None]:
    own = Registry(registry.default())
    registrar = Registrar(own)
    registrar.register_config(AllKindsConfig)
    registrar.register_config_builder(keys.EVALUATOR, "CLASSIC", ClassicBuilder)
    with registry.use(own):
        yield


def built(**values: Any) -> AllKindsConfig:
    """Build the config; `many` must not be empty."""
    builder = AllKindsConfig.builder_class()().set(needed="n", many=[1], **values)
    config: AllKindsConfig = builder.build()
    return config


def is_valid(plain: Any) -> bool:
    """True if the schema of the config admits a plain value."""
    validator = jsonschema.Draft202012Validator(json_schema(AllKindsConfig))
    return bool(validator.is_valid(plain))


def experiment() -> Any:
    """Return an experiment with a part from most of the families."""
    task = (
        rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
        .with_classes({"building": (1, "red"), "background": (2, "gray")})
        .build()
    )
    imagery = (
        rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE)
        .with_uri("a.tif")
        .with_stats_transformer()
        .build()
    )
    scene = (
        rv.SceneConfig.builder()
        .with_task(task)
        .with_id("a")
        .with_raster_source(imagery)
        .with_label_source("a.geojson")
        .with_label_store("predicted.tif")
        .build()
    )
    dataset = (
        rv.DatasetConfig.builder()
        .with_train_scene(scene)
        .with_validation_scene(scene)
        .with_augmentor(rv.AugmentorConfig.builder(rv.NODATA_AUGMENTOR).build())
        .build()
    )
    backend = rv.BackendConfig.builder(rv.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task).build()
    return (
        rv.ExperimentConfig.builder()
        .with_id("e")
        .with_root_uri("out")
        .with_task(task)
        .with_backend(backend)
        .with_dataset(dataset)
        .with_stats_analyzer()
        .with_custom_config({"SUMMARY": {"key": "k", "config": {"uris": ["a.tif"]}}})
        .build()
    )


class TestDescribe:
    """Rows of a table."""

    def test_row(self) -> None:
        """A row says in words all that is declared of a field."""
        row = next(r for r in describe(AllKindsConfig) if r.name == "size")
        expected = FieldRow(
            "size", "int", "3", "pixels", "A size.", "must be positive", used_by=("EVAL",)
        )
        assert expected == row

    def test_required(self) -> None:
        """A required field has no default."""
        assert "" == describe(AllKindsConfig)[0].default

    def test_all_fields(self) -> None:
        """There is a row for each field, inherited ones included, in the order of the class."""
        names = [row.name for row in describe(rv.SemanticSegmentationConfig)]
        assert ["class_map", "chip_size"] == names[:2]
        assert "predict_batch_size" in names

    def test_default_of_declared(self) -> None:
        """A default that is a declared value shows what differs from its own defaults."""

        class Outer(Declared):
            plain: Inner = field(default_factory=Inner, doc="Plain.")
            large: Inner = field(default_factory=lambda: Inner(size=9), doc="Large.")

        assert ["Inner()", "Inner(size=9)"] == [row.default for row in describe(Outer)]

    def test_types_that_are_no_text(self) -> None:
        """Annotations that are types, not texts, are shown by their names."""
        members = {
            "simple": field(default=1, doc="Simple."),
            "generic": field(default=(), doc="Generic."),
            "__annotations__": {"simple": int, "generic": tuple[int, ...]},
        }
        made = type("Made", (Declared,), members)
        assert ["int", "tuple[int, ...]"] == [row.type for row in describe(made)]


class TestJsonSchema:
    """The schema of plain values."""

    def test_is_a_schema(self) -> None:
        """The schema is one, by the rules of its dialect."""
        jsonschema.Draft202012Validator.check_schema(json_schema(AllKindsConfig))

    def test_head(self) -> None:
        """It bears the name and the first line of the class, and admits no other properties."""
        schema = json_schema(AllKindsConfig)
        assert "AllKindsConfig" == schema["title"]
        assert "Has a field of every kind." == schema["description"]
        assert ["evaluator_type", "needed"] == schema["required"]
        assert schema["additionalProperties"] is False

    def test_field(self) -> None:
        """A field has its type, check, unit, doc and default."""
        expected = {
            "type": "integer",
            "exclusiveMinimum": 0,
            "description": "A size. In pixels.",
            "default": 3,
        }
        assert expected == json_schema(AllKindsConfig)["properties"]["size"]

    def test_not_semantic(self) -> None:
        """A field that stays out of the plain values stays out of the schema."""
        assert "note" not in json_schema(AllKindsConfig)["properties"]

    def test_without_definitions(self) -> None:
        """A class that refers to no other has no definitions."""
        assert "$defs" not in json_schema(Inner)

    @given(
        st.builds(
            dict,
            size=st.integers(1),
            share=st.none() | st.floats(0, 1),
            mode=st.sampled_from([None, "a", "b"]),
            literal=st.sampled_from(["x", 1]),
            mixed=st.none() | st.integers() | st.text(),
            pair=st.tuples(st.integers(), st.text()),
            row=st.lists(st.floats(allow_nan=False, allow_infinity=False)),
            free=st.lists(st.integers()),
            loose=st.lists(st.text()),
            by_class=st.none() | st.dictionaries(st.integers(), st.none() | st.integers()),
            anything=st.dictionaries(st.text(), st.integers() | st.lists(st.text())),
            inner=st.builds(Inner, size=st.integers(1)),
        )
    )
    def test_admits_what_builds(self, values: dict[str, Any]) -> None:
        """What a builder takes is valid as plain values."""
        jsonschema.validate(built(**values).to_plain(), json_schema(AllKindsConfig))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("needed", ""),
            ("needed", None),
            ("size", 0),
            ("share", 1.5),
            ("mode", "c"),
            ("literal", 2),
            ("mixed", []),
            ("many", []),
            ("many", ["a"]),
            ("pair", [1]),
            ("pair", ["a", "a"]),
            ("by_class", {"a": 1}),
            ("by_class", {"1": "a"}),
            ("inner", {"size": 0}),
            ("inner", {"sizes": 1}),
            ("first", {"evaluator_type": "NONE"}),
            ("others", [{"evaluator_type": "ALL_KINDS"}]),
            ("unknown", 1),
            ("evaluator_type", "OTHER"),
        ],
    )
    def test_refuses(self, name: str, value: Any) -> None:
        """What a builder refuses is not valid."""
        plain = built().to_plain()
        assert is_valid(plain)
        assert not is_valid({**plain, name: value})

    def test_families(self) -> None:
        """A field that holds a config admits the members of its family, classic ones included."""
        plain = built(first=ClassicConfig("Beep!"), others=[built()]).to_plain()
        assert is_valid(plain)

    def test_experiment(self) -> None:
        """A whole experiment is valid, as it is written and with all that commands fill in."""
        schema = json_schema(rv.ExperimentConfig)
        jsonschema.validate(experiment().to_plain(), schema)
        jsonschema.validate(experiment().fully_resolve().to_plain(), schema)

    def test_options_of_one_name(self) -> None:
        """Options of two configs that bear one name keep their own definitions."""
        definitions = json_schema(rv.ExperimentConfig)["$defs"]
        found = {name for name in definitions if name.endswith(".ChipOptions")}
        modules = ("object_detection_config", "semantic_segmentation_config")
        assert {f"{module}.ChipOptions" for module in modules} <= found

    def test_every_builtin(self) -> None:
        """Every built-in config has a schema."""
        for group in keys.CONFIG_GROUPS:
            for key in registry.default().keys(group):
                config_class = registry.default().get_config_builder(group, key).config_class
                jsonschema.Draft202012Validator.check_schema(json_schema(config_class))
