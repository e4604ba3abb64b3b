"""KERAS_CLASSIFICATION has the message that older releases wrote, and their builder."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import json_format

import rvcli as rv
from rvcli import keys
from rvcli.backend.keras.options import KerasOptions

TEMPLATE = {
    "model": {"type": "RESNET50", "weights": None},
    "trainer": {
        "optimizer": {"type": "ADAM", "init_lr": 0.001},
        "options": {"nb_epochs": 5, "batch_size": 16, "save_best": True},
    },
}


@pytest.fixture
def builder() -> Any:
    """Give a builder."""
    task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION).with_classes(["a", "b"]).build()
    builder = rv.BackendConfig.builder(keys.KERAS_CLASSIFICATION).with_task(task)
    return builder.with_template(TEMPLATE)


def test_a_message_comes_back_exactly(builder: Any) -> None:
    """It is that of older releases."""
    config = builder.with_train_options(60, False, True).with_model_uri("/m").build()
    message = config.to_proto()
    again = rv.BackendConfig.from_proto(message)
    assert "keras_classification_config" == message.WhichOneof("backend_config")
    assert config.to_plain() == again.to_plain()
    texts = [json.dumps(c.kc_config, sort_keys=True) for c in (config, again)]
    assert texts[0] == texts[1]


def test_a_message_of_old_says_the_same(builder: Any) -> None:
    """With what it leaves out by default."""
    old = {
        "backendType": "KERAS_CLASSIFICATION",
        "kerasClassificationConfig": {"kcConfig": TEMPLATE, "modelUri": "/m", "syncInterval": 60},
    }
    message = json_format.ParseDict(old, rv.BackendConfig.message_class()())
    config = builder.with_model_uri("/m").with_train_options(sync_interval=60).build()
    assert config.to_plain() == rv.BackendConfig.from_proto(message).to_plain()


def test_methods_change_the_template_in_its_own_spelling(builder: Any) -> None:
    """Old code reads what it has set."""
    config = builder.with_batch_size(2).with_num_epochs(3).build()
    assert {"nb_epochs": 3, "batch_size": 2, "save_best": True} == (
        config.kc_config["trainer"]["options"]
    )
    options = KerasOptions.read(config.kc_config)
    assert (2, 3, 0.001) == (options.batch_size, options.epochs, options.learning_rate)


def test_options_are_read_by_their_older_names(builder: Any) -> None:
    """As old tests of plugins do."""
    config = builder.with_training_data_uri("/d").with_training_output_uri("/o").build()
    assert ("/d", "/o", 600, True, False) == (
        config.training_data_uri,
        config.training_output_uri,
        *vars(config.train_options).values(),
    )


@pytest.mark.parametrize("is_task_first", [True, False])
def test_the_template_has_the_classes_and_chip_size_of_the_task(is_task_first: bool) -> None:
    """Wherever it names them, whatever comes first."""
    options = {"input_size": 300, "class_names": ["TEMPLATE"], "nb_epochs": 1}
    template = {"model": {"input_size": 300}, "trainer": {"options": options}}
    task = (
        rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION).with_chip_size(64).with_classes(["a", "b"])
    ).build()
    builder = rv.BackendConfig.builder(keys.KERAS_CLASSIFICATION)
    if is_task_first:
        config = builder.with_task(task).with_template(template).build()
    else:
        config = builder.with_template(template).with_task(task).build()
    expected = {"input_size": 64, "class_names": ["a", "b"], "nb_epochs": 1}
    assert {"model": {"input_size": 64}, "trainer": {"options": expected}} == config.kc_config
