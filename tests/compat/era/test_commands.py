"""What real code relies on: what configs say of inputs and outputs, commands, experiments."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def make(rv: Any, registrar: Any, tmp_path: Path, monkeypatch: Any) -> Callable[..., Any]:
    """Give a function that builds an experiment, with an evaluator if one is given."""
    monkeypatch.chdir(tmp_path)

    def build(evaluator: Any = None, train: str = "a", val: str = "b", **custom: Any) -> Any:
        builder = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION)
        task = builder.with_classes(["x", "y"]).with_chip_size(64).build()

        def scene(name: str) -> Any:
            return (
                rv.SceneConfig.builder()
                .with_task(task)
                .with_id(name)
                .with_raster_source(f"/data/{name}.tif")
                .with_label_source(f"/data/{name}.geojson")
                .build()
            )

        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scenes(map(scene, train))
            .with_validation_scenes(map(scene, val))
            .build()
        )
        backend = rv.BackendConfig.builder("SKLEARN_CHIP_CLASSIFICATION").with_task(task).build()
        experiment = (
            rv.ExperimentConfig.builder()
            .with_id("e")
            .with_root_uri(str(tmp_path / "root"))
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
        )
        if evaluator is not None:
            experiment = experiment.with_evaluator(evaluator)
        if custom:
            experiment = experiment.with_custom_config(custom)
        return experiment.build()

    return build


def evaluator_of(rv: Any, registrar: Any, **methods: Any) -> Any:
    """Register a classic evaluator with some methods, and build one."""

    class MineConfig(rv.EvaluatorConfig):
        def __init__(self, uri: str | None = None) -> None:
            super().__init__("MINE")
            self.uri = uri

        def create_evaluator(self) -> Any: ...

        def to_proto(self) -> Any:
            msg = super().to_proto()
            msg.custom_config.update({"uri": self.uri})
            return msg

    class MineConfigBuilder(rv.EvaluatorConfigBuilder):
        def __init__(self, prev: Any = None) -> None:
            super().__init__(MineConfig, {"uri": prev.uri if prev else None})

        def from_proto(self, msg: Any) -> Any:
            return self.with_uri(msg.custom_config["uri"])

        def with_uri(self, uri: str) -> Any:
            b = deepcopy(self)
            b.config["uri"] = uri
            return b

    for name, method in methods.items():
        setattr(MineConfig, name, method)
    registrar().register_config_builder(rv.EVALUATOR, "MINE", MineConfigBuilder)
    return rv.EvaluatorConfig.builder("MINE").build()


def eval_io(experiment: Any) -> Any:
    """Return what the eval command says, and the URI that its evaluator has."""
    command = experiment.make_command_config("EVAL")
    return command.report_io(), command.evaluators[0].uri


class TestReports:
    """The forms of update_for_command and report_io."""

    def test_neither_is_needed(self, rv: Any, registrar: Any, make: Any) -> None:
        """A plugin that defines no report_io is no abstract class."""
        io_def, _ = eval_io(make(evaluator_of(rv, registrar)))
        assert not [uri for uri in io_def.output_uris if "mine" in uri]

    def test_returns_none_and_has_report_io(self, rv: Any, registrar: Any, make: Any) -> None:
        """It changes the config; report_io tells of it, as in 0.11."""

        def update(self, command_type, experiment_config, context=None):  # type: ignore[no-untyped-def]
            super(type(self), self).update_for_command(command_type, experiment_config, context)
            self.uri = experiment_config.eval_uri + "/mine.json"

        def report(self, command_type, io_def):  # type: ignore[no-untyped-def]
            io_def.add_output(self.uri)

        methods = {"update_for_command": update, "report_io": report}
        io_def, uri = eval_io(make(evaluator_of(rv, registrar, **methods)))
        assert uri in io_def.output_uris

    def test_returns_a_pair(self, rv: Any, registrar: Any, make: Any) -> None:
        """The config of the pair replaces the old one, its io_def is the report, as in 0.8."""

        def update(self, command_type, experiment_config, context=None):  # type: ignore[no-untyped-def]
            io_def = rv.core.CommandIODefinition()
            new = self.to_builder().with_uri(experiment_config.eval_uri + "/mine.json").build()
            io_def.add_output(new.uri)
            io_def.add_input("/data/weights.json")
            return (new, io_def)

        original = evaluator_of(rv, registrar, update_for_command=update)
        io_def, uri = eval_io(make(original))
        assert uri in io_def.output_uris
        assert "/data/weights.json" in io_def.input_uris
        assert original.uri is None

    def test_unpacks_what_super_gives(self, rv: Any, registrar: Any, make: Any) -> None:
        """(conf, io_def) = super().update_for_command(...)."""

        def update(self, command_type, experiment_config, context=None):  # type: ignore[no-untyped-def]
            (conf, io_def) = super(type(self), self).update_for_command(
                command_type, experiment_config, context
            )
            io_def.add_output("/out/unpacked.json")
            return (conf, io_def)

        io_def, _ = eval_io(make(evaluator_of(rv, registrar, update_for_command=update)))
        assert "/out/unpacked.json" in io_def.output_uris

    @pytest.mark.parametrize("is_given", [True, False])
    def test_takes_an_io_def(self, rv: Any, registrar: Any, make: Any, is_given: bool) -> None:
        """It fills the one that it gets, or makes its own, and returns it."""

        def update(self, command_type, experiment_config, context=None, io_def=None):  # type: ignore[no-untyped-def]
            if not is_given or io_def is None:
                io_def = rv.core.CommandIODefinition()
            io_def.add_output("/out/filled.json")
            return io_def

        io_def, _ = eval_io(make(evaluator_of(rv, registrar, update_for_command=update)))
        assert "/out/filled.json" in io_def.output_uris


class TestDatasets:
    """Scenes."""

    def test_scenes_may_be_in_train_and_validation(self, make: Any) -> None:
        """The commands that read them read them in both roles."""
        chip = make(train="ab", val="ab").make_command_config("CHIP")
        assert ["a", "b"] == [s.id for s in chip.train_scenes]

    def test_two_scenes_may_share_an_id(self, rv: Any, make: Any) -> None:
        """An experiment with two equal ids can be planned."""
        experiment = make(train="a", val="a")
        assert ["a"] == [s.id for s in experiment.make_command_config("ANALYZE").scenes]
        rv.ExperimentRunner.get_runner("inprocess").run(
            experiment, commands_to_run=["TRAIN"], dry_run=True, skip_file_check=True
        )

    def test_a_scene_that_is_not_read_may_point_anywhere(self, rv: Any, make: Any) -> None:
        """Nothing is opened, and only what the selected commands read must be there."""
        experiment = make(echo={"key": "k", "config": {}})

        class Echo(rv.AuxCommand):
            command_type = "ECHO"

            def run(self) -> None: ...

        from rvcli import registry
        from rvcli.registry import Registrar

        Registrar(registry.current()).register_aux_command("ECHO", Echo)
        plan = rv.ExperimentRunner.get_runner("inprocess").run(
            experiment, commands_to_run=["ECHO"], dry_run=True
        )
        assert ["e/ECHO"] == [step.id for step in plan.to_run]


class TestAuxiliaryCommands:
    """AuxCommand and what tells of it."""

    def register(self, rv: Any, registrar: Any, **members: Any) -> Any:
        """Register COPY_NOTES with some members."""

        def run(self: Any) -> None: ...

        body = {"command_type": "COPY_NOTES", "run": run, **members}
        made = type("CopyNotes", (rv.AuxCommand,), body)
        registrar().register_aux_command("COPY_NOTES", made)
        return made

    @pytest.mark.parametrize("takes_directory", [True, False])
    def test_run_with_and_without_directory(
        self, rv: Any, registrar: Any, make: Any, tmp_path: Path, takes_directory: bool
    ) -> None:
        """run(self), and run(self, tmp_dir)."""
        if takes_directory:

            def run(self, tmp_dir):  # type: ignore[no-untyped-def]
                assert Path(tmp_dir).is_dir()
                (tmp_path / "done").write_text("yes")
        else:

            def run(self):  # type: ignore[no-untyped-def,misc]
                assert Path(self.get_tmp_dir()).is_dir()
                (tmp_path / "done").write_text("yes")

        self.register(rv, registrar, run=run)
        experiment = make(copy_notes={"key": "k", "config": {}})
        rv.ExperimentRunner.get_runner("INPROCESS").run(experiment, commands_to_run=["COPY_NOTES"])
        assert "yes" == (tmp_path / "done").read_text()

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (lambda conf: conf["notes"], ["/n/1", "/n/2"]),
            (lambda conf: map(str.upper, conf["notes"]), ["/N/1", "/N/2"]),
            (lambda conf: conf["notes"][0], ["/n/1"]),
            (lambda conf: None, []),
        ],
    )
    def test_inputs_and_outputs_in_every_form(
        self, rv: Any, registrar: Any, given: Any, expected: list[str]
    ) -> None:
        """A list, a map, one text, None."""
        options = rv.AuxCommandOptions(inputs=given, outputs=given)
        self.register(rv, registrar, command_options=options)
        builder = rv.CommandConfig.builder("COPY_NOTES").with_root_uri("/r")
        io_def = builder.with_config(notes=["/n/1", "/n/2"]).build().report_io()
        assert (expected, expected) == (sorted(io_def.input_uris), sorted(io_def.output_uris))

    def test_outputs_may_be_phony(self, rv: Any, registrar: Any, make: Any, tmp_path: Path) -> None:
        """No file backs `.notes`; the command runs, and then it is done."""
        options = rv.AuxCommandOptions(outputs=lambda conf: ".notes")
        self.register(rv, registrar, command_options=options)
        experiment = make(copy_notes={"key": "k", "config": {}})
        runner = rv.ExperimentRunner.get_runner("inprocess")
        assert 1 == len(runner.run(experiment, commands_to_run=["COPY_NOTES"]).to_run)
        assert 0 == len(runner.run(experiment, commands_to_run=["COPY_NOTES"]).to_run)

    def test_split_on_names_a_list(self, rv: Any, registrar: Any) -> None:
        """Each part has some of its items, and a number."""
        options = rv.AuxCommandOptions(split_on="notes", required_fields=["notes"])
        self.register(rv, registrar, command_options=options)
        builder = rv.CommandConfig.builder("COPY_NOTES").with_root_uri("/r")
        parts = builder.with_config(notes=[1, 2, 3], other=4).build().split(2)
        assert [0, 1] == [part.split_id for part in parts]
        assert [1, 2, 3] == sorted(n for part in parts for n in part.config["notes"])
        assert [4, 4] == [part.config["other"] for part in parts]
        with pytest.raises(rv.ConfigError, match="notes"):
            builder.with_config(other=4).build()

    @pytest.mark.parametrize("name", ["copy_notes", "COPY_NOTES", "Copy_Notes"])
    def test_names_match_in_any_case(self, rv: Any, registrar: Any, make: Any, name: str) -> None:
        """In an experiment's custom_config."""
        self.register(rv, registrar)
        command = make(**{name: {"key": "k", "config": {"a": 1}}}).make_command_config("COPY_NOTES")
        assert {"a": 1} == command.config

    def test_roots(self, rv: Any, registrar: Any, make: Any, tmp_path: Path) -> None:
        """<root_uri>/<name>/<key>, or the root that is given."""
        self.register(rv, registrar)
        with_key = make(copy_notes={"key": "k", "config": {}}).make_command_config("COPY_NOTES")
        assert str(tmp_path / "root" / "copy_notes" / "k") == with_key.root_uri.rstrip("/")
        given = make(COPY_NOTES={"root_uri": "/there", "config": {}})
        assert "/there" == given.make_command_config("COPY_NOTES").root_uri

    def test_there_is_no_default_key(self, rv: Any, registrar: Any, make: Any) -> None:
        """Without key and root_uri the experiment is refused, and the error says what to write."""
        self.register(rv, registrar)
        with pytest.raises(rv.ConfigError, match="COPY_NOTES") as caught:
            make(copy_notes={"config": {}}).make_command_config("COPY_NOTES")
        assert "key" in caught.value.hint

    def test_messages(self, rv: Any, registrar: Any, make: Any) -> None:
        """The command's config is JSON text; so is that of the experiment."""
        self.register(rv, registrar)
        custom = {"key": "k", "config": {"a": [1, None]}}
        experiment = make(copy_notes=custom)
        message = experiment.make_command_config("COPY_NOTES").to_proto()
        assert {"a": [1, None]} == json.loads(message.custom_config["json"])
        assert {"copy_notes": custom} == json.loads(experiment.to_proto().custom_config["config"])
        again = rv.ExperimentConfig.from_proto(experiment.to_proto())
        assert {"a": [1, None]} == again.make_command_config("COPY_NOTES").config

    def test_cogify(self, rv: Any, make: Any) -> None:
        """uris, block_size, resample_method, compression, overviews."""
        config = {
            "uris": [("/data/a.tif", "/out/a.tif"), ("/data/b.tif", "/out/b.tif")],
            "block_size": 256,
            "resample_method": "near",
            "compression": "deflate",
            "overviews": [2, 4],
        }
        experiment = make(cogify={"key": "cogs", "config": config})
        io_def = experiment.make_command_config("COGIFY").report_io()
        assert {"/data/a.tif", "/data/b.tif"} == set(io_def.input_uris)
        assert {"/out/a.tif", "/out/b.tif"} == set(io_def.output_uris)
        assert 2 == len(experiment.make_command_config("COGIFY").split(2))


class TestRunners:
    """How runners and commands are named."""

    def test_runner_keys_are_upper_case(self, rv: Any, registrar: Any) -> None:
        """Lower case on the command line, upper case as key; either finds it."""

        class MyRunner(rv.ExperimentRunner):
            def _run_experiment(self, command_dag: Any) -> None: ...

        registrar().register_experiment_runner("MY_RUNNER", MyRunner)
        assert isinstance(rv.ExperimentRunner.get_runner("my_runner"), MyRunner)
        assert isinstance(rv.ExperimentRunner.get_runner("MY_RUNNER"), MyRunner)
        assert ("LOCAL", "my_runner") == (
            rv.LOCAL,
            next(name for name in rv.ExperimentRunner.list_runners() if "my" in name.lower()),
        )

    def test_command_names_are_upper_cased(self, rv: Any, make: Any) -> None:
        """Rv run local train predict."""
        runner = rv.ExperimentRunner.get_runner("inprocess")
        plan = runner.run(make(), commands_to_run=["train"], dry_run=True, skip_file_check=True)
        assert ["e/TRAIN"] == [step.id for step in plan.to_run]
        assert "TRAIN" == rv.CommandConfig.builder("train").command_type.upper()


class TestPlaces:
    """Where things go."""

    @pytest.mark.parametrize("command", ["analyze", "chip", "train", "predict", "eval", "bundle"])
    def test_command_uris(self, make: Any, tmp_path: Path, command: str) -> None:
        """<root_uri>/<command>/<key>/, the key being the experiment's id if none is set."""
        experiment = make()
        root = tmp_path / "root" / command
        assert str(root / "e") == getattr(experiment, f"{command}_uri").rstrip("/")
        builder = experiment.to_builder().clear_command_uris()
        keyed = getattr(builder, f"with_{command}_key")("k").build()
        assert str(root / "k") == getattr(keyed, f"{command}_uri").rstrip("/")
        message = keyed.make_command_config(command.upper())
        assert str(root / "k") == message.root_uri.rstrip("/")

    def test_messages(self, rv: Any, make: Any, tmp_path: Path) -> None:
        """<command root>/command-config-<split>.json and <root_uri>/experiments/<id>.json."""
        experiment = make(train="abc", val="d")
        plan = rv.ExperimentRunner.get_runner("inprocess").run(
            experiment, commands_to_run=["CHIP"], dry_run=True, skip_file_check=True, splits=2
        )
        root = tmp_path / "root"
        assert [str(root / "chip" / "e" / f"command-config-{i}.json") for i in range(2)] == [
            step.definition.message_uri for step in plan.to_run
        ]
        experiment.save_config()
        assert "e" == json.loads((root / "experiments" / "e.json").read_text())["id"]

    def test_outputs(self, rv: Any, make: Any, tmp_path: Path) -> None:
        """stats.json, <scene id>.json, eval.json, predict_package.zip."""
        experiment = make().to_builder().with_stats_analyzer().build()
        outputs = {
            command: sorted(experiment.make_command_config(command).report_io().output_uris)
            for command in ("ANALYZE", "PREDICT", "EVAL", "BUNDLE")
        }
        root = tmp_path / "root"
        assert [str(root / "analyze/e/stats.json")] == outputs["ANALYZE"]
        assert [str(root / "predict/e/b.json")] == outputs["PREDICT"]
        assert [str(root / "eval/e/eval.json")] == outputs["EVAL"]
        assert [str(root / "bundle/e/predict_package.zip")] == outputs["BUNDLE"]

    def test_predictions_of_segmentation(self, rv: Any) -> None:
        """<scene id>.tif below the predict URI."""
        task = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(["a"]).build()
        scene = (
            rv.SceneConfig.builder().with_task(task).with_id("s").with_raster_source("/s.tif")
        ).build()
        experiment = (
            rv.ExperimentConfig.builder()
            .with_id("e")
            .with_root_uri("/root")
            .with_task(task)
            .with_backend(
                rv.BackendConfig.builder("SKLEARN_SEMANTIC_SEGMENTATION").with_task(task).build()
            )
            .with_dataset(
                rv.DatasetConfig.builder()
                .with_train_scene(scene)
                .with_validation_scene(scene)
                .build()
            )
            .build()
        )
        io_def = experiment.make_command_config("PREDICT").report_io()
        assert {"/root/predict/e/s.tif"} == set(io_def.output_uris)

    def test_a_package_has_its_files_at_the_top(self, rv: Any, make: Any, tmp_path: Path) -> None:
        """bundle_config.json, a CommandConfig, and the files by their base names."""
        from rastervision.protos.command_pb2 import CommandConfig
        from rastervision.utils.files import load_json_config

        experiment = make()
        model = tmp_path / "root" / "train" / "e" / "model.zip"
        model.parent.mkdir(parents=True)
        model.write_bytes(b"model")
        experiment.make_command_config("BUNDLE").create_command().run(str(tmp_path))
        package = tmp_path / "root" / "bundle" / "e" / "predict_package.zip"
        with zipfile.ZipFile(package) as opened:
            names = opened.namelist()
            opened.extract("bundle_config.json", tmp_path)
        assert {"bundle_config.json", "model.zip"} <= set(names)
        message = load_json_config(str(tmp_path / "bundle_config.json"), CommandConfig())
        assert "BUNDLE" == message.command_type
