"""Components that are mocks through and through, in all that is done with configs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rvcli as rv

COMMANDS = ("ANALYZE", "CHIP", "TRAIN", "PREDICT", "EVAL", "BUNDLE")


@pytest.fixture
def experiment(old: Any, tmp_path: Path) -> Any:
    """Give an experiment of mocks."""
    old("mocked")
    return make_experiment(tmp_path)


def make_scene(task: Any, name: str) -> Any:
    """Build a scene of mocks."""
    transformer = rv.RasterTransformerConfig.builder("MOCK").build()
    source = rv.RasterSourceConfig.builder("MOCK").with_transformer(transformer).build()
    return (
        rv.SceneConfig.builder()
        .with_task(task)
        .with_id(name)
        .with_raster_source(source)
        .with_label_source(rv.LabelSourceConfig.builder("MOCK").build())
        .with_label_store(rv.LabelStoreConfig.builder("MOCK").build())
        .build()
    )


def make_experiment(root: Path) -> Any:
    """Build an experiment of mocks."""
    task = rv.TaskConfig.builder("MOCK").build()
    dataset = (
        rv.DatasetConfig.builder()
        .with_train_scene(make_scene(task, "a"))
        .with_validation_scenes(scenes=[make_scene(task, "b")])
        .with_augmentor(rv.AugmentorConfig.builder("MOCK").build())
        .build()
    )
    return (
        rv.ExperimentConfig.builder()
        .with_id("mocks")
        .with_root_uri(uri=str(root))
        .with_task(task)
        .with_backend(rv.BackendConfig.builder("MOCK").with_task(task).build())
        .with_dataset(dataset)
        .with_analyzer(rv.AnalyzerConfig.builder("MOCK").build())
        .with_evaluator(rv.EvaluatorConfig.builder("MOCK").build())
        .with_custom_config({"mock_aux": {"key": "k", "config": {"uris": [["/a", "/b"]]}}})
        .build()
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_derived_travels_and_runs(
    command: str, experiment: Any, tmp_path: Path
) -> None:
    """Its message gives an equal one, and what it describes runs in this process."""
    config = experiment.make_command_config(command)
    assert config.report_io().missing_input_messages == set()
    message = config.to_proto()
    again = rv.CommandConfig.from_proto(message)
    assert [type(c) for c in config.walk()] == [type(c) for c in again.walk()]
    if command == "BUNDLE":
        again.task.predict_package_uri = str(tmp_path / "made" / "package.zip")
    again.create_command(str(tmp_path)).run(str(tmp_path))
    assert (command == "BUNDLE") == (tmp_path / "made" / "package.zip").exists()


def test_the_experiment_travels(experiment: Any) -> None:
    """Resolved, it becomes a message and comes back."""
    resolved = experiment.fully_resolve()
    again = rv.ExperimentConfig.from_proto(resolved.to_proto())
    assert [type(c) for c in resolved.walk()] == [type(c) for c in again.walk()]


def test_mocks_are_asked(experiment: Any) -> None:
    """Updates and reports reach the mocks with the arguments of that time."""
    config = experiment.make_command_config("chip")
    config.report_io()
    mock = config.task.mock
    command, given, _ = mock.update_for_command.call_args.args
    assert ("CHIP", "mocks") == (command, given.id)
    assert "CHIP" == mock.report_io.call_args.args[0]
    assert "CHIP" == config.train_scenes[0].raster_source.mock.report_io.call_args.args[0]


def test_a_mock_has_the_last_word(experiment: Any, tmp_path: Path) -> None:
    """What a mock returns for a component is what runs."""
    config = experiment.make_command_config("TRAIN")
    config.create_command().run(str(tmp_path))
    config.task.mock.create.return_value = config.task.mock.task
    config.create_command().run(str(tmp_path))
    assert config.task.mock.task.train.called


def test_definitions_and_dag(experiment: Any) -> None:
    """All commands can be defined; those without outputs are told apart."""
    definitions = rv.dag.CommandDefinition.from_experiments([experiment], [*COMMANDS, "MOCK_AUX"])
    some, none = rv.dag.CommandDefinition.filter_no_output(definitions)
    assert ["MOCK_AUX"] == [d.command_config.command_type for d in some]
    assert 6 == len(none)


def test_it_runs_in_process(experiment: Any) -> None:
    """The runner runs every command of it."""
    runner = rv.ExperimentRunner.get_runner("INPROCESS")
    runner.run(
        experiment, rerun_commands=True, skip_file_check=True, commands_to_run=["TRAIN", "EVAL"]
    )
