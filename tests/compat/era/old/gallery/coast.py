"""Houses along a coast: images made cloud-optimized first, several areas of interest."""

import os

import rastervision as rv

from helpers import ids_of, str_to_bool


class CoastExperiments(rv.ExperimentSet):
    def scenes(self, task, raw_uri, processed_uri, ids, aoi_names):
        for id in ids:
            b = rv.SceneConfig.builder() \
                .with_task(task) \
                .with_id(id) \
                .with_raster_source(os.path.join(processed_uri, id + '.tif'),
                                    channel_order=[0, 1, 2]) \
                .with_label_source(
                    rv.LabelSourceConfig.builder(rv.CHIP_CLASSIFICATION)
                    .with_uri(os.path.join(raw_uri, 'labels', id + '.geojson'))
                    .with_ioa_thresh(0.5)
                    .with_use_intersection_over_cell(False)
                    .with_pick_min_class_id(True)
                    .with_background_class_id(2)
                    .with_infer_cells(True)
                    .build())
            yield b.with_aoi_uris(
                [os.path.join(raw_uri, 'aoi', '{}.geojson'.format(name)) for name in aoi_names]
            ).build()

    def exp_chips(self, raw_uri, root_uri, test=False):
        test = str_to_bool(test)
        debug = False
        exp_id = 'coast-chips'
        num_epochs = 20
        batch_size = 8
        ids = ids_of(os.path.join(raw_uri, 'images'), '.tif')
        train_ids, val_ids = ids[:-1], ids[-1:]
        if test:
            exp_id += '-test'
            num_epochs = 1
            batch_size = 1
            train_ids = train_ids[0:1]
            val_ids = val_ids[0:1]
            debug = True

        task = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION) \
            .with_chip_size(200) \
            .with_classes({'building': (1, 'red'), 'no_building': (2, 'black')}) \
            .build()
        backend = rv.BackendConfig.builder(rv.PYTORCH_CHIP_CLASSIFICATION) \
            .with_task(task) \
            .with_train_options(batch_size=batch_size, num_epochs=num_epochs,
                                debug=debug, rare_classes=[1], desired_prob=0.5) \
            .with_pretrained_uri('https://example.com/model.pth') \
            .build()
        processed_uri = os.path.join(root_uri, 'cogs')
        dataset = rv.DatasetConfig.builder() \
            .with_train_scenes(self.scenes(task, raw_uri, processed_uri, train_ids, ['a', 'b'])) \
            .with_validation_scenes(self.scenes(task, raw_uri, processed_uri, val_ids, ['c'])) \
            .build()
        uris = [(os.path.join(raw_uri, 'images', id + '.tif'),
                 os.path.join(processed_uri, id + '.tif')) for id in train_ids + val_ids]
        return rv.ExperimentConfig.builder() \
            .with_id(exp_id) \
            .with_root_uri(root_uri) \
            .with_task(task) \
            .with_backend(backend) \
            .with_dataset(dataset) \
            .with_custom_config({
                'cogify': {
                    'key': 'cogs',
                    'config': {
                        'uris': uris,
                        'block_size': 256,
                        'overviews': [2, 4]
                    }
                }
            }) \
            .build()


if __name__ == '__main__':
    rv.main()
