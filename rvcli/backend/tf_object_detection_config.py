"""Config of object detection with the library of TensorFlow 1; PyTorch does its work."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rvcli import keys
from rvcli.backend.nested_config import Options
from rvcli.backend.nested_options import changed, put
from rvcli.backend.translated.config import TranslatedConfig, TranslatedConfigBuilder
from rvcli.backend.translated.object_detection import DEFAULTS, translate
from rvcli.backend.translated.translation import Translation
from rvcli.config import field

_SCRIPTS = "/opt/tf-models/object_detection"
_MAIN = f"{_SCRIPTS}/model_main.py"
_EXPORT = f"{_SCRIPTS}/export_inference_graph.py"


class TFObjectDetectionConfig(TranslatedConfig):
    """Find boxes as an older experiment says, with PYTORCH_OBJECT_DETECTION."""

    key = keys.TF_OBJECT_DETECTION
    part = "tf_object_detection_config"
    nested = "tfod_config"
    successor = keys.PYTORCH_OBJECT_DETECTION

    tfod_config: dict[str, Any] = field(
        default_factory=dict,
        doc="Network and training, as in the pipelines of the TensorFlow Object Detection API.",
        used_by=(keys.TRAIN,),
    )
    model_main_py: str = field(default=_MAIN, doc="Has no meaning today.", semantic=False)
    export_py: str = field(default=_EXPORT, doc="Has no meaning today.", semantic=False)

    @property
    def script_locations(self) -> Options:
        """The scripts, as older code asks for them."""
        options: Any = Options(self)
        options.model_main_uri, options.export_uri = self.model_main_py, self.export_py
        return options  # type: ignore[no-any-return]

    @classmethod
    def translate(cls, nested: Any) -> Translation:
        """Say a pipeline with the options of today."""
        return translate(nested)

    def _without_counterpart(self) -> Iterable[str]:
        yield from super()._without_counterpart()
        if (self.model_main_py, self.export_py) != (_MAIN, _EXPORT):
            yield "the locations of scripts"


class TFObjectDetectionConfigBuilder(TranslatedConfigBuilder):
    """Builds TFObjectDetectionConfig."""

    config_class = TFObjectDetectionConfig
    defaults = DEFAULTS
    batch_size_path = "trainConfig.batchSize"
    steps_path = "trainConfig.numSteps"

    def _applicable_tasks(self) -> list[str]:
        return [keys.OBJECT_DETECTION]

    def with_train_options(
        self, sync_interval: int = 600, do_monitoring: bool = True, replace_model: bool = False
    ) -> Any:
        """Set how training is watched; see the fields of the same names."""
        return self.set(
            sync_interval=sync_interval, do_monitoring=do_monitoring, replace_model=replace_model
        )

    def with_script_locations(self, model_main_uri: str = _MAIN, export_uri: str = _EXPORT) -> Any:
        """Set the scripts of the library; they have no meaning today."""
        return self.set(model_main_py=model_main_uri, export_py=export_uri)

    def _for_task(self, nested: dict[str, Any]) -> dict[str, Any]:
        for name in nested.get("model") or {}:
            nested = put(nested, f"model.{name}.numClasses", len(self.task.class_map.get_items()))
        size = self.task.chip_size
        sizes = {"fixedShapeResizer": {"height": size, "width": size}}
        return changed(nested, sizes, ignore_missing_keys=True)
