"""Crowns of trees, release 0.11."""

import os
import random
from os.path import basename, join, splitext

import rastervision as rv
from rastervision.utils.files import list_paths


class TreeExperiments(rv.ExperimentSet):
    def exp_houses(self, raw_uri, root_uri):
        """Where are the buildings of Zanzibar?"""
        task = rv.TaskConfig.builder(rv.OBJECT_DETECTION) \
            .with_chip_size(256) \
            .with_classes(['building']) \
            .with_chip_options(neg_ratio=0.5, ioa_thresh=0.5, window_method='chip') \
            .with_predict_options(merge_thresh=0.3, score_thresh=0.6) \
            .build()
        backend = rv.BackendConfig.builder('BLOBS') \
            .with_task(task) \
            .with_threshold(0.5, min_size=10) \
            .build()

        def build_scene(split, name):
            return rv.SceneConfig.builder() \
                .with_task(task) \
                .with_id(name) \
                .with_raster_source(join(raw_uri, split, 'images', name + '.tif')) \
                .with_label_source(join(raw_uri, split, 'labels', name + '.geojson')) \
                .build()

        dataset = rv.DatasetConfig.builder() \
            .with_train_scene(build_scene('train', 'zanzibar_west')) \
            .with_validation_scene(build_scene('val', 'zanzibar_east')) \
            .build()
        return rv.ExperimentConfig.builder() \
            .with_id('houses') \
            .with_task(task) \
            .with_backend(backend) \
            .with_dataset(dataset) \
            .with_evaluator(rv.EvaluatorConfig.builder('COUNTING_EVALUATOR')
                            .with_task(task)
                            .build()) \
            .with_root_uri(root_uri) \
            .build()

    def exp_trees(self, raw_uri, root_uri, site='SJER', num_train='6', num_val='3'):
        task = rv.TaskConfig.builder(rv.OBJECT_DETECTION) \
            .with_chip_size(400) \
            .with_predict_batch_size(4) \
            .with_classes({'tree': (1, 'green')}) \
            .with_chip_options(neg_ratio=1.0, ioa_thresh=0.8, window_method='image') \
            .with_predict_options(merge_thresh=0.3, score_thresh=0.5) \
            .build()

        backend = rv.BackendConfig.builder('BLOBS') \
            .with_task(task) \
            .with_threshold(0.4, min_size=12) \
            .build()

        def build_scene(path):
            scene_id = splitext(basename(path))[0]
            label_uri = path.replace('/images/', '/labels/').replace('.tif', '.geojson')
            vector_source = rv.VectorSourceConfig.builder(rv.GEOJSON_SOURCE) \
                .with_uri(label_uri) \
                .with_class_inference(default_class_id=1) \
                .build()
            label_source = rv.LabelSourceConfig.builder(rv.OBJECT_DETECTION) \
                .with_vector_source(vector_source) \
                .build()
            return rv.SceneConfig.builder() \
                .with_task(task) \
                .with_id(scene_id) \
                .with_raster_source(path, channel_order=[0, 1, 2]) \
                .with_label_source(label_source) \
                .build()

        def sample(split, number):
            paths = list_paths(join(raw_uri, split, 'images'), ext='.tif')
            paths = sorted(filter(lambda p: basename(p).startswith(site), paths))
            random.seed(5678)
            return random.sample(paths, int(number))

        dataset = rv.DatasetConfig.builder() \
            .with_train_scenes(map(build_scene, sample('train', num_train))) \
            .with_validation_scenes(map(build_scene, sample('val', num_val))) \
            .build()

        evaluators = [
            rv.EvaluatorConfig.builder(key).with_task(task).build()
            for key in [rv.OBJECT_DETECTION_EVALUATOR, 'COUNTING_EVALUATOR']
        ]

        return rv.ExperimentConfig.builder() \
            .with_id('trees-{}'.format(site.lower())) \
            .with_task(task) \
            .with_backend(backend) \
            .with_dataset(dataset) \
            .with_evaluators(evaluators) \
            .with_root_uri(root_uri) \
            .build()


if __name__ == '__main__':
    rv.main()
