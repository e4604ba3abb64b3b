"""Chip classification, release 0.11, with our own package of plugins."""

import csv
import os
from os.path import join
from typing import List, Optional

import rastervision as rv
from rastervision.core import Box
from rastervision.utils.files import list_paths


def get_bool_arg(x):
    if isinstance(x, str):
        if x.lower() == 'true':
            return True
        elif x.lower() == 'false':
            return False
        raise ValueError(f'{x} is expected to be true or false')
    return x


class ChipExperiments(rv.ExperimentSet):
    def exp_zanzibar(self, raw_uri: str, root_uri: str, board=None, test: bool = False):
        """Which cells of 64 pixels are built?"""
        test = get_bool_arg(test)
        num_trees = 20 if test else 100

        task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION) \
            .with_chip_size(64) \
            .with_classes({'building': (1, 'red'), 'no_building': (2, 'black')}) \
            .build()

        backend = rv.BackendConfig.builder('ACME_CHIPS') \
            .with_task(task) \
            .with_train_options(num_trees=num_trees, bands=[0, 1, 2]) \
            .build()

        def make_scene(split, scene_id, cells):
            base = join(raw_uri, split)
            label_source = rv.LabelSourceConfig.builder(rv.CHIP_CLASSIFICATION) \
                .with_uri(join(base, 'chips', f'{scene_id}.geojson')) \
                .with_ioa_thresh(0.5) \
                .with_use_intersection_over_cell(False) \
                .with_pick_min_class_id(True) \
                .with_background_class_id(2) \
                .with_infer_cells(cells) \
                .with_cell_size(64) \
                .build()
            raster_source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE) \
                .with_uri(join(base, 'images', f'{scene_id}.tif')) \
                .with_channel_order([0, 1, 2]) \
                .with_stats_transformer() \
                .build()
            return rv.SceneConfig.builder() \
                .with_task(task) \
                .with_id(scene_id) \
                .with_raster_source(raster_source) \
                .with_label_source(label_source) \
                .build()

        dataset = rv.DatasetConfig.builder() \
            .with_train_scenes([make_scene('train', 'zanzibar_west', False)]) \
            .with_validation_scenes([make_scene('val', 'zanzibar_east', False)]) \
            .build()

        custom = {
            'thumbnail': {
                'key': 'all',
                'config': {
                    'uris': [[join(raw_uri, 'val', 'images', 'zanzibar_east.tif'),
                              join(root_uri, 'thumbnails', 'zanzibar_east.png')]],
                    'every': 8
                }
            }
        }
        if board:
            custom['Announce'] = {
                'root_uri': join(root_uri, 'announced'),
                'config': {
                    'eval_uri': join(root_uri, 'eval', 'chips-zanzibar', 'eval.json'),
                    'board': board,
                    'title': 'zanzibar'
                }
            }
        return rv.ExperimentConfig.builder() \
            .with_id('chips-zanzibar') \
            .with_root_uri(root_uri) \
            .with_task(task) \
            .with_backend(backend) \
            .with_dataset(dataset) \
            .with_stats_analyzer() \
            .with_custom_config(custom) \
            .build()

    def exp_eurosat(self, raw_uri: str, root_uri: str, test: bool = False):
        """Ten classes of land use, one chip an image."""
        test = get_bool_arg(test)
        class_names = ['AnnualCrop', 'Forest', 'HerbaceousVegetation', 'Highway', 'Industrial',
                       'Pasture', 'PermanentCrop', 'Residential', 'River', 'SeaLake']
        if test:
            class_names = ['Forest', 'Industrial', 'SeaLake']
        task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION) \
                            .with_chip_size(64) \
                            .with_classes(class_names) \
                            .build()
        backend = rv.BackendConfig.builder('ACME_CHIPS') \
                                  .with_task(task) \
                                  .with_train_options(num_trees=100) \
                                  .build()

        def make_scenes(split: str) -> List[rv.SceneConfig]:
            uris = sorted(list_paths(join(raw_uri, split, 'images'), '.tif'))
            ids = [os.path.splitext(os.path.basename(uri))[0] for uri in uris]
            scenes = []
            for uri, scene_id in zip(uris, ids):
                if scene_id.split('_')[0] not in class_names:
                    continue
                label_uri = join(raw_uri, split, 'labels', scene_id + '.geojson')
                scenes.append(rv.SceneConfig.builder()
                              .with_task(task)
                              .with_id(scene_id)
                              .with_raster_source(uri, channel_order=[3, 2, 1, 7, 11])
                              .with_label_source(label_uri)
                              .build())
            return scenes

        dataset = rv.DatasetConfig.builder() \
                                  .with_train_scenes(make_scenes('train')) \
                                  .with_validation_scenes(make_scenes('val')) \
                                  .build()
        return rv.ExperimentConfig.builder() \
                                  .with_id('chips-eurosat') \
                                  .with_root_uri(root_uri) \
                                  .with_task(task) \
                                  .with_backend(backend) \
                                  .with_dataset(dataset) \
                                  .build()


if __name__ == '__main__':
    rv.main()
