"""Each example plugin does what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rvcli as rv
from rvcli.errors import ConfigError
from rvcli.registry import Registry

PATHS = sorted((Path(__file__).parents[2] / "plugins_examples").glob("*.py"))


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize("key", ["NOISY_EVALUATOR", "SHORT_NOISY_EVALUATOR"])
def test_noisy_evaluators_print(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both evaluators print what they were given, also after a trip through the message."""
    config = rv.EvaluatorConfig.builder(key).with_noise("Boop!").build()
    again = rv.EvaluatorConfig.from_proto(config.to_proto())
    again.create_evaluator().process(iter([1, 2]), "")
    assert "Boop! (2 scenes)\n" == capsys.readouterr().out


@pytest.mark.usefixtures("examples")
def test_noisy_evaluators_write_the_same_message() -> None:
    """The short way and the classic way differ in nothing but the key."""
    messages = [
        rv.EvaluatorConfig.builder(key).with_noise("Boop!").build().to_proto()
        for key in ("NOISY_EVALUATOR", "SHORT_NOISY_EVALUATOR")
    ]
    assert messages[0].custom_config == messages[1].custom_config


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize(
    ("dtype", "expected"), [("uint8", [255, 1, 128, 0]), ("float32", [3, 1, 2, 0])]
)
def test_normalized_difference_appends_a_channel(dtype: str, expected: list[int]) -> None:
    """The index fills the range of the type, and nodata stays nodata."""
    config = (
        rv.RasterTransformerConfig.builder("NORMALIZED_DIFFERENCE")
        .with_first_channel(1)
        .with_second_channel(0)
        .build()
    )
    chip = np.array([[[0, 9], [9, 0], [9, 9], [0, 0]]], dtype=dtype)
    changed = config.create_transformer().transform(chip)
    assert ((1, 4, 3), dtype) == (changed.shape, str(changed.dtype))
    assert expected == changed[0, :, 2].tolist()
    assert chip.tolist() == changed[..., :2].tolist()


@pytest.mark.usefixtures("examples")
def test_normalized_difference_checks_its_channels() -> None:
    """Both channels must be given, and none can be negative."""
    builder = rv.RasterTransformerConfig.builder("NORMALIZED_DIFFERENCE")
    with pytest.raises(ConfigError, match=r"\$\.second_channel is not set"):
        builder.with_first_channel(0).build()
    with pytest.raises(ConfigError, match=r"\$\.first_channel"):
        builder.with_first_channel(-1).with_second_channel(0).build()


@pytest.mark.usefixtures("examples")
def test_image_summary_runs(imagery: Path, tmp_path: Path) -> None:
    """The command writes what is in each image, and says so beforehand."""
    uris = [str(imagery / "scene0.tif"), str(imagery / "scene1.tif")]
    config = (
        rv.CommandConfig.builder("IMAGE_SUMMARY")
        .with_root_uri(str(tmp_path))
        .with_config(uris=uris, output_dir=str(tmp_path / "out"))
        .build()
    )
    assert [1, 1] == [len(part.config["uris"]) for part in config.split(2)]
    config.create_command().run(str(tmp_path))
    outputs = config.report_io().output_uris
    assert {str(tmp_path / "out" / f"scene{n}.tif.json") for n in range(2)} == set(outputs)
    summary = json.loads((tmp_path / "out" / "scene0.tif.json").read_text())
    assert ([64, 64], 4, "uint16") == (
        summary["size_hw"],
        summary["channels"],
        summary["dtype"],
    )
    assert all(
        50 <= low <= high < 470
        for low, high in zip(summary["lowest"], summary["highest"], strict=True)
    )


def test_examples_import_nothing_heavy(examples: Registry) -> None:
    """Config and registration need no more than the base install."""
    for path in PATHS:
        heads = [line for line in path.read_text().splitlines() if re.match("import|from", line)]
        assert not [line for line in heads if re.search("numpy|rasterio|shapely", line)]
    own: list[Any] = [e for e in examples.entries() if e.origin.kind == "file"]
    assert len(PATHS) == len(own)
