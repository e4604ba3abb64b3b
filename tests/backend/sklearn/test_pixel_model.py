"""Model files: what goes in comes out; what is not whole, or foreign, is refused by name."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path

import pytest

from rvcli.backend.sklearn.pixel_features import FeatureSpec
from rvcli.backend.sklearn.pixel_model import PixelModel, model_bytes, read_model
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
    assert ("rv pixel classifier", 2, 4, [1, 3]) == tuple(
        header[key] for key in ("format", "version", "bands", "classes")
    )
    assert MODEL.spec.names == header["features"]["names"]


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model with features of another version is not applied with these."""
    monkeypatch.setattr("rvcli.backend.sklearn.pixel_model.FEATURES_VERSION", 9)
    (tmp_path / "m").write_bytes(model_bytes(MODEL))
    monkeypatch.undo()
    with pytest.raises(DataError, match="features of version 9, not 1"):
        read_model(tmp_path / "m", "u")
