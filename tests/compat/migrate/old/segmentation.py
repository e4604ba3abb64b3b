"""Buildings and roads by semantic segmentation, as experiments of release 0.10 were written."""
import os
from os.path import join

import rastervision as rv
from rastervision.utils.files import list_paths  # noqa


class Segmentation(rv.ExperimentSet):
    def exp_main(self, root_uri, test=False):
        test = str(test).lower() == 'true'
        exp_id = 'roads-test' if test else 'roads'
        debug, chips_per_scene = (True, 2) if test else (False, 50)

        # A class that is not there is 0.
        classes = {
            'building': (1, 'orange'),
            'road': (2, 'black'),  # and tracks
        }

        task = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION) \
                            .with_chip_size(60) \
                            .with_classes(classes) \
                            .with_chip_options(
                                window_method='random_sample',
                                chips_per_scene=chips_per_scene,
                                debug_chip_probability=0.2) \
                            .build()

        backend = rv.BackendConfig.builder(rv.PYTORCH_SEMANTIC_SEGMENTATION) \
            .with_task(task) \
            .with_train_options(batch_size=2, num_epochs=1, model_arch='resnet50', debug=debug) \
            .build()

        images = sorted(list_paths(join(root_uri, 'images'), ext='.tif'))
        scenes = [self.build_scene(uri, task) for uri in images]
        dataset = rv.DatasetConfig.builder() \
                                  .with_train_scenes(scenes[:1]) \
                                  .with_validation_scenes(map(lambda s: s, scenes[1:])) \
                                  .build()

        return rv.ExperimentConfig.builder() \
                                  .with_id(exp_id) \
                                  .with_root_uri(root_uri) \
                                  .with_task(task) \
                                  .with_backend(backend) \
                                  .with_dataset(dataset) \
                                  .with_stats_analyzer() \
                                  .build()

    def build_scene(self, uri, task):
        scene_id = os.path.splitext(os.path.basename(uri))[0]
        raster_source = rv.RasterSourceConfig.builder(rv.GEOTIFF_SOURCE) \
                                             .with_uri(uri) \
                                             .with_channel_order([0, 1, 2]) \
                                             .with_stats_transformer() \
                                             .build()
        vector_source = rv.VectorSourceConfig.builder(rv.GEOJSON_SOURCE) \
            .with_uri(uri.replace('images', 'labels').replace('.tif', '.json')) \
            .with_buffers(line_bufs={1: None, 2: 3}) \
            .build()
        label_raster = rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE) \
            .with_vector_source(vector_source) \
            .with_rasterizer_options(0) \
            .build()
        labels = rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER) \
            .with_raster_source(label_raster) \
            .build()
        label_store = rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER) \
            .with_rgb(True) \
            .build()
        return rv.SceneConfig.builder() \
                             .with_task(task) \
                             .with_id(scene_id) \
                             .with_raster_source(raster_source) \
                             .with_label_source(labels) \
                             .with_label_store(label_store) \
                             .build()


if __name__ == '__main__':
    rv.main()
