"""Vehicles in scenes that CSV files list, and in halves of images; folds by key."""

from os.path import basename, join, splitext

import rastervision as rv
from rastervision.utils.files import file_exists

from helpers import get_scene_info, str_to_bool


class VehicleExperiments(rv.ExperimentSet):
    def exp_listed(self, raw_uri, root_uri, test=False, folds='1'):
        test = str_to_bool(test)
        num_steps = 100000
        train_scene_info = get_scene_info(join(raw_uri, 'vehicles-train.csv'))
        val_scene_info = get_scene_info(join(raw_uri, 'vehicles-val.csv'))
        if test:
            num_steps = 16
            train_scene_info = train_scene_info[0:1]
            val_scene_info = val_scene_info[0:1]

        task = rv.TaskConfig.builder(rv.OBJECT_DETECTION) \
                            .with_chip_size(300) \
                            .with_classes({'vehicle': (1, 'red')}) \
                            .with_chip_options(neg_ratio=1.0, ioa_thresh=0.8,
                                               window_method='label', label_buffer=0.1) \
                            .with_predict_options(merge_thresh=0.3, score_thresh=0.9) \
                            .with_predict_debug_uri(join(root_uri, 'debug')) \
                            .build()

        backend = rv.BackendConfig.builder(rv.TF_OBJECT_DETECTION) \
                                  .with_task(task) \
                                  .with_model_defaults(rv.FASTER_RCNN_RESNET50_COCO) \
                                  .with_debug(True) \
                                  .with_train_options(sync_interval=900, do_monitoring=True) \
                                  .with_num_steps(num_steps) \
                                  .with_batch_size(2) \
                                  .with_fine_tune_checkpoint_name('vehicles') \
                                  .build()

        def make_scene(scene_info):
            (raster_uri, label_uri) = scene_info
            raster_uri = join(raw_uri, raster_uri)
            label_uri = join(raw_uri, label_uri)
            id = splitext(basename(raster_uri))[0]
            label_source = rv.LabelSourceConfig.builder(rv.OBJECT_DETECTION_GEOJSON) \
                                               .with_uri(label_uri) \
                                               .build()
            assert not file_exists(join(raw_uri, 'nosuch'))
            return rv.SceneConfig.builder() \
                                 .with_task(task) \
                                 .with_id(id) \
                                 .with_raster_source(raster_uri, channel_order=[0, 1, 2]) \
                                 .with_label_source(label_source) \
                                 .build()

        infos = train_scene_info + val_scene_info
        splits = [(train_scene_info, val_scene_info)]
        if int(folds) > 1:
            splits = [([s for s in infos if s not in infos[i::int(folds)]], infos[i::int(folds)])
                      for i in range(int(folds))]
        experiments = []
        for fold, (train, val) in enumerate(splits):
            dataset = rv.DatasetConfig.builder() \
                                      .with_train_scenes(list(map(make_scene, train))) \
                                      .with_validation_scenes(list(map(make_scene, val))) \
                                      .build()
            experiments.append(
                rv.ExperimentConfig.builder()
                .with_id('vehicles-{}'.format(fold))
                .with_root_uri(root_uri)
                .with_task(task)
                .with_backend(backend)
                .with_dataset(dataset)
                .with_chip_key('fold-{}'.format(fold))
                .with_train_key('fold-{}'.format(fold))
                .build())
        return experiments


if __name__ == '__main__':
    rv.main()
