"""Model files: what goes in comes out; what is not whole, or foreign, is refused by name."""

from __future__ import annotations

import dataclasses
import json
import pickle
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rvcli.backend.model_file import PixelModel, model_bytes, read_model
from rvcli.backend.pixel_features import FeatureSpec
from rvcli.errors import DataError

MODEL = PixelModel(
    spec=FeatureSpec(4, (1, 2, 4)),
    class_ids=(1, 3),
    onnx=b"trees" * 50,
    notes={"seed": 3},
)


def test_a_model_comes_back(tmp_path: Path) -> None:
    """All of a model is in the file."""
    (tmp_path / "m").write_bytes(model_bytes(MODEL))
    assert MODEL == read_model(tmp_path / "m", "u")


def test_the_same_model_gives_the_same_bytes() -> None:
    """The bytes depend on the model alone."""
    assert model_bytes(MODEL) == model_bytes(dataclasses.replace(MODEL))


def test_the_header_tells_what_the_model_is(tmp_path: Path) -> None:
    """The header can be read without this program."""
    (tmp_path / "m").write_bytes(model_bytes(MODEL))
    with zipfile.ZipFile(tmp_path / "m") as file:
        header = json.loads(file.read("header.json"))
    assert ("rv pixel classifier", 1, 4, [1, 3]) == tuple(
        header[key] for key in ("format", "version", "bands", "classes")
    )
    assert MODEL.spec.names == header["features"]["names"]


@given(st.floats(0, 1, exclude_max=True))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_part_of_a_model_is_refused(tmp_path: Path, share: float) -> None:
    """A file that was cut off anywhere is refused by its name."""
    content = model_bytes(MODEL)
    (tmp_path / "m").write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match="s3://bucket/m is no whole model"):
        read_model(tmp_path / "m", "s3://bucket/m")


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    """A pickled object is not even looked into."""
    (tmp_path / "m").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(DataError, match="no whole model"):
        read_model(tmp_path / "m", "m")


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    """A model that is not there is named."""
    with pytest.raises(DataError, match="u is no whole model"):
        read_model(tmp_path / "m", "u")


def test_other_trees_are_refused(tmp_path: Path) -> None:
    """Trees that are not those of the header are refused."""
    with zipfile.ZipFile(tmp_path / "m", "w") as file:
        (tmp_path / "n").write_bytes(model_bytes(MODEL))
        with zipfile.ZipFile(tmp_path / "n") as other:
            file.writestr("header.json", other.read("header.json"))
        file.writestr("model.onnx", b"others")
    with pytest.raises(DataError, match="damaged: its digest"):
        read_model(tmp_path / "m", "u")


@pytest.mark.parametrize("header", ["[]", "{}", '{"format": 3}', "nonsense"])
def test_a_foreign_header_is_refused(tmp_path: Path, header: str) -> None:
    """A zip with some other header is refused."""
    with zipfile.ZipFile(tmp_path / "m", "w") as file:
        file.writestr("header.json", header)
        file.writestr("model.onnx", b"")
    with pytest.raises(DataError, match="u is no whole model"):
        read_model(tmp_path / "m", "u")


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model with features of another version is not applied with these."""
    monkeypatch.setattr("rvcli.backend.model_file.FEATURES_VERSION", 9)
    (tmp_path / "m").write_bytes(model_bytes(MODEL))
    monkeypatch.undo()
    with pytest.raises(DataError, match="of version 1 with features 9, not"):
        read_model(tmp_path / "m", "u")
