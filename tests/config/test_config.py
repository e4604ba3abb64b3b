"""Declared fields, and what follows from them."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli import keys, registry
from rvcli.config import (
    Config,
    ConfigBuilder,
    Declared,
    InvalidConfigError,
    Problem,
    UnknownMethodError,
    between,
    field,
    make_uris_absolute,
    not_empty,
    not_negative,
    one_of,
    positive,
)
from rvcli.core.class_map import ClassMap
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import ConfigError
from rvcli.evaluation.evaluator_config import EvaluatorConfig, EvaluatorConfigBuilder
from rvcli.registry import Registrar, Registry


class Inner(Declared):
    """A declared value that is no config."""

    size: int = field(default=1, doc="A size.", check=positive)


class SampleConfig(EvaluatorConfig):
    """A config with a field of every kind."""

    key = "SAMPLE"

    name: str = field(doc="A name.")
    count: int = field(default=3, doc="A count.", unit="pixels", check=not_negative)
    share: float = field(default=0.5, doc="A share.", check=between(0, 1))
    flag: bool = field(default=False, doc="A flag.")
    mode: str = field(default="a", doc="A mode.", check=one_of("a", "b"))
    many: list[int] = field(default_factory=list, doc="Many.")
    pair: tuple[int, int] = field(default=(1, 2), doc="A pair.")
    by_class: dict[int, float | None] | None = field(default=None, doc="By class.")
    huge: int | None = field(default=None, doc="Huge.")
    uri: str | None = field(default=None, doc="A URI.", input_of=("EVAL",), used_by=("EVAL",))
    out: str | None = field(default=None, doc="Another.", output_of=("EVAL",))
    inner: list[EvaluatorConfig] = field(default_factory=list, doc="Nested.", group=keys.EVALUATOR)
    note: str = field(default="", doc="A note.", semantic=False)


@pytest.fixture(autouse=True)
def _sample_registry() -> Any:
    own = Registry(registry.default())
    Registrar(own).register_config(SampleConfig)
    with registry.use(own):
        yield own


def sample(**values: Any) -> SampleConfig:
    """Build a sample config."""
    builder = EvaluatorConfig.builder("SAMPLE").with_name("n")
    for name, value in values.items():
        builder = getattr(builder, f"with_{name}")(value)
    built: SampleConfig = builder.build()
    return built


class TestBuilder:
    """Builders are generated from the fields."""

    def test_values_and_defaults(self) -> None:
        """What is set is set; the rest has its default."""
        config = sample(count=7)
        assert ("n", 7, 0.5, "SAMPLE") == (
            config.name,
            config.count,
            config.share,
            config.evaluator_type,
        )

    def test_branches_do_not_see_each_other(self) -> None:
        """A builder may be reused unbuilt."""
        base = EvaluatorConfig.builder("SAMPLE").with_name("n")
        left, right = base.with_count(1), base.with_count(2)
        assert (1, 2, 3) == tuple(b.build().count for b in (left, right, base))

    def test_defaults_are_not_shared(self) -> None:
        """A mutable default belongs to one config."""
        one, other = sample(), sample()
        one.many.append(1)
        assert [] == other.many

    def test_iterators_are_read_out(self) -> None:
        """A map can be given, and the builder used twice."""
        builder = EvaluatorConfig.builder("SAMPLE").with_name("n").with_many(map(int, "12"))
        assert [1, 2] == builder.build().many == builder.build().many

    def test_the_field_name_may_be_given(self) -> None:
        """A value can be passed by name, but no other name."""
        builder = EvaluatorConfig.builder("SAMPLE").with_name(name="x")
        assert "x" == builder.build().name
        with pytest.raises(TypeError, match="with_name"):
            builder.with_name(nome="x")

    def test_methods_document_themselves(self) -> None:
        """help() shows what a field means."""
        method = SampleConfig.builder_class().with_count
        assert "with_count" == method.__name__
        assert "A count. In pixels. Default: 3." == method.__doc__

    def test_to_builder_starts_from_the_config(self) -> None:
        """A config can be varied."""
        assert (9, "n") == (lambda c: (c.count, c.name))(
            sample().to_builder().with_count(9).build()
        )

    def test_a_builder_can_be_deep_copied(self) -> None:
        """Classic code copies builders."""
        builder = EvaluatorConfig.builder("SAMPLE").with_name("n")
        assert "n" == copy.deepcopy(builder).build().name

    def test_an_unknown_method_names_the_nearest(self) -> None:
        """A typing error in an experiment is answered."""
        with pytest.raises(UnknownMethodError) as caught:
            EvaluatorConfig.builder("SAMPLE").with_cuont(1)
        assert "did you mean with_count?" == caught.value.hint

    def test_other_attributes_are_plain_attribute_errors(self) -> None:
        """Protocols such as copying must see an ordinary error."""
        with pytest.raises(AttributeError):
            _ = EvaluatorConfig.builder("SAMPLE").something

    def test_a_builder_without_a_config_says_so(self) -> None:
        """A half-written builder does not fail obscurely."""
        with pytest.raises(ConfigError, match="does not say which config"):
            ConfigBuilder().build()

    def test_an_unbuilt_builder_as_a_value_is_named(self) -> None:
        """Forgetting .build() is the most common slip."""
        with pytest.raises(InvalidConfigError, match=r"call \.build\(\)"):
            sample(inner=[EvaluatorConfig.builder("SAMPLE")])


class TestValidation:
    """All problems at once, each with its path."""

    def test_every_problem_is_named(self) -> None:
        """One run shows all that must be mended."""
        builder = (
            EvaluatorConfig.builder("SAMPLE")
            .with_count(-1)
            .with_share("x")
            .with_flag(1)
            .with_mode("c")
            .with_many([1, "q", 2.5])
            .with_pair((1, 2, 3))
        )
        with pytest.raises(InvalidConfigError) as caught:
            builder.build()
        expected = [
            "$.name",
            "$.count",
            "$.share",
            "$.flag",
            "$.mode",
            "$.many[1]",
            "$.many[2]",
            "$.pair",
        ]
        assert expected == [p.path for p in caught.value.problems]
        assert "$.name is not set" in str(caught.value)

    def test_a_long_list_of_problems_is_cut(self) -> None:
        """Ten are shown."""
        with pytest.raises(InvalidConfigError, match="and 2 more"):
            sample(many=["q"] * 12)

    def test_validate_raises_like_build(self) -> None:
        """Classic code calls validate itself."""
        with pytest.raises(InvalidConfigError):
            EvaluatorConfig.builder("SAMPLE").validate()

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("count", True),
            ("count", "x"),
            ("share", True),
            ("share", None),
            ("name", 3),
            ("many", "text"),
            ("many", 3),
            ("by_class", [1]),
            ("flag", "yes"),
        ],
    )
    def test_wrong_types_are_refused(self, name: str, value: object) -> None:
        """Nothing is guessed."""
        with pytest.raises(InvalidConfigError):
            sample(**{name: value})

    def test_kind_conversions(self, tmp_path: Any) -> None:
        """Whole floats are numbers, paths are text, iterables are lists."""
        config = sample(count=4.0, uri=tmp_path, many=(1, 2), by_class={"1": 2, "2": None})
        assert (4, str(tmp_path), [1, 2], {1: 2.0, 2: None}) == (
            config.count,
            config.uri,
            config.many,
            config.by_class,
        )

    def test_checks_say_what_they_want(self) -> None:
        """The message names the condition and the value."""
        with pytest.raises(InvalidConfigError, match=r"must be between 0 and 1, not 2\.0"):
            sample(share=2)

    def test_check_on_a_value(self) -> None:
        """A declared value that is no config is checked as well."""
        with pytest.raises(InvalidConfigError, match="size must be positive"):
            Inner(0).check()
        Inner(1).check()

    def test_not_empty(self) -> None:
        """An empty list can be refused."""
        assert not not_empty.test([])


class TestConstructor:
    """Configs can be constructed by position and by name."""

    def test_positions_follow_the_declaration(self) -> None:
        """Own fields come first."""
        assert ("x", 5) == (SampleConfig("x", 5).name, SampleConfig("x", count=5).count)

    @pytest.mark.parametrize("kwargs", [{"name": "again"}, {"unknown": 1}])
    def test_wrong_names_are_refused(self, kwargs: dict[str, Any]) -> None:
        """As in any call."""
        with pytest.raises(TypeError):
            SampleConfig("x", **kwargs)

    def test_too_many_values_are_refused(self) -> None:
        """As in any call."""
        with pytest.raises(TypeError, match="takes 1 values"):
            Inner(1, 2)

    def test_repr_shows_the_values(self) -> None:
        """A config can be read in a debugger."""
        assert "Inner(size=4)" == repr(Inner(4))


def round_trip(config: SampleConfig) -> SampleConfig:
    """Send a config through its message and the message through bytes."""
    message = config.to_proto()
    back: SampleConfig = EvaluatorConfig.from_proto(
        type(message).FromString(message.SerializeToString())
    )
    return back


class TestMessages:
    """A config survives the way through its message."""

    def test_a_plugin_config_travels_in_custom_config(self) -> None:
        """Its author writes neither to_proto nor from_proto."""
        config = sample(count=8, by_class={3: None}, inner=[sample(count=1)], pair=(3, 4))
        back = round_trip(config)
        assert config.to_plain() == back.to_plain()
        assert isinstance(back.inner[0], SampleConfig)

    @given(
        count=st.integers(0, 2**31),
        huge=st.none() | st.integers(-(2**70), 2**70),
        share=st.floats(0, 1),
        text=st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
        many=st.lists(st.integers(-(2**60), 2**60)),
        bufs=st.dictionaries(st.integers(0, 99), st.none() | st.floats(allow_nan=False)),
    )
    def test_round_trip(
        self, count: int, huge: int, share: float, text: str, many: list[int], bufs: Any
    ) -> None:
        """Numbers of any size, infinities and any text come back as they were."""
        own = Registry(registry.default())
        Registrar(own).register_config(SampleConfig)
        with registry.use(own):
            config = SampleConfig(text, count, share, many=many, by_class=bufs, huge=huge)
            assert config.to_plain() == round_trip(config).to_plain()

    def test_not_a_number_survives(self) -> None:
        """NaN travels as text."""
        back = round_trip(sample(by_class={1: math.nan}))
        assert back.by_class is not None
        assert math.isnan(back.by_class[1] or 0)

    def test_an_unknown_field_is_refused(self) -> None:
        """A message of another version of the plugin is not half understood."""
        message = sample().to_proto()
        message.custom_config["colour"] = "red"
        with pytest.raises(InvalidConfigError, match=r"\$\.colour is no field"):
            EvaluatorConfig.from_proto(message)

    def test_problems_in_nested_messages_have_the_whole_path(self) -> None:
        """The path leads to the culprit."""
        message = sample(inner=[sample()]).to_proto()
        message.custom_config["inner"][0]["custom_config"]["count"] = -3
        with pytest.raises(InvalidConfigError, match="count must not be negative"):
            EvaluatorConfig.from_proto(message)


class TestPlainAndCopies:
    """Plain values and copies."""

    def test_fields_that_change_nothing_stay_out(self) -> None:
        """A note is no reason to run again."""
        assert sample(note="a").to_plain() == sample(note="b").to_plain()

    def test_the_key_is_part(self) -> None:
        """Two configs of different type differ."""
        assert "SAMPLE" == sample().to_plain()["evaluator_type"]

    def test_a_clone_shares_nothing(self) -> None:
        """Changing a copy leaves the original alone."""
        config = sample(inner=[sample()], many=[1], by_class={1: 2.0})
        other = config.clone()
        other.inner[0].__dict__["count"] = 99
        other.many.append(2)
        (other.by_class or {})[5] = 1.0
        assert (3, [1], {1: 2.0}) == (
            config.inner[0].__dict__["count"],
            config.many,
            config.by_class,
        )

    def test_walk_finds_nested_configs(self) -> None:
        """Depth first, itself included."""
        assert 3 == len(list(sample(inner=[sample(), sample()]).walk()))

    def test_something_that_cannot_be_stored_is_refused(self) -> None:
        """It would be lost on the way."""
        config = sample()
        config.__dict__["note"] = None
        config.__dict__["name"] = object()
        with pytest.raises(TypeError, match="cannot be stored"):
            config.to_plain()


class TestCommands:
    """What a config does for commands."""

    def test_declared_uris_are_reported(self) -> None:
        """Inputs and outputs follow from the fields, nested ones included."""
        config = sample(uri="/in", out="/out", inner=[sample(uri="/in2")])
        io_def = CommandIODefinition()
        config.report_io("EVAL", io_def)
        assert ({"/in", "/in2"}, {"/out"}) == (set(io_def.input_uris), set(io_def.output_uris))

    def test_nothing_is_reported_for_other_commands(self) -> None:
        """A field names its commands."""
        io_def = CommandIODefinition()
        sample(uri="/in", out="/out").report_io("TRAIN", io_def)
        assert not io_def.input_uris | io_def.output_uris

    def test_prune_resets_what_a_command_does_not_use(self) -> None:
        """A message holds no more than its command needs."""
        config = sample(uri="/in")
        config.prune("TRAIN")
        assert config.uri is None

    def test_relative_uris_become_absolute(self, tmp_path: Any, monkeypatch: Any) -> None:
        """Messages hold absolute URIs."""
        monkeypatch.chdir(tmp_path)
        config = sample(uri="a b/ü.json", out="s3://bucket/x")
        make_uris_absolute(config)
        assert (str(tmp_path / "a b/ü.json"), "s3://bucket/x") == (config.uri, config.out)


class ClassicConfig(EvaluatorConfig):
    """Written the classic way."""

    def __init__(self, message: str, items: Any = None) -> None:
        super().__init__("CLASSIC")
        self.message = message  # type: ignore[misc, assignment]
        self.items = items

    def to_proto(self) -> Any:
        """Store the message by hand."""
        from rvcli.protos.evaluator_pb2 import EvaluatorConfig as Message

        return Message(evaluator_type=self.evaluator_type, custom_config={"message": self.message})


class ClassicConfigBuilder(EvaluatorConfigBuilder):
    """Written the classic way."""

    def __init__(self, prev: Any = None) -> None:
        self.config = {}
        if prev is not None:
            self.config = {"message": prev.message}
        super().__init__(ClassicConfig, self.config)

    def from_proto(self, msg: Any) -> Any:
        """Read the message by hand."""
        return self.with_message(msg.custom_config["message"])

    def with_message(self, message: str) -> Any:
        """Set the message, the classic way."""
        builder = copy.deepcopy(self)
        builder.config["message"] = message
        return builder

    def validate(self) -> None:
        """Insist on a message."""
        if not self.config.get("message"):
            raise ConfigError("message is missing")


class TestClassic:
    """Configs and builders that are written by hand."""

    @pytest.fixture(autouse=True)
    def _register(self, _sample_registry: Registry) -> None:
        Registrar(_sample_registry).register_config_builder(
            keys.EVALUATOR, "CLASSIC", ClassicConfigBuilder
        )

    def test_it_builds_and_round_trips(self) -> None:
        """The old way works unchanged."""
        config = EvaluatorConfig.builder("CLASSIC").with_message("hi").build()
        back = EvaluatorConfig.from_proto(config.to_proto())
        assert ("hi", "CLASSIC") == (back.message, back.evaluator_type)

    def test_its_own_validation_counts(self) -> None:
        """build() calls validate()."""
        with pytest.raises(ConfigError, match="message is missing"):
            EvaluatorConfig.builder("CLASSIC").build()

    def test_to_builder_goes_through_the_registry(self) -> None:
        """The registered builder starts from the config."""
        config = EvaluatorConfig.builder("CLASSIC").with_message("hi").build()
        assert "hi" == config.to_builder().build().message

    def test_plain_values_come_from_its_message(self) -> None:
        """What it stores is what counts."""
        config = EvaluatorConfig.builder("CLASSIC").with_message("hi").build()
        assert {"evaluator_type": "CLASSIC", "custom_config": {"message": "hi"}} == (
            config.to_plain()
        )

    def test_a_clone_is_deep(self) -> None:
        """Nobody knows what it holds."""
        config = ClassicConfig("hi", [1])
        config.clone().items.append(2)
        assert [1] == config.items

    def test_it_may_carry_anything(self) -> None:
        """Its message may name plugins that nobody else can see."""
        assert (True, False) == (ClassicConfig("hi").carries_itself(), sample().carries_itself())


class Updating(ClassicConfig):
    """A classic config whose update reports its own inputs and outputs."""

    def __init__(self, form: str) -> None:
        super().__init__(form)

    def update_for_command(
        self, command_type: str, experiment_config: Any, *args: Any, **kw: Any
    ) -> Any:
        """Answer in one of the known forms."""
        io_def = CommandIODefinition()
        io_def.add_input("/made")
        if self.message == "none":
            return None
        if self.message == "io":
            return io_def
        if self.message in ("pair", "replaced"):
            return Updating("replaced"), io_def
        kw["io_def"].add_input("/filled")
        return None


@pytest.mark.parametrize(
    ("form", "inputs", "message"),
    [
        ("none", set(), "none"),
        ("io", {"/made"}, "io"),
        ("pair", {"/made"}, "replaced"),
        ("filled", {"/filled"}, "filled"),
    ],
)
def test_every_form_of_update(form: str, inputs: set[str], message: str) -> None:
    """What an update did or returned is the report of a config that has none."""
    from rvcli.config import update

    updated = update(Updating(form), "EVAL", None, [])
    io_def = CommandIODefinition()
    updated.report_io("EVAL", io_def)
    assert (message, inputs) == (updated.message, set(io_def.input_uris))


def test_a_config_without_creator_says_so() -> None:
    """A family has a creator that its members must write."""
    with pytest.raises(NotImplementedError, match="SampleConfig has no create_evaluator"):
        sample().create_evaluator()


def test_a_class_without_group_builds_itself() -> None:
    """Scenes and datasets are in no registry."""

    class Lone(Config):
        """Alone."""

        message = "scene_pb2:SceneConfig"
        id: str = field(doc="Id.")

    lone = Lone.builder().with_id("x").build()
    assert "x" == Lone.from_proto(lone.to_proto()).id


class OwnerConfig(EvaluatorConfig):
    """A plugin's config that holds classes, scenes and a declared value."""

    key = "OWNER"

    class_map: ClassMap = field(doc="Classes.")
    scene: SceneConfig | None = field(default=None, doc="A scene.")
    scenes: list[SceneConfig] = field(default_factory=list, doc="Scenes.")
    inner: Inner = field(default_factory=Inner, doc="A value.")


def test_values_of_every_kind_travel_in_custom_config() -> None:
    """Classes, configs without a family and declared values come back as what they were."""
    Registrar(registry.current()).register_config(OwnerConfig)
    scene = SceneConfig.builder().with_id("s").with_raster_source("x.tif").build()
    builder = EvaluatorConfig.builder("OWNER").with_class_map({"a": (1, "red"), "b": 2})
    config = builder.with_scene(scene).with_scenes([scene]).with_inner(Inner(5)).build()
    back = EvaluatorConfig.from_proto(config.to_proto())
    assert config.to_plain() == back.to_plain()
    assert (config.class_map, "s", Inner) == (back.class_map, back.scenes[0].id, type(back.inner))


class Span(Declared):
    """A declared value with a condition on two of its fields."""

    low: int = field(default=0, doc="From.")
    high: int = field(default=1, doc="To.")

    def problems(self) -> Iterator[Problem]:
        """Check that low is below high."""
        if self.low >= self.high:
            yield Problem("$.high", f"is not above {self.low}")


class SpanConfig(EvaluatorConfig):
    """A config that holds them."""

    key = "SPAN"

    inner: Inner = field(default_factory=Inner, doc="A value.")
    spans: list[Span] = field(default_factory=list, doc="More.")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"inner": Inner(0)}, r"\$\.inner\.size must be positive"),
        ({"inner": {"size": 0}}, r"\$\.inner\.size must be positive"),
        ({"spans": [Span(), Span(3, 2)]}, r"\$\.spans\[1\]\.high is not above 3"),
    ],
)
def test_declared_values_are_checked_with_their_owner(values: dict[str, Any], problem: str) -> None:
    """What is wrong inside a declared value keeps its owner from being built."""
    Registrar(registry.current()).register_config(SpanConfig)
    with pytest.raises(InvalidConfigError, match=problem):
        EvaluatorConfig.builder("SPAN").set(**values).build()
