"""A task of our own, as release 0.8 wants it.

Chips are cut where a class that we ask for is found, and predictions go over a regular grid.
"""

import random

import numpy as np

import rastervision as rv
from rastervision.core.class_map import ClassItem, ClassMap
from rastervision.protos.task_pb2 import TaskConfig as TaskConfigMsg
from rastervision.task import (Task, TaskConfig, TaskConfigBuilder)

from copy import deepcopy

LANDCOVER = 'LANDCOVER_TASK'


class LandcoverTask(Task):
    def get_train_windows(self, scene):
        size = self.config.chip_size
        extent = scene.raster_source.get_extent()
        windows = extent.get_windows(size, size)
        windows = [w for w in windows if w.ymax <= extent.ymax and w.xmax <= extent.xmax]
        if scene.aoi_polygons:
            from rastervision.core.box import Box
            windows = Box.filter_by_aoi(windows, scene.aoi_polygons)
        random.Random(3).shuffle(windows)
        kept = [
            window for window in windows
            if scene.ground_truth_label_source.enough_target_pixels(
                window, self.config.least_pixels, self.config.wanted)
        ]
        print('{}: {} of {} windows'.format(scene.id, len(kept), len(windows)))
        return kept[:self.config.chips_per_scene]

    def get_train_labels(self, window, scene):
        return scene.ground_truth_label_source.get_labels(window=window)

    def get_predict_windows(self, extent):
        chip_size = self.config.chip_size
        stride = chip_size
        return extent.get_windows(chip_size, stride)

    def post_process_predictions(self, labels, scene):
        return labels

    def save_debug_predict_image(self, scene, debug_dir_uri):
        # no-op
        pass


class LandcoverTaskConfig(TaskConfig):
    def __init__(self,
                 class_map,
                 predict_batch_size=10,
                 predict_package_uri=None,
                 debug=True,
                 predict_debug_uri=None,
                 chip_size=300,
                 wanted=None,
                 least_pixels=1,
                 chips_per_scene=50):
        super().__init__(LANDCOVER, predict_batch_size, predict_package_uri, debug,
                         predict_debug_uri)
        self.class_map = class_map
        self.chip_size = chip_size
        self.wanted = wanted or []
        self.least_pixels = least_pixels
        self.chips_per_scene = chips_per_scene

    def save_bundle_files(self, bundle_dir):
        return (self, [])

    def load_bundle_files(self, bundle_dir):
        return self

    def create_task(self, backend):
        return LandcoverTask(self, backend)

    def to_proto(self):
        msg = super().to_proto()
        conf = {
            'chip_size': self.chip_size,
            'wanted': self.wanted,
            'least_pixels': self.least_pixels,
            'chips_per_scene': self.chips_per_scene,
            'class_items': [
                {'id': item.id, 'name': item.name, 'color': item.color}
                for item in self.class_map.get_items()
            ],
        }
        msg.MergeFrom(TaskConfigMsg(custom_config=conf))
        return msg


class LandcoverTaskConfigBuilder(TaskConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {
                'predict_batch_size': prev.predict_batch_size,
                'predict_package_uri': prev.predict_package_uri,
                'debug': prev.debug,
                'predict_debug_uri': prev.predict_debug_uri,
                'class_map': prev.class_map,
                'chip_size': prev.chip_size,
                'wanted': prev.wanted,
                'least_pixels': prev.least_pixels,
                'chips_per_scene': prev.chips_per_scene
            }
        super().__init__(LandcoverTaskConfig, config)

    def from_proto(self, msg):
        conf = msg.custom_config
        items = [ClassItem(int(i['id']), i['name'], i['color']) for i in conf['class_items']]
        return super().from_proto(msg) \
                      .with_classes(items) \
                      .with_chip_size(int(conf['chip_size'])) \
                      .with_targets([int(i) for i in conf['wanted']],
                                    int(conf['least_pixels']),
                                    int(conf['chips_per_scene']))

    def validate(self):
        super().validate()
        if 'class_map' not in self.config:
            raise rv.ConfigError('Class map required for this task. Use "with_classes"')
        if not isinstance(self.config['class_map'], ClassMap):
            raise rv.ConfigError('Class map set with "with_classes" must be of type ClassMap, '
                                 'got {}'.format(type(self.config['class_map'])))

    def with_classes(self, classes):
        b = deepcopy(self)
        b.config['class_map'] = ClassMap.construct_from(classes)
        return b

    def with_chip_size(self, chip_size):
        b = deepcopy(self)
        b.config['chip_size'] = chip_size
        return b

    def with_targets(self, wanted, least_pixels=1, chips_per_scene=50):
        b = deepcopy(self)
        b.config['wanted'] = wanted
        b.config['least_pixels'] = least_pixels
        b.config['chips_per_scene'] = chips_per_scene
        return b


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.TASK, LANDCOVER, LandcoverTaskConfigBuilder)
