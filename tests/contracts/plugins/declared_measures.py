"""An analyzer, an evaluator and a command written the short declared way."""

from __future__ import annotations

from typing import Any

import rvcli as rv
from rvcli.filesystem import join_uri
from rvcli.utils.files import json_to_file


class SceneCountConfig(rv.AnalyzerConfig):
    """Count scenes."""

    key = "SCENE_COUNT"

    count_uri: str | None = rv.field(default=None, doc="Where.", output_of=(rv.ANALYZE,))
    enabled: bool = rv.field(default=True, doc="Not used.")

    def create_analyzer(self) -> Any:
        """Return the analyzer."""
        return SceneCount(self.count_uri or "")

    def update_for_command(
        self, command_type: str, experiment_config: Any, context: Any = None, io_def: Any = None
    ) -> Any:
        """Put the file below the analyze URI."""
        self.count_uri = self.count_uri or join_uri(experiment_config.analyze_uri, "count.json")
        return super().update_for_command(command_type, experiment_config, context, io_def)


class SceneCount(rv.analyzer.Analyzer):
    """Counts."""

    def __init__(self, count_uri: str) -> None:
        self.count_uri = count_uri

    def process(self, scenes: Any, tmp_dir: str) -> None:
        """Count."""
        json_to_file({"scenes": len(scenes)}, self.count_uri)


class ShareConfig(rv.EvaluatorConfig):
    """Measure the share of pixels that are right."""

    key = "SHARE"

    uri: str | None = rv.field(default=None, doc="Where.", output_of=(rv.EVAL,))
    class_map: rv.ClassMap | None = rv.field(default=None, doc="Not used.")

    def create_evaluator(self) -> Any:
        """Return the evaluator."""
        return Share(self.uri or "")

    def update_for_command(
        self, command_type: str, experiment_config: Any, context: Any = None, io_def: Any = None
    ) -> Any:
        """Put the file below the eval URI."""
        self.uri = self.uri or join_uri(experiment_config.eval_uri, "share.json")
        return super().update_for_command(command_type, experiment_config, context, io_def)


class Share(rv.evaluation.Evaluator):
    """Measures."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def process(self, scenes: Any, tmp_dir: str) -> None:
        """Measure."""
        shares = {}
        for scene in scenes:
            with scene.activate():
                window = scene.raster_source.get_extent()
                truth = scene.ground_truth_label_source.get_labels(window).get_label_arr(window)
                found = scene.prediction_label_store.get_labels().get_label_arr(window)
                shares[scene.id] = float((truth == found).mean())
        json_to_file(shares, self.uri)


class CountClassesConfig(rv.CommandConfig):
    """Count the predicted pixels of each class."""

    key = "COUNT_CLASSES"

    task: rv.TaskConfig = rv.field(doc="The task.", group=rv.TASK)
    scenes: list[rv.SceneConfig] = rv.field(default_factory=list, doc="The scenes.")
    output_uri: str = rv.field(doc="Where the counts go.", output_of=("COUNT_CLASSES",))

    def create_command(self, tmp_dir: str | None = None) -> Any:
        """Return the command."""
        return CountClasses(self)


class CountClassesConfigBuilder(rv.CommandConfigBuilder):
    """Builds CountClassesConfig."""

    config_class = CountClassesConfig

    def with_experiment(self, experiment_config: Any) -> Any:
        """Take the validation scenes of an experiment."""
        new = super().with_experiment(experiment_config)
        return new.set(
            task=experiment_config.task,
            scenes=experiment_config.dataset.validation_scenes,
            output_uri=join_uri(new.root_uri, "counts.json"),
        )


class CountClasses(rv.command.Command):
    """Counts."""

    def __init__(self, config: Any) -> None:
        self.config = config

    def run(self, tmp_dir: str | None = None) -> None:
        """Count."""
        counts = {}
        for config in self.config.scenes:
            scene = config.create_scene(self.config.task, tmp_dir)
            with scene.activate():
                extent = scene.raster_source.get_extent()
                labels = scene.prediction_label_store.get_labels().get_label_arr(extent)
                counts[scene.id] = [int((labels == class_id).sum()) for class_id in (1, 2)]
        json_to_file(counts, self.config.output_uri)


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what this file brings."""
    plugin_registry.register_config(SceneCountConfig)
    plugin_registry.register_config(ShareConfig)
    plugin_registry.register_config(CountClassesConfig)
