import rastervision as rv


class Tiles(rv.ExperimentSet):
    def exp_tiles(self, root_uri):
        pairs = [
            ("%s/labels/%s.json" % (root_uri, n), "%s/tiles/%s.json" % (root_uri, n))
            for n in ("a", "b")
        ]
        return (
            rv.CommandConfig.builder("TILES")
            .with_root_uri(root_uri)
            .with_config(uris=pairs)
            .build()
        )

    def exp_with_tiles(self, root_uri):
        task = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(["a", "b"]).build()
        backend = rv.BackendConfig.builder("MEAN_BACKEND").with_task(task).build()
        source = (
            rv.RasterSourceConfig.builder(rv.GEOTIFF_SOURCE)
            .with_uri(root_uri + "/images/a.tif")
            .build()
        )
        geojson = (
            rv.RasterSourceConfig.builder(rv.GEOJSON_SOURCE)
            .with_uri(root_uri + "/labels/a.json")
            .with_rasterizer_options(background_class_id=2, line_buffer=4)
            .build()
        )
        labels = (
            rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_raster_source(geojson)
            .build()
        )
        scene = (
            rv.SceneConfig.builder()
            .with_id("a")
            .with_task(task)
            .with_raster_source(source)
            .with_label_source(labels)
            .build()
        )
        dataset = rv.DatasetConfig.builder().with_train_scene(scene).with_validation_scene(scene)
        evaluator = rv.EvaluatorConfig.builder("COUNTER").build()
        return (
            rv.ExperimentConfig.builder()
            .with_id("tiled")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset.build())
            .with_evaluator(evaluator)
            .with_custom_config(
                {
                    "tiles": {
                        "key": "tiled",
                        "config": {"uris": [(root_uri + "/labels/a.json", root_uri + "/t/a.json")]},
                    }
                }
            )
            .build()
        )
