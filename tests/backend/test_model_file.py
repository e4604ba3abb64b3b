"""Model files: what goes in comes out; what is not whole, or foreign, is refused by name."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rvcli.backend.model_file import pack_model, unpack_model
from rvcli.errors import DataError

PARTS = {"model.onnx": b"trees" * 50, "weights.safetensors": b"numbers"}
MODEL = pack_model("rv model", 3, {"classes": [1, 3]}, PARTS)


def unpack(path: Path, uri: str = "u") -> Any:
    """Unpack a model of that kind."""
    return unpack_model(path, uri, "rv model", 3)


def test_a_model_comes_back(tmp_path: Path) -> None:
    """Header and parts are those that were packed, and the header can be read by people."""
    (tmp_path / "m").write_bytes(MODEL)
    header, parts = unpack(tmp_path / "m")
    assert ("rv model", 3, [1, 3]) == (header["format"], header["version"], header["classes"])
    assert PARTS == parts
    with zipfile.ZipFile(tmp_path / "m") as file:
        assert header == json.loads(file.read("header.json"))


def test_the_same_model_gives_the_same_bytes() -> None:
    """The bytes depend on the model alone."""
    assert MODEL == pack_model("rv model", 3, {"classes": [1, 3]}, dict(PARTS))


@given(st.floats(0, 1, exclude_max=True))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_part_of_a_model_is_refused(tmp_path: Path, share: float) -> None:
    """A file that was cut off anywhere is refused by its name."""
    (tmp_path / "m").write_bytes(MODEL[: int(share * len(MODEL))])
    with pytest.raises(DataError, match="s3://bucket/m is no whole model"):
        unpack(tmp_path / "m", "s3://bucket/m")


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    """A pickled object is not even looked into."""
    (tmp_path / "m").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(DataError, match="no whole model"):
        unpack(tmp_path / "m")


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    """A model that is not there is named."""
    with pytest.raises(DataError, match="u is no whole model"):
        unpack(tmp_path / "m")


def test_another_part_is_refused(tmp_path: Path) -> None:
    """A part that is not that of the header is refused by its name."""
    (tmp_path / "n").write_bytes(MODEL)
    with zipfile.ZipFile(tmp_path / "n") as other, zipfile.ZipFile(tmp_path / "m", "w") as file:
        for name in other.namelist():
            file.writestr(name, b"x" if name == "model.onnx" else other.read(name))
    with pytest.raises(DataError, match=r"damaged: the digest of model\.onnx"):
        unpack(tmp_path / "m")


@pytest.mark.parametrize("header", ["[]", "{}", '{"format": 3}', "nonsense"])
def test_a_foreign_header_is_refused(tmp_path: Path, header: str) -> None:
    """A zip with some other header is refused."""
    with zipfile.ZipFile(tmp_path / "m", "w") as file:
        file.writestr("header.json", header)
    with pytest.raises(DataError, match="u is no whole model"):
        unpack(tmp_path / "m")


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    """What it is and what is wanted are both named."""
    (tmp_path / "m").write_bytes(pack_model("other model", 1, {}, {}))
    with pytest.raises(DataError, match="'other model' of version 1, not 'rv model' of version 3"):
        unpack(tmp_path / "m")
