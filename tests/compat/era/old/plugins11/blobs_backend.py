"""Detection by colour: pixels like those of objects, grown together to blobs (release 0.11).

The message is a flat Struct. update_for_command changes the config, report_io tells of it.
"""

import os
from copy import deepcopy
from os.path import join

import numpy as np

import rastervision as rv
from rastervision.backend import Backend, BackendConfig, BackendConfigBuilder
from rastervision.core.box import Box
from rastervision.data import ObjectDetectionLabels
from rastervision.protos.backend_pb2 import BackendConfig as BackendConfigMsg
from rastervision.utils.files import (download_if_needed, file_to_json, json_to_file, list_paths,
                                      str_to_file)

BLOBS = 'BLOBS'


class Blobs(Backend):
    def __init__(self, task_config, config):
        self.task_config = task_config
        self.config = config
        self.model = None

    def process_scene_data(self, scene, data, tmp_dir):
        sums = {'inside': Moments(), 'outside': Moments()}
        sizes = []
        for chip, window, labels in data:
            inside = np.zeros(chip.shape[:2], dtype=bool)
            local = ObjectDetectionLabels.global_to_local(labels.get_npboxes(), window)
            for box in local:
                box = Box.from_npbox(np.clip(box, 0, chip.shape[0])).to_int()
                height, width = box.get_height(), box.get_width()
                sizes.append((height * width) ** 0.5)
                # Crowns are round: what lies in the corners of a box is no crown.
                dy, dx = height // 5, width // 5
                inside[box.ymin + dy:box.ymax - dy, box.xmin + dx:box.xmax - dx] = True
            pixels = describe(chip)
            sums['inside'].add(pixels[inside])
            sums['outside'].add(pixels[~inside])
        return {'scene': scene.id, 'sizes': [float(s) for s in sizes],
                'inside': sums['inside'].to_json(), 'outside': sums['outside'].to_json()}

    def process_sceneset_results(self, training_results, validation_results, tmp_dir):
        for result in training_results:
            if result:
                json_to_file(result, join(self.config.chip_uri, '{}.json'.format(result['scene'])))

    def train(self, tmp_dir):
        inside, outside, sizes = Moments(), Moments(), []
        for uri in list_paths(self.config.chip_uri, '.json'):
            if os.path.basename(uri).startswith('command-'):
                continue
            result = file_to_json(uri)
            inside.merge(result['inside'])
            outside.merge(result['outside'])
            sizes += result['sizes']
        model = {
            'inside': inside.gaussian(), 'outside': outside.gaussian(),
            'size': float(np.median(sizes))
        }
        json_to_file(model, self.config.model_uri)
        if self.config.done_uri:
            str_to_file('done', self.config.done_uri)

    def load_model(self, tmp_dir):
        self.model = file_to_json(download_if_needed(self.config.model_uri, tmp_dir))

    def predict(self, chips, windows, tmp_dir):
        from scipy import ndimage

        if self.model is None:
            self.load_model(tmp_dir)
        found = ObjectDetectionLabels.make_empty()
        sigma = self.model['size'] / 8
        for chip, window in zip(chips, windows):
            features = describe(chip)
            pixels = features.reshape(-1, features.shape[-1])
            score = log_density(pixels, self.model['inside']) - \
                log_density(pixels, self.model['outside'])
            score = np.clip(score, -4, 4).reshape(chip.shape[:2])
            smooth = ndimage.gaussian_filter(score, sigma)
            regions, _ = ndimage.label(smooth > self.config.threshold)
            boxes, scores = [], []
            for index, (ys, xs) in enumerate(ndimage.find_objects(regions), 1):
                if min(ys.stop - ys.start, xs.stop - xs.start) < self.config.min_size:
                    continue
                boxes.append([ys.start, xs.start, ys.stop, xs.stop])
                peak = smooth[ys, xs][regions[ys, xs] == index].mean()
                scores.append(float(1 / (1 + np.exp(-peak))))
            if boxes:
                npboxes = ObjectDetectionLabels.local_to_global(np.array(boxes, float), window)
                labels = ObjectDetectionLabels(npboxes, np.ones(len(boxes), int),
                                               np.array(scores))
                found = ObjectDetectionLabels.concatenate(found, labels)
        return found


def describe(chip):
    """The colours of each pixel, those around it, and how much they vary there."""
    from scipy import ndimage

    bands = chip.astype(np.float32)
    parts = [bands]
    for size in (9, 25):
        around = ndimage.uniform_filter(bands, (size, size, 0))
        square = ndimage.uniform_filter(bands.mean(axis=-1)**2, size)
        spread = np.sqrt(np.maximum(square - around.mean(axis=-1)**2, 0))
        parts += [around, spread[..., np.newaxis]]
    return np.concatenate(parts, axis=-1)


class Moments(object):
    def __init__(self):
        self.count, self.sum, self.squares = 0, 0, 0

    def add(self, pixels):
        self.count += len(pixels)
        self.sum = self.sum + pixels.sum(axis=0)
        self.squares = self.squares + pixels.T @ pixels

    def merge(self, other):
        self.count += other['count']
        self.sum = self.sum + np.array(other['sum'])
        self.squares = self.squares + np.array(other['squares'])

    def to_json(self):
        return {'count': self.count, 'sum': np.asarray(self.sum).tolist(),
                'squares': np.asarray(self.squares).tolist()}

    def gaussian(self):
        mean = self.sum / self.count
        cov = self.squares / self.count - np.outer(mean, mean) + np.eye(len(mean)) * 4
        return {'mean': mean.tolist(), 'inverse': np.linalg.inv(cov).tolist(),
                'logdet': float(np.linalg.slogdet(cov)[1])}


def log_density(pixels, gaussian):
    off = pixels - np.array(gaussian['mean'], np.float32)
    inverse = np.array(gaussian['inverse'], np.float32)
    return -0.5 * (((off @ inverse) * off).sum(axis=1) + gaussian['logdet'])


class BlobsConfig(BackendConfig):
    def __init__(self, threshold=0.0, min_size=3, chip_uri=None, model_uri=None, done_uri=None):
        super().__init__(BLOBS)
        self.threshold = threshold
        self.min_size = min_size
        self.chip_uri = chip_uri
        self.model_uri = model_uri
        self.done_uri = done_uri

    def create_backend(self, task_config):
        return Blobs(task_config, self)

    def to_proto(self):
        msg = super().to_proto()
        msg.MergeFrom(BackendConfigMsg(custom_config=self.__fields()))
        return msg

    def __fields(self):
        names = ['threshold', 'min_size', 'chip_uri', 'model_uri', 'done_uri']
        return {name: getattr(self, name) for name in names}

    def update_for_command(self, command_type, experiment_config, context=None):
        super().update_for_command(command_type, experiment_config, context)
        if command_type == rv.CHIP:
            self.chip_uri = experiment_config.chip_uri
        elif command_type == rv.TRAIN:
            self.chip_uri = experiment_config.chip_uri
            if not self.model_uri:
                self.model_uri = join(experiment_config.train_uri, 'model.json')
            self.done_uri = join(experiment_config.train_uri, 'done.txt')
        elif command_type in [rv.PREDICT, rv.BUNDLE]:
            if not self.model_uri:
                self.model_uri = join(experiment_config.train_uri, 'model.json')

    def report_io(self, command_type, io_def):
        super().report_io(command_type, io_def)
        if command_type == rv.CHIP:
            io_def.add_output(self.chip_uri)
        elif command_type == rv.TRAIN:
            io_def.add_input(self.chip_uri)
            io_def.add_output(self.model_uri)
        elif command_type in [rv.PREDICT, rv.BUNDLE]:
            if not self.model_uri:
                io_def.add_missing('Missing model_uri.')
            else:
                io_def.add_input(self.model_uri)

    def save_bundle_files(self, bundle_dir):
        local_path, base_name = self.bundle_file(self.model_uri, bundle_dir)
        new_config = self.to_builder().with_model_uri(base_name).build()
        return (new_config, [local_path])

    def load_bundle_files(self, bundle_dir):
        return self.to_builder().with_model_uri(join(bundle_dir, self.model_uri)).build()


class BlobsConfigBuilder(BackendConfigBuilder):
    def __init__(self, prev=None):
        self.values = {}
        if prev:
            self.values = {
                name: getattr(prev, name)
                for name in ['threshold', 'min_size', 'chip_uri', 'model_uri', 'done_uri']
            }
        super().__init__(BLOBS, BlobsConfig)
        self.require_task = prev is None

    @property
    def config(self):
        return self.values

    @config.setter
    def config(self, values):
        self.values.update(values or {})

    def build(self):
        self.validate()
        return BlobsConfig(**self.values)

    def from_proto(self, msg):
        b = deepcopy(self)
        b.require_task = None
        for name, value in msg.custom_config.items():
            b.values[name] = int(value) if name == 'min_size' else value
        return b

    def _applicable_tasks(self):
        return [rv.OBJECT_DETECTION]

    def _process_task(self):
        return self

    def with_threshold(self, threshold, min_size=3):
        b = deepcopy(self)
        b.values['threshold'] = threshold
        b.values['min_size'] = min_size
        return b

    def with_model_uri(self, model_uri):
        b = deepcopy(self)
        b.values['model_uri'] = model_uri
        return b


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.BACKEND, BLOBS, BlobsConfigBuilder)
