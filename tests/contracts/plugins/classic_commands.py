"""Commands written the classic way: one with a config and builder, and auxiliary ones.

The message of HISTOGRAM holds scene messages in its Struct.
"""

import os
from copy import deepcopy

import numpy as np
from google.protobuf.json_format import MessageToDict, ParseDict

import rvcli as rv
from rvcli.protos.command_pb2 import CommandConfig as CommandConfigMsg
from rvcli.protos.scene_pb2 import SceneConfig as SceneConfigMsg
from rvcli.protos.task_pb2 import TaskConfig as TaskConfigMsg
from rvcli.utils.files import file_to_str, json_to_file, str_to_file

HISTOGRAM = "HISTOGRAM"
JOIN = "JOIN_TEXTS"
TICK = "TICK"


class HistogramCommand(rv.command.Command):
    def __init__(self, command_config):
        self.command_config = command_config

    def run(self, tmp_dir=None):
        if not tmp_dir:
            tmp_dir = self.get_tmp_dir()
        counts = {}
        for scene_config in self.command_config.scenes:
            scene = scene_config.create_scene(self.command_config.task, self.get_tmp_dir())
            with scene.activate():
                extent = scene.raster_source.get_extent()
                labels = scene.prediction_label_store.get_labels().get_label_arr(extent)
            ids, numbers = np.unique(labels, return_counts=True)
            counts[scene.id] = {str(i): int(n) for i, n in zip(ids, numbers)}
        json_to_file(counts, self.command_config.output_uri())


class HistogramCommandConfig(rv.CommandConfig):
    def __init__(self, root_uri, split_id, task, scenes):
        super().__init__(HISTOGRAM, root_uri, split_id)
        self.task = task
        self.scenes = scenes

    def output_uri(self):
        return os.path.join(self.root_uri, "histogram-{}.json".format(self.split_id))

    def create_command(self, tmp_dir=None):
        if not tmp_dir:
            _tmp_dir = rv.RVConfig.get_tmp_dir()
            tmp_dir = _tmp_dir.name
        else:
            _tmp_dir = tmp_dir
        command = HistogramCommand(self)
        command.set_tmp_dir(_tmp_dir)
        return command

    def to_proto(self):
        return CommandConfigMsg(
            command_type=self.command_type,
            root_uri=self.root_uri,
            split_id=self.split_id,
            custom_config={
                "task": MessageToDict(self.task.to_proto()),
                "scenes": [MessageToDict(scene.to_proto()) for scene in self.scenes],
            },
        )

    def report_io(self):
        io_def = rv.core.CommandIODefinition()
        for scene in self.scenes:
            io_def.add_input(scene.label_store.uri)
        io_def.add_output(self.output_uri())
        return io_def

    def split(self, num_parts):
        commands = []
        for i, scene in enumerate(self.scenes):
            commands.append(self.to_builder().with_scenes([scene]).with_split_id(i).build())
        return commands if num_parts > 1 else [self]

    @staticmethod
    def builder():
        return HistogramCommandConfigBuilder(HISTOGRAM)

    @staticmethod
    def from_proto(msg):
        return HistogramCommandConfigBuilder(HISTOGRAM).from_proto(msg).build()


class HistogramCommandConfigBuilder(rv.CommandConfigBuilder):
    def __init__(self, command_type, prev=None):
        super().__init__(command_type, prev)
        if prev is None:
            self.task = None
            self.scenes = []
        else:
            self.task = prev.task
            self.scenes = prev.scenes

    def validate(self):
        super().validate()
        if self.task is None:
            raise rv.ConfigError("Task not set for HistogramCommandConfig. Use with_task().")

    def build(self):
        self.validate()
        return HistogramCommandConfig(self.root_uri, self.split_id, self.task, self.scenes)

    def from_proto(self, msg):
        b = super().from_proto(msg)
        content = MessageToDict(msg.custom_config)
        b = b.with_task(rv.TaskConfig.from_proto(ParseDict(content["task"], TaskConfigMsg())))
        return b.with_scenes(
            [rv.SceneConfig.from_proto(ParseDict(s, SceneConfigMsg())) for s in content["scenes"]]
        )

    def get_root_uri(self, experiment_config):
        return os.path.join(experiment_config.root_uri, "histogram", experiment_config.id)

    def with_experiment(self, experiment_config):
        b = super().with_experiment(experiment_config)
        b = b.with_task(experiment_config.task)
        return b.with_scenes(experiment_config.dataset.validation_scenes)

    def with_task(self, task):
        b = deepcopy(self)
        b.task = task
        return b

    def with_scenes(self, scenes):
        b = deepcopy(self)
        b.scenes = scenes
        return b


class JoinCommand(rv.AuxCommand):
    """Writes texts one after the other."""

    command_type = JOIN
    command_options = rv.AuxCommandOptions(
        split_on="sources",
        inputs=lambda config: map(lambda pair: pair[0], config["sources"]),
        outputs=lambda config: [pair[1] for pair in config["sources"]],
        required_fields=["sources"],
    )

    def run(self, tmp_dir):
        for source, target in self.command_config["sources"]:
            assert os.path.isdir(tmp_dir)
            str_to_file(file_to_str(source).upper(), target)


class TickCommand(rv.AuxCommand):
    """Leaves no file that it declares."""

    command_type = TICK
    command_options = rv.AuxCommandOptions(
        inputs=lambda config: None, outputs=lambda config: ".tick", include_by_default=True
    )

    def run(self):
        directory = self.get_tmp_dir()
        with open(os.path.join(directory, "tock"), "w") as file:
            file.write("tock")
        with open(self.command_config["log"], "a") as file:
            file.write("tick\n")


def register_plugin(plugin_registry):
    plugin_registry.register_command_config_builder(HISTOGRAM, HistogramCommandConfigBuilder)
    plugin_registry.register_aux_command(JOIN, JoinCommand)
    plugin_registry.register_aux_command(TICK, TickCommand)
