"""Buildings of Zanzibar, all with plugins of our own (release 0.8)."""

import os

import rastervision as rv


def str_to_bool(x):
    if type(x) == str:
        if x.lower() == 'true':
            return True
        elif x.lower() == 'false':
            return False
        else:
            raise ValueError('{} is expected to be true or false'.format(x))
    return x


class ZanzibarExperiments(rv.ExperimentSet):
    def exp_buildings(self, raw_uri, root_uri, test=False):
        """Run an experiment on the buildings of Zanzibar.

        Args:
            raw_uri: (str) directory of raw data
            root_uri: (str) root directory for experiment output
            test: (bool) if True, run a very small experiment as a test
        """
        test = str_to_bool(test)
        exp_id = 'zanzibar'
        chips_per_scene = 40
        if test:
            exp_id += '-test'
            chips_per_scene = 12

        task = rv.TaskConfig.builder('LANDCOVER_TASK') \
                            .with_chip_size(128) \
                            .with_classes({
                                'building': (1, 'orange'),
                                'background': (2, 'black')
                            }) \
                            .with_targets([1], 50, chips_per_scene) \
                            .build()

        backend = rv.BackendConfig.builder('PIXEL_GAUSS') \
                                  .with_task(task) \
                                  .with_options(every=7) \
                                  .build()

        gamma = rv.RasterTransformerConfig.builder('GAMMA_TRANSFORMER').with_gamma(0.8).build()

        def make_scene(split, scene_id):
            raster_uri = os.path.join(raw_uri, split, 'images', '{}.tif'.format(scene_id))
            label_uri = os.path.join(raw_uri, split, 'labels', '{}.geojson'.format(scene_id))
            provider = rv._registry.get_raster_source_default_provider(raster_uri)
            raster_source = provider.construct(raster_uri) \
                                    .to_builder() \
                                    .with_channel_order([0, 1, 2]) \
                                    .with_transformer(gamma) \
                                    .build()
            return rv.SceneConfig.builder() \
                                 .with_task(task) \
                                 .with_id(scene_id) \
                                 .with_raster_source(raster_source) \
                                 .with_label_source(label_uri) \
                                 .build()

        augmentor = rv.AugmentorConfig.builder('MIRROR_AUGMENTOR').with_probability(0.3).build()
        dataset = rv.DatasetConfig.builder() \
                                  .with_train_scene(make_scene('train', 'zanzibar_west')) \
                                  .with_validation_scene(make_scene('val', 'zanzibar_east')) \
                                  .with_augmentor(augmentor) \
                                  .build()

        analyzer = rv.AnalyzerConfig.builder('BRIGHTNESS_ANALYZER').build()

        experiment = rv.ExperimentConfig.builder() \
                                        .with_id(exp_id) \
                                        .with_task(task) \
                                        .with_backend(backend) \
                                        .with_analyzer(analyzer) \
                                        .with_dataset(dataset) \
                                        .with_root_uri(root_uri) \
                                        .build()
        return experiment


if __name__ == '__main__':
    rv.main()
