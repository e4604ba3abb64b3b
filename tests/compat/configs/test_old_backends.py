"""Configs of backends whose options are two objects, as SimpleBackendConfig had it in 0.11."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import rvcli as rv
from rvcli import profile
from rvcli.backend.simple_backend_config import BackendOptions

CLASSES = {"a": (1, "red"), "b": (2, "blue")}
PLACES = SimpleNamespace(chip_uri="/r/chip/e", train_uri="/r/train/e")


@pytest.fixture
def net(old: Any) -> Any:
    """Give the module of the plugin."""
    return old("old_net")


def task() -> Any:
    """Build a task."""
    return rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(CLASSES).build()


def build(**options: Any) -> Any:
    """Build a config of the plugin."""
    builder = rv.BackendConfig.builder("OLD_NET").with_task(task())
    return builder.with_train_options(**options).with_pretrained_uri("/p").build()


def test_it_has_its_options(net: Any) -> None:
    """Both objects are attributes of the config, and the type that of the class."""
    config = build(batch_size=2)
    assert ("OLD_NET", 2, "/p", None) == (
        config.backend_type,
        config.train_opts.batch_size,
        config.backend_opts.pretrained_uri,
        config.backend_opts.chip_uri,
    )


def test_it_is_made_of_two_objects(net: Any) -> None:
    """The constructor takes them by position and by name; either is kept as it is."""
    places, training = BackendOptions("/c"), net.TrainOptions(3)
    one = net.OldNetConfig(places, training)
    other = net.OldNetConfig(backend_opts=places, train_opts=training)
    assert [(places, training)] * 2 == [(c.backend_opts, c.train_opts) for c in (one, other)]


def test_its_message_is_json(net: Any) -> None:
    """What it says comes back as it was."""
    message = build(lr=0.5).to_proto()
    content = json.loads(message.custom_config["json"])
    assert (0.5, "/p") == (content["train_opts"]["lr"], content["backend_opts"]["pretrained_uri"])
    again = rv.BackendConfig.from_proto(message)
    assert (net.OldNetConfig, message) == (type(again), again.to_proto())
    assert message == again.to_builder().build().to_proto() == again.clone().to_proto()


def test_builders_branch(net: Any) -> None:
    """What is said to one builder, another does not hear."""
    base = rv.BackendConfig.builder("OLD_NET").with_task(task()).with_train_options()
    one, other = base.with_model_uri("/1").build(), base.with_model_uri("/2").build()
    assert ("/1", "/2") == (one.backend_opts.model_uri, other.backend_opts.model_uri)
    one.train_opts.lr = 7
    assert 1e-4 == other.train_opts.lr


def test_it_is_for_its_tasks(net: Any) -> None:
    """Another task is refused."""
    other = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION).with_classes(["a"]).build()
    with pytest.raises(rv.ConfigError, match="cannot do CHIP_CLASSIFICATION"):
        rv.BackendConfig.builder("OLD_NET").with_task(other)


def test_it_makes_the_backend_of_its_class(net: Any) -> None:
    """The backend gets the task and both objects."""
    config = build()
    made = config.create_backend(task())
    assert (net.OldNet, config.backend_opts) == (type(made), made.backend_opts)
    assert config.train_opts is made.train_opts


@pytest.mark.parametrize(
    ("command", "inputs", "outputs"),
    [
        ("ANALYZE", set(), set()),
        ("CHIP", set(), {"/r/chip/e"}),
        (
            "TRAIN",
            {"/r/chip/e", "/p"},
            {"/r/train/e/model", "/r/train/e/train-done.txt"},
        ),
        ("PREDICT", {"/r/train/e/model"}, set()),
        ("EVAL", set(), set()),
        ("BUNDLE", {"/r/train/e/model"}, set()),
    ],
)
def test_what_it_reads_and_writes(
    net: Any, command: str, inputs: set[str], outputs: set[str]
) -> None:
    """Places follow from the experiment, and commands from each other."""
    config = build()
    config.update_for_command(command, PLACES)
    io_def = rv.core.CommandIODefinition()
    config.report_io(command, io_def)
    assert (inputs, outputs) == (io_def.input_uris, io_def.output_uris)


def test_a_model_without_a_place_is_missed(net: Any) -> None:
    """Predicting needs a model; without a place for it that is said."""
    io_def = rv.core.CommandIODefinition()
    build().report_io("PREDICT", io_def)
    assert 1 == len(io_def.missing_input_messages)
    with pytest.raises(rv.ConfigError, match="model_uri"):
        build().save_bundle_files("/tmp")


def test_its_model_travels_in_the_package(net: Any, tmp_path: Any) -> None:
    """The file goes in by name, and is found where the package was unpacked."""
    (tmp_path / "m").write_text("x")
    config = rv.BackendConfig.builder("OLD_NET").with_task(task()).with_train_options()
    saved, files = (
        config.with_model_uri(str(tmp_path / "m"))
        .build()
        .save_bundle_files(str(tmp_path / "bundle"))
    )
    assert ("m", [str(tmp_path / "bundle" / "m")]) == (saved.backend_opts.model_uri, files)
    assert "/there/m" == saved.load_bundle_files("/there").backend_opts.model_uri


class TestPyTorch:
    """The configs that ship show the same face."""

    @pytest.mark.parametrize(
        "name", ["semantic_segmentation", "chip_classification", "object_detection"]
    )
    def test_options_can_be_read_and_given(self, name: str, old: Any) -> None:
        """Of two objects a config can be made, and both read from it."""
        import importlib

        module = importlib.import_module(f"rastervision.backend.pytorch_{name}_config")
        task_type = name.upper()
        builder = rv.BackendConfig.builder(f"PYTORCH_{task_type}")
        task = rv.TaskConfig.builder(task_type).with_classes(["a", "b"]).build()
        config = builder.with_task(task).with_train_options(3, lr=0.5).with_model_uri("/m").build()
        assert module.TrainOptions is type(config.train_opts)
        assert (3, 0.5, "/m") == (
            config.train_opts.batch_size,
            config.train_opts.lr,
            config.backend_opts.model_uri,
        )
        again = type(config)(config.backend_opts, config.train_opts)
        assert config.to_plain() == again.to_plain()

    def test_an_old_message_is_read(self, old: Any) -> None:
        """JSON of both objects becomes the fields of today."""
        message = rv.protos.backend_pb2.BackendConfig(backend_type=rv.PYTORCH_SEMANTIC_SEGMENTATION)
        options = {
            "backend_opts": {"chip_uri": "/c", "train_done_uri": "/d", "pretrained_uri": None},
            "train_opts": {"batch_size": 2, "model_arch": "resnet18", "lr": 1e-3},
        }
        message.custom_config.update({"json": json.dumps(options)})
        config = rv.BackendConfig.from_proto(message)
        assert ("/c", 2, "resnet18", True) == (
            config.chip_uri,
            config.batch_size,
            config.model_arch,
            config.one_cycle,
        )

    def test_options_can_be_set(self) -> None:
        """Setting one of the objects sets the fields."""
        config = rv.BackendConfig.builder(rv.PYTORCH_SEMANTIC_SEGMENTATION).build()
        training = config.train_opts
        training.batch_size = 5
        config.train_opts = training
        config.backend_opts = BackendOptions(chip_uri="/c")
        assert (5, "/c") == (config.batch_size, config.chip_uri)


def test_signatures_are_those_of_old() -> None:
    """The constructors of options have the parameters of release 0.11."""
    assert "(chip_uri, train_uri, train_done_uri, model_uri, pretrained_uri)" == names(
        BackendOptions
    )
    assert "(backend_opts, train_opts)" == names(rv.SimpleBackendConfig)
    assert "(prev_config)" == names(rv.backend.SimpleBackendConfigBuilder)


def names(component: Any) -> str:
    """Return the names of the parameters."""
    return f"({', '.join(inspect.signature(component).parameters)})"


def test_model_defaults_of_the_profile(tmp_path: Path) -> None:
    """A backend of a plugin takes the model that the file names for it."""

    class Builder(rv.BackendConfigBuilder):
        def __init__(self, prev: Any = None) -> None:
            super().__init__("MINE", rv.BackendConfig, {})

    file = tmp_path / "models.json"
    file.write_text(json.dumps({"MINE": {"SMALL": {"pretrained_model_uri": "/small"}}}))
    settings = profile.load_settings(overrides=[f"RV.model_defaults_uri={file}"])
    with profile.use(settings):
        new = Builder().with_model_defaults("SMALL")
        assert "/small" == new.config["pretrained_model_uri"]
        with pytest.raises(rv.ConfigError, match="no model defaults 'LARGE'"):
            Builder().with_model_defaults("LARGE")
