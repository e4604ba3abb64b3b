"""The weights that models start from, and how they come back from files."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rvcli.backend.pytorch.torch_model_file import ModelFile
from rvcli.errors import ConfigError, DataError

torch = pytest.importorskip("torch")

Make = Callable[..., Any]


def notes_of(backend: Any) -> dict[str, Any]:
    """Read the notes in the model of a backend."""
    uri = backend.places.model()
    return dict(ModelFile.read(Path(uri), uri, backend.model_format).notes)


def test_published_weights_that_cannot_be_fetched_are_no_end(
    classification: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Training starts from random weights; a warning and the model say so."""
    backend = classification(model_arch="mobilenet_v3_small", pretrained=True, num_epochs=1)
    backend.train(str(tmp_path / "tmp"))
    assert "training starts from random weights" in caplog.text
    assert notes_of(backend)["initial_weights"].startswith("random: the published weights of")


@pytest.mark.parametrize("arch", ["timm:mobilenetv3_small_050", "timm:test_vit"])
def test_weights_of_timm_that_cannot_be_fetched_are_no_end(arch: str) -> None:
    """The same for weights that come from elsewhere."""
    pytest.importorskip("timm")
    from rvcli.backend.pytorch.architectures import WeightsUnavailableError, classifier
    from rvcli.backend.pytorch.model_spec import ModelSpec

    spec = ModelSpec(arch, {}, 3, (1, 2), ("a", "b"), (64, 64), ("uint8",), (0.0,) * 3, (1.0,) * 3)
    with pytest.raises(WeightsUnavailableError, match="published weights"):
        classifier(spec, pretrained=True)


def test_published_weights_are_taken_where_they_can_be_had(
    classification: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All fit but the last layer, whose classes are others."""
    from torchvision.models import mobilenet_v3_small

    published = mobilenet_v3_small(weights=None).state_dict()
    monkeypatch.setattr(
        "torchvision.models._api.load_state_dict_from_url", lambda *_, **__: published
    )
    backend = classification(
        model_arch="mobilenet_v3_small",
        pretrained=True,
        num_epochs=1,
        lr=1e-12,
    )
    backend.train(str(tmp_path / "tmp"))
    assert "published" == notes_of(backend)["initial_weights"]
    history = json.loads(Path(backend.places.train_uri, "history.json").read_text())
    assert "published" == history["initial_weights"]
    from safetensors.torch import load_file

    last = load_file(Path(backend.places.train_uri, "last.safetensors"))
    torch.testing.assert_close(
        last["network.features.0.0.weight"], published["features.0.0.weight"]
    )


@pytest.fixture
def trained(segmentation: Make, places: Make, tmp_path: Path) -> Any:
    """Give a backend that has trained."""
    backend = segmentation(replace(places(), train_uri=str(tmp_path / "first")))
    backend.train(str(tmp_path / "tmp"))
    return backend


@pytest.mark.parametrize("file", ["model.zip", "last.safetensors", "state.pt", "nested.pt"])
def test_training_starts_from_a_model(
    trained: Any, segmentation: Make, tmp_path: Path, file: str
) -> None:
    """A model file, safetensors, or a state dict: the weights come over, and the model says so."""
    from safetensors.torch import load_file

    first = Path(trained.places.train_uri)
    state = load_file(first / "last.safetensors")
    torch.save(state, first / "state.pt")
    torch.save({"state_dict": state, "epoch": 3}, first / "nested.pt")
    where = replace(trained.places, pretrained_uri=str(first / file), train_uri=str(tmp_path / "b"))
    backend = segmentation(where, num_epochs=1, lr=1e-12)
    backend.train(str(tmp_path / "tmp"))
    last = load_file(Path(where.train_uri, "last.safetensors"))
    torch.testing.assert_close(
        state["network.network.down.weight"], last["network.network.down.weight"]
    )
    assert notes_of(backend)["initial_weights"].startswith("11 of 11 weights from")


def test_weights_of_other_classes_are_left_out(
    trained: Any, segmentation: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A wider network takes what fits."""
    pretrained = trained.places.model()
    where = replace(trained.places, pretrained_uri=pretrained, train_uri=str(tmp_path / "b"))
    backend = segmentation(where, model_options={"width": 9}, num_epochs=1)
    with caplog.at_level(logging.INFO):
        backend.train(str(tmp_path / "tmp"))
    # The number of batches seen, and the bias of the last layer.
    assert "training starts from 2 of 11 weights" in caplog.text


def test_another_start_is_another_training(
    trained: Any, segmentation: Make, tmp_path: Path
) -> None:
    """Checkpoints know which weights training started from."""
    from rvcli.backend.pytorch.checkpoint import identity

    spec = ModelFile.read(
        Path(trained.places.model()), trained.places.model(), trained.model_format
    ).spec
    identities = {identity(spec, trained.options, ["a"], digest, {}) for digest in ("", "x", "y")}
    assert 3 == len(identities)


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_with_code_is_refused(
    segmentation: Make, places: Make, tmp_path: Path, legacy: bool
) -> None:
    """Nothing of it is executed, in either format of torch.save."""
    path = tmp_path / "evil.pt"
    torch.save({"weight": Evil(tmp_path / "seen")}, path, _use_new_zipfile_serialization=not legacy)
    where = replace(places(), pretrained_uri=str(path))
    with pytest.raises(DataError, match="holds no weights, or more than weights"):
        segmentation(where).train(str(tmp_path / "tmp"))
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text", "holds no weights"),
        (b"", "holds no weights"),
        ({"x": torch.ones(2)}, "none of the 1 weights"),
        ([1, 2], "holds no state dict"),
        ({"x": 1}, "holds no state dict"),
    ],
)
def test_what_is_no_weights_is_refused(
    segmentation: Make, places: Make, tmp_path: Path, content: Any, message: str
) -> None:
    """The message names the file."""
    path = tmp_path / "weights.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(DataError, match=message):
        segmentation(replace(places(), pretrained_uri=str(path))).train(str(tmp_path / "tmp"))


def test_a_zip_of_something_else_is_refused(
    segmentation: Make, places: Make, tmp_path: Path
) -> None:
    """A zip that is no model of ours and none of torch holds no weights."""
    import zipfile

    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("a.txt", "a")
    where = replace(places(), pretrained_uri=str(tmp_path / "x.zip"))
    with pytest.raises(DataError, match="holds no weights"):
        segmentation(where).train(str(tmp_path / "tmp"))


def test_a_model_file_calls_no_function_that_the_config_does_not_name(
    trained: Any, segmentation: Make, tmp_path: Path
) -> None:
    """Code that a file asks for runs only if the config asks for it too."""
    other = segmentation(trained.places, how="torch", model_arch="unet:resnet18")
    with pytest.raises(ConfigError, match="is made by tiny_nets:segment"):
        other.load_model(str(tmp_path / "tmp"))


def test_weights_that_do_not_fit_their_architecture_are_an_error(
    trained: Any, segmentation: Make, tmp_path: Path
) -> None:
    """As when the function that makes the network has changed."""
    from safetensors.torch import save

    uri = trained.places.model()
    file = ModelFile.read(Path(uri), uri, trained.model_format)
    changed = replace(file, weights=save({"x": torch.ones(1)}))
    Path(uri).write_bytes(changed.pack(trained.model_format))
    with pytest.raises(DataError, match="do not fit tiny_nets:segment"):
        segmentation(trained.places, how="torch").load_model(str(tmp_path / "tmp"))
