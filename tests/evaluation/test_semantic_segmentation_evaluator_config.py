"""Where the figures of semantic segmentation go."""

from __future__ import annotations

from typing import Any

from rvcli import keys
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.data.label_store.label_store_config import LabelStoreConfig
from rvcli.evaluation.evaluator_config import EvaluatorConfig

KEY = keys.SEMANTIC_SEGMENTATION_EVALUATOR


def updated(experiment: Any, vector_output_uri: str | None = None) -> Any:
    """Give the evaluator of an experiment as its command has it."""
    builder = EvaluatorConfig.builder(KEY).with_task(experiment.task)
    config = builder.with_vector_output_uri(vector_output_uri).build()
    config.update_for_command(keys.EVAL, experiment)
    return config


def with_outputs(experiment: Any) -> Any:
    """Give the experiment a vector output on its validation scene."""
    store = LabelStoreConfig.builder(keys.SEMANTIC_SEGMENTATION_RASTER).with_vector_output(
        [{"mode": "polygons", "class_id": 1}]
    )
    dataset = experiment.dataset
    scenes = [
        scene.to_builder().with_label_store(store.build()).build()
        for scene in dataset.validation_scenes
    ]
    dataset = dataset.to_builder().with_validation_scenes(scenes).build()
    return experiment.to_builder().with_dataset(dataset).build()


def test_figures_of_polygons_are_beside_the_others(experiment: Any) -> None:
    """Where a scene has vector outputs, their figures are written without being asked for."""
    config = updated(with_outputs(experiment))
    assert config.vector_output_uri.endswith("/vector_eval.json")
    io_def = CommandIODefinition()
    config.report_io(keys.EVAL, io_def)
    assert {config.output_uri, config.vector_output_uri} == set(io_def.output_uris)
    assert config.vector_output_uri == config.create_evaluator().vector_output_uri


def test_without_vector_outputs_there_are_none(experiment: Any) -> None:
    """Where there is nothing to measure nothing is written, unless it is asked for."""
    assert updated(experiment).vector_output_uri is None
    assert "/v.json" == updated(experiment, "/v.json").vector_output_uri


def test_it_survives_its_message(experiment: Any) -> None:
    """The URI travels in the field that old messages have for it."""
    config = updated(experiment, "/v.json")
    message = config.to_proto()
    assert "/v.json" == message.classification_config.vector_output_uri
    assert config.to_plain() == EvaluatorConfig.from_proto(message).to_plain()


def test_commands_know_of_vector_outputs(experiment: Any) -> None:
    """PREDICT writes the polygons that EVAL reads."""
    experiment = with_outputs(experiment)
    predict, evaluate = CommandIODefinition(), CommandIODefinition()
    experiment.make_command_config(keys.PREDICT).report_io(keys.PREDICT, predict)
    experiment.make_command_config(keys.EVAL).report_io(keys.EVAL, evaluate)
    [written] = [uri for uri in predict.output_uris if uri.endswith("v-1-polygons.json")]
    assert written in evaluate.input_uris
