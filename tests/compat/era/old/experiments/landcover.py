"""Land cover of North Carolina from six bands, with what ships and one backend of our own.

The keys are those of release 0.8. Each quadrant is left out once.
"""

import os

import rastervision as rv

QUADRANTS = {'nc_nw': 'train', 'nc_se': 'train', 'nc_ne': 'val', 'nc_sw': 'val'}


class LandcoverExperiments(rv.ExperimentSet):
    def get_task(self):
        return rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION) \
                            .with_chip_size(60) \
                            .with_predict_chip_size(100) \
                            .with_classes({
                                'developed': (1, 'red'),
                                'open': (2, 'yellow'),
                                'shrubland': (3, '#aabb44'),
                                'forest': (4, 'green'),
                                'water': (5, 'blue')
                            }) \
                            .with_chip_options(
                                window_method='sliding',
                                stride=60,
                                debug_chip_probability=0.0,
                                negative_survival_probability=1.0) \
                            .build()

    def make_scene(self, task, raw_uri, scene_id):
        split = QUADRANTS[scene_id]
        raster_source = rv.RasterSourceConfig.builder(rv.GEOTIFF_SOURCE) \
                                             .with_uri(os.path.join(raw_uri, split, 'images',
                                                                    scene_id + '.tif')) \
                                             .with_channel_order([2, 1, 0, 3, 4, 5]) \
                                             .with_stats_transformer() \
                                             .build()
        label_source = rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER) \
                                           .with_raster_source(os.path.join(
                                               raw_uri, split, 'labels', scene_id + '.tif')) \
                                           .build()
        label_store = rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER) \
                                         .with_vector_output([
                                             {'mode': 'polygons', 'class_id': 5, 'denoise': 3}
                                         ]) \
                                         .build()
        return rv.SceneConfig.builder() \
                             .with_id(scene_id) \
                             .with_task(task) \
                             .with_raster_source(raster_source) \
                             .with_label_source(label_source) \
                             .with_label_store(label_store) \
                             .build()

    def make_experiment(self, raw_uri, root_uri, held_out, exp_id):
        task = self.get_task()
        backend = rv.BackendConfig.builder('PIXEL_GAUSS').with_task(task).build()
        scenes = {s: self.make_scene(task, raw_uri, s) for s in QUADRANTS}
        dataset = rv.DatasetConfig.builder() \
                                  .with_train_scenes([s for i, s in scenes.items()
                                                      if i not in held_out]) \
                                  .with_validation_scenes([scenes[i] for i in held_out]) \
                                  .with_augmentor(rv.AugmentorConfig.builder(rv.NODATA_AUGMENTOR)
                                                  .with_probability(0.1)
                                                  .build()) \
                                  .build()
        return rv.ExperimentConfig.builder() \
                                  .with_id(exp_id) \
                                  .with_task(task) \
                                  .with_backend(backend) \
                                  .with_dataset(dataset) \
                                  .with_stats_analyzer() \
                                  .with_root_uri(root_uri) \
                                  .with_analyze_key('all-quadrants')

    def exp_main(self, raw_uri, root_uri):
        return self.make_experiment(raw_uri, root_uri, ['nc_ne', 'nc_sw'], 'landcover').build()

    def exp_folds(self, raw_uri, root_uri, folds=2):
        """Leave quadrants out in turn."""
        names = sorted(QUADRANTS)
        experiments = []
        for fold in range(int(folds)):
            held_out = names[fold::int(folds)]
            key = 'fold-{}'.format(fold)
            b = self.make_experiment(raw_uri, root_uri, held_out, 'landcover-' + key)
            experiments.append(b.with_chip_key(key).with_train_key(key).build())
        return experiments


if __name__ == '__main__':
    rv.main()
