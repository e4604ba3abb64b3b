"""Six classes of a city whose labels are painted in colours, near infrared first.

Channel orders are compared: the stats are the same, chips and models are not.
"""

import os

import rastervision as rv
from rastervision.utils.files import list_paths

from helpers import str_to_bool

IRRG = [3, 0, 1]
RGB = [0, 1, 2]


class CityExperiments(rv.ExperimentSet):
    def exp_channels(self, raw_uri, root_uri, test='False'):
        return [self._experiment(raw_uri, root_uri, str_to_bool(test), name, order)
                for name, order in [('irrg', IRRG), ('rgb', RGB)]]

    def exp_sizes(self, raw_uri, root_uri, test='False'):
        base = self._experiment(raw_uri, root_uri, str_to_bool(test), 'irrg', IRRG).to_builder()
        experiments = []
        for chip_size in [150, 300]:
            for arch in ['resnet18', 'resnet50']:
                task = self._task(chip_size)
                backend = self._backend(task, arch, True)
                exp_id = 'city-{}-{}'.format(chip_size, arch)
                experiments.append(
                    base.clear_command_uris()
                    .with_id(exp_id)
                    .with_task(task)
                    .with_backend(backend)
                    .with_analyze_key('city')
                    .with_chip_key('city-{}'.format(chip_size))
                    .with_train_key(exp_id)
                    .build())
        return experiments

    def _task(self, chip_size=300):
        # See the description of the benchmark for the classes.
        classes = {
            'Car': (1, '#ffff00'),
            'Building': (2, '#0000ff'),
            'Low Vegetation': (3, '#00ffff'),
            'Tree': (4, '#00ff00'),
            'Impervious': (5, '#ffffff'),
            'Clutter': (6, '#ff0000')
        }
        return rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION) \
                            .with_chip_size(chip_size) \
                            .with_classes(classes) \
                            .with_chip_options(window_method='sliding',
                                               stride=chip_size,
                                               debug_chip_probability=1.0) \
                            .build()

    def _backend(self, task, arch, debug):
        return rv.BackendConfig.builder(rv.PYTORCH_SEMANTIC_SEGMENTATION) \
                               .with_task(task) \
                               .with_train_options(batch_size=8, num_epochs=1, debug=debug,
                                                   model_arch=arch) \
                               .build()

    def _experiment(self, raw_uri, root_uri, test, name, channel_order):
        task = self._task()
        image_paths = sorted(list_paths(os.path.join(raw_uri, 'images'), ext='_RGBIR.tif'))
        ids = ['_'.join(os.path.basename(path).split('_')[2:4]) for path in image_paths]
        val_ids = ['2_10', '6_7']
        train_ids = [i for i in ids if i not in val_ids]
        if test:
            train_ids, val_ids = train_ids[0:1], val_ids[0:1]

        def make_scene(id):
            id = id.replace('-', '_')
            raster_uri = '{}/images/top_city_{}_RGBIR.tif'.format(raw_uri, id)
            label_uri = '{}/labels/top_city_{}_label.tif'.format(raw_uri, id)
            raster_source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE) \
                                                 .with_uri(raster_uri) \
                                                 .with_channel_order(channel_order) \
                                                 .with_stats_transformer() \
                                                 .build()
            label_source = rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION) \
                .with_rgb_class_map(task.class_map) \
                .with_raster_source(label_uri) \
                .build()
            # URI will be injected by scene config.
            # Using rgb=True because we want prediction TIFFs to be in RGB format.
            label_store = rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER) \
                                             .with_rgb(True) \
                                             .build()
            return rv.SceneConfig.builder() \
                                 .with_task(task) \
                                 .with_id(id) \
                                 .with_raster_source(raster_source) \
                                 .with_label_source(label_source) \
                                 .with_label_store(label_store) \
                                 .build()

        dataset = rv.DatasetConfig.builder() \
                                  .with_train_scenes([make_scene(id) for id in train_ids]) \
                                  .with_validation_scenes([make_scene(id) for id in val_ids]) \
                                  .build()
        return rv.ExperimentConfig.builder() \
                                  .with_id('city-{}'.format(name)) \
                                  .with_task(task) \
                                  .with_backend(self._backend(task, 'resnet50', test)) \
                                  .with_stats_analyzer() \
                                  .with_dataset(dataset) \
                                  .with_root_uri(root_uri) \
                                  .build()


if __name__ == '__main__':
    rv.main()
