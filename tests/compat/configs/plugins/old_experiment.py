"""An experiment in the manner of 2019: a segmentation with a backend and a command of plugins."""

import os

import rastervision as rv


class OldExperiments(rv.ExperimentSet):
    def exp_old(self, data, root_uri, test=False):
        assert test == "True"
        task = (
            rv.TaskConfig.builder("TILED_SEGMENTATION")
            .with_chip_size(32)
            .with_predict_chip_size(32)
            .with_classes({"thing": (1, "red"), "rest": (2, "gray")})
            .with_chip_options(chips_per_scene=8, debug_chip_probability=0.0)
            .build()
        )
        backend = (
            rv.BackendConfig.builder("OLD_NET_FOR_ALL")
            .with_task(task)
            .with_train_options(batch_size=4, num_epochs=1)
            .build()
        )

        def make_scene(name):
            raster_source = (
                rv.RasterSourceConfig.builder("MASKED_SOURCE")
                .with_uri(os.path.join(data, name + ".tif"))
                .with_channel_order([0])
                .with_stats_transformer()
                .build()
            )
            vector_source = (
                rv.VectorSourceConfig.builder("TAGGED_SOURCE")
                .with_uri(os.path.join(data, name + ".json"))
                .with_tag("a")
                .build()
            )
            label_raster_source = (
                rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE)
                .with_vector_source(vector_source)
                .with_rasterizer_options(2)
                .build()
            )
            label_source = (
                rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
                .with_raster_source(label_raster_source)
                .build()
            )
            return (
                rv.SceneConfig.builder()
                .with_task(task)
                .with_id(name)
                .with_raster_source(raster_source)
                .with_label_source(label_source)
                .with_label_store(
                    rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER).build()
                )
                .build()
            )

        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scenes(scenes=[make_scene("one")])
            .with_validation_scenes(scenes=[make_scene("two")])
            .build()
        )
        evaluator = rv.EvaluatorConfig.builder("NOTED_EVALUATOR").with_task(task).build()
        return (
            rv.ExperimentConfig.builder()
            .with_id("old")
            .with_root_uri(uri=root_uri)
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .with_analyzer(rv.AnalyzerConfig.builder("PADDED_STATS").build())
            .with_evaluators([evaluator])
            .build()
        )
