"""The configs of the PyTorch backends: defaults of the reference, and what is checked."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli import keys
from rvcli.backend.backend_config import BackendConfig
from rvcli.config import InvalidConfigError
from rvcli.task.task_config import TaskConfig

KEYS = (keys.PYTORCH_CHIP_CLASSIFICATION, keys.PYTORCH_SEMANTIC_SEGMENTATION)
TASKS = {
    keys.PYTORCH_CHIP_CLASSIFICATION: keys.CHIP_CLASSIFICATION,
    keys.PYTORCH_SEMANTIC_SEGMENTATION: keys.SEMANTIC_SEGMENTATION,
}
FLIPS = ["HorizontalFlip", "VerticalFlip", "RandomRotate90"]


def builder_of(key: str) -> Any:
    """Start a config with its task."""
    task = TaskConfig.builder(TASKS[key]).with_classes(["a", "b"]).build()
    return BackendConfig.builder(key).with_task(task)


def options_of(config: Any) -> dict[str, Any]:
    """Give the train options of a config."""
    return dict(vars(config.train_options()))


@pytest.mark.parametrize(
    ("key", "epochs", "arch", "augmentors"),
    [(KEYS[0], 1, "resnet18", []), (KEYS[1], 5, "resnet50", FLIPS)],
)
def test_defaults_are_those_of_the_reference(
    key: str, epochs: int, arch: str, augmentors: list[str]
) -> None:
    """With and without a call of with_train_options; where there was no such option, flips."""
    plain = options_of(builder_of(key).build())
    assert plain == options_of(builder_of(key).with_train_options().build())
    expected = {
        "batch_size": 8,
        "lr": 1e-4,
        "one_cycle": True,
        "num_epochs": epochs,
        "model_arch": arch,
        "sync_interval": 1,
        "debug": False,
        "log_tensorboard": True,
        "run_tensorboard": True,
        "augmentors": tuple(augmentors),
        "rare_classes": (),
        "desired_prob": None,
    }
    assert expected == {name: plain[name] for name in expected}


def test_train_options_are_in_the_order_of_the_reference() -> None:
    """Positional arguments of older experiments mean what they meant."""
    config = builder_of(KEYS[0]).with_train_options(
        4, 0.1, False, 7, "resnet34", 2, True, False, False, [1], 0.5, ["Blur"]
    )
    options = options_of(config.build())
    assert (4, 0.1, False, 7, "resnet34", 2) == tuple(
        options[name]
        for name in ("batch_size", "lr", "one_cycle", "num_epochs", "model_arch", "sync_interval")
    )
    assert (True, False, False) == tuple(
        options[name] for name in ("debug", "log_tensorboard", "run_tensorboard")
    )
    assert ((1,), 0.5, ("Blur",)) == tuple(
        options[name] for name in ("rare_classes", "desired_prob", "augmentors")
    )
    other = builder_of(KEYS[1]).with_train_options(4, 0.1, False, 7, "fcn", 2, True, False, False)
    assert (False, "fcn") == (other.build().run_tensorboard, other.build().model_arch)


@pytest.mark.parametrize("key", KEYS)
def test_all_options_survive_the_message(key: str) -> None:
    """What goes to another process comes back the same."""
    config = (
        builder_of(key)
        .with_train_options(
            lr=0.5,
            augmentors=[],
            rare_classes=[2],
            desired_prob=0.25,
            class_weights=[1.0, 2.5],
            early_stopping=3,
            pretrained=False,
            keep="last",
            seed=4,
            model_options={"decoder_channels": [16, 8], "head": {"bias": True}},
        )
        .with_predict_with("onnx")
        .with_export_onnx(False)
        .with_pretrained_uri("/a/model.zip")
        .with_model_uri("/b/model.zip")
        .build()
    )
    back = BackendConfig.from_proto(config.to_proto())
    assert options_of(config) == options_of(back)
    assert config.places() == back.places()
    widths = options_of(back)["model_options"]["decoder_channels"]
    assert [int, int] == [type(width) for width in widths]
    assert ("onnx", "/a/model.zip") == (back.predict_with, back.places().pretrained_uri)


def test_balanced_classes_are_asked_for_by_name() -> None:
    """The name survives the message too."""
    config = builder_of(KEYS[0]).with_train_options(class_weights="balanced").build()
    assert "balanced" == BackendConfig.from_proto(config.to_proto()).train_options().class_weights


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rare_classes": [1]}, "rare_classes need each other"),
        ({"desired_prob": 0.5}, "rare_classes need each other"),
        ({"rare_classes": [1], "desired_prob": 1.5}, "between 0 and 1"),
        ({"class_weights": "equal"}, "must be 'balanced' or numbers"),
        ({"class_weights": [1.0, -1.0]}, "must not be negative"),
        ({"batch_size": 0}, "must be positive"),
        ({"lr": 0.0}, "must be positive"),
        ({"num_epochs": 0}, "must be positive"),
        ({"sync_interval": 0}, "must be positive"),
        ({"early_stopping": 0}, "must be positive"),
        ({"model_arch": ""}, "must not be empty"),
        ({"keep": "first"}, "must be one of 'best', 'last'"),
    ],
)
@pytest.mark.parametrize("key", KEYS)
def test_options_without_meaning_are_refused(
    key: str, options: dict[str, Any], message: str
) -> None:
    """When the config is built, not when it trains."""
    with pytest.raises(InvalidConfigError, match=message):
        builder_of(key).with_train_options(**options).build()


def test_a_backend_is_for_its_task() -> None:
    """Segmentation does not classify chips."""
    from rvcli.errors import ConfigError

    task = TaskConfig.builder(keys.CHIP_CLASSIFICATION).with_classes(["a"]).build()
    with pytest.raises(ConfigError, match="cannot do CHIP_CLASSIFICATION"):
        BackendConfig.builder(keys.PYTORCH_SEMANTIC_SEGMENTATION).with_task(task)


def test_segmentation_sees_imagery_around_its_windows() -> None:
    """32 pixels unless said otherwise."""
    config = builder_of(KEYS[1]).build()
    task = TaskConfig.builder(keys.SEMANTIC_SEGMENTATION).with_classes(["a"]).build()
    assert 32 == config.create_backend(task).margin
    other = builder_of(KEYS[1]).with_predict_margin(0).build()
    assert 0 == other.create_backend(task).margin


@pytest.mark.parametrize("key", KEYS)
def test_how_training_is_watched_changes_no_result(key: str) -> None:
    """Such options stay out of what decides whether to train again."""
    quiet = {"debug": True, "log_tensorboard": False, "run_tensorboard": False, "sync_interval": 9}
    plain = builder_of(key).build().to_plain()
    assert plain == builder_of(key).with_train_options(**quiet).build().to_plain()
    assert plain != builder_of(key).with_train_options(lr=1.0).build().to_plain()
