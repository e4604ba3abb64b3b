"""Commands as they are derived from an experiment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvcli import keys, registry
from rvcli.command.command_config import CommandConfig
from rvcli.data.dataset_config import DatasetConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import ConfigError, MessageError
from rvcli.filesystem import FileSystem
from rvcli.filesystem.local_filesystem import LocalFileSystem
from rvcli.registry import Origin, Registry


def uris_below(root: Path, names: str) -> set[str]:
    """Return absolute paths."""
    return {str(root / name) for name in names.split()}


EXPECTED_IO = {
    "ANALYZE": ("t1.tif t2.tif v.tif x.tif", ["analyze/e/stats.json"]),
    "CHIP": (
        "t1.tif t2.tif t1.geojson t2.geojson t1-aoi.json t2-aoi.json",
        ["chip/e/train/t1.npz", "chip/e/train/t2.npz"],
    ),
    "TRAIN": ("", ["train/e/model.zip"]),
    "PREDICT": ("v.tif x.tif v-aoi.json x-aoi.json", ["predict/e/v.tif", "predict/e/x.tif"]),
    "EVAL": ("v.tif v.geojson v-aoi.json", ["eval/e/eval.json"]),
    "BUNDLE": ("", ["bundle/e/predict_package.zip"]),
}

EXPECTED_OWN_INPUTS = {
    "ANALYZE": [],
    "CHIP": ["analyze/e/stats.json"],
    "TRAIN": ["chip/e/train/t1.npz", "chip/e/train/t2.npz"],
    "PREDICT": ["analyze/e/stats.json", "train/e/model.zip"],
    "EVAL": ["predict/e/v.tif"],
    "BUNDLE": ["analyze/e/stats.json", "train/e/model.zip"],
}


@pytest.mark.parametrize("command", keys.COMMANDS)
class TestEveryCommand:
    """What holds for all six."""

    def test_inputs_and_outputs(self, command: str, experiment: Any, tmp_path: Path) -> None:
        """A command reads and writes what it says, all URIs absolute."""
        io_def = experiment.make_command_config(command).report_io()
        external, outputs = EXPECTED_IO[command]
        root = tmp_path / "a root"
        inputs = uris_below(tmp_path, external) | {
            str(root / name) for name in EXPECTED_OWN_INPUTS[command]
        }
        assert (inputs, {str(root / n) for n in outputs}) == (
            set(io_def.input_uris),
            set(io_def.output_uris),
        )

    def test_it_survives_its_message(self, command: str, experiment: Any) -> None:
        """The worker gets exactly what was planned."""
        config = experiment.make_command_config(command)
        back = CommandConfig.from_proto(config.to_proto())
        assert config.to_plain() == back.to_plain()

    def test_the_experiment_is_not_changed(self, command: str, experiment: Any) -> None:
        """Deriving a command leaves the experiment as it was."""
        before = experiment.to_plain()
        experiment.make_command_config(command)
        assert before == experiment.to_plain()

    def test_it_creates_its_command(self, command: str, experiment: Any) -> None:
        """Every config has a command that works."""
        made = experiment.make_command_config(command).create_command()
        assert f"{command.capitalize()}Command" == type(made).__name__

    def test_to_builder_copies_it(self, command: str, experiment: Any) -> None:
        """A command config can be varied."""
        config = experiment.make_command_config(command)
        other = config.to_builder().with_split_id(3).build()
        assert (3, config.root_uri) == (other.split_id, other.root_uri)


@pytest.mark.parametrize("command", ["ANALYZE", "PREDICT", "BUNDLE"])
def test_commands_that_do_not_read_labels_carry_none(command: str, experiment: Any) -> None:
    """A moved polygon cannot make them run again."""
    message = experiment.make_command_config(command).to_proto()
    assert "geojson" not in str(message)


def test_analyze_is_one_command_however_scenes_are_divided(experiment: Any) -> None:
    """Folds that swap train and validation scenes share it, where its key is the same."""
    dataset = experiment.dataset
    swapped = (
        DatasetConfig.builder()
        .with_train_scenes(dataset.validation_scenes)
        .with_validation_scenes(dataset.train_scenes)
        .with_test_scenes(dataset.test_scenes)
        .build()
    )
    other = experiment.to_builder().with_dataset(swapped).build()
    commands = [e.make_command_config("ANALYZE") for e in (experiment, other)]
    assert commands[0].to_plain() == commands[1].to_plain()


def test_analyze_ignores_what_only_labels_tell_apart(task: Any, experiment: Any) -> None:
    """A scene that is given twice, with other labels, is measured once."""
    dataset = experiment.dataset
    again = dataset.train_scenes[0].to_builder().with_label_source(None).build()
    dataset.test_scenes.append(again)
    config = experiment.make_command_config("ANALYZE")
    assert ["t1", "t2", "v", "x"] == [s.id for s in config.scenes]


def test_options_of_training_do_not_reach_other_commands(experiment: Any) -> None:
    """A new learning rate makes train run again, and chip not."""
    other = experiment.to_builder()
    backend = experiment.backend.to_builder().with_train_options(learning_rate=0.3).build()
    other = other.with_backend(backend).build()
    same = {
        command: experiment.make_command_config(command).to_plain()
        == other.make_command_config(command).to_plain()
        for command in keys.COMMANDS
    }
    assert {**dict.fromkeys(keys.COMMANDS, True), "TRAIN": False} == same


def test_options_of_predicting_do_not_reach_training(experiment: Any) -> None:
    """A new predict chip size concerns predict and the package."""
    task = experiment.task.to_builder().with_predict_chip_size(99).build()
    other = experiment.to_builder().with_task(task).build()
    changed = {
        command
        for command in keys.COMMANDS
        if experiment.make_command_config(command).to_plain()
        != other.make_command_config(command).to_plain()
    }
    assert {"PREDICT", "BUNDLE"} == changed


class TestSplits:
    """Work that is divided."""

    def test_chip_divides_scenes_and_their_chips(self, experiment: Any, tmp_path: Path) -> None:
        """Each part writes the chips of its own scenes."""
        parts = experiment.make_command_config("CHIP").split(2)
        outputs = [sorted(p.report_io().output_uris) for p in parts]
        folder = tmp_path / "a root/chip/e/train"
        assert [[str(folder / "t1.npz")], [str(folder / "t2.npz")]] == outputs
        assert [0, 1] == [p.split_id for p in parts]

    def test_a_part_is_copied_without_the_scenes_of_the_others(
        self, experiment: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """So that a thousand parts cost no more than a thousand scenes."""
        config = experiment.make_command_config("CHIP")
        copied: list[str] = []
        clone = SceneConfig.clone
        monkeypatch.setattr(SceneConfig, "clone", lambda s: copied.append(s.id) or clone(s))
        parts = config.split(2)
        assert [["t1"], ["t2"]] == [[s.id for s in part.train_scenes] for part in parts]
        assert [] == copied

    def test_predict_divides_scenes(self, experiment: Any) -> None:
        """There are no more parts than scenes."""
        parts = experiment.make_command_config("PREDICT").split(5)
        assert [["v"], ["x"]] == [[s.id for s in p.scenes] for p in parts]

    @pytest.mark.parametrize("command", ["ANALYZE", "TRAIN", "EVAL", "BUNDLE"])
    def test_the_others_stay_whole(self, command: str, experiment: Any) -> None:
        """They are one piece of work."""
        assert 1 == len(experiment.make_command_config(command).split(4))


class TestPlugins:
    """Commands carry the plugins that they use."""

    @pytest.fixture
    def own(self) -> Any:
        """Put a registry of our own in force."""
        with registry.use(Registry(registry.default())) as own:
            yield own

    def test_none_are_carried_when_none_are_used(self, own: Registry, experiment: Any) -> None:
        """A loaded plugin is not a used plugin."""
        own.add(keys.TASK, "OTHER", object, origin=Origin("file", "/p.py"))
        assert set() == experiment.make_command_config("TRAIN").used_entries()

    def test_the_file_system_of_a_uri_is_used(
        self, own: Registry, experiment: Any, task: Any
    ) -> None:
        """The worker needs it to read and write."""

        class Odd(LocalFileSystem):
            """Handles odd:// URIs."""

            @staticmethod
            def matches_uri(uri: str, mode: str) -> bool:
                """Say which URIs are odd."""
                return uri.startswith("odd://")

        assert issubclass(Odd, FileSystem)
        entry = own.add(keys.FILESYSTEM, "Odd", Odd, origin=Origin("file", "/odd.py"))
        moved = experiment.to_builder().with_analyze_uri("odd://x/y").build()
        assert {entry} == moved.make_command_config("ANALYZE").used_entries()
        assert set() == moved.make_command_config("EVAL").used_entries()

    def test_a_provider_that_chose_a_config_is_used(
        self, own: Registry, scene: Callable[..., Any], experiment: Any, task: Any
    ) -> None:
        """Its choice may mean something only together with it."""
        from rvcli.data.raster_source.default import RasterioSourceDefaultProvider

        class Weird(RasterioSourceDefaultProvider):
            """Handles everything."""

            @staticmethod
            def handles(uri: str) -> bool:
                """Take all."""
                return True

        entry = own.add(keys.DEFAULT_RASTER_SOURCE, "W", Weird, origin=Origin("file", "/w.py"))
        from rvcli.data.scene_config import SceneConfig

        odd = SceneConfig.builder().with_id("odd").with_raster_source("x.weird").build()
        dataset = experiment.dataset.to_builder().with_test_scene(odd).build()
        other = experiment.to_builder().with_dataset(dataset).build()
        assert {entry} == other.make_command_config("PREDICT").used_entries()
        assert set() == other.make_command_config("CHIP").used_entries()


def test_a_message_of_no_command_is_refused(experiment: Any) -> None:
    """JSON that is no command's, such as {}, is told from a command that is not known."""
    message = experiment.make_command_config("TRAIN").to_proto()
    message.ClearField("command_type")
    with pytest.raises(MessageError, match="no command_type"):
        CommandConfig.from_proto(message)


def test_a_message_of_a_newer_release_is_refused(experiment: Any) -> None:
    """It might mean something that we do not know."""
    message = experiment.make_command_config("TRAIN").to_proto()
    message.schema_version = 99
    with pytest.raises(MessageError, match="schema version 99"):
        CommandConfig.from_proto(message)


def test_the_stamp_is_in_the_message(experiment: Any) -> None:
    """A runner of any kind writes the fingerprint with the message."""
    config = experiment.make_command_config("TRAIN")
    config.set_stamp("abc", None)
    assert "abc" == config.to_proto().fingerprint


def test_an_experiment_without_scenes_has_no_package(experiment: Any) -> None:
    """There is nothing to say how images are read."""
    empty = experiment.to_builder().with_dataset(DatasetConfig.builder().build()).build()
    with pytest.raises(ConfigError, match="has no scene"):
        empty.make_command_config("BUNDLE")


def test_gpu_is_asked_for_only_where_it_helps(experiment: Any) -> None:
    """The embedded backend runs on the CPU."""
    assert [False] * 6 == [experiment.make_command_config(c).utilizes_gpu() for c in keys.COMMANDS]
