"""Builders of TF_DEEPLAB and TF_OBJECT_DETECTION take what they took, and PyTorch does the work."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

import rvcli as rv
from rvcli import keys, notices, profile
from rvcli.backend.translated.deeplab import DEFAULTS as DEEPLAB
from rvcli.backend.translated.object_detection import DEFAULTS as DETECTORS
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.errors import ConfigError
from rvcli.profile import load_settings

CLASSES = {"ground": (1, "black"), "house": (2, "red")}
TFOD = {
    "model": {
        "ssd": {
            "num_classes": 90,
            "image_resizer": {"fixed_shape_resizer": {"height": 300, "width": 300}},
            "feature_extractor": {"type": "ssd_mobilenet_v2"},
        }
    },
    "train_config": {
        "batch_size": 24,
        "num_steps": 200000,
        "optimizer": {
            "rms_prop_optimizer": {
                "learning_rate": {
                    "exponential_decay_learning_rate": {"initial_learning_rate": 0.0004}
                }
            }
        },
        "data_augmentation_options": [{"random_horizontal_flip": {}}, {"ssd_random_crop": {}}],
    },
    "train_input_reader": {"label_map_path": "x"},
}
FLAT = {
    "modelVariant": "xception_65",
    "trainBatchSize": 8,
    "trainingNumberOfSteps": 30000,
    "baseLearningRate": 0.007,
    "atrousRates": [6, 12, 18],
    "outputStride": 16,
    "trainCropSize": [325, 325],
    "numClones": 4,
}


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test find a process in which nothing was told yet."""
    monkeypatch.setattr(notices, "_told", set())


def deeplab() -> Any:
    """Give a builder that knows its task."""
    task = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(CLASSES).with_chip_size(64)
    return rv.BackendConfig.builder(keys.TF_DEEPLAB).with_task(task.build())


def detector() -> Any:
    """Give a builder that knows its task."""
    task = rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_classes(CLASSES).with_chip_size(128)
    return rv.BackendConfig.builder(keys.TF_OBJECT_DETECTION).with_task(task.build())


def options_of(config: Any) -> Any:
    """Return how PyTorch is to train."""
    return config.translated().train_options()


def test_deeplab_takes_all_methods() -> None:
    """Each leaves its trace where old code reads it."""
    config = (
        deeplab()
        .with_model_defaults(keys.MOBILENET_V2)
        .with_train_options("restart", 300, False, True, True)
        .with_num_steps(1000)
        .with_batch_size(4)
        .with_num_clones(2)
        .with_debug(True)
        .with_pretrained_model("http://x.org/deeplab.tar.gz")
        .with_fine_tune_checkpoint_name("name")
        .with_model_uri("/m")
        .with_training_data_uri("/chips")
        .with_training_output_uri("/out")
        .with_script_locations("a.py", "b.py", "c.py")
        .build()
    )
    nested = config.tfdl_config
    assert (4, 1000, 2) == (
        nested["trainBatchSize"],
        nested["trainingNumberOfSteps"],
        nested["numClones"],
    )
    watched = config.train_options
    assert ("restart", 300, False, True, True) == (
        watched.train_restart_dir,
        watched.sync_interval,
        watched.do_monitoring,
        watched.replace_model,
        watched.do_eval,
    )
    assert ("a.py", "b.py", "c.py") == tuple(vars(config.script_locations).values())
    assert ("/m", "/chips", "/out", True, "name") == (
        config.model_uri,
        config.training_data_uri,
        config.training_output_uri,
        config.debug,
        config.fine_tune_checkpoint_name,
    )


def test_object_detection_takes_all_methods() -> None:
    """Each leaves its trace where old code reads it."""
    config = (
        detector()
        .with_template(TFOD)
        .with_batch_size(4)
        .with_num_steps(1000)
        .with_train_options(sync_interval=300, do_monitoring=True, replace_model=True)
        .with_script_locations(model_main_uri="a.py", export_uri="b.py")
        .with_debug(True)
        .with_fine_tune_checkpoint_name("name")
        .build()
    )
    training = config.tfod_config["train_config"]
    assert (4, 1000) == (training["batch_size"], training["num_steps"])
    assert (300, True, True) == tuple(vars(config.train_options).values())
    assert ("a.py", "b.py") == tuple(vars(config.script_locations).values())


def test_the_pipeline_has_classes_and_chip_size_of_the_task() -> None:
    """In the spelling of the template."""
    ssd = detector().with_template(TFOD).build().tfod_config["model"]["ssd"]
    assert (2, {"height": 128, "width": 128}) == (
        ssd["num_classes"],
        ssd["image_resizer"]["fixed_shape_resizer"],
    )


def test_a_template_is_not_changed() -> None:
    """It may be used for several experiments."""
    before = json.dumps(TFOD)
    detector().with_template(TFOD).with_batch_size(1).build()
    assert before == json.dumps(TFOD)


def test_a_template_may_be_a_file(tmp_path: Path) -> None:
    """A JSON file, by its URI."""
    path = tmp_path / "template.json"
    path.write_text(json.dumps(FLAT))
    assert FLAT == deeplab().with_template(str(path)).build().tfdl_config


def test_deeplab_is_translated() -> None:
    """Network, strides and rates, batches, steps and learning rate are those of the template."""
    options = options_of(deeplab().with_template(FLAT).build())
    assert ("deeplabv3plus:tu-xception65", 8, 30000, 0.001) == (
        options.model_arch,
        options.batch_size,
        options.num_steps,
        options.lr,
    )
    assert {
        "encoder_output_stride": 16,
        "decoder_atrous_rates": [6, 12, 18],
    } == options.model_options


def test_deeplab_needs_two_chips_in_a_step() -> None:
    """For one, which is common in old experiments, two are taken, with a notice."""
    config = deeplab().with_template(FLAT).with_batch_size(1).build()
    assert 2 == options_of(config).batch_size
    assert "trainBatchSize=1, for which 2 is taken" in config.translation().left_out


def test_a_pipeline_is_translated() -> None:
    """Network, batches, steps, learning rate and augmentation are those of the template."""
    options = options_of(detector().with_template(TFOD).build())
    assert ("mobilenet_v2", 24, 200000, 0.0004, ("HorizontalFlip",)) == (
        options.model_arch,
        options.batch_size,
        options.num_steps,
        options.lr,
        options.augmentors,
    )


def test_the_flags_may_stand_in_a_part() -> None:
    """Some templates have them in train_options."""
    config = deeplab().with_template({"train_options": {"train_batch_size": 3}}).build()
    assert 3 == options_of(config).batch_size


@pytest.mark.parametrize("key", DEEPLAB)
def test_all_defaults_of_deeplab_are_translated(key: str) -> None:
    """Without a word on what is not."""
    made = deeplab().with_model_defaults(key).build().translation()
    assert ([], 8) == (made.left_out, made.options["batch_size"])


@pytest.mark.parametrize("key", DETECTORS)
def test_all_defaults_of_detectors_are_translated(key: str) -> None:
    """To networks of as many stages."""
    options = options_of(detector().with_model_defaults(key).build())
    assert ("RCNN" in key or "RFCN" in key) == ("fasterrcnn" in options.model_arch)


@pytest.mark.parametrize("builder", [deeplab, detector])
def test_unknown_defaults_are_told(builder: Any) -> None:
    """With the nearest name."""
    with pytest.raises(ConfigError, match="no model defaults") as caught:
        builder().with_model_defaults("SSD_MOBILENET_V2_COC0" if builder is detector else "MOBILE")
    assert caught.value.hint


@pytest.mark.parametrize(("backend", "template"), [(deeplab, FLAT), (detector, TFOD)])
def test_missing_keys_are_refused_passed_over_or_set(backend: Any, template: Any) -> None:
    """As with_config is told; the error names the key."""
    builder = backend().with_template(template)
    nested = builder.config_class.nested
    with pytest.raises(ConfigError, match="no key 'no_such_key'"):
        builder.with_config({"no_such_key": 1})
    kept = builder.with_config({"no_such_key": 1}, ignore_missing_keys=True).build()
    assert "no_such_key" not in getattr(kept, nested)
    added = builder.with_config({"no_such_key": 1}, set_missing_keys=True).build()
    assert 1 == getattr(added, nested)["no_such_key"]


def test_a_key_is_found_in_either_spelling() -> None:
    """In flat and in nested parts."""
    one = deeplab().with_template(FLAT).with_config({"train_batch_size": 2}).build()
    other = detector().with_template(TFOD)
    other = other.with_config({"trainConfig": {"batchSize": 2}}).build()
    assert 2 == one.tfdl_config["trainBatchSize"] == other.tfod_config["train_config"]["batch_size"]


@pytest.mark.parametrize("builder", [deeplab, detector])
def test_a_template_is_needed(builder: Any) -> None:
    """Without one there is an error with the methods that give it."""
    for unfinished in (builder(), builder().with_batch_size(2)):
        with pytest.raises(ConfigError, match="has no template") as caught:
            unfinished.build()
        assert "with_model_defaults" in str(caught.value.hint)


def test_single_values_count_before_and_after_the_template() -> None:
    """The order of methods means nothing, as ever."""
    early = deeplab().with_batch_size(3).with_config({"num_clones": 2}).with_template(FLAT)
    late = deeplab().with_template(FLAT).with_batch_size(3).with_config({"num_clones": 2})
    assert early.build().tfdl_config == late.build().tfdl_config
    assert 3 == late.build().tfdl_config["trainBatchSize"]


def test_nonsense_is_refused() -> None:
    """When the config is built."""
    with pytest.raises(ConfigError, match="trainBatchSize is 'many'"):
        deeplab().with_template({**FLAT, "trainBatchSize": "many"}).build()


def test_another_task_is_refused() -> None:
    """DeepLab gives classes to pixels."""
    task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION).with_classes(CLASSES).build()
    with pytest.raises(ConfigError, match="cannot do CHIP_CLASSIFICATION"):
        rv.BackendConfig.builder(keys.TF_DEEPLAB).with_task(task)


@pytest.mark.parametrize(("backend", "template"), [(deeplab, FLAT), (detector, TFOD)])
def test_a_message_comes_back_exactly(backend: Any, template: Any) -> None:
    """It is that of older releases, whole numbers and all."""
    config = backend().with_template(template).with_model_uri("/m").build()
    message = config.to_proto()
    text = json_format.MessageToJson(message)
    again = rv.BackendConfig.from_proto(json_format.Parse(text, type(message)()))
    assert f"{config.part}" == message.WhichOneof("backend_config")
    assert config.to_plain() == again.to_plain()
    texts = [json.dumps(getattr(c, c.nested), sort_keys=True) for c in (config, again)]
    assert texts[0] == texts[1]


def test_a_message_of_old_says_the_same() -> None:
    """With what it leaves out by default, in the spelling of JSON."""
    part = {"trainPy": "/opt/tf-models/deeplab/train.py", "tfdlConfig": FLAT, "doEval": False}
    old = {"backendType": "TF_DEEPLAB", "tfDeeplabConfig": part}
    message = json_format.ParseDict(old, rv.BackendConfig.message_class()())
    assert (
        deeplab().with_template(FLAT).build().to_plain()
        == rv.BackendConfig.from_proto(message).to_plain()
    )


def test_the_notice_comes_once(caplog: pytest.LogCaptureFixture) -> None:
    """It says what was translated and what was not; a message that is read gives none."""
    builder = deeplab().with_template(FLAT).with_script_locations(train_py="x.py")
    with caplog.at_level(logging.WARNING):
        config = builder.build()
        builder.build()
        rv.BackendConfig.from_proto(config.to_proto())
    (text,) = [record.getMessage() for record in caplog.records]
    assert text.startswith("TF_DEEPLAB runs as PYTORCH_SEMANTIC_SEGMENTATION with model_arch=")
    for words in ("num_steps=30000", "numClones=4", "learning rate 0.007", "scripts"):
        assert words in text


def test_weights_of_tensorflow_are_not_fetched(caplog: pytest.LogCaptureFixture) -> None:
    """They are noticed, kept in the config, and no input of training; those of PyTorch are."""
    builder = deeplab().with_model_defaults(keys.XCEPTION_65)
    old = builder.with_pretrained_model("http://x.org/a.tar.gz?x=1").build()
    new = builder.with_pretrained_model("/a/model.zip").build()
    inputs = []
    for config in (old, new):
        io_def = CommandIODefinition()
        config.report_io(rv.TRAIN, io_def)
        inputs.append(set(io_def.input_uris))
    assert [set(), {"/a/model.zip"}] == inputs
    assert (None, "/a/model.zip") == (
        old.translated().pretrained_model_uri,
        new.translated().pretrained_model_uri,
    )
    assert "the weights of TensorFlow http://x.org/a.tar.gz" in caplog.text


class TestProfile:
    """What a profile says about them."""

    def use(self, tmp_path: Path, text: str) -> Any:
        """Use a profile."""
        (tmp_path / "rv.toml").write_text(text)
        return profile.use(load_settings(cwd=tmp_path, environ={"HOME": str(tmp_path)}))

    def test_it_may_refuse_them(self, tmp_path: Path) -> None:
        """Then the error says what to use instead, with the options."""
        with (
            self.use(tmp_path, "[RV]\ntranslate_tensorflow = false"),
            pytest.raises(ConfigError, match=r"RV\.translate_tensorflow is off") as caught,
        ):
            deeplab().with_template(FLAT).build()
        hint = str(caught.value.hint)
        assert hint.startswith("use rv.PYTORCH_SEMANTIC_SEGMENTATION, with_train_options(")
        assert hint.endswith(".with_num_steps(30000)")

    def test_its_model_defaults_come_first(self, tmp_path: Path) -> None:
        """Where the user has set RV.model_defaults_uri."""
        given = {"pretrained_model_uri": "/own/model.zip", "config": {"trainBatchSize": 3}}
        path = tmp_path / "defaults.json"
        path.write_text(json.dumps({"TF_DEEPLAB": {"MOBILENET_V2": given}}))
        with self.use(tmp_path, f'[RV]\nmodel_defaults_uri = "{path}"'):
            config = deeplab().with_model_defaults(keys.MOBILENET_V2).build()
        assert ({"trainBatchSize": 3}, "/own/model.zip") == (
            config.tfdl_config,
            config.pretrained_model_uri,
        )
