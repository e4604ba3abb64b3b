"""An experiment of nothing but classic plugins, in the manner of old experiment files."""

import os

import rvcli as rv


class ClassicExperiments(rv.ExperimentSet):
    def exp_main(self, data, root_uri):
        task_builder = rv.TaskConfig.builder("CLASSIC_TASK").with_chip_size(32)
        task = task_builder.with_classes({"thing": (1, "red"), "rest": (2, "gray")}).build()
        backend = (
            rv.BackendConfig.builder("CLASSIC_BACKEND")
            .with_task(task)
            .with_options(depth=3)
            .build()
        )
        shift = rv.RasterTransformerConfig.builder("CLASSIC_SHIFT").with_offsets([1, 0, 2]).build()

        def make_scene(name):
            source = (
                rv.RasterSourceConfig.builder("CLASSIC_ARRAY_SOURCE")
                .with_uri(os.path.join(data, name + ".npy"))
                .with_channel_order([2, 1, 0])
                .with_transformer(shift)
                .build()
            )
            return (
                rv.SceneConfig.builder()
                .with_task(task)
                .with_id(name)
                .with_raster_source(source)
                .with_label_source(os.path.join(data, name + ".shapes.json"))
                .with_label_store(None)
                .build()
            )

        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scenes(map(make_scene, ["one", "two"]))
            .with_validation_scenes(map(make_scene, ["three"]))
            .with_augmentor(rv.AugmentorConfig.builder("CLASSIC_TWICE").with_times(3).build())
            .build()
        )
        pairs = [
            ("attic://notes/{}.txt".format(name), "attic://loud/{}.txt".format(name))
            for name in ["a", "b"]
        ]
        return (
            rv.ExperimentConfig.builder()
            .with_id("classic")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .with_analyzer(rv.AnalyzerConfig.builder("CLASSIC_COUNTER").build())
            .with_custom_config(
                {
                    "join_texts": {"key": "all", "config": {"sources": pairs}},
                    "Tick": {
                        "root_uri": os.path.join(root_uri, "ticks"),
                        "config": {"log": os.path.join(data, "ticks.txt")},
                    },
                }
            )
            .build()
        )
