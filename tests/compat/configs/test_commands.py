"""Configs and builders of commands, as unit tests and plugins of that era used them."""

from __future__ import annotations

import inspect
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import rvcli as rv

SCENE = rv.SceneConfig("a", rv.data.RasterioSourceConfig(["/a.tif"]))
TASK: Any = rv.task.ChipClassificationConfig({})  # nothing looks into it
BACKEND = rv.backend.PyTorchChipClassificationConfig()

PARTS: dict[str, dict[str, Any]] = {
    "ANALYZE": {"task": TASK, "scenes": [SCENE], "analyzers": []},
    "CHIP": {
        "task": TASK,
        "backend": BACKEND,
        "augmentors": [],
        "train_scenes": [SCENE],
        "val_scenes": [SCENE],
    },
    "TRAIN": {"task": TASK, "backend": BACKEND},
    "PREDICT": {"task": TASK, "backend": BACKEND, "scenes": [SCENE]},
    "EVAL": {"task": TASK, "scenes": [SCENE], "evaluators": []},
    "BUNDLE": {"task": TASK, "backend": BACKEND, "scene": SCENE, "analyzers": []},
}
REQUIRED = [
    (command, name)
    for command, parts in PARTS.items()
    for name in parts
    if name not in ("augmentors", "val_scenes")
]
each = pytest.mark.parametrize("command", PARTS)


def builder(command: str, without: str = "", **other: Any) -> Any:
    """Return a builder with all that the command needs."""
    made = rv.CommandConfig.builder(command).with_root_uri("/r")
    for name, value in {**PARTS[command], **other}.items():
        if name != without:
            made = getattr(made, f"with_{name}")(value)
    return made


def names(component: Any) -> list[str]:
    """Return the names of the parameters."""
    return list(inspect.signature(component).parameters)


def config_class(command: str) -> Any:
    """Return the class of a command's config."""
    return getattr(rv.command, f"{command.title()}CommandConfig")


@each
def test_what_it_was_built_of(command: str, tmp_path: Path) -> None:
    """Config and builder have it as attributes, and the config creates its command."""
    for made in (builder(command), builder(command).build()):
        for name, value in PARTS[command].items():
            assert value == getattr(made, name)
        assert ("/r", 0, command) == (made.root_uri, made.split_id, made.command_type)
    config = builder(command).build()
    for tmp_dir in ((), (str(tmp_path),), (None,)):
        made = config.create_command(*tmp_dir)
        assert (f"{command.title()}Command", config) == (type(made).__name__, made.command_config)


@each
def test_constructor(command: str) -> None:
    """It takes root, split and parts in the old order, by position and by name."""
    split = ["split_id"] if command in ("CHIP", "PREDICT") else []
    order = ["root_uri", *split, *PARTS[command]]
    assert order == names(config_class(command))[: len(order)]
    values = {"root_uri": "/r", "split_id": 0, **PARTS[command]}
    values = {name: values[name] for name in order}
    one = config_class(command)(*values.values())
    other = config_class(command)(**values)
    assert [builder(command).build().__dict__] * 2 == [one.__dict__, other.__dict__]


@each
def test_builders(command: str) -> None:
    """A builder is made of type and config, copied with deepcopy, and changed by attributes."""
    config = builder(command).build()
    builder_class = getattr(rv.command, f"{command.title()}CommandConfigBuilder")
    assert ["command_type", "prev"] == names(builder_class)
    again = builder_class(command, config)
    copied = deepcopy(again)
    copied.root_uri, copied.split_id = "/other", 3
    assert ("/r", 0) == (again.build().root_uri, again.build(prev=None).split_id)
    assert ("/other", 3) == (copied.build().root_uri, copied.build().split_id)
    assert copied.validate() is None
    assert type(config) is type(config.to_builder().build())
    assert type(config_class(command).builder()) is builder_class


@each
def test_a_root_is_needed(command: str) -> None:
    """Without a place for its files there is no command."""
    made = builder(command)
    made.root_uri = None
    with pytest.raises(rv.ConfigError, match="root_uri"):
        made.build()


@pytest.mark.parametrize(("command", "name"), REQUIRED)
def test_what_is_missing_or_wrong(command: str, name: str) -> None:
    """Each part has to be set, and to be what it should."""
    with pytest.raises(rv.ConfigError, match=rf"\$\.{name} is not set"):
        builder(command, without=name).build()
    for wrong in ("text", [3], 3):
        with pytest.raises(rv.ConfigError, match=name):
            builder(command, **{name: wrong}).validate()


@pytest.mark.parametrize(
    ("command", "name"), [(c, n) for c, n in REQUIRED if isinstance(PARTS[c][n], list)]
)
def test_nothing_in_a_list(command: str, name: str) -> None:
    """Unit tests of old gave empty text for an empty list."""
    assert [] == getattr(builder(command, **{name: ""}).build(), name)


def test_scenes_by_name() -> None:
    """The parameter of the methods for scenes is `scenes`."""
    made = rv.CommandConfig.builder(command_type=rv.CHIP).with_train_scenes(scenes=map(str, []))
    assert ([], [SCENE]) == (
        made.train_scenes,
        made.with_val_scenes(scenes=[SCENE]).val_scenes,
    )
    assert [SCENE] == made.with_train_scenes(train_scenes=[SCENE]).train_scenes


class TestDefinitions:
    """CommandDefinition and CommandDAG, as runners of old used them."""

    def test_a_definition_of_three(self) -> None:
        """Experiment, config and io definition are attributes."""
        io_def = rv.core.CommandIODefinition(["/a"], ["/b"])
        config = builder("TRAIN").build()
        definition = rv.dag.CommandDefinition("e", config, io_def)
        assert ("e", config, io_def) == (
            definition.experiment_id,
            definition.command_config,
            definition.io_def,
        )

    def test_clashes_are_those_of_one_type(self) -> None:
        """Parts of one command may share a directory; two commands may not."""
        chip, train = builder("CHIP").build(), builder("TRAIN").build()
        io_def = rv.core.CommandIODefinition([], ["/chips"])
        define = rv.dag.CommandDefinition
        part = define("e", builder("CHIP").with_split_id(1).build(), io_def)
        one, two = define("e", chip, io_def), define("f", chip, io_def)
        clashing = define.get_clashing_commands([one, part, two, define("e", train, io_def)])
        assert [("/chips", [one, two])] == clashing

    def test_a_dag_of_definitions(self, tmp_path: Path) -> None:
        """Commands come in the order in which they can run, each after what it needs."""
        model, chips = str(tmp_path / "model"), str(tmp_path / "chips")
        define, io_def = rv.dag.CommandDefinition, rv.core.CommandIODefinition
        train = builder("TRAIN").with_root_uri(str(tmp_path / "t")).build()
        chip = builder("CHIP").with_root_uri(str(tmp_path / "c")).build()
        definitions = [
            define("e", train, io_def([chips], [model])),
            define("e", chip, io_def([], [chips])),
        ]
        dag = rv.dag.CommandDAG(definitions, rerun_commands=True, skip_file_check=True)
        first, second = dag.get_sorted_command_ids()
        assert [chip, train] == dag.get_sorted_commands()
        assert ([first], []) == (
            dag.get_upstream_command_ids(second),
            dag.get_upstream_command_ids(first),
        )
        assert definitions[0] is dag.get_command_definition(second)
        assert chip is dag.get_command(first)
        assert 2 == len(dag.get_command_definitions())

    def test_what_nobody_makes_is_missed(self, tmp_path: Path) -> None:
        """A file that does not exist, and that no command writes, stops it all."""
        io_def = rv.core.CommandIODefinition([str(tmp_path / "no")], [str(tmp_path / "out")])
        train = builder("TRAIN").with_root_uri(str(tmp_path / "t")).build()
        with pytest.raises(rv.ConfigError, match="no"):
            rv.dag.CommandDAG([rv.dag.CommandDefinition("e", train, io_def)])


def test_no_package_without_a_place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A task that names no predict package, as one of a unit test, is told of and has none."""
    config = rv.command.BundleCommandConfig(str(tmp_path), **PARTS["BUNDLE"])
    config.create_command(str(tmp_path)).run(str(tmp_path))
    assert "no predict package is made" in caplog.text
    assert [] == list(tmp_path.iterdir())


def test_a_scene_without_a_name() -> None:
    """Unit tests give none to the only scene that they have."""
    source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri("").build()
    scene = rv.SceneConfig.builder().with_id("").with_raster_source(source).build()
    assert "" == rv.SceneConfig.from_proto(scene.to_proto()).id


def test_what_one_command_fills_in_is_there_in_the_next() -> None:
    """Old backends set their directories each in one command, and read them in later ones."""
    from rvcli.protos.backend_pb2 import BackendConfig as BackendConfigMsg

    class Net(rv.BackendConfig):
        def __init__(self) -> None:
            super().__init__("NET")
            self.chips: str | None = None
            self.model: str | None = None

        def to_proto(self) -> Any:
            return BackendConfigMsg(backend_type="NET", custom_config={"model": self.model})

        def create_backend(self, task_config: Any) -> Any:
            return None

        def update_for_command(
            self, command_type: str, experiment_config: Any, context: Any = None
        ) -> None:
            super().update_for_command(command_type, experiment_config, context)
            if command_type == rv.CHIP:
                self.chips = experiment_config.chip_uri
            elif command_type == rv.TRAIN:
                self.model = experiment_config.train_uri + "/net"

        def report_io(self, command_type: str, io_def: Any) -> None:
            if command_type == rv.TRAIN:
                io_def.add_input(self.chips)
                io_def.add_output(self.model)
            elif command_type in (rv.PREDICT, rv.BUNDLE):
                io_def.add_input(self.model)

    task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION).with_classes(["a"]).build()
    experiment = rv.ExperimentConfig(
        "e", task, Net(), rv.DatasetConfig([SCENE], [SCENE]), "/r", *(f"/r/{n}" for n in "acTpeb")
    )
    read = {c: experiment.make_command_config(c).report_io().input_uris for c in PARTS}
    assert "/r/c" in read["TRAIN"]
    assert ["BUNDLE", "PREDICT"] == sorted(c for c in read if "/r/T/net" in read[c])
    assert "/r/T/net" in experiment.make_command_config("TRAIN").report_io().output_uris
