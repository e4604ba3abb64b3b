"""A backend as release 0.8 wants it: JSON text in the message, no report_io.

It fits a Gaussian to the features of each class.
"""

import glob
import json
import os
import shutil
import tempfile
import uuid
from copy import deepcopy

import numpy as np
from google.protobuf import struct_pb2

import rastervision as rv
from rastervision.backend import Backend, BackendConfig, BackendConfigBuilder
from rastervision.data import SemanticSegmentationLabels
from rastervision.protos.backend_pb2 import BackendConfig as BackendConfigMsg
from rastervision.utils.files import (download_if_needed, file_to_json, get_local_path,
                                      json_to_file, list_paths, make_dir, start_sync, sync_to_dir,
                                      unzip, upload_or_copy, zipdir)
from rastervision.utils.misc import replace_nones_in_dict

from pixel_features import describe, features_of

PIXEL_GAUSS = 'PIXEL_GAUSS'


class PixelGauss(Backend):
    def __init__(self, backend_config, task_config):
        self.config = backend_config
        self.task_config = task_config
        self.class_map = task_config.class_map
        self.means = None

    def process_scene_data(self, scene, data, tmp_dir):
        scene_dir = os.path.join(tmp_dir, '{}-{}'.format(scene.id, uuid.uuid4()))
        make_dir(scene_dir)
        for ind, (chip, window, labels) in enumerate(data):
            array = labels.get_label_arr(window)
            path = os.path.join(scene_dir, '{}-{}.npz'.format(scene.id, ind))
            np.savez(path, chip=chip, labels=array)
        return scene_dir

    def process_sceneset_results(self, training_results, validation_results, tmp_dir):
        training_dir = os.path.join(tmp_dir, 'training')
        make_dir(training_dir, force_empty=True)
        for scene_dir in training_results:
            for path in glob.glob(os.path.join(scene_dir, '*.npz')):
                shutil.copy(path, training_dir)
        group = 'training-{}.zip'.format(uuid.uuid4())
        zip_path = os.path.join(tmp_dir, group)
        zipdir(training_dir, zip_path)
        upload_or_copy(zip_path, os.path.join(self.config.training_data_uri, group))

    def train(self, tmp_dir):
        print('Training on', describe(3))
        chip_dir = os.path.join(tmp_dir, 'chips')
        for uri in list_paths(self.config.training_data_uri, '.zip'):
            unzip(download_if_needed(uri, tmp_dir), chip_dir)
        by_class = {}
        for path in sorted(glob.glob(os.path.join(chip_dir, '*.npz'))):
            with np.load(path) as found:
                features = features_of(found['chip'])
                labels = found['labels'].reshape(-1)
            for class_id in np.unique(labels):
                if class_id:
                    by_class.setdefault(int(class_id), []).append(
                        features[labels == class_id][::self.config.options.get('every', 5)])

        train_dir = get_local_path(self.config.training_output_uri, tmp_dir)
        make_dir(train_dir)
        sync = start_sync(train_dir, self.config.training_output_uri, sync_interval=600)
        with sync:
            model = {}
            for class_id, parts in by_class.items():
                found = np.concatenate(parts).astype(np.float64)
                cov = np.cov(found.T) + np.eye(found.shape[1]) * 1e-4
                model[class_id] = {
                    'mean': found.mean(axis=0).tolist(), 'cov': cov.tolist(),
                    'share': len(found)
                }
            with open(os.path.join(train_dir, 'model'), 'w') as f:
                json.dump(model, f)
        sync_to_dir(train_dir, self.config.training_output_uri)
        if os.path.join(self.config.training_output_uri, 'model') != self.config.model_uri:
            upload_or_copy(os.path.join(train_dir, 'model'), self.config.model_uri)

    def load_model(self, tmp_dir):
        if self.means is None:
            path = download_if_needed(self.config.model_uri, tmp_dir)
            model = file_to_json(path)
            self.means = {
                int(class_id): (np.array(part['mean']), np.linalg.inv(part['cov']),
                                np.linalg.slogdet(np.array(part['cov']))[1])
                for class_id, part in model.items()
            }

    def predict(self, chips, windows, tmp_dir):
        self.load_model(tmp_dir)
        arrays = []
        ids = np.array(sorted(self.means), dtype=np.uint8)
        for chip in chips:
            features = features_of(chip)
            scores = []
            for class_id in ids:
                mean, inverse, logdet = self.means[int(class_id)]
                off = features - mean
                scores.append(-np.einsum('ij,jk,ik->i', off, inverse, off) - logdet)
            arrays.append(ids[np.argmax(scores, axis=0)].reshape(chip.shape[:2]))

        def label_fn(window):
            ind = windows.index(window)
            return arrays[ind]

        return SemanticSegmentationLabels(windows, label_fn)


class PixelGaussConfig(BackendConfig):
    def __init__(self,
                 options=None,
                 training_data_uri=None,
                 training_output_uri=None,
                 model_uri=None,
                 pretrained_model_uri=None):
        super().__init__(PIXEL_GAUSS, pretrained_model_uri)
        self.options = options or {}
        self.training_data_uri = training_data_uri
        self.training_output_uri = training_output_uri
        self.model_uri = model_uri

    def create_backend(self, task_config):
        return PixelGauss(self, task_config)

    def to_proto(self):
        struct = struct_pb2.Struct()
        struct['json'] = json.dumps({
            'options': self.options,
            'training_data_uri': self.training_data_uri,
            'training_output_uri': self.training_output_uri,
            'model_uri': self.model_uri,
            'pretrained_model_uri': self.pretrained_model_uri
        })
        return BackendConfigMsg(backend_type=self.backend_type, custom_config=struct)

    def save_bundle_files(self, bundle_dir):
        if not self.model_uri:
            raise rv.ConfigError('model_uri is not set.')
        local_path, base_name = self.bundle_file(self.model_uri, bundle_dir)
        new_config = self.to_builder().with_model_uri(base_name).build()
        return (new_config, [local_path])

    def load_bundle_files(self, bundle_dir):
        if not self.model_uri:
            raise rv.ConfigError('model_uri is not set.')
        local_model_uri = os.path.join(bundle_dir, self.model_uri)
        return self.to_builder().with_model_uri(local_model_uri).build()

    def update_for_command(self, command_type, experiment_config, context=None):
        conf, io_def = super().update_for_command(command_type, experiment_config, context)
        if command_type == rv.CHIP:
            if not conf.training_data_uri:
                conf = conf.to_builder() \
                           .with_training_data_uri(experiment_config.chip_uri) \
                           .build()
            io_def.add_output(conf.training_data_uri)
        if command_type == rv.TRAIN:
            b = conf.to_builder()
            if not conf.training_data_uri:
                b = b.with_training_data_uri(experiment_config.chip_uri)
            if not conf.training_output_uri:
                b = b.with_training_output_uri(experiment_config.train_uri)
            if not conf.model_uri:
                b = b.with_model_uri(os.path.join(experiment_config.train_uri, 'model'))
            conf = b.build()
            io_def.add_input(conf.training_data_uri)
            io_def.add_output(conf.model_uri)
        if command_type in [rv.PREDICT, rv.BUNDLE]:
            if not conf.model_uri:
                conf = conf.to_builder() \
                           .with_model_uri(os.path.join(experiment_config.train_uri, 'model')) \
                           .build()
            io_def.add_input(conf.model_uri)
        return (conf, io_def)


class PixelGaussConfigBuilder(BackendConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {
                'options': prev.options,
                'training_data_uri': prev.training_data_uri,
                'training_output_uri': prev.training_output_uri,
                'model_uri': prev.model_uri,
                'pretrained_model_uri': prev.pretrained_model_uri
            }
        super().__init__(PIXEL_GAUSS, PixelGaussConfig, config)
        self.require_task = prev is None

    def from_proto(self, msg):
        b = super().from_proto(msg)
        conf = json.loads(msg.custom_config['json'])
        b.require_task = None
        b.config.update(conf)
        return b

    def validate(self):
        super().validate()
        if self.require_task and not self.task:
            raise rv.ConfigError('You must specify the task this backend is for - '
                                 'use "with_task".')
        return True

    def _applicable_tasks(self):
        return [rv.SEMANTIC_SEGMENTATION, 'LANDCOVER_TASK']

    def _process_task(self):
        return self.with_options(every=1) if self.task.chip_size < 32 else self

    def with_options(self, **options):
        b = deepcopy(self)
        b.config['options'] = dict(b.config.get('options', {}), **options)
        return b

    def with_training_data_uri(self, training_data_uri):
        b = deepcopy(self)
        b.config['training_data_uri'] = training_data_uri
        return b

    def with_training_output_uri(self, training_output_uri):
        b = deepcopy(self)
        b.config['training_output_uri'] = training_output_uri
        return b

    def with_model_uri(self, model_uri):
        b = deepcopy(self)
        b.config['model_uri'] = model_uri
        return b


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.BACKEND, PIXEL_GAUSS, PixelGaussConfigBuilder)
