"""What real code relies on: builders of the backends of TensorFlow."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BACKENDS = {
    "KERAS_CLASSIFICATION": ("CHIP_CLASSIFICATION", "RESNET50_IMAGENET"),
    "TF_OBJECT_DETECTION": ("OBJECT_DETECTION", "SSD_MOBILENET_V1_COCO"),
    "TF_DEEPLAB": ("SEMANTIC_SEGMENTATION", "MOBILENET_V2"),
}
TENSORFLOW = ["TF_OBJECT_DETECTION", "TF_DEEPLAB"]


@pytest.fixture(autouse=True)
def told() -> Iterator[None]:
    """Let the notices of what is translated be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def builder(rv: Any, key: str) -> Any:
    """Return the builder of a backend, with its task."""
    task_key, _ = BACKENDS[key]
    task = rv.TaskConfig.builder(task_key).with_classes(["a", "b"]).build()
    return rv.BackendConfig.builder(key).with_task(task)


@pytest.mark.parametrize("key", BACKENDS)
class TestAll:
    """What all three take."""

    def test_model_defaults(self, rv: Any, key: str) -> None:
        """with_model_defaults(key), without the network."""
        assert builder(rv, key).with_model_defaults(BACKENDS[key][1]).build().backend_type == key

    def test_templates(self, rv: Any, key: str, tmp_path: Path) -> None:
        """with_template(dict or URI)."""
        config = builder(rv, key).with_model_defaults(BACKENDS[key][1]).build()
        template = getattr(config, config.nested)
        path = tmp_path / "template.json"
        path.write_text(json.dumps(template))
        from_dict = builder(rv, key).with_template(template).build()
        from_uri = builder(rv, key).with_template(str(path)).build()
        assert from_dict.to_proto() == from_uri.to_proto()

    def test_config(self, rv: Any, key: str) -> None:
        """with_config(dict, ignore_missing_keys=False, set_missing_keys=False)."""
        with_defaults = builder(rv, key).with_model_defaults(BACKENDS[key][1])
        mods = {"nosuchkey": 1}
        with pytest.raises(Exception, match="nosuchkey"):
            with_defaults.with_config(mods)
        with_defaults.with_config(mods, ignore_missing_keys=True).build()
        config = with_defaults.with_config(mods, set_missing_keys=True).build()
        assert 1 == getattr(config, config.nested)["nosuchkey"]

    def test_other_methods(self, rv: Any, key: str) -> None:
        """with_batch_size, with_debug, with_pretrained_model and the URIs."""
        b = builder(rv, key).with_model_defaults(BACKENDS[key][1])
        b = b.with_batch_size(4).with_debug(True).with_pretrained_model("/p/model")
        b = b.with_model_uri("/m/model").with_training_data_uri("/d").with_training_output_uri("/o")
        config = b.build()
        assert ("/p/model", "/m/model", "/d", "/o") == (
            config.pretrained_model_uri,
            config.model_uri,
            config.training_data_uri,
            config.training_output_uri,
        )

    def test_train_options(self, rv: Any, key: str) -> None:
        """The parameters of old, by position and by name, with their defaults."""
        expected = {"sync_interval": 600, "do_monitoring": True, "replace_model": False}
        if key == "TF_DEEPLAB":
            expected = {"train_restart_dir": None, **expected, "do_eval": False}
        method = builder(rv, key).with_model_defaults(BACKENDS[key][1]).with_train_options
        assert expected == {
            p.name: p.default for p in inspect.signature(method).parameters.values()
        }
        method(*expected.values()).build()
        method(**expected).build()

    def test_epochs_and_steps(self, rv: Any, key: str) -> None:
        """with_num_epochs is Keras's; with_num_steps and the checkpoint's name are the others'."""
        b = builder(rv, key).with_model_defaults(BACKENDS[key][1])
        if key in TENSORFLOW:
            b.with_num_steps(10).with_fine_tune_checkpoint_name("mine").build()
            assert not hasattr(type(b), "with_num_epochs")
        else:
            b.with_num_epochs(3).build()
            assert not hasattr(type(b), "with_num_steps")

    def test_it_travels(self, rv: Any, key: str) -> None:
        """A config comes back from its message."""
        config = builder(rv, key).with_model_defaults(BACKENDS[key][1]).with_batch_size(3).build()
        assert config.to_proto() == rv.BackendConfig.from_proto(config.to_proto()).to_proto()


def test_clones(rv: Any) -> None:
    """with_num_clones(n), of TF_DEEPLAB."""
    b = builder(rv, "TF_DEEPLAB").with_model_defaults("MOBILENET_V2")
    assert "TF_DEEPLAB" == b.with_num_clones(2).build().backend_type


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("TF_OBJECT_DETECTION", ["model_main_uri", "export_uri"]),
        ("TF_DEEPLAB", ["train_py", "export_py", "eval_py"]),
    ],
)
def test_script_locations(rv: Any, key: str, names: list[str]) -> None:
    """with_script_locations takes two or three."""
    method = builder(rv, key).with_model_defaults(BACKENDS[key][1]).with_script_locations
    assert names == list(inspect.signature(method).parameters)
    method(**dict.fromkeys(names, "/opt/script.py")).build()


def test_deeplab_learns_from_batches_of_two_at_least(rv: Any) -> None:
    """Test runs had batches of one, from which today's decoder cannot learn."""
    b = builder(rv, "TF_DEEPLAB").with_model_defaults("XCEPTION_65").with_batch_size(1)
    config = b.build()
    made = config.translate(config.tfdl_config)
    assert (2, True) == (made.options["batch_size"], "trainBatchSize=1" in " ".join(made.left_out))
