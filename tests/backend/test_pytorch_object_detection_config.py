"""The config of object detection with PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli import keys
from rvcli.backend.backend_config import BackendConfig
from rvcli.config import InvalidConfigError
from rvcli.task.task_config import TaskConfig


def task(chip_size: int = 300) -> Any:
    """Describe a task of two classes."""
    builder = TaskConfig.builder(keys.OBJECT_DETECTION).with_classes(["a", "b"])
    return builder.with_chip_size(chip_size).build()


def builder() -> Any:
    """Start a config."""
    return BackendConfig.builder(keys.PYTORCH_OBJECT_DETECTION).with_task(task())


def test_defaults_are_those_of_the_reference() -> None:
    """With and without a call of with_train_options."""
    plain = vars(builder().build().train_options())
    assert plain == vars(builder().with_train_options().build().train_options())
    expected = {
        "batch_size": 8,
        "lr": 1e-4,
        "one_cycle": True,
        "num_epochs": 5,
        "model_arch": "resnet18",
        "sync_interval": 1,
        "debug": False,
        "log_tensorboard": True,
        "run_tensorboard": True,
    }
    assert expected == {name: plain[name] for name in expected}


def test_train_options_are_in_the_order_of_the_reference() -> None:
    """Positional arguments of older experiments mean what they meant."""
    config = builder().with_train_options(4, 0.1, False, 7, "resnet34", 2, False, False, True)
    options = vars(config.build().train_options())
    names = ("batch_size", "lr", "one_cycle", "num_epochs", "model_arch", "sync_interval")
    assert (4, 0.1, False, 7, "resnet34", 2) == tuple(options[name] for name in names)
    names = ("log_tensorboard", "run_tensorboard", "debug")
    assert (False, False, True) == tuple(options[name] for name in names)


@pytest.mark.parametrize(("given", "margin"), [(None, 50), (0, 0), (70, 70)])
def test_the_margin_is_a_quarter_of_the_chip_size(given: int | None, margin: int) -> None:
    """If nothing else is said; with any the backend finds whole objects."""
    config = builder().build()
    config.predict_margin = given
    backend = config.create_backend(task(chip_size=200))
    assert (margin, margin > 0) == (backend.margin, backend.finds_whole_objects)


def test_options_survive_the_message() -> None:
    """What goes to another process comes back the same."""
    config = builder().with_predict_margin(12).build()
    config.model_options, config.rare_classes, config.desired_prob = {"width": 64}, [2], 0.5
    again = BackendConfig.from_proto(config.to_proto())
    assert 12 == again.predict_margin
    assert config.train_options() == again.train_options()


def test_class_weights_are_refused() -> None:
    """A detector has no weights of classes; the message says what there is instead."""
    with pytest.raises(InvalidConfigError, match="rare_classes draws their chips more often"):
        builder().with_class_weights("balanced").build()
