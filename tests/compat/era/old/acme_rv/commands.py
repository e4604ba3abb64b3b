"""ZONAL: the share of each class in what was predicted, scene by scene."""

import json
import os
from collections import Counter
from copy import deepcopy

from google.protobuf import struct_pb2
from google.protobuf.json_format import MessageToDict, ParseDict

import rastervision as rv
from rastervision.command import Command, CommandConfig, CommandConfigBuilder
from rastervision.command.utils import (check_scenes_type, check_task_type)
from rastervision.protos.command_pb2 import CommandConfig as CommandConfigMsg
from rastervision.protos.scene_pb2 import SceneConfig as SceneConfigMsg
from rastervision.protos.task_pb2 import TaskConfig as TaskConfigMsg
from rastervision.rv_config import RVConfig
from rastervision.utils.files import json_to_file

from acme_rv.keys import ZONAL


class ZonalCommand(Command):
    def __init__(self, command_config):
        self.command_config = command_config

    def run(self, tmp_dir=None):
        if not tmp_dir:
            tmp_dir = self.get_tmp_dir()
        task = self.command_config.task
        counts = {}
        for scene_config in self.command_config.scenes:
            scene = scene_config.create_scene(task, tmp_dir)
            with scene.activate():
                labels = scene.prediction_label_store.get_labels()
                names = [task.class_map.get_by_id(i).name for i in labels.get_class_ids()]
                counts[scene.id] = dict(Counter(names))
        json_to_file(counts, self.command_config.output_uri)


class ZonalCommandConfig(CommandConfig):
    def __init__(self, root_uri, split_id, task, scenes):
        super().__init__(ZONAL, root_uri, split_id)
        self.task = task
        self.scenes = scenes

    @property
    def output_uri(self):
        return os.path.join(self.root_uri, f'zonal-{self.split_id}.json')

    def create_command(self, tmp_dir=None):
        if not tmp_dir:
            _tmp_dir = RVConfig.get_tmp_dir()
            tmp_dir = _tmp_dir.name
        else:
            _tmp_dir = tmp_dir

        retval = ZonalCommand(self)
        retval.set_tmp_dir(_tmp_dir)
        return retval

    def to_proto(self):
        msg = super().to_proto()
        struct = struct_pb2.Struct()
        struct['task'] = MessageToDict(self.task.to_proto())
        struct['scenes'] = [MessageToDict(scene.to_proto()) for scene in self.scenes]
        msg.MergeFrom(CommandConfigMsg(custom_config=struct))
        return msg

    def report_io(self):
        io_def = rv.core.CommandIODefinition()
        for scene in self.scenes:
            scene.report_io(rv.EVAL, io_def)
        io_def.add_output(self.output_uri)
        return io_def

    def split(self, num_parts):
        commands = []
        for i, l in enumerate(rv.utils.misc.split_into_groups(self.scenes, num_parts)):
            c = self.to_builder() \
                    .with_scenes(l) \
                    .with_split_id(i) \
                    .build()
            commands.append(c)
        return commands

    @staticmethod
    def builder():
        return ZonalCommandConfigBuilder(ZONAL)

    @staticmethod
    def from_proto(msg):
        return ZonalCommandConfigBuilder(ZONAL).from_proto(msg).build()


class ZonalCommandConfigBuilder(CommandConfigBuilder):
    def __init__(self, command_type, prev=None):
        super().__init__(command_type, prev)
        if prev is None:
            self.task = None
            self.scenes = None
        else:
            self.task = prev.task
            self.scenes = prev.scenes

    def validate(self):
        super().validate()
        if self.task is None:
            raise rv.ConfigError('Task not set for ZonalCommandConfig. Use "with_task".')
        check_task_type(self.task)
        if self.scenes is None:
            raise rv.ConfigError('Scenes not set for ZonalCommandConfig. Use "with_scenes".')
        check_scenes_type(self.scenes)

    def build(self):
        self.validate()
        return ZonalCommandConfig(self.root_uri, self.split_id, self.task, self.scenes)

    def from_proto(self, msg):
        b = super().from_proto(msg)
        conf = MessageToDict(msg.custom_config)
        task = rv.TaskConfig.from_proto(ParseDict(conf['task'], TaskConfigMsg()))
        scenes = [rv.SceneConfig.from_proto(ParseDict(s, SceneConfigMsg()))
                  for s in conf.get('scenes', [])]
        return b.with_task(task).with_scenes(scenes)

    def get_root_uri(self, experiment_config):
        return os.path.join(experiment_config.root_uri, 'zonal', experiment_config.id)

    def with_experiment(self, experiment_config):
        b = super().with_experiment(experiment_config)
        return b.with_task(experiment_config.task) \
                .with_scenes(experiment_config.dataset.validation_scenes)

    def with_task(self, task):
        b = deepcopy(self)
        b.task = task
        return b

    def with_scenes(self, scenes):
        b = deepcopy(self)
        b.scenes = scenes
        return b
