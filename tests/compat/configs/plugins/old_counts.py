"""A command with a config and builder of its own, as plugins had them."""

import os
from copy import deepcopy

import rastervision as rv
from google.protobuf.json_format import MessageToDict, ParseDict
from rastervision.command import Command, CommandConfig, CommandConfigBuilder
from rastervision.protos.command_pb2 import CommandConfig as CommandConfigMsg
from rastervision.protos.scene_pb2 import SceneConfig as SceneConfigMsg
from rastervision.rv_config import RVConfig
from rastervision.utils.files import json_to_file

COUNT = "COUNT"


class CountCommand(Command):
    def __init__(self, command_config):
        self.command_config = command_config

    def run(self, tmp_dir=None):
        if not tmp_dir:
            tmp_dir = self.get_tmp_dir()
        assert os.path.isdir(tmp_dir)
        ids = [scene.id for scene in self.command_config.scenes]
        json_to_file({"scenes": ids}, self.command_config.count_uri)


class CountCommandConfig(CommandConfig):
    def __init__(self, root_uri, split_id, scenes):
        super().__init__(COUNT, root_uri, split_id)
        self.scenes = scenes
        self.count_uri = os.path.join(root_uri, "count-{}.json".format(split_id))

    def create_command(self, tmp_dir=None):
        if not tmp_dir:
            _tmp_dir = RVConfig.get_tmp_dir()
            tmp_dir = _tmp_dir.name
        else:
            _tmp_dir = tmp_dir
        retval = CountCommand(self)
        retval.set_tmp_dir(_tmp_dir)
        return retval

    def to_proto(self):
        return CommandConfigMsg(
            command_type=self.command_type,
            root_uri=self.root_uri,
            split_id=self.split_id,
            custom_config={"scenes": [MessageToDict(s.to_proto()) for s in self.scenes]},
        )

    def report_io(self):
        io_def = rv.core.CommandIODefinition()
        for scene in self.scenes:
            scene.report_io(rv.ANALYZE, io_def)
        io_def.add_output(self.count_uri)
        return io_def

    def split(self, num_parts):
        return [
            self.to_builder().with_scenes([scene]).with_split_id(i).build()
            for i, scene in enumerate(self.scenes)
        ]

    @staticmethod
    def builder():
        return CountCommandConfigBuilder()


class CountCommandConfigBuilder(CommandConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(COUNT, prev)
        self.scenes = prev.scenes if prev else []

    def validate(self):
        super().validate()
        if not self.scenes:
            raise rv.ConfigError("Scenes not set")

    def build(self):
        self.validate()
        return CountCommandConfig(self.root_uri, self.split_id, self.scenes)

    def from_proto(self, msg):
        b = super().from_proto(msg)
        scenes = MessageToDict(msg.custom_config)["scenes"]
        return b.with_scenes(
            [rv.SceneConfig.from_proto(ParseDict(s, SceneConfigMsg())) for s in scenes]
        )

    def get_root_uri(self, experiment_config):
        return os.path.join(experiment_config.root_uri, "count", experiment_config.id)

    def with_experiment(self, experiment_config):
        b = super().with_experiment(experiment_config)
        return b.with_scenes(experiment_config.dataset.all_scenes())

    def with_scenes(self, scenes):
        b = deepcopy(self)
        b.scenes = scenes
        return b


def register_plugin(plugin_registry):
    plugin_registry.register_command_config_builder(COUNT, CountCommandConfigBuilder)
