from importlib import import_module

import rastervision as rv
import rastervision.core.box
from rastervision import rv_config
from rastervision.core import raster_stats, config as conf
import rastervision.utils.misc as misc

rv_again = import_module("rastervision")


class Cells(rv.ExperimentSet):
    def exp_cells(self, root_uri):
        assert issubclass(rv.TaskConfig, conf.Config) and rv_again is rv
        assert rv_config.RVConfig is rv.rv_config.RVConfig
        assert raster_stats.RasterStats() and misc.grouped
        size = rastervision.core.box.Box(0, 0, 50, 40).get_height()
        files = rv.utils.files.list_paths(root_uri + "/images", ext=".tif")
        task = (
            rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION)
            .with_chip_size(size)
            .with_classes({"no": (1, "red"), "yes": (2, "green")})
            .build()
        )
        backend = (
            rv._registry.get_config_builder(rv.BACKEND, rv.PYTORCH_CHIP_CLASSIFICATION)()
            .with_task(task)
            .with_train_options(num_epochs=1, batch_size=4)
            .build()
        )
        scenes = []
        for uri in sorted(files):
            vectors = (
                rv.VectorSourceConfig.builder("GEOJSON_SOURCE")
                .with_uri(uri.replace("images", "labels").replace(".tif", ".json"))
                .with_class_inference(default_class_id=2)
                .build()
            )
            labels = (
                rv.LabelSourceConfig.builder("CHIP_CLASSIFICATION_GEOJSON")
                .with_vector_source(vectors)
                .with_ioa_thresh(0.5)
                .with_use_intersection_over_cell(False)
                .with_pick_min_class_id(True)
                .with_background_class_id(1)
                .with_infer_cells(True)
                .build()
            )
            source = rv.data.RasterSourceConfig.builder("GEOTIFF_SOURCE").with_uri(uri).build()
            scenes.append(
                rv.SceneConfig.builder()
                .with_id(uri[-5:])
                .with_raster_source(source)
                .with_label_source(labels)
                .with_task(task)
                .build()
            )
        augmentor = rv.AugmentorConfig.builder(rv.NODATA_AUGMENTOR).with_probability(0.5).build()
        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scenes(scenes)
            .with_validation_scenes(scenes)
            .with_augmentor(augmentor)
            .build()
        )
        return [
            rv.ExperimentConfig.builder()
            .with_id("cells-%d" % i)
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .with_stats_analyzer()
            .with_chip_key("cells")
            .build()
            for i in range(2)
        ]
