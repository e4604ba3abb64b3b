"""The config of the store of predicted pixels."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli import keys
from rvcli.config import InvalidConfigError
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.data.label_store.label_store_config import LabelStoreConfig
from rvcli.data.label_store.semantic_segmentation_raster_store_config import (
    SemanticSegmentationRasterStoreConfig,
)
from rvcli.data.label_store.vector_output_config import BuildingOptions, VectorOutput
from rvcli.errors import ConfigError

HOUSES = {"mode": "buildings", "class_id": 1}


def store(*outputs: Any, uri: str | None = "/out/east.tif") -> Any:
    """Make a config with vector outputs."""
    builder = LabelStoreConfig.builder(keys.SEMANTIC_SEGMENTATION_RASTER).with_uri(uri)
    return builder.with_vector_output(outputs).build()


def io_of(config: Any, command: str) -> CommandIODefinition:
    """Give what a config reads and writes during a command."""
    io_def = CommandIODefinition()
    config.report_io(command, io_def)
    return io_def


def test_vector_outputs_may_be_dicts_or_declared() -> None:
    """Dicts with the keys of the message are as good as the declared classes."""
    options = {"min_aspect_ratio": 2, "min_area": 9.5}
    declared = VectorOutput(
        mode="buildings",
        class_id=1,
        denoise=2,
        building_options=BuildingOptions(min_aspect_ratio=2.0, min_area=9.5),
    )
    plain = {**HOUSES, "denoise": 2, "building_options": options}
    assert store(declared).to_plain() == store(plain).to_plain()


def test_they_survive_their_message() -> None:
    """Every option travels, also those that are not set."""
    options = {"min_aspect_ratio": 1.1, "min_area": 3.3}
    options |= {"element_width_factor": 0.3, "element_thickness": 0.2}
    full: dict[str, Any] = {
        **HOUSES,
        "uri": "/x.gpkg",
        "denoise": 3,
        "simplify": 0.1,
        "min_area": 12.3,
    }
    full["building_options"] = options
    config = store(HOUSES, full)
    assert config.to_plain() == LabelStoreConfig.from_proto(config.to_proto()).to_plain()


def test_old_messages() -> None:
    """Of an old message what is not set has the defaults of the old one, but no empty URI."""
    message = store().to_proto()
    output = message.semantic_segmentation_raster_store.vector_output.add(
        mode="buildings", class_id=1
    )
    output.building_options.min_area = 7
    [found] = LabelStoreConfig.from_proto(message).vector_output
    assert (None, 0, None, 0.0) == (found.uri, found.denoise, found.simplify, found.min_area)
    options = found.building_options
    assert (1.618, 7.0, 0.5, 0.001) == (
        *(options.min_aspect_ratio, options.min_area),
        *(options.element_width_factor, options.element_thickness),
    )


def test_constructor_takes_what_the_old_one_took() -> None:
    """URI, vector outputs and colours come in this order."""
    config = SemanticSegmentationRasterStoreConfig("/a.tif", [VectorOutput(**HOUSES)], True)
    assert ("/a.tif", "buildings", True) == (
        *(config.uri, config.vector_output[0].mode, config.rgb),
    )


def test_default_uris_are_beside_the_pixels() -> None:
    """A vector output without a URI has one that names class and mode."""
    config = store(HOUSES, {"mode": "polygons", "class_id": 12, "uri": "/else/where.fgb"})
    expected = ["/out/east-1-buildings.json", "/else/where.fgb"]
    assert expected == config.vector_uris()
    assert ["/out/east-1-buildings.json"] == store(HOUSES, uri="/out/east.TIFF").vector_uris()
    assert [] == store(HOUSES, uri=None).vector_uris()


def test_they_are_written_by_predict_and_read_by_eval() -> None:
    """Commands know of the files."""
    config = store(HOUSES)
    files = {"/out/east.tif", "/out/east-1-buildings.json"}
    assert files == set(io_of(config, keys.PREDICT).output_uris)
    assert files == set(io_of(config, keys.EVAL).input_uris)
    assert set() == set(io_of(config, keys.TRAIN).input_uris)


def test_other_predictions_have_them_beside(tmp_path: Any) -> None:
    """A predict package writes all next to the pixels that it is told, in the same formats."""
    config = store(HOUSES, {**HOUSES, "uri": "/a.gpkg"}, {**HOUSES, "uri": "/b.gpkg"})
    moved = config.for_prediction("/found.tif")
    stem = "/found-1-buildings"
    assert [f"{stem}.json", f"{stem}.gpkg", f"{stem}-2.gpkg"] == moved.vector_uris()
    assert "/a.gpkg" == config.vector_output[1].uri


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ([{"class_id": 1}], r"\$\.vector_output\[0\]\.mode is not set"),
        ([{**HOUSES, "mode": "lines"}], "must be one of 'polygons', 'buildings'"),
        ([{**HOUSES, "class_id": 0}], "must be positive"),
        ([{**HOUSES, "denoise": -1}], "must not be negative"),
        ([{**HOUSES, "building_options": {"min_aspect_ratio": 0.5}}], "must be at least 1"),
        ([{**HOUSES, "thickness": 1}], r"\$\.vector_output\[0\]\.thickness is no field"),
        ([{**HOUSES, "uri": "/a.shp"}], r"a\.shp, which ends in none of \.json"),
        ([HOUSES, {**HOUSES, "denoise": 1}], r"\[1\]\.uri is .*, which is written already"),
    ],
)
def test_what_is_wrong_is_named(wrong: Any, text: str) -> None:
    """Mistakes are found when the config is built."""
    with pytest.raises(InvalidConfigError, match=text):
        store(*wrong)


def test_class_that_there_is_not(experiment: Any) -> None:
    """A vector output of an unknown class is refused when commands are made."""
    config = store({**HOUSES, "class_id": 7})
    with pytest.raises(ConfigError, match="of the class 7") as caught:
        config.update_for_command(keys.PREDICT, experiment)
    assert "1, 2" in str(caught.value.hint)
    good = store(HOUSES)
    good.update_for_command(keys.PREDICT, experiment)
