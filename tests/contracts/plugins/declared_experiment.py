"""An experiment of nothing but declared plugins."""

from __future__ import annotations

from typing import Any

import rvcli as rv


class DeclaredExperiments(rv.ExperimentSet):
    """One experiment."""

    def exp_main(self, data: str, root_uri: str, gain: int = 2) -> Any:
        """Build it."""
        task = rv.TaskConfig.builder("GRID_TASK").with_class_map({"thing": 1, "rest": 2}).build()
        source = rv.RasterSourceConfig.builder("ARRAY").with_transformer(
            rv.RasterTransformerConfig.builder("GAIN").with_gain(gain).build()
        )
        boxes = rv.VectorSourceConfig.builder("BOXES")
        labels = rv.LabelSourceConfig.builder("BOX_LABELS")

        def scene(name: str) -> Any:
            vectors = boxes.with_uri(f"{data}/{name}.shapes.json").build()
            return (
                rv.SceneConfig.builder()
                .with_id(name)
                .with_raster_source(source.with_uri(f"{data}/{name}.npy").build())
                .with_label_source(labels.with_vector_source(vectors).build())
                .with_label_store(rv.LabelStoreConfig.builder("ARRAY_STORE").build())
                .build()
            )

        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scenes(map(scene, ["one", "two"]))
            .with_validation_scene(scene("three"))
            .with_augmentor(rv.AugmentorConfig.builder("FLIP").build())
            .build()
        )
        return (
            rv.ExperimentConfig.builder()
            .with_id("declared")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(rv.BackendConfig.builder("THRESHOLD").with_task(task).build())
            .with_dataset(dataset)
            .with_analyzer(rv.AnalyzerConfig.builder("SCENE_COUNT").build())
            .with_evaluator(rv.EvaluatorConfig.builder("SHARE").build())
            .build()
        )
