"""Experiments, their loader and auxiliary commands, as they were used before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rvcli as rv
from rvcli.experiment.experiment_loader import ExperimentLoader, LoaderError
from rvcli.registry import Registrar
from rvcli.testing import temporary_registry

TASK = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(["a"]).build()
BACKEND = rv.BackendConfig.builder(rv.PYTORCH_SEMANTIC_SEGMENTATION).with_task(TASK).build()
OWN = {
    "copy_all": {"key": "k", "config": {"uris": ["/a", "/b", "/c"], "out": "/o"}},
    "Touch": {"root_uri": "/elsewhere", "config": {"places": ["/x"]}},
}


def builder(name: str) -> Any:
    """Return a builder of an experiment."""
    scene = rv.SceneConfig.builder().with_id("s").with_task(TASK).with_raster_source("/a.tif")
    dataset = rv.DatasetConfig.builder().with_train_scene(scene.with_label_source("/b.tif").build())
    return (
        rv.ExperimentConfig.builder()
        .with_id(name)
        .with_root_uri(uri="/r")
        .with_task(TASK)
        .with_backend(BACKEND)
        .with_dataset(dataset.build())
    )


class Copy(rv.AuxCommand):
    """Runs without a parameter."""

    command_type = "COPY_ALL"
    command_options = rv.AuxCommandOptions(
        split_on="uris",
        inputs=lambda config: map(str, config["uris"]),
        outputs=lambda config: config["out"],
        required_fields=["uris"],
    )

    def run(self) -> Any:  # type: ignore[override]
        """Return where it worked, and on what."""
        return self.get_tmp_dir(), self.command_config["uris"]


class Touch(rv.AuxCommand):
    """Runs with one."""

    command_type = "TOUCH"
    command_options = rv.AuxCommandOptions(outputs=lambda config: config["places"])

    def run(self, tmp_dir: str) -> Any:  # type: ignore[override]
        """Return where it worked."""
        return tmp_dir


@pytest.fixture
def experiment() -> Any:
    """Give an experiment with two auxiliary commands."""
    with temporary_registry() as registry:
        registrar = Registrar(registry)
        registrar.register_aux_command("COPY_ALL", Copy)
        registrar.register_aux_command("TOUCH", Touch)
        yield builder("e").with_custom_config(OWN).build()


class TestExperiment:
    """ExperimentConfig and its builder."""

    def test_constructor(self) -> None:
        """The parts by position, the last by name."""
        dataset = rv.DatasetConfig()
        uris = [f"/{name}" for name in ("root", "analyze", "chip", "train", "predict", "eval")]
        made = rv.ExperimentConfig("id", TASK, BACKEND, dataset, *uris, bundle_uri="/bundle")
        assert ("id", TASK, dataset, "/chip", "/bundle", [], [], None) == (
            made.id,
            made.task,
            made.dataset,
            made.chip_uri,
            made.bundle_uri,
            made.evaluators,
            made.analyzers,
            made.custom_config,
        )

    def test_places(self) -> None:
        """They follow from root and id, from keys, or are given."""
        made = builder("e").with_chip_key(key="k").with_train_uri(uri="/t").build()
        assert ("/r/analyze/e", "/r/chip/k", "/t") == (
            made.analyze_uri,
            made.chip_uri,
            made.train_uri,
        )
        renamed = made.to_builder().with_id("f")
        assert "/r/eval/e" == renamed.build().eval_uri
        assert "/r/eval/f" == renamed.clear_command_uris().build().eval_uri

    def test_a_plugins_analyzer_may_measure(self) -> None:
        """Where there is any analyzer, statistics are its matter."""
        scene = (
            rv.SceneConfig.builder()
            .with_id("s")
            .with_raster_source(
                rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE)
                .with_uri("/a.tif")
                .with_stats_transformer()
                .build()
            )
        )
        dataset = rv.DatasetConfig.builder().with_train_scene(scene.build()).build()

        class Own(rv.AnalyzerConfig):
            def __init__(self) -> None:
                super().__init__("OWN")

        made = builder("e").with_dataset(dataset)
        with pytest.raises(rv.ConfigError, match="statistics"):
            made.build()
        assert 1 == len(made.with_analyzer(Own()).build().analyzers)


class TestAuxiliaryCommands:
    """Commands of one class, configured by the experiment."""

    def test_places(self, experiment: Any) -> None:
        """By key below the root, or as the experiment says; names match in any case."""
        roots = [experiment.make_command_config(c).root_uri for c in ("copy_all", "TOUCH")]
        assert ["/r/copy_all/k", "/elsewhere"] == roots

    def test_what_they_read_and_write(self, experiment: Any) -> None:
        """A map, a text, a list and None are told."""
        copy, touch = (experiment.make_command_config(c).report_io() for c in ("COPY_ALL", "TOUCH"))
        assert ({"/a", "/b", "/c"}, {"/o"}) == (copy.input_uris, copy.output_uris)
        assert (set(), {"/x"}) == (touch.input_uris, touch.output_uris)

    def test_they_travel_and_run(self, experiment: Any, tmp_path: Path) -> None:
        """Options travel as JSON; the command is of the plugin's class and runs either way."""
        message = experiment.make_command_config("COPY_ALL").to_proto()
        assert OWN["copy_all"]["config"] == json.loads(message.custom_config["json"])
        command = rv.CommandConfig.from_proto(message).create_command(str(tmp_path))
        assert Copy is type(command)
        assert (str(tmp_path), ["/a", "/b", "/c"]) == command.run()
        assert "/other" == command.run("/other")[0]
        touch = experiment.make_command_config("TOUCH").create_command(str(tmp_path))
        assert (str(tmp_path), "/other") == (touch.run(), touch.run("/other"))

    def test_parts(self, experiment: Any) -> None:
        """The named list is divided."""
        parts = experiment.make_command_config("COPY_ALL").split(2)
        found = [(part.split_id, part.config["uris"]) for part in parts]
        assert [(0, ["/a"]), (1, ["/b", "/c"])] == found

    def test_builder(self, experiment: Any) -> None:
        """Options are given by name; the class may be given instead of a registered type."""
        made = rv.CommandConfig.builder("COPY_ALL").with_root_uri("/r")
        assert {"uris": []} == made.with_config(uris=[]).build().config
        with pytest.raises(rv.ConfigError, match="uris"):
            made.with_config(out="/o").build()
        other = rv.command.AuxCommandConfigBuilder("UNKNOWN").with_root_uri("/r")
        with pytest.raises(rv.ConfigError, match="command_class"):
            other.build()
        assert Touch is other.with_command_class(Touch).build().command_class
        config = rv.command.AuxCommandConfig(Touch, "/r", {"places": []}, split_id=1)
        assert ("TOUCH", 1) == (config.command_type, config.split_id)

    def test_the_experiment_keeps_them(self, experiment: Any) -> None:
        """They are JSON text in its message, and come back."""
        message = experiment.to_proto()
        assert OWN == json.loads(message.custom_config["config"])
        assert OWN == rv.ExperimentConfig.from_proto(message).custom_config


class Set(rv.ExperimentSet):
    """One method of each kind."""

    def exp_one(self, required: Any, optional: Any = "x") -> Any:
        """Return one experiment."""
        return builder(f"{required}-{optional}").build()

    def exp_many(self) -> Any:
        """Return a list of experiments and a command."""
        command = builder("c").build().make_command_config("TRAIN")
        return [builder("a").build(), command, builder("b").build()]

    def other(self) -> Any:
        """Return what is not asked for."""
        return builder("other").build()


class TestLoader:
    """ExperimentLoader."""

    def load(self, *args: Any, **kwargs: Any) -> list[str]:
        """Return the ids of the experiments that a loader finds in the set."""
        return [e.id for e in ExperimentLoader(*args, **kwargs).load_from_set(Set())[0]]

    def test_experiments_and_commands(self) -> None:
        """They come apart; arguments without an annotation stay words."""
        loader = ExperimentLoader({"required": "True", "nobody_needs": "1"})
        experiments, commands = loader.load_from_sets([Set(), Set()])
        assert ["True-x", "a", "b"] * 2 == [e.id for e in experiments]
        assert ["TRAIN", "TRAIN"] == [c.command_type for c in commands]
        experiments, commands = loader.load_from_experiment(Set().exp_many, "Set.exp_many")
        assert (2, 1) == (len(experiments), len(commands))

    def test_choices(self) -> None:
        """Prefix, names of methods and names of experiments choose."""
        assert ["other"] == self.load(experiment_method_prefix="other")
        assert ["a", "b"] == self.load(experiment_method_patterns=["*many*"])
        assert ["1-2"] == self.load({"required": "1", "optional": "2"}, "exp", None, ["1*"])

    @pytest.mark.parametrize(
        "options",
        [
            {"experiment_method_patterns": ["no_such_*"]},
            {"experiment_name_patterns": ["no_such_*"], "experiment_method_patterns": ["exp_one"]},
            {"experiment_method_prefix": "no_such"},
        ],
    )
    def test_nothing_is_found(self, options: dict[str, Any]) -> None:
        """Then nothing is what it returns; that it is too little is for the program to say."""
        assert ([], []) == ExperimentLoader({"required": "x"}, **options).load_from_sets([Set()])
        assert ([], []) == ExperimentLoader().load_from_sets([])

    def test_a_missing_argument(self) -> None:
        """It is a LoaderError, which is an Exception of its own."""
        with pytest.raises(LoaderError, match="required"):
            self.load()
