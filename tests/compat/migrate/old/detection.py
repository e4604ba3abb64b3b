import rastervision
from rastervision.backend.api import PYTORCH_OBJECT_DETECTION
from rastervision.core.class_map import (
    ClassItem,
    ClassMap,  # names and colours
)
from rastervision import ConfigError, data, analyzer
from rastervision.data import DatasetConfig, SceneConfig
from rastervision.data.label_source.api import OBJECT_DETECTION_GEOJSON
from rastervision.data.raster_source.api import *
from rastervision.experiment import ExperimentSet as Set
from rastervision.task.api import OBJECT_DETECTION


class Cars(Set):
    """Finds cars; `rastervision` was its program."""

    def exp_cars(self, root_uri):
        try:
            rastervision.TaskConfig.builder(OBJECT_DETECTION).with_chip_size(0).build()
        except ConfigError:
            pass
        task = (
            rastervision.TaskConfig.builder(OBJECT_DETECTION)
            .with_chip_size(50)
            .with_classes(ClassMap([ClassItem(1, "car", "red")]))
            .with_chip_options(neg_ratio=2.0, ioa_thresh=0.9)
            .with_predict_options(merge_thresh=0.1, score_thresh=0.5)
            .build()
        )
        backend = (
            rastervision.BackendConfig.builder(PYTORCH_OBJECT_DETECTION)
            .with_task(task)
            .with_train_options(batch_size=2, num_epochs=1)
            .build()
        )
        scenes = []
        for name in ("a", "b"):
            image = (
                data.RasterSourceConfig.builder(IMAGE_SOURCE)
                .with_uri("{}/images/{}.tif".format(root_uri, name))
                .build()
            )
            labels = (
                rastervision.LabelSourceConfig.builder(OBJECT_DETECTION_GEOJSON)
                .with_uri("{}/labels/{}.json".format(root_uri, name))
                .build()
            )
            store = rastervision.LabelStoreConfig.builder("OBJECT_DETECTION_GEOJSON").build()
            scenes.append(
                SceneConfig.builder()
                .with_id(name)
                .with_task(task)
                .with_raster_source(image)
                .with_label_source(labels)
                .with_label_store(store)
                .build()
            )
        dataset = (
            DatasetConfig.builder()
            .with_train_scenes(scenes[:1])
            .with_validation_scenes(scenes[1:])
            .build()
        )
        stats = analyzer.AnalyzerConfig.builder(rastervision.STATS_ANALYZER).build()
        return (
            rastervision.ExperimentConfig.builder()
            .with_id("cars")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .with_analyzer(stats)
            .build()
        )
